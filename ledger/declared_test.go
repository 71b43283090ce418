package ledger_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Events go with the watermark, once each, and come back in the order of the log.
func TestEventsAreKeptOnceAndInTheOrderOfTheLog(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		off := ledger.Event{LineKey: ledger.LineKey{Leaf: 7, Line: 2}, Kind: ledger.HeatingEvent, Household: "h1", At: 50, Received: 60, Source: "resident"}
		set := ledger.Event{LineKey: ledger.LineKey{Leaf: 7, Line: 1}, Kind: ledger.SetpointEvent, Household: "h1", Room: "bed", At: 50, Received: 60, Celsius: 16.3}
		other := ledger.Event{LineKey: ledger.LineKey{Leaf: 3, Line: 1}, Kind: ledger.HeatingEvent, Household: "h2", At: 10, Received: 11, On: true}
		must(t, l.Advance(ctx, ledger.Step{Watermark: "w", To: 8, Events: []ledger.Event{off, set, other}}, 100))
		changed := off
		changed.On = true
		must(t, l.AppendEvents(ctx, []ledger.Event{changed}))

		got, err := l.Events(ctx, []string{"h1", "h2", "h3"}, 0)
		must(t, err)
		if want := []ledger.Event{other, set, off}; !slices.Equal(got, want) {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
		if got, err := l.Events(ctx, []string{"h2"}, 11); err != nil || len(got) != 0 {
			t.Errorf("got %+v before its time: %v", got, err)
		}
	})
}

// What is declared again changes nothing; what is declared otherwise supersedes and marks as far back as either reaches.
func TestDeclarationsSupersedeAndMark(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		d := ledger.Declarations{
			Stoppages:     []compliance.Stoppage{{ID: "o1", Announced: 10, Start: 200, End: 300, Proof: "record", Line: 4}},
			Exemptions:    []compliance.Exemption{{ID: "e1", Clause: compliance.A7221, Start: 150, End: 160}},
			Confirmations: []compliance.Confirmation{{ID: "c1", Start: 400, End: 500, Resident: true}},
		}
		must(t, l.Declare(ctx, "h1", d, 1000))
		marked(t, l, ledger.Dirty{Household: "h1", From: 150, MarkedAt: 1000, Version: 1})

		must(t, l.Declare(ctx, "h1", d, 1100))
		marked(t, l)

		later := d.Stoppages[0]
		later.Start, later.End = 250, 350
		must(t, l.Declare(ctx, "h1", ledger.Declarations{Stoppages: []compliance.Stoppage{later}}, 1200))
		marked(t, l, ledger.Dirty{Household: "h1", From: 200, MarkedAt: 1200, Version: 2})

		test := compliance.Test{ID: "t1", Room: "bed", Accredited: true, CommissionedBy: compliance.Resident, Start: 600, End: 601, Celsius: 17.2}
		must(t, l.Declare(ctx, "h1", ledger.Declarations{Tests: []compliance.Test{test}}, 1300))
		marked(t, l, ledger.Dirty{Household: "h1", From: sensors.Earliest, MarkedAt: 1300, Version: 3})

		got, err := l.Declarations(ctx, []string{"h1", "h2"})
		must(t, err)
		later.Line = 0
		want := map[string]ledger.Declarations{"h1": {
			Stoppages: []compliance.Stoppage{later}, Exemptions: d.Exemptions, Tests: []compliance.Test{test}, Confirmations: d.Confirmations,
		}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
	})
}

// marked takes off the dirty marks, which must be these.
func marked(t *testing.T, l *ledger.Ledger, want ...ledger.Dirty) {
	t.Helper()
	got, err := l.TakeDirty(t.Context(), 10)
	must(t, err)
	if !slices.Equal(got, want) {
		t.Errorf("got marks %+v, want %+v", got, want)
	}
	must(t, l.CompleteDirty(t.Context(), got))
}

func TestOfficialDaysAreSuperseded(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		must(t, l.PublishDays(ctx, "s", []compliance.OfficialDay{{Date: 10, Celsius: -7.5}, {Date: 11, Celsius: -8}}, nil, 100))
		must(t, l.PublishDays(ctx, "s", []compliance.OfficialDay{{Date: 10, Celsius: -7.7}}, []ledger.Mark{{"h1", 5}}, 200))
		got, err := l.OfficialDays(ctx, "s", 10, 11)
		must(t, err)
		if want := []compliance.OfficialDay{{Date: 10, Celsius: -7.7}, {Date: 11, Celsius: -8}}; !slices.Equal(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		marked(t, l, ledger.Dirty{Household: "h1", From: 5, MarkedAt: 200, Version: 1})
	})
}
