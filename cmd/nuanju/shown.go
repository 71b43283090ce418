package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/influx"
)

// shower is a store that can show dashboards what the monitor finds; *influx.Store is one.
type shower interface {
	Show(ctx context.Context, points []influx.Shown) error
}

// The measurements that dashboards find beside the readings.
const (
	shownTile   = "tile"   // household, room (* is the household): status, clause, until (ns), from the point's time on
	shownTicket = "ticket" // household, kind, event: ticket, from, to
)

// showing writes verdicts to the ledger and, when that is done, shows their tiles. The ledger is the truth: what cannot be
// shown is logged and shown with the next judgment of its time.
type showing struct {
	*ledger.Ledger
	shower
	logger *slog.Logger
}

// WriteJudgments writes the judgments and shows them.
func (s showing) WriteJudgments(ctx context.Context, all []ledger.Judgment, now sensors.Instant) error {
	before := make(map[string][]ledger.RoomTiles, len(all))
	for i := range all {
		tiles, err := s.Tiles(ctx, all[i].Household, all[i].From, all[i].Until)
		if err != nil {
			return err
		}
		before[all[i].Household] = tiles
	}
	if err := s.Ledger.WriteJudgments(ctx, all, now); err != nil {
		return err
	}
	var points []influx.Shown
	for i := range all {
		points = append(points, tilePoints(&all[i], before[all[i].Household])...)
	}
	if err := s.Show(ctx, points); err != nil && ctx.Err() == nil {
		s.logger.Warn("verdicts are written but could not be shown to dashboards", "error", err)
	}
	return nil
}

// tilePoints is a point at the start of every tile of a judgment, and one at every start that a tile had before and has no
// more: with what holds there now, so that nothing superseded stays in sight.
func tilePoints(j *ledger.Judgment, before []ledger.RoomTiles) []influx.Shown {
	var points []influx.Shown
	for _, room := range j.Rooms {
		starts := make(map[sensors.Instant]bool, len(room.Tiles))
		for _, t := range room.Tiles {
			starts[t.Start] = true
			points = append(points, tilePoint(j.Household, room.Room, t, t.Start))
		}
		for _, old := range before {
			if old.Room != room.Room {
				continue
			}
			for _, was := range old.Tiles {
				for _, t := range room.Tiles {
					if was.Start > t.Start && was.Start < t.End && !starts[was.Start] {
						points = append(points, tilePoint(j.Household, room.Room, t, was.Start))
					}
				}
			}
		}
	}
	return points
}

func tilePoint(household, room string, t ledger.Tile, at sensors.Instant) influx.Shown {
	if room == "" {
		room = "*"
	}
	return influx.Shown{
		Measurement: shownTile, At: at, Tags: map[string]string{"household": household, "room": room},
		Fields: map[string]any{
			"status": string(t.Status), "clause": string(t.Clause), "until": int64(t.End), "provisional": t.Provisional,
		},
	}
}

// telling gives what happened to tickets to the evidence log and then shows it.
type telling struct {
	ledger.EvidenceLog
	shower
	logger *slog.Logger
}

// Append appends the entries to the log and shows them.
func (t telling) Append(ctx context.Context, entries []ledger.OutboxEntry) (int64, error) {
	first, err := t.EvidenceLog.Append(ctx, entries)
	if err != nil {
		return first, err
	}
	var points []influx.Shown
	for _, e := range entries {
		var r struct {
			Ticket, Household, Kind, Event, From, To string
			At                                       time.Time
		}
		if json.Unmarshal(e.Content, &r) != nil || r.Ticket == "" {
			continue // not of a ticket
		}
		points = append(points, influx.Shown{
			Measurement: shownTicket, At: sensors.At(r.At),
			Tags:   map[string]string{"household": r.Household, "kind": r.Kind, "event": r.Event},
			Fields: map[string]any{"ticket": r.Ticket, "from": r.From, "to": r.To},
		})
	}
	if err := t.Show(ctx, points); err != nil && ctx.Err() == nil {
		t.logger.Warn("what happened to tickets is logged but could not be shown to dashboards", "error", err)
	}
	return first, nil
}
