package ledger_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

const district = 10_000

// steps is reasons as long as the checker's are.
var steps = json.RawMessage(`[{"clause":"A3","rule":"threshold_standard","values":[{"name":"threshold","celsius":18}]},` + strings.Repeat(
	`{"clause":"A7.2.2","rule":"readings_below","values":[{"name":"coldest","celsius":17.62}],"sources":[{"kind":"reading","id":"bed"}]},`, 4) + `{}]`)

// districtJudgments is one of each household: four rows, each a tile that goes on from start to until.
func districtJudgments(start, until sensors.Instant, status compliance.Status) []ledger.Judgment {
	all := make([]ledger.Judgment, district)
	for i := range all {
		all[i] = ledger.Judgment{
			Household: fmt.Sprintf("household-%05d", i), From: start, Until: until, EpisodesFrom: start, Digest: strings.Repeat("0", 64),
			Settled: start, Carry: make([]byte, 200),
		}
		for _, room := range []string{"", "bed", "living", "second"} {
			tile := ledger.Tile{Start: start, End: until, Status: status, Because: steps}
			all[i].Rooms = append(all[i].Rooms, ledger.RoomTiles{Room: room, Tiles: []ledger.Tile{tile}})
		}
	}
	return all
}

// A tick over 10,000 households in which every one of their 40,000 tiles changes: the row is superseded, another is written.
func BenchmarkSpliceChanged(b *testing.B) { benchmarkSplice(b, true) }

// A tick over 10,000 households in which only time passes.
func BenchmarkSpliceUnchanged(b *testing.B) { benchmarkSplice(b, false) }

func benchmarkSplice(b *testing.B, changed bool) {
	for _, db := range databases {
		b.Run(db.name, func(b *testing.B) {
			l := open(b, db.url(b))
			must(b, l.WriteJudgments(b.Context(), districtJudgments(0, 1, compliance.Compliant), 1))
			var worst time.Duration
			now := sensors.Instant(1)
			for b.Loop() {
				now++
				status := compliance.Compliant
				if changed && now%2 == 0 {
					status = compliance.Below
				}
				b.StopTimer()
				all := districtJudgments(0, now, status)
				b.StartTimer()
				begun := time.Now()
				must(b, l.WriteJudgments(b.Context(), all, now))
				worst = max(worst, time.Since(begun))
			}
			b.ReportMetric(worst.Seconds(), "s-worst")
		})
	}
}

func BenchmarkMarkDirty(b *testing.B) {
	for _, db := range databases {
		b.Run(db.name, func(b *testing.B) {
			l := open(b, db.url(b))
			marks := make([]ledger.Mark, district)
			for i := range marks {
				marks[i] = ledger.Mark{Household: fmt.Sprintf("household-%05d", i), From: sensors.Instant(i)}
			}
			for b.Loop() {
				must(b, l.MarkDirty(b.Context(), marks, 1))
			}
		})
	}
}

// A page of 50 of 10,000 open tickets, with each filter in turn.
func BenchmarkListTickets(b *testing.B) {
	for _, db := range databases {
		b.Run(db.name, func(b *testing.B) {
			l := open(b, db.url(b))
			for i := range district {
				f := disputes.Filing{
					ID: fmt.Sprintf("t%05d", i), Household: fmt.Sprintf("household-%05d", i%5000), Kind: disputes.LowTemperature, Text: "冷", Actor: resident,
				}
				t, events, err := disputes.File(f, contract(), morning.Add(time.Duration(i)*time.Second))
				must(b, err)
				must(b, l.FileTicket(b.Context(), t, events, nil))
			}
			now := morning.Add(2 * time.Hour)
			filters := []ledger.TicketFilter{
				{State: disputes.Open, Limit: 50},
				{State: disputes.Open, Breached: ledger.Only, Limit: 50},
				{State: disputes.Open, Breached: ledger.Without, Limit: 50},
				{Household: "household-00042", Limit: 50},
				{Kind: disputes.Leak, Limit: 50},
				{Breached: ledger.Only, Kind: disputes.Leak, Limit: 50},
			}
			_, cursor, err := l.Tickets(b.Context(), ledger.TicketFilter{Limit: 1000}, now)
			must(b, err)
			filters = append(filters, ledger.TicketFilter{After: cursor, Limit: 50})
			var took []time.Duration
			for i := 0; b.Loop(); i++ {
				begun := time.Now()
				_, _, err := l.Tickets(b.Context(), filters[i%len(filters)], now)
				must(b, err)
				took = append(took, time.Since(begun))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "ms-p99")
		})
	}
}
