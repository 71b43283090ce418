package ledger_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

var mediator = disputes.Actor{Role: disputes.Mediator, ID: "m1"}

// claim opens an exemption at a place.
func claim(t testing.TB, l *ledger.Ledger, id string, p disputes.Place, now sensors.Instant) disputes.Matter {
	t.Helper()
	m, events, err := disputes.Begin(disputes.Opening{
		Kind: disputes.ExemptionMatter, ID: id, Place: p, Event: disputes.Claimed, Text: "gas is rationed",
		Body: map[string]any{"clause": "A7.2.2.3"}, Actor: dispatcher,
	}, now)
	must(t, err)
	must(t, l.SaveMatters(t.Context(), ledger.MatterWrite{Changes: []ledger.MatterChange{{After: m, Events: events}}}, now))
	return m
}

// move reads a matter, does something to it and writes it.
func move(ctx context.Context, l *ledger.Ledger, id string, c disputes.Move, now sensors.Instant, more ledger.MatterWrite) error {
	before, _, err := l.Matter(ctx, disputes.ExemptionMatter, id)
	if err != nil {
		return err
	}
	after, events, err := disputes.Advance(before, c, now)
	if err != nil {
		return err
	}
	more.Changes = append(more.Changes, ledger.MatterChange{Before: before, After: after, Events: events})
	return l.SaveMatters(ctx, more, now)
}

func TestAMatterComesBackAsItWas(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		imported(t, l)
		h1 := disputes.Home("h1")
		claim(t, l, "x1", h1, morning)
		fact := compliance.Exemption{ID: "x1", Clause: compliance.A7223, Start: morning, End: morning + 9, Proof: "sha256:1"}
		must(t, move(ctx, l, "x1", disputes.Move{
			Event: disputes.Proof, Text: "决定\n附件", Actor: dispatcher, Detail: []string{"<sha256:1>"}, Body: map[string]any{"proofs": 1},
		}, morning+1, ledger.MatterWrite{Declarations: []ledger.Declaration{{Place: h1, Exemption: &fact}}}))
		got, events, err := l.Matter(ctx, disputes.ExemptionMatter, "x1")
		must(t, err)
		want := disputes.Matter{
			Kind: disputes.ExemptionMatter, ID: "x1", Place: h1, State: disputes.StateProved, Version: 2, Opened: morning, Updated: morning + 1,
			Body: json.RawMessage(`{"proofs":1}`),
		}
		wantEvents := []disputes.MatterEvent{
			{Seq: 1, Event: disputes.Claimed, At: morning, Actor: dispatcher, Text: "gas is rationed", To: disputes.StateClaimed, Detail: json.RawMessage(`{"clause":"A7.2.2.3"}`)},
			{Seq: 2, Event: disputes.Proof, At: morning + 1, Actor: dispatcher, Text: "决定\n附件", From: disputes.StateClaimed, To: disputes.StateProved, Detail: json.RawMessage(`["<sha256:1>"]`)},
		}
		if !reflect.DeepEqual(got, want) || !reflect.DeepEqual(events, wantEvents) {
			t.Errorf("got\n%+v\n%+v\nwant\n%+v\n%+v", got, events, want, wantEvents)
		}
		outbox, err := l.Outbox(ctx, 10)
		must(t, err)
		record, err := wantEvents[1].Record(want)
		must(t, err)
		if n := len(outbox); n != 3 || outbox[2].Key != "matter/exemption/x1/2" || string(outbox[2].Content) != string(record) {
			t.Errorf("outbox %+v", outbox)
		}
		facts, err := l.Declarations(ctx, []string{"h1"})
		must(t, err)
		if !reflect.DeepEqual(facts["h1"].Exemptions, []compliance.Exemption{fact}) {
			t.Errorf("declared %+v", facts["h1"])
		}
		if d := taken(t, l); len(d) != 1 || d[0].Household != "h1" || d[0].From != morning {
			t.Errorf("dirty %v", d)
		}
		must(t, l.CompleteDirty(ctx, taken(t, l)))
		must(t, move(ctx, l, "x1", disputes.Move{Event: disputes.Withdrawn, Text: "a mistake", Actor: dispatcher}, morning+2,
			ledger.MatterWrite{Retractions: []ledger.FactID{{Kind: "exemption", ID: "x1"}, {Kind: "exemption", ID: "never"}}}))
		facts, err = l.Declarations(ctx, []string{"h1"})
		must(t, err)
		if d := taken(t, l); len(facts["h1"].Exemptions) != 0 || len(d) != 1 || d[0].From != morning {
			t.Errorf("withdrawn, and still %+v; dirty %v", facts["h1"], d)
		}
		if _, _, err := l.Matter(ctx, disputes.DisputeMatter, "x1"); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("another kind of that id: %v", err)
		}
	})
}

// What cannot be written leaves nothing behind: not a matter, an event, a fact or a mark.
func TestAWriteOfMattersIsWhole(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		imported(t, l)
		x1 := claim(t, l, "x1", disputes.Home("h1"), morning)
		x2 := claim(t, l, "x2", disputes.Home("h1"), morning)
		fact := ledger.Declaration{Place: disputes.Home("h1"), Exemption: &compliance.Exemption{ID: "x1", Start: 1, End: 2, Proof: "p"}}
		moved := func(m disputes.Matter) ledger.MatterChange {
			after, events, err := disputes.Advance(m, disputes.Move{Event: disputes.Proof, Text: "proof", Actor: dispatcher}, morning+1)
			must(t, err)
			return ledger.MatterChange{Before: m, After: after, Events: events}
		}
		stale, other, renamed := moved(x1), moved(x1), moved(x1)
		stale.Before.State = disputes.StateContested
		other.Before.ID = "x2"
		renamed.Before, renamed.Events[0].Seq = disputes.Matter{}, 1
		renamed.After.Version = 1
		for name, c := range map[string]struct {
			write ledger.MatterWrite
			want  error
		}{
			"stale":        {ledger.MatterWrite{Changes: []ledger.MatterChange{moved(x2), stale}, Declarations: []ledger.Declaration{fact}}, ledger.ErrConflict},
			"another":      {ledger.MatterWrite{Changes: []ledger.MatterChange{other}}, ledger.ErrInvalid},
			"a used id":    {ledger.MatterWrite{Changes: []ledger.MatterChange{moved(x2), renamed}}, ledger.ErrExists},
			"nothing":      {ledger.MatterWrite{}, ledger.ErrInvalid},
			"no event":     {ledger.MatterWrite{Changes: []ledger.MatterChange{{Before: x1, After: x1}}}, ledger.ErrInvalid},
			"a bad fact":   {ledger.MatterWrite{Changes: []ledger.MatterChange{moved(x1)}, Declarations: []ledger.Declaration{{}}}, ledger.ErrInvalid},
			"a bad mark":   {ledger.MatterWrite{Changes: []ledger.MatterChange{moved(x1)}, Dirty: []ledger.Mark{{Household: "h1", From: sensors.Forever}}}, ledger.ErrInvalid},
			"before a gap": {ledger.MatterWrite{Changes: []ledger.MatterChange{{Before: x1, After: moved(x1).After, Events: []disputes.MatterEvent{{Seq: 3}}}}}, ledger.ErrInvalid},
		} {
			if err := l.SaveMatters(ctx, c.write, morning+1); !errors.Is(err, c.want) {
				t.Errorf("%s: %v, want %v", name, err, c.want)
			}
		}
		for _, id := range []string{"x1", "x2"} {
			if m, events, err := l.Matter(ctx, disputes.ExemptionMatter, id); err != nil || m.Version != 1 || len(events) != 1 {
				t.Errorf("%+v %v", m, err)
			}
		}
		outbox, err := l.Outbox(ctx, 10)
		must(t, err)
		if d := taken(t, l); len(outbox) != 3 || len(d) != 0 || l.Query(t, "SELECT count(*) FROM declarations") != 0 {
			t.Errorf("%d for the log, marked %v", len(outbox), d)
		}
	})
}

// Fifty mediators decide one exemption at once, half this way and half that: one wins, and there is one event of it, in the timeline and
// for the log.
func TestFiftyDecideOneMatter(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		claim(t, l, "x1", disputes.Home("h1"), morning)
		must(t, move(t.Context(), l, "x1", disputes.Move{Event: disputes.Proof, Text: "proof", Actor: dispatcher}, morning+1, ledger.MatterWrite{}))
		before, _, err := l.Matter(t.Context(), disputes.ExemptionMatter, "x1")
		must(t, err)
		var won, lost atomic.Int32
		var wg sync.WaitGroup
		for i := range 50 {
			event := []disputes.EventKind{disputes.Upheld, disputes.Rejected}[i%2]
			wg.Go(func() {
				after, events, err := disputes.Advance(before, disputes.Move{Event: event, Text: fmt.Sprint("by ", i), Actor: mediator}, morning+2)
				if err == nil {
					err = l.SaveMatters(t.Context(), ledger.MatterWrite{Changes: []ledger.MatterChange{{Before: before, After: after, Events: events}}}, morning+2)
				}
				switch {
				case err == nil:
					won.Add(1)
				case errors.Is(err, ledger.ErrConflict):
					lost.Add(1)
				default:
					t.Error(err, cause(err))
				}
			})
		}
		wg.Wait()
		_, events, err := l.Matter(t.Context(), disputes.ExemptionMatter, "x1")
		must(t, err)
		outbox, err := l.Outbox(t.Context(), 100)
		must(t, err)
		if won.Load() != 1 || lost.Load() != 49 || len(events) != 3 || len(outbox) != 3 {
			t.Errorf("%d won, %d lost, %d events, %d for the log", won.Load(), lost.Load(), len(events), len(outbox))
		}
	})
}

// A home is touched by what is its own, its riser's, its building's, its substation's and everybody's, and by nothing else.
func TestMattersThatTouchAHome(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		imported(t, l)
		places := []disputes.Place{
			disputes.Home("h1"),
			{Kind: disputes.AtRiser, ID: "b1-r1"},
			{Kind: disputes.AtBuilding, ID: "b1"},
			{Kind: disputes.AtSubstation, ID: "ss1"},
			{Kind: disputes.Everywhere},
			disputes.Home("h9"),
			{Kind: disputes.AtBuilding, ID: "b9"},
		}
		for i, p := range places {
			claim(t, l, fmt.Sprint("x", i), p, morning+sensors.Instant(i))
		}
		ids := func(f ledger.MatterFilter) (all []string) {
			t.Helper()
			f.Kind = disputes.ExemptionMatter
			for {
				found, next, err := l.Matters(ctx, f)
				must(t, err)
				for _, m := range found {
					all = append(all, m.ID)
				}
				if next == "" {
					return all
				}
				f.After = next
			}
		}
		for name, c := range map[string]struct {
			filter ledger.MatterFilter
			want   []string
		}{
			"all":           {ledger.MatterFilter{}, []string{"x6", "x5", "x4", "x3", "x2", "x1", "x0"}},
			"pages":         {ledger.MatterFilter{Limit: 2}, []string{"x6", "x5", "x4", "x3", "x2", "x1", "x0"}},
			"touching":      {ledger.MatterFilter{Touching: []string{"h1"}, Limit: 3}, []string{"x4", "x3", "x2", "x1", "x0"}},
			"not there":     {ledger.MatterFilter{Touching: []string{"nobody"}}, nil},
			"no household":  {ledger.MatterFilter{Touching: []string{}}, nil},
			"at a building": {ledger.MatterFilter{Place: places[2]}, []string{"x2"}},
			"states":        {ledger.MatterFilter{States: []disputes.State{disputes.StateProved, disputes.StateUpheld}}, nil},
			"claimed":       {ledger.MatterFilter{States: []disputes.State{disputes.StateClaimed}, Place: places[0]}, []string{"x0"}},
		} {
			if got := ids(c.filter); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", name, got, c.want)
			}
		}
		if _, _, err := l.Matters(ctx, ledger.MatterFilter{Kind: disputes.ExemptionMatter, After: "x"}); !errors.Is(err, ledger.ErrInvalid) {
			t.Errorf("a cursor that no list gave: %v", err)
		}
		if lives, err := l.HouseholdsAt(ctx, places[1]); err != nil || len(lives) == 0 {
			t.Errorf("%v %v", lives, err)
		}
	})
}

// The database itself keeps the events.
func TestEventsOfMattersStay(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		claim(t, l, "x1", disputes.Home("h1"), morning)
		for _, statement := range []string{"UPDATE matter_events SET text = 'other'", "DELETE FROM matter_events"} {
			if err := l.Exec(t, statement); err == nil {
				t.Errorf("%s: was done", statement)
			}
		}
	})
}

// imported imports the town, with nobody marked.
func imported(t testing.TB, l *ledger.Ledger) {
	t.Helper()
	_, err := l.ImportRegistry(t.Context(), declared(t, town()), ledger.ImportOptions{}, 100)
	must(t, err)
	must(t, l.CompleteDirty(t.Context(), taken(t, l)))
}
