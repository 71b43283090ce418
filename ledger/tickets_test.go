package ledger_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

var (
	dispatcher = disputes.Actor{Role: disputes.Dispatcher, ID: "d1"}
	resident   = disputes.Actor{Role: disputes.Resident, ID: "r1"}
	morning    = sensors.At(time.Date(2015, 12, 1, 0, 0, 0, 0, time.UTC))
)

func contract() disputes.Duties {
	return disputes.ContractDuties(func(sensors.Instant) bool { return true })
}

// file files a report of household h1 at morning+after.
func file(t testing.TB, l *ledger.Ledger, id string, kind disputes.Kind, after time.Duration) disputes.Ticket {
	t.Helper()
	f := disputes.Filing{ID: id, Household: "h1", Kind: kind, Text: "冷", Actor: resident}
	ticket, events, err := disputes.File(f, contract(), morning.Add(after))
	must(t, err)
	must(t, l.FileTicket(t.Context(), ticket, events, []ledger.Mark{{Household: "h1", From: ticket.ReportedAt}}))
	return ticket
}

// act reads a ticket, does something to it and writes it.
func act(ctx context.Context, l *ledger.Ledger, id string, c disputes.Command, now sensors.Instant) error {
	before, _, err := l.Ticket(ctx, id)
	if err != nil {
		return err
	}
	after, events, err := disputes.Apply(before, c, now)
	if err != nil {
		return err
	}
	return l.SaveTicket(ctx, before, after, events, nil)
}

func TestATicketComesBackAsItWas(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		ticket := file(t, l, "t1", disputes.Leak, 0)
		must(t, act(ctx, l, "t1", disputes.Command{Event: disputes.Replied, Text: "来了\n马上", Actor: dispatcher}, morning.Add(61*time.Minute)))
		must(t, act(ctx, l, "t1", disputes.Command{Event: disputes.ResolvedIt, Text: "fixed", Actor: dispatcher}, morning.Add(2*time.Hour)))
		want, wantEvents := ticket, []disputes.Event{{
			Seq: 1, Event: disputes.Filed, At: morning, Recorded: morning, Actor: resident, Text: "冷", To: disputes.Open,
		}}
		for _, c := range []disputes.Command{{Event: disputes.Replied, Text: "来了\n马上", Actor: dispatcher}, {Event: disputes.ResolvedIt, Text: "fixed", Actor: dispatcher}} {
			var more []disputes.Event
			var err error
			want, more, err = disputes.Apply(want, c, morning.Add(map[disputes.EventKind]time.Duration{disputes.Replied: 61 * time.Minute, disputes.ResolvedIt: 2 * time.Hour}[c.Event]))
			must(t, err)
			wantEvents = append(wantEvents, more...)
		}
		got, events, err := l.Ticket(ctx, "t1")
		must(t, err)
		if got != want || !reflect.DeepEqual(events, wantEvents) || !got.Emergency || !got.Reply.Recorded {
			t.Errorf("got\n%+v\n%+v\nwant\n%+v\n%+v", got, events, want, wantEvents)
		}
		if _, _, err := l.Ticket(ctx, "t2"); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("unknown ticket: %v", err)
		}
		again, events, err := disputes.File(disputes.Filing{ID: "t1", Household: "h2", Kind: disputes.NoHeat, Actor: resident}, contract(), morning)
		must(t, err)
		if err := l.FileTicket(ctx, again, events, nil); !errors.Is(err, ledger.ErrExists) {
			t.Errorf("the same id again: %v", err)
		}
		if err := l.SaveTicket(ctx, again, again, nil, nil); !errors.Is(err, ledger.ErrInvalid) {
			t.Errorf("a change without an event: %v", err)
		}
		if d := taken(t, l); len(d) != 1 || d[0].From != morning {
			t.Errorf("dirty %v", d)
		}
	})
}

// Fifty clients race one transition: one wins, the others are told that the ticket has changed, and one event is written, once
// in the timeline and once for the evidence log.
func TestFiftyClientsRace(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		file(t, l, "t1", disputes.NoHeat, 0)
		var won, lost atomic.Int32
		var wg sync.WaitGroup
		for i := range 50 {
			wg.Go(func() {
				c := disputes.Command{Event: disputes.ResolvedIt, Text: fmt.Sprint("by ", i), Actor: dispatcher}
				switch err := act(t.Context(), l, "t1", c, morning.Add(time.Minute)); {
				case err == nil:
					won.Add(1)
				case errors.Is(err, ledger.ErrConflict), errors.Is(err, disputes.ErrConflict):
					lost.Add(1)
				default:
					t.Error(err, cause(err))
				}
			})
		}
		wg.Wait()
		_, events, err := l.Ticket(t.Context(), "t1")
		must(t, err)
		outbox, err := l.Outbox(t.Context(), 100)
		must(t, err)
		if won.Load() != 1 || lost.Load() != 49 || len(events) != 2 || len(outbox) != 2 {
			t.Errorf("%d won, %d lost, %d events, %d for the log", won.Load(), lost.Load(), len(events), len(outbox))
		}
	})
}

// Two dispatchers reply to the ticket that both have read. The second is told that it has changed, though a reply is still
// possible, and nothing of the second is written.
func TestAStaleTicketIsAConflict(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		before := file(t, l, "t1", disputes.NoHeat, 0)
		for i, want := range []error{nil, ledger.ErrConflict} {
			c := disputes.Command{Event: disputes.Replied, Text: fmt.Sprint("reply ", i), Actor: dispatcher}
			after, events, err := disputes.Apply(before, c, morning.Add(time.Minute))
			must(t, err)
			err = l.SaveTicket(t.Context(), before, after, events, []ledger.Mark{{Household: fmt.Sprint("by reply ", i), From: 1}})
			if !errors.Is(err, want) {
				t.Errorf("reply %d: %v, want %v", i, err, want)
			}
		}
		_, events, err := l.Ticket(t.Context(), "t1")
		must(t, err)
		outbox, err := l.Outbox(t.Context(), 100)
		must(t, err)
		if len(events) != 2 || events[1].Text != "reply 0" || len(outbox) != 2 || len(taken(t, l)) != 2 {
			t.Errorf("timeline %+v, %d for the log, dirty %v", events, len(outbox), taken(t, l))
		}
	})
}

// Each minute's cron finds the tickets whose breach is not recorded, and only those.
func TestBreachesAreFoundByTheirDueTime(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		file(t, l, "replied", disputes.LowTemperature, 0)
		must(t, act(ctx, l, "replied", disputes.Command{Event: disputes.Replied, Text: "x", Actor: dispatcher}, morning.Add(time.Minute)))
		file(t, l, "silent", disputes.LowTemperature, time.Minute)
		file(t, l, "later", disputes.Other, 30*time.Minute)
		due := func(after time.Duration) string {
			all, err := l.DueTickets(ctx, morning.Add(after), 0)
			must(t, err)
			return names(all)
		}
		for after, want := range map[time.Duration]string{
			61 * time.Minute: "", 61*time.Minute + 1: "silent", 2 * time.Hour: "silent later", 6 * time.Hour: "silent later",
			6*time.Hour + 1: "silent later replied",
		} {
			if got := due(after); got != want {
				t.Errorf("after %v: %q, want %q", after, got, want)
			}
		}
		now := morning.Add(7 * time.Hour)
		all, err := l.DueTickets(ctx, now, 0)
		must(t, err)
		for _, before := range all {
			after, events := disputes.Breaches(before, now)
			must(t, l.SaveTicket(ctx, before, after, events, nil))
		}
		if got := due(7 * time.Hour); got != "" {
			t.Errorf("still due: %s", got)
		}
		_, events, err := l.Ticket(ctx, "silent")
		must(t, err)
		var times []string
		for _, e := range events {
			times = append(times, fmt.Sprint(e.Event, " ", e.At.Sub(morning)))
		}
		if got := strings.Join(times, ", "); got != "filed 1m0s, breach_reply 1h1m0s, breach_update 6h1m0s" {
			t.Errorf("timeline: %s", got)
		}
	})
}

func names(all []disputes.Ticket) string {
	var ids []string
	for _, t := range all {
		ids = append(ids, t.ID)
	}
	return strings.Join(ids, " ")
}

func TestListsOfTickets(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		for i, kind := range []disputes.Kind{disputes.NoHeat, disputes.Leak, disputes.LowTemperature, disputes.Other} {
			file(t, l, fmt.Sprint("t", i), kind, time.Duration(i/2)*time.Hour) // two at a time
		}
		must(t, act(ctx, l, "t0", disputes.Command{Event: disputes.Replied, Text: "x", Actor: dispatcher}, morning.Add(time.Minute)))
		must(t, act(ctx, l, "t0", disputes.Command{Event: disputes.ResolvedIt, Text: "x", Actor: dispatcher}, morning.Add(time.Minute)))
		now := morning.Add(2 * time.Hour)
		for _, c := range []struct {
			filter ledger.TicketFilter
			want   string
		}{
			{ledger.TicketFilter{}, "t3 t2 t1 t0"},
			{ledger.TicketFilter{State: disputes.Open}, "t3 t2 t1"},
			{ledger.TicketFilter{State: disputes.Resolved}, "t0"},
			{ledger.TicketFilter{Breached: ledger.Only}, "t1"}, // recorded or not; t2 and t3 are due right now, which is in time
			{ledger.TicketFilter{Breached: ledger.Without}, "t3 t2 t0"},
			{ledger.TicketFilter{Kind: disputes.Leak}, "t1"},
			{ledger.TicketFilter{Household: "h1", Limit: 2}, "t3 t2"},
			{ledger.TicketFilter{Household: "h2"}, ""},
		} {
			all, _, err := l.Tickets(ctx, c.filter, now)
			must(t, err)
			if got := names(all); got != c.want {
				t.Errorf("%+v: %q, want %q", c.filter, got, c.want)
			}
		}
		var pages []string
		for cursor := ""; ; {
			all, next, err := l.Tickets(ctx, ledger.TicketFilter{Limit: 1, After: cursor}, now)
			must(t, err)
			pages = append(pages, names(all))
			if next == "" {
				break
			}
			cursor = next
		}
		if got := strings.Join(pages, " "); got != "t3 t2 t1 t0" {
			t.Errorf("page by page: %s", got)
		}
		for _, cursor := range []string{"x", "!!", "MTIz", "eCB5"} {
			if _, _, err := l.Tickets(ctx, ledger.TicketFilter{After: cursor}, now); !errors.Is(err, ledger.ErrInvalid) {
				t.Errorf("cursor %q: %v", cursor, err)
			}
		}
		open, breached, err := l.CountTickets(ctx, now)
		must(t, err)
		if open != 3 || breached != 1 {
			t.Errorf("%d open, %d breached", open, breached)
		}
		timelines, err := l.Timelines(ctx, []string{"t0", "t1", "none"})
		must(t, err)
		if len(timelines) != 2 || len(timelines["t0"]) != 3 || len(timelines["t1"]) != 1 {
			t.Errorf("timelines %v", timelines)
		}
	})
}

func TestReportsOfColdForTheJudge(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		file(t, l, "cold", disputes.LowTemperature, 0)
		file(t, l, "leak", disputes.Leak, time.Hour)
		file(t, l, "none", disputes.NoHeat, 2*time.Hour)
		must(t, act(t.Context(), l, "cold", disputes.Command{Event: disputes.ResolvedIt, Text: "x", Actor: dispatcher}, morning.Add(3*time.Hour)))
		got, err := l.Reports(t.Context(), "h1")
		must(t, err)
		want := []compliance.Report{{ID: "cold", At: morning, Resolved: morning.Add(3 * time.Hour)}, {ID: "none", At: morning.Add(2 * time.Hour)}}
		if !slices.Equal(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	})
}

// A log is an evidence log in memory that stops where it is told to.
type log struct {
	leaves []string
	crash  int // the process dies: 1 before the log has the entries, 2 after; 0 not
}

var errCrash = errors.New("the process was killed")

func (g *log) Size() int64 { return int64(len(g.leaves)) }

func (g *log) Append(_ context.Context, entries []ledger.OutboxEntry) (int64, error) {
	if g.crash == 1 {
		return 0, errCrash
	}
	first := g.Size()
	for _, e := range entries {
		g.leaves = append(g.leaves, e.Subject+": "+string(e.Content))
	}
	if g.crash == 2 {
		return 0, errCrash
	}
	return first, nil
}

func (g *log) Contents(_ context.Context, from int64, visit func(int64, []byte)) error {
	for i := from; i < g.Size(); i++ {
		if content, ok := strings.CutPrefix(g.leaves[i], ledger.WorkflowSubject+": "); ok {
			visit(i, []byte(content))
		}
	}
	return nil
}

// Wherever the process is killed between the ledger's commits and the log's, every entry reaches the log once, in order.
func TestEachEventReachesTheLogOnce(t *testing.T) {
	l := open(t, databases[0].url(t))
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		g, want := &log{leaves: []string{"h1: readings"}}, []string{}
		for i := range rapid.IntRange(1, 8).Draw(r, "steps") {
			for n := range rapid.IntRange(0, 3).Draw(r, "entries") {
				key := fmt.Sprintf("%d/%d/%d", run, i, n)
				must(t, l.Enqueue(t.Context(), []ledger.OutboxEntry{{Key: key, Subject: ledger.WorkflowSubject, Content: []byte(key)}}))
				want = append(want, key)
			}
			g.leaves = append(g.leaves, "h2: readings")
			g.crash = rapid.IntRange(0, 2).Draw(r, "crash")
			if _, err := l.Deliver(t.Context(), g, rapid.IntRange(1, 4).Draw(r, "limit")); err != nil && g.crash == 0 {
				r.Fatal(err, cause(err))
			}
		}
		g.crash = 0
		for {
			n, err := l.Deliver(t.Context(), g, 100)
			must(t, err)
			if n == 0 {
				break
			}
		}
		got := []string{}
		must(t, g.Contents(t.Context(), 0, func(_ int64, c []byte) { got = append(got, string(c)) }))
		if !slices.Equal(got, want) {
			r.Fatalf("the log has %v, want %v", got, want)
		}
	})
	if n, since, err := l.CountOutbox(t.Context()); n != 0 || since != 0 || err != nil {
		t.Errorf("%d wait since %d: %v", n, since, err)
	}
}

func TestDeliveryOnBothDatabases(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		file(t, l, "t1", disputes.NoHeat, 0)
		g := &log{crash: 2}
		if _, err := l.Deliver(t.Context(), g, 10); err == nil {
			t.Error("a crash was not noticed")
		}
		g.crash = 0
		n, err := l.Deliver(t.Context(), g, 10)
		must(t, err)
		if n != 1 || len(g.leaves) != 1 || !strings.Contains(g.leaves[0], `"key":"ticket/t1/1"`) {
			t.Errorf("%d delivered, the log has %v", n, g.leaves)
		}
		if l.Query(t, "SELECT leaf FROM outbox") != 0 {
			t.Error("the leaf is not noted")
		}
		entry := ledger.OutboxEntry{Key: "ticket/t1/1", Subject: "ledger", Content: []byte("{}")}
		if err := l.Enqueue(t.Context(), []ledger.OutboxEntry{entry}); !errors.Is(err, ledger.ErrExists) {
			t.Errorf("the same key again: %v", err)
		}
	})
}

// afterwards loses the answer to the first Append: the entries are in the log, and the ledger is not told.
type afterwards struct {
	ledger.EvidenceLog
	lost bool
}

func (a *afterwards) Append(ctx context.Context, entries []ledger.OutboxEntry) (int64, error) {
	first, err := a.EvidenceLog.Append(ctx, entries)
	if !a.lost {
		a.lost = true
		return 0, errCrash
	}
	return first, err
}

// A ticket's life stands in the real evidence log, each event once and in order, though the answer to a delivery was lost.
func TestTheEvidenceLogHasATicketsLife(t *testing.T) {
	entire, err := evidence.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "evidence.db"), nil, evidence.Options{})
	must(t, err)
	defer func() { must(t, entire.Close()) }()
	_, err = entire.Append(t.Context(), []evidence.Entry{{Subject: "h1", Content: []byte("readings")}})
	must(t, err)
	l := open(t, databases[0].url(t))
	log := &afterwards{EvidenceLog: ledger.ToEvidence(entire)}

	file(t, l, "t1", disputes.NoHeat, 0)
	if _, err := l.Deliver(t.Context(), log, 10); !errors.Is(err, errCrash) {
		t.Fatalf("the lost answer: %v", err)
	}
	must(t, act(t.Context(), l, "t1", disputes.Command{Event: disputes.Replied, Text: "来了", Actor: dispatcher}, morning.Add(2*time.Hour)))
	n, err := l.Deliver(t.Context(), log, 10)
	must(t, err)
	var got []string
	must(t, log.Contents(t.Context(), 0, func(leaf int64, content []byte) {
		var e struct{ Key, Event string }
		must(t, json.Unmarshal(content, &e))
		got = append(got, fmt.Sprint(leaf, " ", e.Key, " ", e.Event))
	}))
	want := []string{"1 ticket/t1/1 filed", "2 ticket/t1/2 breach_reply", "3 ticket/t1/3 reply"}
	if n != 3 || !slices.Equal(got, want) || entire.Size() != 4 {
		t.Errorf("%d delivered; the log has %q, want %q", n, got, want)
	}
}
