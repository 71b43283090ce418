package ledger_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/ledger"
)

// What is published is in force from its time on, until a later version's; nothing is overwritten, and what comes later is seen.
func TestPublished(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		for _, p := range []struct {
			item string
			from time.Duration
			text string
		}{{"numbers", 0, "96069"}, {"numbers", 48 * time.Hour, "96070"}, {"procedures", 0, "先申请"}, {"numbers", 0, "96068"}} {
			_, err := l.Publish(t.Context(), ledger.Publication{Item: p.item, From: morning.Add(p.from), ZH: p.text, EN: p.text, By: clerk, Recorded: morning})
			must(t, err)
		}
		for after, want := range map[time.Duration]string{
			-time.Hour:     "numbers 1 96069, numbers 3 96068, numbers 2 96070, procedures 1 先申请", // all of them later
			0:              "numbers 3 96068, numbers 2 96070, procedures 1 先申请",
			48 * time.Hour: "numbers 2 96070, procedures 1 先申请",
		} {
			all, err := l.Published(t.Context(), morning.Add(after))
			must(t, err)
			var got []string
			for _, p := range all {
				got = append(got, fmt.Sprint(p.Item, " ", p.Version, " ", p.ZH))
			}
			if strings.Join(got, ", ") != want {
				t.Errorf("after %v: %v, want %s", after, got, want)
			}
		}
		if err := l.Exec(t, "UPDATE publications SET body = '{}'"); err == nil {
			t.Error("it was overwritten")
		}
		entries, err := l.Outbox(t.Context(), 10)
		must(t, err)
		if !slices.ContainsFunc(entries, func(e ledger.OutboxEntry) bool { return e.Key == "publication/numbers/3" }) || len(entries) != 4 {
			t.Errorf("entries %+v", entries)
		}
	})
}
