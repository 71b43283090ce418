package notify

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// Config is what a job is made of. Where nothing else is said, a field is needed.
type Config struct {
	Outbox Outbox
	Writer *Writer
	// Senders are the ways that there are. What would go another way is not made at all.
	Senders map[Channel]Sender
	// OnCall is who is on each list; one that is not there has nobody.
	OnCall map[string][]Recipient
	Clock  func() time.Time
	Logger *slog.Logger
	// Timeout is of one attempt; SendTimeout if 0, and at most that: an attempt ends long before its Lease.
	Timeout time.Duration
	// Done is told of every attempt, by how it ended: sent, failed, given_up, or waiting when it is tried again; may be nil.
	Done func(Channel, State)
}

// Job makes and sends what waits. Any number of processes may run one on the same ledger.
type Job struct{ Config }

// NewJob makes a job.
func NewJob(c Config) (*Job, error) {
	if c.Outbox == nil || c.Writer == nil || c.Clock == nil || c.Logger == nil {
		return nil, errors.New("notify: Config: Outbox, Writer, Clock or Logger is missing")
	}
	if c.Timeout <= 0 || c.Timeout > SendTimeout {
		c.Timeout = SendTimeout
	}
	if c.Done == nil {
		c.Done = func(Channel, State) {}
	}
	return &Job{c}, nil
}

const (
	alertsAtOnce = 200
	sendAtOnce   = 8 // in parallel: with SendTimeout they end long before their Lease
)

// Run makes the notifications of every alert and sends what is due, until nothing is, or no attempt of a whole round succeeded: then
// the receiver is away, and the next call tries again.
func (j *Job) Run(ctx context.Context) error {
	if err := j.make(ctx); err != nil {
		return err
	}
	channels := make([]Channel, 0, len(j.Senders))
	for c := range j.Senders {
		channels = append(channels, c)
	}
	if len(channels) == 0 {
		return nil
	}
	for ctx.Err() == nil {
		due, err := j.Outbox.ClaimNotifications(ctx, channels, sensors.At(j.Clock()), Lease, sendAtOnce)
		if err != nil || len(due) == 0 {
			return err
		}
		sent, err := j.sendAll(ctx, due)
		if err != nil || sent == 0 {
			return err
		}
	}
	return ctx.Err()
}

// make makes the notifications of alerts.
func (j *Job) make(ctx context.Context) error {
	for {
		alerts, err := j.Outbox.Alerts(ctx, alertsAtOnce)
		if err != nil {
			return err
		}
		for _, a := range alerts {
			to, err := j.recipients(ctx, a)
			if err != nil {
				return err
			}
			if err := j.Outbox.MakeNotifications(ctx, a, to, sensors.At(j.Clock())); err != nil {
				return err
			}
		}
		if len(alerts) < alertsAtOnce {
			return nil
		}
	}
}

// recipients is where an alert goes, each place once, as far as there is a way to it.
func (j *Job) recipients(ctx context.Context, a Alert) ([]Recipient, error) {
	language := "zh"
	if a.Language == "en" {
		language = "en"
	}
	var found []Recipient
	var err error
	if place, ok := a.To.place(); ok {
		found, err = j.Outbox.ResidentsToTell(ctx, place, a.CreatedAt)
	}
	switch a.To.Kind {
	case OnCall:
		found = j.OnCall[a.To.ID]
	case Phone:
		found = []Recipient{{SMS, a.To.ID, language}}
	case Email:
		found = []Recipient{{Mail, a.To.ID, language}}
	}
	seen := map[Recipient]bool{}
	var to []Recipient
	for _, r := range found {
		place := Recipient{Channel: r.Channel, Address: r.Address}
		if _, way := j.Senders[r.Channel]; !way || seen[place] {
			continue
		}
		seen[place] = true
		to = append(to, r)
	}
	if len(to) == 0 && err == nil {
		j.Logger.LogAttrs(ctx, slog.LevelWarn, "nobody could be told", slog.String("alert", a.Key), slog.String("audience", string(a.To.Kind)))
	}
	return to, err
}

// sendAll sends notifications in parallel and returns how many went out.
func (j *Job) sendAll(ctx context.Context, due []Notification) (sent int, err error) {
	results := make([]Notification, len(due))
	errs := make([]error, len(due))
	var wg sync.WaitGroup
	for i, n := range due {
		wg.Go(func() { results[i], errs[i] = j.send(ctx, n) })
	}
	wg.Wait()
	for _, n := range results {
		if n.State == Sent {
			sent++
		}
	}
	return sent, errors.Join(errs...)
}

// send tries one notification and writes down what became of it.
func (j *Job) send(ctx context.Context, n Notification) (Notification, error) {
	err := j.attempt(ctx, n)
	if err != nil && ctx.Err() != nil {
		return n, nil // the server stops; the lease runs out and it is tried again
	}
	n = outcome(n, err, sensors.At(j.Clock()), rand.Float64())
	j.Done(n.Channel, n.State)
	if n.State != Sent {
		j.Logger.LogAttrs(ctx, slog.LevelWarn, "a notification was not sent", slog.String("key", n.Key), slog.String("state", string(n.State)),
			slog.Int("attempts", n.Attempts), slog.String("reason", n.Error))
	}
	// What was sent is written down although the server stops: else it would be sent again.
	settle, cancel := context.WithTimeout(context.WithoutCancel(ctx), SendTimeout)
	defer cancel()
	return n, j.Outbox.SettleNotification(settle, n)
}

func (j *Job) attempt(ctx context.Context, n Notification) error {
	now := sensors.At(j.Clock())
	switch {
	case n.Until != 0 && now > n.Until:
		return &Refusal{"it was too late to be of use"}
	case n.Attempts > MaxAttempts:
		return &Refusal{"too many attempts"}
	}
	text, err := j.Writer.Write(n.Language, n.Message, n.Values)
	if err != nil {
		return &Refusal{err.Error()}
	}
	timed, cancel := context.WithTimeout(ctx, j.Timeout)
	defer cancel()
	return j.Senders[n.Channel].Send(timed, n, text)
}
