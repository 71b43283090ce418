package ledger_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Who is cold and still is, of whom nobody has an open finding; who has been warm since; and which tickets no incident has.
func TestWhatFindingsAreMadeOf(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		minute := func(n int) sensors.Instant { return morning.Add(time.Duration(n) * time.Minute) }
		judge := func(home string, until, coldFrom, coldTo int, status compliance.EpisodeStatus) {
			t.Helper()
			j := ledger.Judgment{Household: home, From: minute(0), Until: minute(until), EpisodesFrom: minute(0), Settled: minute(0), Digest: strings.Repeat("0", 64)}
			tiles := []ledger.Tile{{Start: minute(0), End: minute(coldFrom), Status: compliance.Compliant}, {Start: minute(coldFrom), End: minute(coldTo), Status: compliance.Below}}
			if coldTo < until {
				tiles = append(tiles, ledger.Tile{Start: minute(coldTo), End: minute(until), Status: compliance.Compliant})
			}
			j.Rooms = []ledger.RoomTiles{{Tiles: tiles}, {Room: "bed", Tiles: tiles}}
			j.Episodes = []ledger.Episode{{Room: "bed", Start: minute(coldFrom), End: minute(coldTo), Status: status}}
			must(t, l.WriteJudgments(ctx, []ledger.Judgment{j}, minute(until)))
		}
		judge("cold", 300, 100, 300, compliance.Suspected)
		judge("confirmed", 300, 100, 300, compliance.Confirmed)
		judge("short", 300, 290, 300, compliance.Suspected)
		judge("warm", 300, 100, 120, compliance.Suspected)
		judge("long ago", 200, 100, 200, compliance.Suspected)
		found := func() string {
			t.Helper()
			all, err := l.Suspicions(ctx, minute(270), minute(240))
			must(t, err)
			return fmt.Sprint(all)
		}
		if got, want := found(), fmt.Sprint([]ledger.Suspicion{{Cold: disputes.Cold{Household: "cold", Room: "bed", Since: minute(100)}}}); got != want {
			t.Errorf("%s, want %s", got, want)
		}
		warm, err := l.WarmFor(ctx, []string{"cold", "short", "warm", "unknown"}, 3*time.Hour)
		must(t, err)
		if fmt.Sprint(warm) != "map[warm:true]" {
			t.Errorf("%v", warm)
		}
		if warm, err = l.WarmFor(ctx, []string{"warm"}, 3*time.Hour+1); err != nil || len(warm) != 0 {
			t.Errorf("longer than it is: %v, %v", warm, err)
		}
		f, events, err := disputes.Find("f1", disputes.Cold{Household: "cold", Room: "bed"}, "", "x", disputes.FindingRules{}, minute(301))
		must(t, err)
		must(t, l.FileTicket(ctx, f, events, nil))
		if got := found(); got != "[]" {
			t.Errorf("with an open finding: %s", got)
		}
		closed, events, err := disputes.Clear(f, "warm", minute(310))
		must(t, err)
		must(t, l.SaveTicket(ctx, f, closed, events, nil))
		if all, err := l.Suspicions(ctx, minute(270), minute(240)); err != nil || len(all) != 1 || all[0].Closed != minute(310) {
			t.Errorf("%+v, %v", all, err)
		}
		file(t, l, "t1", disputes.NoHeat, 0)
		file(t, l, "t2", disputes.Other, time.Minute)
		file(t, l, "t3", disputes.NoHeat, time.Hour)
		loose, err := l.LooseTickets(ctx, minute(0))
		must(t, err)
		if len(loose) != 2 || loose[0].ID != "t1" || loose[1].ID != "t3" {
			t.Errorf("%+v", loose)
		}
	})
}
