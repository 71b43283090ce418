package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// AudienceKind is what an audience is named by.
type AudienceKind string

// The kinds of audiences, beside those that ResidentsAt makes.
const (
	OnCall AudienceKind = "on_call" // a list of the settings
	Phone  AudienceKind = "phone"   // one number
	Email  AudienceKind = "email"   // one address
)

const residentsAt = "residents/" // and the kind of place

// Audience is whom something is told, before anybody looks who that is.
type Audience struct {
	Kind AudienceKind
	ID   string // of the place, the list's name, the number or the address
}

// ResidentsAt is whoever has a contract of a household there when the alert is written.
func ResidentsAt(p disputes.Place) Audience {
	return Audience{AudienceKind(residentsAt + string(p.Kind)), p.ID}
}

// place is the place whose residents are told, or false.
func (a Audience) place() (disputes.Place, bool) {
	kind, ok := strings.CutPrefix(string(a.Kind), residentsAt)
	p := disputes.Place{Kind: disputes.PlaceKind(kind), ID: a.ID}
	return p, ok && p.Check() == nil
}

// The lists of people on call that alerts name, beside those of the settings' escalation. The settings say who is on them.
const (
	Desk      = "desk"      // the dispatchers' desk
	Emergency = "emergency" // is paged at once
)

// Alert is something that somebody is to be told.
type Alert struct {
	ID  int64  // given by the ledger
	Key string // names it among all; a second one of the same key is the first
	To  Audience
	// Message is what is said, and Values what its text has in braces. A value whose name ends in _at is a time of RFC 3339, and is
	// shown in the policy's zone.
	Message Message
	Values  map[string]string
	// Until is after which it is of no use to anybody, such as a code that has expired; 0: never.
	Until     sensors.Instant
	CreatedAt sensors.Instant
	// Language is of the message where the recipient's is not known; empty: zh.
	Language string
}

// known reports whether the audience is one.
func (a Audience) known() bool {
	_, ok := a.place()
	return ok || a.ID != "" && slices.Contains([]AudienceKind{OnCall, Phone, Email}, a.Kind)
}

// Check says what is wrong with an alert, or nil: it has a key, an audience and every value that its message needs.
func (a Alert) Check() error {
	switch {
	case a.Key == "" || len(a.Key) > maxKey:
		return errors.New("the key is empty or too long")
	case !a.To.known():
		return fmt.Errorf("nobody is %q %q", a.To.Kind, a.To.ID)
	}
	names, ok := needs()[a.Message]
	if !ok {
		return fmt.Errorf("no message %q", a.Message)
	}
	for _, name := range names {
		if _, ok := a.Values[name]; !ok {
			return fmt.Errorf("message %q lacks its value %q", a.Message, name)
		}
	}
	for name, value := range a.Values {
		if len(value) > maxGiven {
			return fmt.Errorf("value %q has %d bytes, more than %d", name, len(value), maxGiven)
		}
	}
	return nil
}

const (
	maxKey   = 400
	maxGiven = 16 << 10 // of a value, in bytes
)

// needs is the values that each message needs.
var needs = sync.OnceValue(func() map[Message][]string {
	all := map[Message][]string{}
	for m, words := range Messages()["zh"] {
		all[m] = words.Values
	}
	return all
})

// Channel is a way to a recipient.
type Channel string

// The channels. Text messages and pages go through the webhook.
const (
	SMS  Channel = "sms"
	Page Channel = "page"
	Mail Channel = "mail"
)

// Recipient is where a notification goes.
type Recipient struct {
	Channel  Channel
	Address  string // a number or an e-mail address
	Language string // zh or en
}

// State is what has become of a notification.
type State string

// The states. From Waiting it goes to one of the others, and from Failed and GivenUp back to Waiting when somebody says so.
const (
	Waiting State = "waiting"
	Sent    State = "sent"
	Failed  State = "failed"   // the receiver refused it for good
	GivenUp State = "given_up" // after MaxAttempts, or too late
)

// Notification is a message to one recipient.
type Notification struct {
	ID  int64
	Key string // of its alert, and where it goes to; the receiver can tell by it what was sent twice
	Recipient
	Message   Message
	Values    map[string]string
	State     State
	Attempts  int // that were begun
	NextAt    sensors.Instant
	Until     sensors.Instant
	Error     string // why the last attempt failed, in our words; without the address
	CreatedAt sensors.Instant
	DoneAt    sensors.Instant // 0: it waits
}

// Bounds of sending.
const (
	MaxAttempts = 20
	Lease       = 2 * time.Minute  // whoever claims a notification has it for so long
	SendTimeout = 15 * time.Second // of one attempt
	backoff     = 10 * time.Second // before the second attempt; twice as long before each further one
	maxBackoff  = 15 * time.Minute
)

// Outbox is where alerts and notifications wait; *ledger.Ledger is one. Each method is one transaction.
type Outbox interface {
	// Alerts is up to limit alerts whose notifications are still to be made, in order.
	Alerts(ctx context.Context, limit int) ([]Alert, error)
	// MakeNotifications makes the notifications of an alert, once: an alert whose notifications were made meanwhile is left alone.
	MakeNotifications(ctx context.Context, a Alert, to []Recipient, now sensors.Instant) error
	// ResidentsToTell is where the residents of a place's households are reached at an instant.
	ResidentsToTell(ctx context.Context, at disputes.Place, when sensors.Instant) ([]Recipient, error)
	// ClaimNotifications takes up to limit notifications that wait and are due, of the channels given: nobody else takes them until
	// the lease has passed. Each has its attempt counted.
	ClaimNotifications(ctx context.Context, channels []Channel, now sensors.Instant, lease time.Duration, limit int) ([]Notification, error)
	// SettleNotification writes what became of an attempt: state, error, next attempt, end. It changes nothing, and is no error, when
	// the lease was over and somebody else took it.
	SettleNotification(ctx context.Context, n Notification) error
}

// Sender sends a notification's text to its recipient. It is a *Refusal when the receiver refused it for good, a *Later when
// the receiver said when to try again; with any other error it is tried again.
type Sender interface {
	Send(ctx context.Context, n Notification, text Text) error
}

// Refusal is an error that trying again would not mend.
type Refusal struct{ Reason string }

// Error is the reason.
func (r *Refusal) Error() string { return r.Reason }

// Later is an error after which the receiver asked for some time.
type Later struct {
	Reason string
	After  time.Duration
}

// Error is the reason.
func (l *Later) Error() string { return l.Reason }

// outcome is the notification after an attempt that ended with err at now. Random is in [0, 1).
func outcome(n Notification, err error, now sensors.Instant, random float64) Notification {
	n.NextAt, n.Error = now, ""
	if err == nil {
		n.State, n.DoneAt = Sent, now
		return n
	}
	n.Error = bounded(err.Error(), 300)
	if _, refused := errors.AsType[*Refusal](err); refused {
		n.State, n.DoneAt = Failed, now
		return n
	}
	wait := delay(n.Attempts, random)
	if later, ok := errors.AsType[*Later](err); ok {
		wait = min(max(wait, later.After), 4*maxBackoff)
	}
	n.NextAt = now.Add(wait)
	if n.Attempts >= MaxAttempts || n.Until != 0 && n.NextAt > n.Until {
		n.State, n.DoneAt, n.NextAt = GivenUp, now, now
	}
	return n
}

// delay is how long to wait after so many attempts: exponential, up to a fifth more or less by chance so that what failed together does
// not come back together.
func delay(attempts int, random float64) time.Duration {
	d := maxBackoff
	if attempts < 8 {
		d = min(maxBackoff, backoff<<max(0, attempts-1))
	}
	return d + time.Duration((random-0.5)*0.4*float64(d))
}
