package ledger_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
)

// The files that a ledger names are the reports of its tests, each once; a whole ledger is not torn.
func TestFilesOfALedger(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		a, b := strings.Repeat("a", 64), strings.Repeat("b", 64)
		for id, report := range map[string]string{"X1": b, "X2": a, "X3": b} {
			m, events, err := disputes.Begin(disputes.Opening{
				Kind: disputes.TestMatter, ID: id, Place: disputes.Home("h1"), Event: disputes.Submitted, Body: disputes.Test{Household: "h1", Report: report},
				Actor: disputes.Actor{Role: disputes.Tester, ID: "t"},
			}, 1)
			must(t, err)
			must(t, l.SaveMatters(t.Context(), ledger.MatterWrite{Changes: []ledger.MatterChange{{After: m, Events: events}}}, 1))
		}
		files, err := l.Files(t.Context())
		must(t, err)
		if !slices.Equal(files, []string{a, b}) {
			t.Errorf("it names %v", files)
		}
		torn, err := l.Torn(t.Context())
		must(t, err)
		if len(torn) > 0 {
			t.Errorf("torn: %v", torn)
		}
	})
}
