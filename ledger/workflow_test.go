package ledger_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Whatever happens to a ticket, it and its facts come back as they were.
func TestWhatIsDoneToATicketComesBack(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		i, first, err := disputes.OpenIncident("i1", disputes.Place{Kind: disputes.AtRiser, ID: "r1"}, "冷", dispatcher, morning)
		must(t, err)
		must(t, l.AddIncident(ctx, i, first))
		ticket, want, err := disputes.File(disputes.Filing{
			ID: "t1", Household: "h1", Kind: disputes.NoHeat, Phone: "138 0000 0000", Incident: "i1", Actor: dispatcher,
		}, contract(), morning)
		must(t, err)
		must(t, l.FileTicket(ctx, ticket, want, nil))
		celsius := 16.25
		digest := fmt.Sprintf("%064d", 1)
		for n, c := range []disputes.Command{
			{Event: disputes.Assigned, Facts: disputes.Facts{Assignee: "crew 3"}},
			{Event: disputes.Appointed, Facts: disputes.Facts{From: morning.Add(time.Hour), Until: morning.Add(3 * time.Hour)}},
			{Event: disputes.Attached, Facts: disputes.Facts{Attachment: &disputes.Attachment{Digest: digest, Type: "image/png", Size: 9, Name: "照.png"}}},
			{Event: disputes.Visited, Text: "stuck", Facts: disputes.Facts{Celsius: &celsius}},
			{Event: disputes.Left, Facts: disputes.Facts{Incident: "i1"}},
		} {
			c.Actor = dispatcher
			before := ticket
			var more []disputes.Event
			ticket, more, err = disputes.Apply(ticket, c, morning.Add(time.Duration(n)*time.Minute))
			must(t, err)
			must(t, l.SaveTicket(ctx, before, ticket, more, nil))
			want = append(want, more...)
		}
		got, events, err := l.Ticket(ctx, "t1")
		must(t, err)
		if got != ticket || !reflect.DeepEqual(events, want) {
			t.Errorf("got\n%+v\n%+v\nwant\n%+v\n%+v", got, events, ticket, want)
		}
		files, err := l.Attachment(ctx, digest)
		must(t, err)
		if len(files) != 1 || files[0].Household != "h1" || files[0].Name != "照.png" {
			t.Errorf("%+v", files)
		}
	})
}

// A household has one finding open at a time, whoever opens it; another one is opened when it is closed, and the first one
// is then not reopened.
func TestOneFindingIsOpen(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		var opened, refused atomic.Int32
		var both sync.WaitGroup
		find := func(id string) error {
			f, events, err := disputes.Find(id, disputes.Cold{Household: "h1", Room: "bed"}, "", "cold", disputes.FindingRules{Target: time.Hour}, morning)
			if err != nil {
				return err
			}
			return l.FileTicket(t.Context(), f, events, nil)
		}
		for i := range 10 {
			both.Go(func() {
				switch err := find(fmt.Sprint("f", i)); {
				case err == nil:
					opened.Add(1)
				case errors.Is(err, ledger.ErrExists):
					refused.Add(1)
				default:
					t.Error(err, cause(err))
				}
			})
		}
		both.Wait()
		found, _, err := l.Tickets(t.Context(), ledger.TicketFilter{Kind: disputes.Finding}, morning)
		must(t, err)
		if opened.Load() != 1 || refused.Load() != 9 || len(found) != 1 {
			t.Fatalf("%d opened, %d refused, %d there", opened.Load(), refused.Load(), len(found))
		}
		first, events, err := disputes.Clear(found[0], "warm", morning.Add(time.Hour))
		must(t, err)
		must(t, l.SaveTicket(t.Context(), found[0], first, events, nil))
		must(t, find("another"))
		again, events, err := disputes.Apply(first, disputes.Command{Event: disputes.Reopened, Text: "cold", Actor: dispatcher}, morning.Add(2*time.Hour))
		must(t, err)
		if err := l.SaveTicket(t.Context(), first, again, events, nil); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("reopened beside another: %v", err)
		}
	})
}

// The queue is the same however it is cut into pages, and as a plain sort has it.
func TestQueueIsSorted(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx, now := t.Context(), morning.Add(10*time.Hour)
		must(t, l.AddVulnerability(ctx, ledger.Vulnerability{ID: "v1", Household: "home1", Reason: "children", From: morning, Until: now.Add(1)}))
		must(t, l.AddVulnerability(ctx, ledger.Vulnerability{ID: "v2", Household: "home2", Reason: "illness", From: morning, Until: now}))
		n := 0
		rapid.Check(t, func(r *rapid.T) {
			n++
			if n > 40 {
				return
			}
			f := disputes.Filing{
				ID: fmt.Sprintf("t %02d", n), Household: fmt.Sprint("home", rapid.IntRange(1, 4).Draw(r, "home")), Actor: resident,
				Kind: rapid.SampledFrom([]disputes.Kind{disputes.LowTemperature, disputes.Other, disputes.Leak}).Draw(r, "kind"),
			}
			at := morning.Add(time.Duration(rapid.IntRange(0, 20).Draw(r, "minute")) * time.Minute)
			ticket, events, err := disputes.File(f, contract(), at)
			must(t, err)
			must(t, l.FileTicket(ctx, ticket, events, nil))
			for _, event := range rapid.SampledFrom([][]disputes.EventKind{nil, {disputes.Replied}, {disputes.Replied, disputes.Updated}, {disputes.ResolvedIt}}).Draw(r, "done") {
				must(t, act(ctx, l, f.ID, disputes.Command{Event: event, Text: "x", Actor: dispatcher}, at.Add(time.Minute)))
			}
		})
		all, _, err := l.Tickets(ctx, ledger.TicketFilter{State: disputes.Open}, now)
		must(t, err)
		class := func(t disputes.Ticket) int {
			switch {
			case t.Emergency:
				return 0
			case t.Household == "home1":
				return 1
			}
			return 2
		}
		key := func(t disputes.Ticket) string {
			owed := t.Owed()
			if owed == 0 {
				owed = sensors.Forever
			}
			return fmt.Sprintf("%d %020d %020d %s", class(t), owed, t.ReportedAt, t.ID)
		}
		var want, got []string
		for _, t := range all {
			want = append(want, key(t))
		}
		slices.Sort(want)
		for cursor, more := "", true; more; more = cursor != "" {
			page, next, err := l.Queue(ctx, cursor, 3, now)
			must(t, err)
			for _, t := range page {
				got = append(got, key(t))
			}
			cursor = next
		}
		if !slices.Equal(got, want) || len(got) == 0 {
			t.Errorf("got\n%v\nwant\n%v", got, want)
		}
		for _, cursor := range []string{"x", "MSAyIDMgNA==", "OSAwIDAgdDE"} {
			if _, _, err := l.Queue(ctx, cursor, 3, now); !errors.Is(err, ledger.ErrInvalid) {
				t.Errorf("cursor %q: %v", cursor, err)
			}
		}
	})
}

// A ticket is found by its number, by the phone that was given with it, and by homes; by nothing, nothing is found.
func TestSearchTickets(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		for i, phone := range []string{"", "13800000001", ""} {
			f := disputes.Filing{ID: fmt.Sprint("t", i), Household: fmt.Sprint("h", i), Kind: disputes.Other, Phone: phone, Actor: dispatcher}
			ticket, events, err := disputes.File(f, contract(), morning.Add(time.Duration(i)))
			must(t, err)
			must(t, l.FileTicket(t.Context(), ticket, events, nil))
		}
		for want, s := range map[string]ledger.TicketSearch{
			"[]": {}, "[t0]": {ID: "t0"}, "[t1]": {Phone: "13800000001"}, "[t2 t0]": {Households: []string{"h0", "h2"}}, "[t2 t1 t0]": {ID: "t0", Phone: "13800000001", Households: []string{"h2"}},
		} {
			found, _, err := l.Tickets(t.Context(), ledger.TicketFilter{Search: &s}, morning)
			must(t, err)
			ids := []string{}
			for _, f := range found {
				ids = append(ids, f.ID)
			}
			if fmt.Sprint(ids) != want {
				t.Errorf("%+v finds %v, want %s", s, ids, want)
			}
		}
	})
}

// Two at once change one incident: one does, and the evidence log gets its event once. Only one of a place is open, and only one that is
// open is joined.
func TestIncidentsInTheLedger(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		open := func(id string, at sensors.Instant) error {
			i, first, err := disputes.OpenIncident(id, disputes.Place{Kind: disputes.AtRiser, ID: "r1"}, "冷", dispatcher, at)
			must(t, err)
			return l.AddIncident(ctx, i, first)
		}
		must(t, open("i1", morning))
		if err := open("i2", morning); !errors.Is(err, ledger.ErrExists) {
			t.Errorf("a second one at the place: %v", err)
		}
		if id, err := l.OpenIncidentAt(ctx, disputes.Place{Kind: disputes.AtRiser, ID: "r1"}); id != "i1" || err != nil {
			t.Errorf("%q %v", id, err)
		}
		before, _, _, err := l.Incident(ctx, "i1")
		must(t, err)
		after, e, err := before.Do(disputes.ResolvedIt, "warm", 1, dispatcher, morning.Add(time.Hour))
		must(t, err)
		for _, want := range []error{nil, ledger.ErrConflict} {
			if err := l.SaveIncident(ctx, before, after, e); !errors.Is(err, want) {
				t.Errorf("%v, want %v", err, want)
			}
		}
		got, events, _, err := l.Incident(ctx, "i1")
		must(t, err)
		outbox, err := l.Outbox(ctx, 10)
		must(t, err)
		if got != after || len(events) != 2 || events[1] != e || len(outbox) != 2 {
			t.Errorf("%+v %+v, %d for the log", got, events, len(outbox))
		}
		f := disputes.Filing{ID: "t1", Household: "h1", Kind: disputes.NoHeat, Incident: "i1", Actor: resident}
		ticket, filed, err := disputes.File(f, contract(), morning)
		must(t, err)
		if err := l.FileTicket(ctx, ticket, filed, nil); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("joined one that is resolved: %v", err)
		}
		must(t, open("i2", morning.Add(2*time.Hour)))
		list, next, err := l.Incidents(ctx, "", "", 1)
		must(t, err)
		rest, _, err := l.Incidents(ctx, "", next, 10)
		must(t, err)
		if len(list) != 1 || list[0].ID != "i2" || len(rest) != 1 || rest[0].ID != "i1" {
			t.Errorf("%+v %+v", list, rest)
		}
		if err := l.Exec(t, "DELETE FROM incident_events"); err == nil {
			t.Error("events can be deleted")
		}
	})
}

// What a household asked for ends when it says so, also what was to begin later; what is over stays known.
func TestVulnerableHouseholds(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		hour := func(n int) sensors.Instant { return morning.Add(time.Duration(n) * time.Hour) }
		for i, v := range []ledger.Vulnerability{{From: hour(0), Until: hour(2)}, {From: hour(1), Until: hour(9)}, {From: hour(8), Until: hour(20)}} {
			v.ID, v.Household, v.Reason, v.By, v.Recorded = fmt.Sprint("v", i), "h1", "children", resident, morning
			must(t, l.AddVulnerability(ctx, v))
		}
		n, err := l.EndVulnerability(ctx, "h1", hour(5))
		must(t, err)
		again, err := l.EndVulnerability(ctx, "h1", hour(5))
		must(t, err)
		all, err := l.Vulnerabilities(ctx, "h1")
		must(t, err)
		if n != 2 || again != 0 || len(all) != 3 || all[0].Until != hour(8) || all[1].Until != hour(5) || all[2].Until != hour(2) {
			t.Errorf("%d, then %d ended: %+v", n, again, all)
		}
		for at, want := range map[int]bool{0: true, 4: true, 5: false, 10: false} {
			if found, err := l.VulnerableAmong(ctx, []string{"h1", "h2"}, hour(at)); err != nil || found["h1"] != want || found["h2"] {
				t.Errorf("at hour %d: %v, %v", at, found, err)
			}
		}
	})
}
