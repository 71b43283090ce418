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

// A season counts what lies in it and no more: tiles and episodes as they now stand, clocks that ran out, reports.
func TestSeasonIsCounted(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		minute := func(n int) sensors.Instant { return morning.Add(time.Duration(n) * time.Minute) }
		for _, home := range []string{"a", "b"} {
			tiles := []ledger.Tile{
				{Start: minute(0), End: minute(100), Status: compliance.Compliant},
				{Start: minute(100), End: minute(160), Status: compliance.Exempt, Clause: compliance.A7224},
				{Start: minute(160), End: minute(200), Status: compliance.Below},
			}
			must(t, l.WriteJudgments(ctx, []ledger.Judgment{{
				Household: home, From: minute(0), Until: minute(200), EpisodesFrom: minute(0), Settled: minute(0), Digest: strings.Repeat("0", 64),
				Rooms:    []ledger.RoomTiles{{Tiles: tiles}, {Room: "bed", Tiles: tiles}},
				Episodes: []ledger.Episode{{Room: "bed", Start: minute(160), End: minute(200), Status: compliance.Suspected}},
			}}, minute(200)))
		}
		report, events, err := disputes.File(disputes.Filing{
			ID: "t1", Household: "a", Kind: disputes.NoHeat, Actor: disputes.Actor{Role: disputes.Resident, ID: "x"},
		}, disputes.ContractDuties(func(sensors.Instant) bool { return true }), minute(10))
		must(t, err)
		must(t, l.FileTicket(ctx, report, events, nil))
		late, breaches := disputes.Breaches(report, minute(80))
		must(t, l.SaveTicket(ctx, report, late, breaches, nil))

		got, err := l.Season(ctx, minute(50), minute(130))
		must(t, err)
		want := "{[{compliant  2 6000} {exempt A7.2.2.4 2 3600}] [] 0 [{ breach_reply 1}] []}"
		if fmt.Sprint(got) != want {
			t.Errorf("\n%v, want\n%s", got, want)
		}
		got, err = l.Season(ctx, minute(0), minute(200))
		must(t, err)
		if got.Tickets != 1 || len(got.Times) != 3 || len(got.Episodes) != 1 || got.Episodes[0].Episodes != 2 {
			t.Errorf("%v", got)
		}
	})
}
