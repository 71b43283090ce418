package main

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/influx"
	"github.com/nuanju/nuanju/web"
)

// Measurements that dashboards find beside the readings, tiles and tickets.
const (
	shownDay   = "outdoor_day" // policy, source: mean, exempt, from each local midnight on
	shownPlace = "place"       // device, household, room, riser, building, substation: now, which device measures what
)

// daysShown is how many days back the outdoor daily means are looked at again: observations may come late.
const daysShown = 3

// weather is the outdoor daily means of the last days, as the judge takes them (A7.2.2.4), for dashboards.
type weather struct {
	ledger   *ledger.Ledger
	store    sensors.Store
	policies map[string]*compliance.Policy
	show     shower // nil: the store is not one that dashboards read
	now      func() time.Time
	last     atomic.Pointer[[]web.OutdoorDay]
}

// days is what was found at last.
func (w *weather) days() []web.OutdoorDay {
	if all := w.last.Load(); all != nil {
		return *all
	}
	return nil
}

// look computes the means of the last days and shows them. Today's is not determined before it has ended.
func (w *weather) look(ctx context.Context) error {
	now := sensors.At(w.now())
	var all []web.OutdoorDay
	var points []influx.Shown
	names := make([]string, 0, len(w.policies))
	for name := range w.policies {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		p := w.policies[name]
		found, err := w.of(ctx, p, now)
		if err != nil {
			return err
		}
		for _, d := range found {
			if d.Source == compliance.Undetermined {
				continue
			}
			points = append(points, influx.Shown{
				Measurement: shownDay, At: d.Date.Start(p.Zone), Tags: map[string]string{"policy": name, "source": string(d.Source)},
				Fields: map[string]any{"mean": d.Mean, "exempt": d.Exempt},
			})
		}
		if len(found) < 2 {
			continue
		}
		yesterday := found[len(found)-2]
		all = append(all, web.OutdoorDay{Policy: name, Mean: yesterday.Mean, Exempt: yesterday.Exempt, Known: yesterday.Source != compliance.Undetermined})
	}
	w.last.Store(&all)
	if w.show == nil || len(points) == 0 {
		return nil
	}
	return w.show.Show(ctx, points)
}

// of is the days of a policy's station, the last of them today. It asks the judge itself, about a home of which nothing is known, so
// that there is one rule.
func (w *weather) of(ctx context.Context, p *compliance.Policy, now sensors.Instant) ([]compliance.OutdoorDay, error) {
	rule := p.EditionAt(now).Outdoor
	if rule == nil {
		return nil, nil
	}
	today := compliance.DateIn(now, p.Zone)
	season := compliance.Season{Start: today - daysShown, End: today}
	span := season.In(p.Zone)
	official, err := w.ledger.OfficialDays(ctx, rule.Station, season.Start, season.End)
	if err != nil {
		return nil, err
	}
	facts := &compliance.Facts{
		Household: "weather", Season: season, AsOf: now, OfficialDays: official,
		Rooms: []compliance.Room{{ID: "room", Kind: compliance.Bedroom}},
	}
	series := sensors.Series{Quantity: sensors.Outdoor, Owner: rule.Station}
	err = w.store.ReadMany(ctx, []sensors.Span{{Series: series, From: span.Start.Add(-rule.Tolerance), To: now}}, func(_ int, samples []sensors.Sample) error {
		for _, s := range samples {
			facts.Outdoor = append(facts.Outdoor, compliance.Observation{At: s.At, Celsius: s.Value})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	v, err := compliance.Judge(p, facts)
	if err != nil {
		return nil, err
	}
	return v.Days, nil
}

// shownStoppage is the measurement of stoppages: text, end_ms.
const shownStoppage = "stoppage"

// showStoppages shows dashboards the stoppages that were announced last, with the end that is stated or announced.
func (s *server) showStoppages(ctx context.Context) error {
	show, ok := s.store.(shower)
	if !ok {
		return nil
	}
	all, _, err := s.ledger.Matters(ctx, ledger.MatterFilter{Kind: disputes.StoppageMatter, Limit: 200})
	if err != nil || len(all) == 0 {
		return err
	}
	points := make([]influx.Shown, 0, len(all))
	for _, m := range all {
		body, err := disputes.Body[disputes.Stoppage](m.Body)
		if err != nil {
			return err
		}
		end := body.End
		if body.Ended != nil {
			end = *body.Ended
		}
		points = append(points, influx.Shown{
			Measurement: shownStoppage, At: sensors.At(body.Start), Tags: map[string]string{"id": m.ID, "place": string(m.Place.Kind)},
			Fields: map[string]any{"text": string(m.Place.Kind) + " " + m.Place.ID + ": " + string(m.State), "end_ms": end.UnixMilli(), "planned": body.Planned},
		})
	}
	return show.Show(ctx, points)
}

// placePoints is a point for every assignment that holds now: readings carry their device, dashboards ask for homes.
func placePoints(r *sensors.Registry, now sensors.Instant) []influx.Shown {
	homes := make(map[string]sensors.Household, len(r.Households))
	for _, h := range r.Households {
		homes[h.ID] = h
	}
	substations := make(map[string]string, len(r.Buildings))
	for _, b := range r.Buildings {
		substations[b.ID] = b.Substation
	}
	meters := make(map[string]sensors.HeatMeter, len(r.HeatMeters))
	for _, m := range r.HeatMeters {
		meters[m.ID] = m
	}
	var points []influx.Shown
	for _, a := range r.Assignments {
		if a.From > now || a.To <= now {
			continue
		}
		household, building, room, meter := "", "", "", ""
		if at, ok := a.Target.RoomID(); ok {
			household, room = at.Household, at.Room
		} else if m, ok := meters[a.Target.ID]; ok {
			household, building, meter = m.Household, m.Building, m.ID
		}
		riser := ""
		if h, ok := homes[household]; ok {
			building, riser = h.Building, h.Riser
		}
		points = append(points, influx.Shown{
			Measurement: shownPlace, At: 0,
			Tags:   withoutEmpty(map[string]string{"device": a.Device, "household": household, "room": room, "riser": riser, "building": building, "substation": substations[building], "meter": meter}),
			Fields: map[string]any{"measures": true},
		})
	}
	return points
}

// withoutEmpty leaves out tags without a value, which line protocol does not have.
func withoutEmpty(tags map[string]string) map[string]string {
	for k, v := range tags {
		if v == "" {
			delete(tags, k)
		}
	}
	return tags
}
