package disputes_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// However often and whenever the monitor looks, each warning and each step happens once, none before its time, all of those that are
// due when it looked last; and it need not look before NextAlert.
func TestAlertsHappenOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		start := clockTime("08:00:00")
		ticket, _, err := disputes.File(disputes.Filing{
			ID: "t1", Household: "h1", Kind: disputes.LowTemperature, Actor: disputes.Actor{Role: disputes.Resident, ID: "r"},
		}, disputes.ContractDuties(always), start)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		now := start
		for range rapid.IntRange(1, 30).Draw(t, "looks") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(40*time.Minute)).Draw(t, "step")))
			expected := ticket.NextAlert() != 0 && ticket.NextAlert() <= now
			var events []disputes.Event
			if ticket, events = disputes.Alerts(ticket, attention, now); len(events) > 0 && !expected {
				t.Fatalf("%v though NextAlert had not come", events)
			}
			for _, e := range events {
				seen[fmt.Sprint(e.Event, e.Facts.Clock, e.Facts.Step)]++
				due := map[disputes.Duty]sensors.Instant{disputes.ReplyDuty: ticket.Reply.Due, disputes.UpdateDuty: ticket.Update.Due}[e.Facts.Clock]
				if e.Event == disputes.Escalated && now <= due.Add(attention.Steps[e.Facts.Step-1].After) {
					t.Fatalf("%+v before its time", e)
				}
			}
			if again, more := disputes.Alerts(ticket, attention, now); len(more) > 0 || again != ticket {
				t.Fatalf("a second look adds %v", more)
			}
		}
		for what, n := range seen {
			if n > 1 {
				t.Fatalf("%s %d times", what, n)
			}
		}
		for i, s := range attention.Steps {
			if key := fmt.Sprint(disputes.Escalated, disputes.ReplyDuty, i+1); (seen[key] == 1) != (now > ticket.Reply.Due.Add(s.After)) {
				t.Fatalf("%s at %s", key, short(now))
			}
		}
	})
}

// Three homes of a riser within the hour are one trouble; three of a building of which no riser has three; a home counts once,
// however often it reports; exactly an hour apart is within the hour.
func TestClusters(t *testing.T) {
	at := func(ticket, home, riser, building string, minutes int) disputes.Located {
		return disputes.Located{
			Ticket: ticket, Household: home, Riser: riser, Building: building, Substation: "S", At: sensors.Instant(minutes) * sensors.Instant(time.Minute),
		}
	}
	for _, c := range []struct {
		name string
		all  []disputes.Located
		want string
	}{
		{"a riser", []disputes.Located{at("1", "a", "r", "B", 0), at("2", "b", "r", "B", 30), at("3", "c", "r", "B", 60)}, "[{{riser r} [1 2 3]}]"},
		{"too far apart", []disputes.Located{at("1", "a", "r", "B", 0), at("2", "b", "r", "B", 30), at("3", "c", "r", "B", 61)}, "[]"},
		{"one home thrice", []disputes.Located{at("1", "a", "r", "B", 0), at("2", "b", "r", "B", 1), at("3", "b", "r", "B", 2)}, "[]"},
		{"a building", []disputes.Located{at("1", "a", "r1", "B", 0), at("2", "b", "r2", "B", 1), at("3", "c", "", "B", 2)}, "[{{building B} [1 2 3]}]"},
		{"a substation", []disputes.Located{at("1", "a", "r1", "B", 0), at("2", "b", "r2", "C", 1), at("3", "c", "", "D", 2)}, "[{{substation S} [1 2 3]}]"},
		{
			"what the riser takes the building has no more",
			[]disputes.Located{
				at("1", "a", "r", "B", 0), at("2", "b", "r", "B", 1), at("3", "c", "r", "B", 2), at("4", "d", "q", "B", 3), at("5", "e", "q", "B", 4),
			},
			"[{{riser r} [1 2 3]}]",
		},
		{
			"a chain of hours", // 1 and 5 are more than an hour apart, and each is near two others
			[]disputes.Located{
				at("1", "a", "r", "B", 0), at("2", "b", "r", "B", 50), at("3", "c", "r", "B", 55), at("4", "d", "r", "B", 100), at("5", "e", "r", "B", 110),
			},
			"[{{riser r} [1 2 3 4 5]}]",
		},
	} {
		for range 5 {
			shuffled := slices.Clone(c.all)
			rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			if got := fmt.Sprint(disputes.Clusters(shuffled, 3, time.Hour)); got != c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
		}
	}
}

// A slow judge agrees: a ticket is in a riser's cluster if some hour that holds it has three homes with one.
func TestClustersAgainstAllHours(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []disputes.Located
		for i := range rapid.IntRange(0, 25).Draw(t, "tickets") {
			all = append(all, disputes.Located{
				Ticket: fmt.Sprintf("t%02d", i), Household: fmt.Sprint("h", rapid.IntRange(0, 6).Draw(t, "home")), Riser: "r",
				At: sensors.Instant(rapid.IntRange(0, 300).Draw(t, "minute")) * sensors.Instant(time.Minute),
			})
		}
		want := map[string]bool{}
		for _, first := range all {
			homes, in := map[string]bool{}, []string{}
			for _, l := range all {
				if l.At >= first.At && l.At <= first.At.Add(time.Hour) {
					homes[l.Household], in = true, append(in, l.Ticket)
				}
			}
			if len(homes) >= 3 {
				for _, ticket := range in {
					want[ticket] = true
				}
			}
		}
		got := map[string]bool{}
		for _, c := range disputes.Clusters(all, 3, time.Hour) {
			for _, ticket := range c.Tickets {
				if got[ticket] {
					t.Fatalf("%s twice", ticket)
				}
				got[ticket] = true
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// A home that is still cold is a finding when it has been for long enough, counted from when the last one was closed.
func TestFound(t *testing.T) {
	r := disputes.FindingRules{After: 30 * time.Minute}
	since := clockTime("08:00:00")
	for _, c := range []struct {
		closed, now string
		want        bool
	}{{"", "08:29:59", false}, {"", "08:30:00", true}, {"07:00:00", "08:30:00", true}, {"08:40:00", "09:00:00", false}, {"08:40:00", "09:10:00", true}} {
		var closed sensors.Instant
		if c.closed != "" {
			closed = clockTime(c.closed)
		}
		if got := r.Found(disputes.Cold{Household: "h1", Since: since}, closed, clockTime(c.now)); got != c.want {
			t.Errorf("closed %s, now %s: %t", c.closed, c.now, got)
		}
	}
}

// An incident is answered while it is open, by the supplier, and says something.
func TestIncident(t *testing.T) {
	by := disputes.Actor{Role: disputes.Dispatcher, ID: "d"}
	if _, _, err := disputes.OpenIncident("i1", disputes.Place{Kind: "street", ID: "x"}, "", by, 1); err == nil || err.Error() != "place.kind: is not one of riser, building, substation" {
		t.Error(err)
	}
	i, first, err := disputes.OpenIncident("i1", disputes.Place{Kind: disputes.AtRiser, ID: "B1-2"}, "cold", by, 1)
	if err != nil || first.Seq != 1 || first.Key(i) != "incident/i1/1" {
		t.Fatal(first, err)
	}
	for _, c := range []struct {
		event   disputes.EventKind
		text    string
		version int64
		role    disputes.Role
		want    error
	}{
		{disputes.Replied, "", 0, disputes.Dispatcher, disputes.ErrInvalid},
		{disputes.Replied, "x", 2, disputes.Dispatcher, disputes.ErrConflict},
		{disputes.Replied, "x", 1, disputes.Resident, disputes.ErrNotAllowed},
		{disputes.CancelledIt, "x", 0, disputes.Resident, disputes.ErrInvalid},
		{disputes.Replied, "x", 1, disputes.Dispatcher, nil},
		{disputes.ResolvedIt, "x", 0, disputes.Admin, nil},
		{disputes.Updated, "x", 0, disputes.Dispatcher, disputes.ErrConflict},
	} {
		next, e, err := i.Do(c.event, c.text, c.version, disputes.Actor{Role: c.role, ID: "d"}, 2)
		if !isOrNil(err, c.want) {
			t.Errorf("%+v: %v", c, err)
		}
		if err == nil && (e.Seq != i.Version+1 || next.Version != e.Seq) {
			t.Errorf("%+v: event %d after version %d", c, e.Seq, i.Version)
		}
		i = next
	}
	if i.State != disputes.Resolved || i.ClosedAt != 2 || i.Version != 3 {
		t.Errorf("%+v", i)
	}
}

func isOrNil(err, want error) bool {
	return want == nil && err == nil || want != nil && errors.Is(err, want)
}
