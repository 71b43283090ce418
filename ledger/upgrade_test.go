package ledger_test

import (
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// A ledger of the first release (migration 6) is brought up to date with what it has: its tickets go on, its verdicts stand.
func TestAnOlderLedgerIsBroughtUpToDate(t *testing.T) {
	t.Parallel()
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			url := db.url(t)
			ledger.MakeOld(t, url, 6,
				`INSERT INTO households (id, building, riser, account, area_m2, building_area_m2, policy, season, phone, valid_from)
					VALUES ('h1', 'b1', '', 'A-1', '89.5', '', 'beijing-metered', '', '', 100)`,
				`INSERT INTO tickets (id, household, kind, text, state, emergency, reported_at, closed_at, reply_due, reply_met, reply_recorded,
					update_due, update_met, update_recorded, next_due, breach_at, version)
					VALUES ('T1', 'h1', 'no_heat', 'cold', 'open', 0, 1000, 0, 3600000001000, 0, 0, 21600000001000, 0, 0, 3600000001000, 3600000001000, 1)`,
				`INSERT INTO ticket_events (ticket, seq, event, at_ns, recorded, role, actor, text, from_st, to_st)
					VALUES ('T1', 1, 'filed', 1000, 1000, 'resident', 'r1', 'cold', '', 'open')`,
				`INSERT INTO judged (household, version, judged_at, until_ns, settled_ns, digest, carry, open_because)
					VALUES ('h1', 1, 5000, 9000, 0, 'sha256:1', '{}', '{}')`,
				`INSERT INTO judgings (household, version, judged_at, until_ns, prev_until) VALUES ('h1', 1, 5000, 9000, 0)`,
				`INSERT INTO tiles (household, room, start_ns, end_ns, status, clause, provisional, version, known_from, digest, because)
					VALUES ('h1', '', 0, 9223372036854775807, 'below', 'A7.2.2', 0, 1, 5000, 'sha256:1', '[]')`,
			)
			l := open(t, url)
			ctx := t.Context()
			got, events, err := l.Ticket(ctx, "T1")
			must(t, err)
			if got.State != disputes.Open || got.Text != "cold" || len(events) != 1 || got.Reply.Due != sensors.Instant(3600000001000) {
				t.Errorf("the ticket is %+v %+v", got, events)
			}
			after, more, err := disputes.Apply(got, disputes.Command{Event: disputes.Replied, Text: "we come", Actor: dispatcher}, sensors.Instant(time.Minute))
			must(t, err)
			must(t, l.SaveTicket(ctx, got, after, more, nil))
			rooms, err := l.Tiles(ctx, "h1", 0, 9000)
			must(t, err)
			if len(rooms) != 1 || len(rooms[0].Tiles) != 1 || rooms[0].Tiles[0].Status != compliance.Below || rooms[0].Tiles[0].End != 9000 {
				t.Errorf("the tiles are %+v", rooms)
			}
			c, err := l.Census(ctx, 0, 9000)
			must(t, err)
			if len(c.Standing) != 1 || c.Standing[0].Building != "b1" {
				t.Errorf("counted %+v", c.Standing)
			}
		})
	}
}
