package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
	"github.com/nuanju/nuanju/sensors/intake"
)

func TestDirtyKeepsTheEarliestFrom(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		must(t, l.MarkDirty(ctx, []ledger.Mark{{Household: "h2", From: 50}, {Household: "h1", From: 70}, {Household: "h1", From: 30}}, 100))
		must(t, l.MarkDirty(ctx, []ledger.Mark{{Household: "h1", From: 40}}, 110))
		got, err := l.TakeDirty(ctx, 10)
		must(t, err)
		want := []ledger.Dirty{{"h2", 50, 100, 1, 0}, {"h1", 30, 110, 2, 0}}
		if !slices.Equal(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		n, since, err := l.CountDirty(ctx)
		must(t, err)
		if n != 2 || since != 100 {
			t.Errorf("%d dirty since %d", n, since)
		}
	})
}

// A mark made while its household is judged is not lost with the one that led there, not even after it was clean in between.
func TestMarksMadeMeanwhileSurvive(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		must(t, l.MarkDirty(ctx, []ledger.Mark{{Household: "h1", From: 30}}, 100))
		taken, err := l.TakeDirty(ctx, 10)
		must(t, err)
		must(t, l.MarkDirty(ctx, []ledger.Mark{{Household: "h1", From: 80}}, 110))
		must(t, l.CompleteDirty(ctx, taken))
		again, err := l.TakeDirty(ctx, 10)
		must(t, err)
		if want := []ledger.Dirty{{"h1", 30, 110, 2, 0}}; !slices.Equal(again, want) {
			t.Fatalf("got %+v, want %+v", again, want)
		}
		must(t, l.CompleteDirty(ctx, again))
		if none, err := l.TakeDirty(ctx, 10); err != nil || len(none) != 0 {
			t.Fatalf("%+v is dirty after it was judged: %v", none, err)
		}
		must(t, l.MarkDirty(ctx, []ledger.Mark{{Household: "h1", From: 90}}, 120))
		must(t, l.CompleteDirty(ctx, taken)) // a checker that was slow
		last, err := l.TakeDirty(ctx, 10)
		must(t, err)
		if want := []ledger.Dirty{{"h1", 90, 120, 3, 0}}; !slices.Equal(last, want) {
			t.Errorf("got %+v, want %+v", last, want)
		}
	})
}

func line(leaf int64, n int, reason string) ledger.Quarantined {
	return ledger.Quarantined{
		LineKey: ledger.LineKey{Leaf: leaf, Line: n}, Reason: reason, Owner: "d1", Household: "h1",
		Raw: []byte("temperature,device=d1 celsius=99\x00\xff"), DeviceTime: 5, Received: 6,
	}
}

// The watermark, the marks and the quarantined lines of a step are there together or not at all, and a step is taken once.
func TestAStepIsTakenWholeAndOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		step := ledger.Step{
			Watermark: "forward", From: 0, To: 7, Dirty: []ledger.Mark{{Household: "h1", From: 30}},
			Quarantine: []ledger.Quarantined{line(3, 1, "out_of_range"), line(3, 2, intake.UnknownDevice)},
		}
		must(t, l.Advance(ctx, step, 100))
		if err := l.Advance(ctx, step, 110); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("the same step again: %v", err)
		}
		broken := ledger.Step{Watermark: "forward", From: 7, To: 9, Dirty: []ledger.Mark{{Household: "h2", From: sensors.Forever}}, Quarantine: []ledger.Quarantined{line(8, 1, "x")}}
		if err := l.Advance(ctx, broken, 120); !errors.Is(err, ledger.ErrInvalid) {
			t.Errorf("a mark from the end of time: %v", err)
		}
		at, err := l.Watermark(ctx, "forward")
		must(t, err)
		held, err := l.ListQuarantine(ctx, ledger.QuarantineFilter{})
		must(t, err)
		dirty, err := l.TakeDirty(ctx, 10)
		must(t, err)
		if at != 7 || len(held) != 2 || !slices.Equal(dirty, []ledger.Dirty{{"h1", 30, 100, 1, 0}}) {
			t.Errorf("watermark %d, %d lines held, dirty %v", at, len(held), dirty)
		}
		if none, err := l.Watermark(ctx, "another"); none != 0 || err != nil {
			t.Errorf("a watermark that nobody set: %d, %v", none, err)
		}
	})
}

func TestQuarantine(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		lines := []ledger.Quarantined{line(3, 1, "out_of_range"), line(3, 2, "unknown_device"), line(9, 1, "unknown_device")}
		must(t, l.Quarantine(ctx, lines))
		lines[0].Reason = "another" // the same line again, as another reader would see it
		must(t, l.Quarantine(ctx, lines))
		got, err := l.ListQuarantine(ctx, ledger.QuarantineFilter{Reason: "unknown_device", Limit: 1})
		must(t, err)
		if len(got) != 1 || got[0].LineKey != (ledger.LineKey{Leaf: 3, Line: 2}) || !bytes.Equal(got[0].Raw, lines[1].Raw) || got[0].DeviceTime != 5 || got[0].Received != 6 {
			t.Fatalf("got %+v", got)
		}
		more, err := l.ListQuarantine(ctx, ledger.QuarantineFilter{Reason: "unknown_device", After: got[0].LineKey})
		must(t, err)
		if len(more) != 1 || more[0].Leaf != 9 {
			t.Errorf("after the first: %+v", more)
		}
		counts, err := l.CountQuarantine(ctx)
		must(t, err)
		if len(counts) != 2 || counts["out_of_range"] != 1 || counts["unknown_device"] != 2 {
			t.Errorf("counts %v", counts)
		}
		for range 2 { // the second time releases nothing
			_, err := l.Release(ctx, []ledger.LineKey{{Leaf: 3, Line: 2}, {Leaf: 99, Line: 1}}, "device d1 was registered", []ledger.Mark{{Household: "h1", From: 5}}, 200)
			must(t, err)
		}
		all, err := l.ListQuarantine(ctx, ledger.QuarantineFilter{Owner: "d1", Released: true})
		must(t, err)
		if len(all) != 3 || all[1].ReleasedAt != 200 || all[1].ReleasedWhy != "device d1 was registered" || all[0].ReleasedAt != 0 {
			t.Errorf("all %+v", all)
		}
		if held, err := l.ListQuarantine(ctx, ledger.QuarantineFilter{}); err != nil || len(held) != 2 {
			t.Errorf("%d held: %v", len(held), err)
		}
		if dirty, err := l.TakeDirty(ctx, 10); err != nil || len(dirty) != 1 || dirty[0].From != 5 {
			t.Errorf("dirty %v: %v", dirty, err)
		}
	})
}

func TestTokens(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		spec := ledger.Token{Role: disputes.Device, Name: "gateway 7", Scope: ledger.Scope{Devices: []string{"d1", "d2"}}, ExpiresAt: 1000}
		token, kept, err := l.CreateToken(ctx, spec, 100)
		must(t, err)
		other, _, err := l.CreateToken(ctx, spec, 100)
		must(t, err)
		found, err := l.VerifyToken(ctx, token, 999)
		must(t, err)
		if fmt.Sprint(found) != fmt.Sprint(kept) || found.Role != disputes.Device || !slices.Equal(found.Scope.Devices, spec.Scope.Devices) || found.Scope.Everything() {
			t.Errorf("found %+v, kept %+v", found, kept)
		}
		flipped := token[:len(token)-2] + map[bool]string{true: "B", false: "A"}[token[len(token)-2] == 'A'] + token[len(token)-1:]
		for name, shown := range map[string]string{
			"empty": "", "one of another": token[:24] + other[24:], "a flipped letter": flipped, "shorter": token[:len(token)-1],
			"longer": token + "A", "another prefix": "xuanju_" + token[7:], "unknown": "nuanju_0123456789abcdef_" + token[24:],
			"SQL": "nuanju_' OR 1=1 --xx" + token[20:],
		} {
			if _, err := l.VerifyToken(ctx, shown, 200); !errors.Is(err, ledger.ErrToken) || err.Error() != "the token is not valid" {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := l.VerifyToken(ctx, token, 1000); !errors.Is(err, ledger.ErrToken) {
			t.Errorf("at its expiry: %v", err)
		}
		must(t, l.RevokeToken(ctx, kept.ID, 300))
		must(t, l.RevokeToken(ctx, kept.ID, 400))
		if _, err := l.VerifyToken(ctx, token, 301); !errors.Is(err, ledger.ErrToken) {
			t.Errorf("revoked: %v", err)
		}
		if err := l.RevokeToken(ctx, "none", 300); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("revoking none: %v", err)
		}
		all, err := l.ListTokens(ctx)
		must(t, err)
		if len(all) != 2 || strings.Contains(fmt.Sprint(all), token[24:]) {
			t.Errorf("all %+v", all)
		}
		for _, k := range all {
			if k.ID == kept.ID && k.RevokedAt != 300 {
				t.Errorf("revoked at %d", k.RevokedAt)
			}
		}
		for name, bad := range map[string]ledger.Token{
			"role": {Role: "king", Name: "x", ExpiresAt: 200}, "name": {Role: disputes.Admin, ExpiresAt: 200},
			"expiry": {Role: disputes.Admin, Name: "x", ExpiresAt: 100}, "the monitor": {Role: disputes.Monitor, Name: "x", ExpiresAt: 200},
		} {
			if _, _, err := l.CreateToken(ctx, bad, 100); !errors.Is(err, ledger.ErrInvalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// Whatever is marked, taken and completed in whatever order, no household that was marked after it was taken is forgotten.
func TestNoMarkIsForgotten(t *testing.T) {
	l := open(t, databases[0].url(t))
	ctx := t.Context()
	var run int
	rapid.Check(t, func(r *rapid.T) {
		run++
		name := func(i int) string { return fmt.Sprintf("run%d-h%d", run, i) }
		owed := map[string]sensors.Instant{} // marks that no judgment has covered
		var taken []ledger.Dirty
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			switch rapid.IntRange(0, 2).Draw(r, "what") {
			case 0:
				h, from := name(rapid.IntRange(0, 2).Draw(r, "household")), sensors.Instant(rapid.IntRange(0, 9).Draw(r, "from"))
				must(t, l.MarkDirty(ctx, []ledger.Mark{{Household: h, From: from}}, 1))
				if old, ok := owed[h]; !ok || from < old {
					owed[h] = from
				}
				taken = slices.DeleteFunc(taken, func(d ledger.Dirty) bool { return d.Household == h })
			case 1:
				all, err := l.TakeDirty(ctx, 1000)
				must(t, err)
				taken = slices.DeleteFunc(all, func(d ledger.Dirty) bool { return !strings.HasPrefix(d.Household, name(0)[:len(name(0))-1]) })
			case 2:
				must(t, l.CompleteDirty(ctx, taken))
				for _, d := range taken {
					delete(owed, d.Household)
				}
				taken = nil
			}
		}
		all, err := l.TakeDirty(ctx, 1000)
		must(t, err)
		got := map[string]sensors.Instant{}
		for _, d := range all {
			got[d.Household] = d.From
		}
		for h, from := range owed {
			if got[h] != from {
				r.Fatalf("%s owes from %d, the ledger says %v", h, from, got)
			}
		}
		must(t, l.CompleteDirty(ctx, all))
	})
}

// Many writers at once wait for each other and lose nothing.
func TestConcurrentMarks(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		var wg sync.WaitGroup
		for w := range 8 {
			wg.Go(func() {
				for i := range 10 {
					marks := []ledger.Mark{{Household: fmt.Sprintf("h%d", (w+i)%5), From: sensors.Instant(100 + w)}, {Household: "h0", From: sensors.Instant(100 + i)}}
					if err := l.MarkDirty(t.Context(), marks, 1); err != nil {
						t.Error(err, cause(err))
					}
				}
			})
		}
		wg.Wait()
		all, err := l.TakeDirty(t.Context(), 10)
		must(t, err)
		total := int64(0)
		for _, d := range all {
			total += d.Version
			if d.Household == "h0" && d.From != 100 {
				t.Errorf("h0 from %d", d.From)
			}
		}
		if len(all) != 5 || total != 8*10*2-16 { // a call that names h0 twice counts once
			t.Errorf("%d households, %d marks", len(all), total)
		}
	})
}

// What was said comes back as it was, bit for bit, in the order of the log, and is kept once.
func TestEventsOfHouseholds(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		off := ledger.Event{
			LineKey: ledger.LineKey{Leaf: 7, Line: 2}, Kind: ingest.Heating, Household: "h1", At: 50, Received: 51, Source: ingest.Supplier, Consent: "letter 3",
		}
		warm := ledger.Event{LineKey: ledger.LineKey{Leaf: 3, Line: 1}, Kind: ingest.Setpoint, Household: "h1", Room: "bed", At: 90, Received: 91, Celsius: 20.1}
		on := ledger.Event{LineKey: ledger.LineKey{Leaf: 7, Line: 1}, Kind: ingest.Heating, Household: "h2", At: 20, Received: 51, On: true, Source: ingest.Resident}
		must(t, l.Advance(ctx, ledger.Step{Watermark: "forward", To: 8, Events: []ledger.Event{off, warm}}, 100))
		again := off
		again.At = 99
		must(t, l.AppendEvents(ctx, []ledger.Event{again, on}))
		got, err := l.Events(ctx, []string{"h1", "h2", "h3"}, 20)
		must(t, err)
		if len(got) != 2 || !slices.Equal(got["h1"], []ledger.Event{warm, off}) || !slices.Equal(got["h2"], []ledger.Event{on}) {
			t.Errorf("got %+v", got)
		}
		later, err := l.Events(ctx, []string{"h1", "h2"}, 51)
		must(t, err)
		if len(later) != 1 || !slices.Equal(later["h1"], []ledger.Event{warm}) {
			t.Errorf("from 51 on: %+v", later)
		}
	})
}
