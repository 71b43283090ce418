package notify_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/ledger/pgtest"
	"github.com/nuanju/nuanju/notify"
	"github.com/nuanju/nuanju/notify/webhook"
	"github.com/nuanju/nuanju/sensors"
)

var (
	noon   = time.Date(2015, 12, 1, 12, 0, 0, 0, time.UTC)
	secret = []byte("a secret of the test")
)

// handClock is a clock that only moves when it is told to.
type handClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *handClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *handClock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// everywhere runs a test on an empty ledger in each database.
func everywhere(t *testing.T, test func(t *testing.T, l *ledger.Ledger)) {
	t.Parallel()
	for name, url := range map[string]func(testing.TB) string{
		"sqlite":   func(t testing.TB) string { return "sqlite://" + filepath.Join(t.TempDir(), "ledger.db") },
		"postgres": pgtest.Start,
	} {
		t.Run(name, func(t *testing.T) {
			l, err := ledger.Open(t.Context(), url(t))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
			test(t, l)
		})
	}
}

// gateway is one for text messages that can be away in several ways. It does as docs/notifications.md asks: what it has sent it does
// not send again.
type gateway struct {
	t     *testing.T
	clock *handClock
	mu    sync.Mutex
	away  bool
	asked int
	sent  map[string]int    // text messages that went out, by their id
	lost  map[string]bool   // those whose answer the sender never got
	body  map[string]string // of the first attempt
}

func (g *gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the client left
	}
	if err := webhook.Verify(secret, r.Header.Get(webhook.SignatureHeader), body, g.clock.now(), time.Minute); err != nil {
		g.t.Error(err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	id := r.Header.Get(webhook.IdempotencyHeader)
	if before, ok := g.body[id]; ok && before != string(body) {
		g.t.Errorf("another body under the same id:\n%s\n%s", before, body)
	}
	g.body[id] = string(body)
	g.asked++
	way := 0
	if g.away {
		way = 1 + g.asked%5
	}
	if (way == 0 || way == 5) && (g.lost[id] || g.sent[id] == 0) { // whoever loses an answer asks again, and only they
		if g.sent[id] == 0 {
			g.sent[id]++
		}
		g.lost[id] = way == 5
	} else if way == 0 {
		g.sent[id]++ // nobody had to ask again
	}
	switch way {
	case 1:
		w.WriteHeader(http.StatusInternalServerError)
	case 2:
		panic(http.ErrAbortHandler) // the connection breaks off
	case 3:
		g.mu.Unlock()
		<-r.Context().Done() // no answer, until the client gives up
		g.mu.Lock()
	case 4:
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusServiceUnavailable)
	case 5:
		panic(http.ErrAbortHandler) // it was sent, and the answer is lost
	}
}

// The gateway is away for ten minutes: it fails, breaks off, hangs, and loses answers. Two replicas run on the same ledger all
// the while. When it is back every message goes out, each once.
func TestTheGatewayIsAwayForTenMinutes(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		clock := &handClock{at: noon}
		g := &gateway{t: t, clock: clock, away: true, sent: map[string]int{}, lost: map[string]bool{}, body: map[string]string{}}
		srv := httptest.NewServer(g)
		defer srv.Close()
		const messages = 40
		var alerts []notify.Alert
		for i := range messages {
			alerts = append(alerts, notify.Alert{
				Key: fmt.Sprint("alert/", i), To: notify.Audience{Kind: notify.Phone, ID: fmt.Sprint("1380000", 1000+i)},
				Message: notify.StatementReady, Values: map[string]string{"statement": fmt.Sprint("S", i), "season": "2015"},
			})
		}
		if err := l.Notify(t.Context(), append(alerts, alerts[0]), sensors.At(noon)); err != nil { // the first one twice: it is one
			t.Fatal(err)
		}
		replicas := []*notify.Job{replica(t, l, srv.URL, clock), replica(t, l, srv.URL, clock)}
		waiting := func() int {
			by, alerts, err := l.CountNotifications(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if by[notify.Failed]+by[notify.GivenUp] > 0 {
				t.Fatalf("lost: %v", by)
			}
			return by[notify.Waiting] + alerts
		}
		tick := func() {
			var wg sync.WaitGroup
			for _, r := range replicas {
				wg.Go(func() {
					if err := r.Run(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
		}
		for clock.now().Before(noon.Add(10 * time.Minute)) {
			tick()
			clock.add(15 * time.Second)
		}
		g.mu.Lock()
		if n := waiting(); n != messages || g.asked < 3*messages {
			t.Errorf("while it is away %d wait after %d requests", n, g.asked)
		}
		g.away = false
		g.mu.Unlock()
		for i := 0; waiting() > 0; i++ {
			if i > 100 {
				t.Fatalf("%d still wait at %v", waiting(), clock.now())
			}
			clock.add(30 * time.Second)
			tick()
		}
		if len(g.sent) != messages {
			t.Errorf("%d of %d messages went out", len(g.sent), messages)
		}
		for id, n := range g.sent {
			if n != 1 {
				t.Errorf("%s went out %d times", id, n)
			}
		}
		all, err := l.Notifications(t.Context(), ledger.NotificationFilter{State: notify.Sent})
		if err != nil || len(all) != messages {
			t.Errorf("%d are written down as sent, %v", len(all), err)
		}
	})
}

// replica is a process's job.
func replica(t *testing.T, l *ledger.Ledger, url string, clock *handClock) *notify.Job {
	t.Helper()
	g, err := webhook.New(webhook.Config{URL: url, Secret: secret, Clock: clock.now})
	if err != nil {
		t.Fatal(err)
	}
	j, err := notify.NewJob(notify.Config{
		Outbox: l, Writer: notify.NewWriter(time.UTC, ""), Senders: map[notify.Channel]notify.Sender{notify.SMS: g, notify.Page: g},
		OnCall: map[string][]notify.Recipient{notify.Desk: {
			{Channel: notify.SMS, Address: "13811111111", Language: "zh"},
			{Channel: notify.SMS, Address: "13811111111", Language: "en"}, // the same number again is told once
			{Channel: notify.Mail, Address: "desk@heating.example", Language: "zh"},
		}},
		Clock: clock.now, Logger: slog.New(slog.DiscardHandler), Timeout: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// An alert to a list goes to everybody on it to whom there is a way, once to each number; one to nobody is done with.
func TestWhoIsTold(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		clock := &handClock{at: noon}
		g := &gateway{t: t, clock: clock, sent: map[string]int{}, lost: map[string]bool{}, body: map[string]string{}}
		srv := httptest.NewServer(g)
		defer srv.Close()
		finding := map[string]string{"ticket": "T1", "household": "h1"}
		err := l.Notify(t.Context(), []notify.Alert{
			{Key: "a", To: notify.Audience{Kind: notify.OnCall, ID: notify.Desk}, Message: notify.FindingOpened, Values: finding},
			{Key: "b", To: notify.Audience{Kind: notify.OnCall, ID: "nobody"}, Message: notify.FindingOpened, Values: finding},
			{Key: "c", To: notify.ResidentsAt(disputes.Home("h1")), Message: notify.StatementReady, Values: map[string]string{"statement": "s", "season": "2015"}},
			{Key: "d", To: notify.Audience{Kind: notify.Email, ID: "x@heating.example"}, Message: notify.FindingOpened, Values: finding},
			{
				Key: "late", To: notify.Audience{Kind: notify.Phone, ID: "13800000000"}, Message: notify.SignInCode,
				Values: map[string]string{"code": "123456"}, Until: sensors.At(noon.Add(5 * time.Minute)),
			},
		}, sensors.At(noon))
		if err != nil {
			t.Fatal(err)
		}
		clock.add(6 * time.Minute)
		if err := replica(t, l, srv.URL, clock).Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		all, err := l.Notifications(t.Context(), ledger.NotificationFilter{})
		if err != nil || len(all) != 2 || all[1].Key != "a#1" || all[1].State != notify.Sent || all[0].State != notify.Failed || all[0].Error != "it was too late to be of use" {
			t.Errorf("got %+v, %v", all, err)
		}
		if by, alerts, err := l.CountNotifications(t.Context()); err != nil || alerts != 0 || by[notify.Waiting] != 0 {
			t.Errorf("%v, %d alerts, %v", by, alerts, err)
		}
	})
}
