package disputes_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// The file that people read and the tables that the code runs are the same.
func TestMatterTransitionsFileIsTheTables(t *testing.T) {
	text, err := os.ReadFile("TRANSITIONS.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range disputes.Machines() {
		if table := machineTable(m); !strings.Contains(string(text), table) {
			t.Errorf("TRANSITIONS.md lacks this:\n%s", table)
		}
	}
}

func machineTable(m disputes.Machine) string {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s: %s（%s）\n\n| from | event | to | who | text | 中文 | English |\n| --- | --- | --- | --- | --- | --- | --- |\n", m.Kind, m.EN, m.ZH)
	for _, r := range m.Rows {
		text := ""
		if r.NeedsText {
			text = "needed"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", r.From, r.Event, r.To, roles(r.Who), text, r.ZH, r.EN)
	}
	return strings.ReplaceAll(strings.ReplaceAll(b.String(), "|  |", "| |"), "|  |", "| |")
}

// Each table is sound: one row for each state and event, every state is reached, every row says who and what.
func TestMachinesAreSound(t *testing.T) {
	kinds := map[disputes.MatterKind]bool{}
	for _, m := range disputes.Machines() {
		if kinds[m.Kind] || m.ZH == "" || m.EN == "" {
			t.Errorf("%s: twice, or without a name", m.Kind)
		}
		kinds[m.Kind] = true
		type key struct {
			from  disputes.State
			event disputes.EventKind
		}
		seen, reached := map[key]bool{}, map[disputes.State]bool{disputes.None: true}
		for _, s := range m.States() {
			reached[s] = true
		}
		for _, r := range m.Rows {
			if seen[key{r.From, r.Event}] {
				t.Errorf("%s: two rows for %q from %q", m.Kind, r.Event, r.From)
			}
			seen[key{r.From, r.Event}] = true
			if !reached[r.From] || r.To == disputes.None {
				t.Errorf("%s: %q from %q: nothing reaches that state, or it leads nowhere", m.Kind, r.Event, r.From)
			}
			if len(r.Who) == 0 || r.ZH == "" || r.EN == "" {
				t.Errorf("%s: %q from %q lacks who or what", m.Kind, r.Event, r.From)
			}
		}
	}
}

// Whatever is tried, in whatever order: only rows of the table happen, each by a role that it names, versions count the events, and what
// is refused changes nothing.
func TestMattersKeepToTheirTables(t *testing.T) {
	everyone := []disputes.Role{
		disputes.Resident, disputes.Dispatcher, disputes.Billing, disputes.Tester, disputes.Mediator, disputes.Auditor, disputes.Device,
		disputes.Admin, disputes.Monitor,
	}
	rapid.Check(t, func(t *rapid.T) {
		machine := rapid.SampledFrom(disputes.Machines()).Draw(t, "machine")
		rows := map[string]disputes.Row{}
		var events []disputes.EventKind
		for _, r := range machine.Rows {
			rows[fmt.Sprint(r.From, "/", r.Event)] = r
			events = append(events, r.Event)
		}
		var m disputes.Matter
		for i := range rapid.IntRange(1, 30).Draw(t, "tries") {
			event := rapid.SampledFrom(events).Draw(t, "event")
			actor := disputes.Actor{Role: rapid.SampledFrom(everyone).Draw(t, "role"), ID: "a"}
			text := rapid.SampledFrom([]string{"", "why"}).Draw(t, "text")
			now := sensors.Instant(i + 1)
			var next disputes.Matter
			var added []disputes.MatterEvent
			var err error
			if m.Version == 0 {
				next, added, err = disputes.Begin(disputes.Opening{
					Kind: machine.Kind, ID: "m1", Place: disputes.Home("h1"), Event: event, Text: text, Actor: actor,
				}, now)
			} else {
				next, added, err = disputes.Advance(m, disputes.Move{Event: event, Text: text, Actor: actor}, now)
			}
			row, ok := rows[fmt.Sprint(m.State, "/", event)]
			may := ok && strings.Contains(" "+roles(row.Who)+",", " "+string(actor.Role)+",")
			allowed := may && (text != "" || !row.NeedsText)
			if allowed != (err == nil) {
				t.Fatalf("%s from %q by %s: %v", event, m.State, actor.Role, err)
			}
			if err != nil {
				if len(added) > 0 || next.Version != m.Version || next.State != m.State {
					t.Fatalf("refused, and yet %+v", next)
				}
				continue
			}
			if next.State != row.To || next.Version != m.Version+1 || len(added) != 1 || added[0].Seq != next.Version || added[0].From != m.State {
				t.Fatalf("%+v %+v after %+v", next, added, m)
			}
			m = next
		}
	})
}

func TestEveryErrorOfAnOpeningAtOnce(t *testing.T) {
	_, _, err := disputes.Begin(disputes.Opening{
		Kind: disputes.ExemptionMatter, Place: disputes.Place{Kind: "street", ID: "1"}, Event: disputes.Claimed, Text: " ",
		Body: strings.Repeat("x", disputes.MaxDetail), Actor: disputes.Actor{Role: disputes.Resident, ID: "r1"},
	}, 1)
	const want = `not allowed: exemption claim may not come from a resident
id: id is empty
place: no kind of place "street"
text: is needed: say what was done or why
body: 65538 bytes are more than 65536`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if !errors.Is(err, disputes.ErrInvalid) || !errors.Is(err, disputes.ErrNotAllowed) {
		t.Errorf("%v is neither", err)
	}
	_, _, err = disputes.Begin(disputes.Opening{Kind: disputes.ExemptionMatter, Event: disputes.Proof}, 1)
	if !errors.Is(err, disputes.ErrInvalid) {
		t.Errorf("an exemption that begins with its proof: %v", err)
	}
}

// What the evidence log gets of an event.
func TestRecordOfAMatter(t *testing.T) {
	dispatcher := disputes.Actor{Role: disputes.Dispatcher, ID: "d1"}
	m, events, err := disputes.Begin(disputes.Opening{
		Kind: disputes.ExemptionMatter, ID: "X1", Place: disputes.Place{Kind: disputes.AtBuilding, ID: "B1"}, Event: disputes.Claimed,
		Text: "停气 & 停电", Body: map[string]string{"clause": "A7.2.2.3"}, Actor: dispatcher,
	}, clockTime("08:00:00"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := events[0].Record(m)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"key":"matter/exemption/X1/1","kind":"exemption","matter":"X1","place":"building","place_id":"B1",` +
		`"opened_at":"2015-12-01T00:00:00Z","seq":1,"event":"claim","at":"2015-12-01T00:00:00Z","role":"dispatcher","actor":"d1",` +
		`"from":"","to":"claimed","text":"停气 \u0026 停电","detail":{"clause":"A7.2.2.3"}}`
	if string(got) != want {
		t.Errorf("got %s", got)
	}
	after, more, err := disputes.Advance(m, disputes.Move{Event: disputes.Proof, Text: "p", Actor: dispatcher, Version: 1, Detail: []int{1}}, 5)
	if err != nil || string(after.Body) != string(m.Body) || string(more[0].Detail) != "[1]" || after.Updated != m.Updated {
		t.Errorf("%+v %+v %v: a body that is not given stays, and time does not go back", after, more, err)
	}
	if _, _, err := disputes.Advance(m, disputes.Move{Event: disputes.Proof, Text: "p", Actor: dispatcher, Version: 2}, 5); !errors.Is(err, disputes.ErrConflict) ||
		err.Error() != "the exemption has changed: version 2 was seen, it is at 1" {
		t.Errorf("a version that nobody saw: %v", err)
	}
	if _, err := disputes.Body[int](json.RawMessage(`"x"`)); err == nil {
		t.Error("a text is read as a number")
	}
}
