package disputes_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

func always(sensors.Instant) bool { return true }

// The files that people read and the table that the code runs are the same: TRANSITIONS.md has everything, README.md who may do what.
func TestTransitionsFileIsTheTable(t *testing.T) {
	for _, c := range []struct{ file, table string }{
		{"TRANSITIONS.md", transitionsTable()},
		{"TRANSITIONS.md", kindsTable()},
		{"../README.md", statesTables(t)},
	} {
		text, err := os.ReadFile(c.file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), c.table) {
			t.Errorf("%s lacks this table:\n%s", c.file, c.table)
		}
	}
}

// shown are the machines that README.md draws, by their headings there.
var shown = []struct {
	heading string
	kind    disputes.MatterKind
}{
	{"Exemption", disputes.ExemptionMatter},
	{"Third-party test", disputes.TestMatter},
	{"Confirmation of an episode", disputes.ConfirmationMatter},
	{"Dispute", disputes.DisputeMatter},
}

// statesTables is what README.md draws: the ticket's table and those of the matters that decide verdicts.
func statesTables(t *testing.T) string {
	t.Helper()
	var rows []disputes.Row
	for _, r := range disputes.Transitions() {
		rows = append(rows, disputes.Row{From: r.From, Event: r.Event, To: r.To, Who: r.Who, EN: r.EN})
	}
	text := "### Ticket\n\n" + statesTable(rows)
	for _, s := range shown {
		m, ok := disputes.MachineOf(s.kind)
		if !ok {
			t.Fatalf("there is no machine of %s", s.kind)
		}
		text += "\n### " + s.heading + "\n\n" + statesTable(m.Rows)
	}
	return text
}

// statesTable is a row for each event and who may do it: in which states it can happen, and to which it leads.
func statesTable(rows []disputes.Row) string {
	var b strings.Builder
	b.WriteString("| event | who | from → to | |\n| --- | --- | --- | --- |\n")
	done := map[string]bool{}
	for _, r := range rows {
		key := string(r.Event) + " " + roles(r.Who)
		if done[key] {
			continue
		}
		done[key] = true
		var moves []string
		for _, o := range rows {
			if string(o.Event)+" "+roles(o.Who) == key {
				move := string(o.From) + " → " + string(o.To)
				if o.From == o.To {
					move = string(o.From)
				}
				moves = append(moves, strings.TrimPrefix(move, " → "))
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", r.Event, roles(r.Who), strings.Join(moves, ", "), r.EN)
	}
	return b.String()
}

func transitionsTable() string {
	var b strings.Builder
	b.WriteString("| from | event | to | who | text | answers | 中文 | English |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, r := range disputes.Transitions() {
		text := ""
		if r.NeedsText {
			text = "needed"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s | %s |\n", r.From, r.Event, r.To, roles(r.Who), text, r.Answers, r.ZH, r.EN)
	}
	return strings.ReplaceAll(strings.ReplaceAll(b.String(), "|  |", "| |"), "|  |", "| |")
}

func kindsTable() string {
	yes := map[bool]string{true: "yes"}
	var b strings.Builder
	b.WriteString("| kind | who files it | reply clock | update clock | emergency | 中文 | English |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, k := range disputes.Kinds() {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", k.Kind, roles(k.Files), yes[k.Reply], yes[k.Update], yes[k.Emergency], k.ZH, k.EN)
	}
	return strings.ReplaceAll(strings.ReplaceAll(b.String(), "|  |", "| |"), "|  |", "| |")
}

func roles(rs []disputes.Role) string {
	var names []string
	for _, r := range rs {
		names = append(names, string(r))
	}
	return strings.Join(names, ", ")
}

// The table is sound: one row for each state and event, every state is reached, and an answer leaves the state alone.
func TestTransitionsAreSound(t *testing.T) {
	type key struct {
		from  disputes.State
		event disputes.EventKind
	}
	seen := map[key]bool{}
	reached := map[disputes.State]bool{disputes.None: true}
	for _, r := range disputes.Transitions() {
		if seen[key{r.From, r.Event}] {
			t.Errorf("two rows for %q from %q", r.Event, r.From)
		}
		seen[key{r.From, r.Event}] = true
		if !reached[r.From] {
			t.Errorf("%q from %q: no earlier row reaches that state", r.Event, r.From)
		}
		reached[r.To] = true
		if r.Answers != "" && r.From != r.To {
			t.Errorf("%q from %q answers a clock and changes the state: the two are independent", r.Event, r.From)
		}
		if len(r.Who) == 0 || r.ZH == "" || r.EN == "" {
			t.Errorf("%q from %q lacks who or what", r.Event, r.From)
		}
	}
	for _, s := range []disputes.State{disputes.Open, disputes.Resolved, disputes.Cancelled} {
		for _, e := range []disputes.EventKind{
			disputes.Replied, disputes.Updated, disputes.BreachReply, disputes.BreachUpdate, disputes.WarnReply, disputes.WarnUpdate, disputes.Escalated,
		} {
			if !seen[key{s, e}] {
				t.Errorf("%q cannot happen while %s, but no clock stops there", e, s)
			}
		}
	}
}

func TestEveryErrorOfAFilingAtOnce(t *testing.T) {
	_, _, err := disputes.File(disputes.Filing{
		Household: "h\x00", Kind: "cold", Text: strings.Repeat("x", disputes.MaxText+1), ReportedAt: 2,
		Actor: disputes.Actor{Role: disputes.Dispatcher},
	}, disputes.ContractDuties(always), 1)
	want := `id: id is empty
household: id "h\x00" has the character U+0000
kind: "cold" is not one of low_temperature, no_heat, leak, other
text: 8193 bytes are more than 8192
reported_at: 1970-01-01T00:00:00.000000002Z is in the future`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	var field *disputes.FieldError
	if !errors.Is(err, disputes.ErrInvalid) || !errors.As(err, &field) || field.Field != "id" {
		t.Errorf("%v is not an ErrInvalid that names its fields", err)
	}
}

func TestTextsThatNoDatabaseKeeps(t *testing.T) {
	ticket, _, err := disputes.File(disputes.Filing{
		ID: "t1", Household: "h1", Kind: disputes.NoHeat, Actor: disputes.Actor{Role: disputes.Resident, ID: "r1"},
	}, disputes.ContractDuties(always), 1)
	if err != nil {
		t.Fatal(err)
	}
	for text, ok := range map[string]bool{
		"三个房间都冷\n客厅 15 °C":        true,
		"\xff\xfe":                false,
		"a\x00b":                  false,
		"bell\a":                  false,
		" \n\t":                   false,
		"":                        false,
		strings.Repeat("冷", 2730): true,
		strings.Repeat("冷", 2731): false,
	} {
		c := disputes.Command{Event: disputes.Replied, Text: text, Actor: disputes.Actor{Role: disputes.Dispatcher, ID: "d1"}}
		if _, _, err := disputes.Apply(ticket, c, 2); (err == nil) != ok || err != nil && !errors.Is(err, disputes.ErrInvalid) {
			t.Errorf("text %.20q: %v", text, err)
		}
	}
}

func TestJSONOfATicket(t *testing.T) {
	now := clockTime("08:59:50")
	ticket, events, err := disputes.File(disputes.Filing{
		ID: "t1", Household: "h1", Kind: disputes.LowTemperature, Text: "冷", ReportedAt: clockTime("08:00:00"),
		Actor: disputes.Actor{Role: disputes.Dispatcher, ID: "d1"},
	}, disputes.ContractDuties(always), now)
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(disputes.Show(ticket, events, now, beijing), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	const want = `{
 "id": "t1",
 "household": "h1",
 "kind": "low_temperature",
 "state": "open",
 "emergency": false,
 "text": "冷",
 "reported_at": "2015-12-01T08:00:00+08:00",
 "version": 1,
 "clocks": {
  "reply": {
   "due": "2015-12-01T09:00:00+08:00",
   "met_at": null,
   "state": "running"
  },
  "update": {
   "due": "2015-12-01T14:00:00+08:00",
   "met_at": null,
   "state": "running"
  }
 },
 "timeline": [
  {
   "seq": 1,
   "event": "filed",
   "at": "2015-12-01T08:00:00+08:00",
   "recorded": "2015-12-01T08:59:50+08:00",
   "role": "dispatcher",
   "actor": "d1",
   "text": "冷",
   "to": "open"
  }
 ]
}`
	if string(got) != want {
		t.Errorf("got %s", got)
	}
	log, err := events[0].Record(ticket)
	if err != nil {
		t.Fatal(err)
	}
	const entry = `{"key":"ticket/t1/1","ticket":"t1","household":"h1","kind":"low_temperature","emergency":false,` +
		`"reported_at":"2015-12-01T00:00:00Z","seq":1,"event":"filed","at":"2015-12-01T00:00:00Z","recorded":"2015-12-01T00:59:50Z",` +
		`"role":"dispatcher","actor":"d1","from":"","to":"open","text":"冷"}`
	if string(log) != entry {
		t.Errorf("log entry %s", log)
	}
}

// What is breached depends on when things were answered, never on when the minute's cron looked: the ticket, its
// breaches and their times are the same with any ticks as with none but the last.
func TestTicksDoNotMatter(t *testing.T) {
	kinds := []disputes.Kind{disputes.LowTemperature, disputes.NoHeat, disputes.Leak, disputes.Other}
	commands := []disputes.EventKind{disputes.Replied, disputes.Updated, disputes.ResolvedIt, disputes.Reopened, disputes.CancelledIt}
	rapid.Check(t, func(t *rapid.T) {
		start := clockTime("08:00:00")
		late := rapid.Int64Range(0, int64(8*time.Hour)).Draw(t, "entered later")
		now := start.Add(time.Duration(late))
		filing := disputes.Filing{
			ID: "t1", Household: "h1", Kind: rapid.SampledFrom(kinds).Draw(t, "kind"), ReportedAt: start,
			Actor: disputes.Actor{Role: disputes.Dispatcher, ID: "d1"},
		}
		plain, plainEvents, err := disputes.File(filing, disputes.ContractDuties(always), now)
		if err != nil {
			t.Fatal(err)
		}
		ticked, tickedEvents := plain, slices.Clone(plainEvents)
		for range rapid.IntRange(0, 8).Draw(t, "commands") {
			step := rapid.SampledFrom([]time.Duration{0, 1, time.Minute, 59 * time.Minute, time.Hour, 3 * time.Hour}).Draw(t, "step")
			now = now.Add(step)
			if rapid.Bool().Draw(t, "a tick before") {
				var more []disputes.Event
				ticked, more = disputes.Breaches(ticked, now)
				tickedEvents = append(tickedEvents, more...)
			}
			c := disputes.Command{Event: rapid.SampledFrom(commands).Draw(t, "event"), Text: "…"}
			c.Actor = disputes.Actor{Role: rapid.SampledFrom([]disputes.Role{disputes.Resident, disputes.Dispatcher}).Draw(t, "role"), ID: "x"}
			var e1, e2 []disputes.Event
			var err1, err2 error
			plain, e1, err1 = disputes.Apply(plain, c, now)
			ticked, e2, err2 = disputes.Apply(ticked, c, now)
			if fmt.Sprint(err1) != fmt.Sprint(err2) {
				t.Fatalf("with ticks %v, without %v", err2, err1)
			}
			plainEvents, tickedEvents = append(plainEvents, e1...), append(tickedEvents, e2...)
		}
		now = now.Add(24 * time.Hour)
		plain, more := disputes.Breaches(plain, now)
		plainEvents = append(plainEvents, more...)
		ticked, more = disputes.Breaches(ticked, now)
		tickedEvents = append(tickedEvents, more...)
		if plain != ticked {
			t.Fatalf("with ticks\n%+v\nwithout\n%+v", ticked, plain)
		}
		if got, want := happened(tickedEvents), happened(plainEvents); !slices.Equal(got, want) {
			t.Fatalf("with ticks\n%v\nwithout\n%v", got, want)
		}
		checkTimeline(t, plain, plainEvents, now)
	})
}

// happened is what happened and when, whenever it was recorded.
func happened(events []disputes.Event) []string {
	var all []string
	for _, e := range events {
		all = append(all, fmt.Sprint(e.At, e.Event))
	}
	slices.Sort(all)
	return all
}

// checkTimeline holds a finished timeline to what A6.6 says, computed afresh from its events.
func checkTimeline(t *rapid.T, ticket disputes.Ticket, events []disputes.Event, now sensors.Instant) {
	for _, d := range []struct {
		clock          disputes.Clock
		answer, breach disputes.EventKind
		within         time.Duration
	}{
		{ticket.Reply, disputes.Replied, disputes.BreachReply, time.Hour},
		{ticket.Update, disputes.Updated, disputes.BreachUpdate, 6 * time.Hour},
	} {
		first, breaches := sensors.Instant(0), 0
		for _, e := range events {
			if e.Event == d.answer && first == 0 {
				first = e.At
			}
			if e.Event == d.breach {
				breaches++
				if e.At != ticket.ReportedAt.Add(d.within) {
					t.Fatalf("%s at %v, reported at %v", d.breach, e.At, ticket.ReportedAt)
				}
			}
		}
		if !d.clock.Runs() {
			if breaches != 0 || d.clock.State(now) != "" {
				t.Fatalf("%s of a clock that does not run", d.breach)
			}
			continue
		}
		inTime := first != 0 && first.Sub(ticket.ReportedAt) <= d.within
		want := map[bool]disputes.ClockState{true: disputes.Met, false: disputes.Breached}[inTime]
		if d.clock.State(now) != want || d.clock.Met != first || breaches != map[bool]int{true: 0, false: 1}[inTime] {
			t.Fatalf("%s: clock %+v is %s with %d breaches; first answered at %v, want %s", d.answer, d.clock, d.clock.State(now), breaches, first, want)
		}
	}
}
