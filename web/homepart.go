package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/sensors"
)

// homePart is a home as people look at it: what it is and how warm it is now, its rooms as curves, and the letter that says why a
// tile is as it is.
type homePart struct {
	households
	lines Quarantine
}

// homePartAccess is who may look at a home.
func homePartAccess() []access {
	return []access{
		{method: http.MethodGet, pattern: "/api/v1/households/:id", who: matterReader},
		{method: http.MethodGet, pattern: "/api/v1/households/:id/chart", who: matterReader},
		{method: http.MethodGet, pattern: "/api/v1/households/:id/why", who: matterReader},
	}
}

func (h *homePart) register(api huma.API) {
	operation := func(id, path, summary, description string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: "/api/v1/households/{id}" + path, Tags: []string{"households"},
			Summary: summary, Description: description, Errors: errorsOf(http.StatusNotFound),
		}
	}
	huma.Register(api, operation("household", "", "A home: its rooms and their last readings, its season, and what judges it", ""), h.home)
	huma.Register(api, operation("household-chart", "/chart", "Its rooms' temperatures as curves",
		"As judged: calibrated, of the device that judges. A curve has at most a few points for each of its buckets: the lowest and the highest reading of each, at "+
			"their own times, so that no cold spell disappears; and a null where no reading holds."), h.chart)
	huma.Register(api, operation("household-why", "/why", "Why a room, or the household, has the status that it has at an instant",
		"The clause and the rule in plain words, the reasoning as sentences in both languages, the readings that were used, those that were left out and why, the "+
			"edition that judged, and what evidence would change it."), h.why)
}

// roomNow is a room and how warm it is.
type roomNow struct {
	Room   string      `json:"room"`
	Kind   string      `json:"kind"`
	Judged bool        `json:"judged" doc:"Whether its temperature is owed (A3)."`
	Sensor bool        `json:"sensor" doc:"Whether a device judges it now."`
	Last   *readingNow `json:"last,omitempty" doc:"Its last reading of the device that judges it."`
}

// readingNow is a reading as it is judged.
type readingNow struct {
	Time    time.Time `json:"time"`
	Celsius float64   `json:"celsius" doc:"As judged: the calibration offset is added."`
	Offset  float64   `json:"offset" doc:"°C, of the calibration in force."`
	Holds   bool      `json:"holds" doc:"Whether it still speaks for the room (I1)."`
}

// twoTongues is a text in both languages.
type twoTongues struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

func wordsOf(w compliance.Words) twoTongues { return twoTongues{w.ZH, w.EN} }

// homeOutput is a home.
type homeOutput struct {
	Body struct {
		Household string     `json:"household"`
		Account   string     `json:"account,omitempty" doc:"Its number with the supplier; to whoever lives there now."`
		Address   string     `json:"address,omitempty"`
		Now       time.Time  `json:"now" doc:"The server's time, in the home's zone."`
		Zone      string     `json:"zone" doc:"In which its days are cut."`
		Policy    string     `json:"policy"`
		Title     twoTongues `json:"title"`
		Digest    string     `json:"digest" doc:"Of the edition in force now."`
		Standard  float64    `json:"standard" doc:"°C, of bedrooms and living rooms."`
		HeatUp    float64    `json:"heat_up_seconds"`
		MaxGap    float64    `json:"reading_max_gap_seconds"`
		Start     time.Time  `json:"season_start" doc:"Of the season that goes on, or began last."`
		End       time.Time  `json:"season_end" doc:"Not included."`
		InSeason  bool       `json:"in_season"`
		Rooms     []roomNow  `json:"rooms" nullable:"false"`
	}
}

func (h *homePart) home(ctx context.Context, in *householdInput) (*homeOutput, error) {
	t := callerOf(ctx).token
	if sensors.CheckID(in.ID) != nil || !t.ever(in.ID, h.homes) {
		return nil, newProblem(http.StatusForbidden, "the token is not for this household")
	}
	home, ok := h.homes.Home(in.ID)
	if !ok {
		return nil, newProblem(http.StatusNotFound, "the household is not registered")
	}
	now := h.clock.now()
	e := home.Pack.EditionAt(now)
	season, err := lastSeason(&home, now)
	if err != nil {
		return nil, h.problem(ctx, "reading a home", err)
	}
	out := &homeOutput{}
	b := &out.Body
	b.Household, b.Address, b.Now, b.Policy, b.Title, b.Digest = home.ID, home.Address, now.Time().In(home.Zone), home.Pack.Name, wordsOf(home.Pack.Title), home.Pack.Digest(e)
	b.Zone, b.Standard, b.HeatUp, b.MaxGap = home.Zone.String(), e.Standard, e.HeatUp.Seconds(), e.ReadingMaxGap.Seconds()
	b.Start, b.End, b.InSeason = season.Start.Time().In(home.Zone), season.End.Time().In(home.Zone), season.Contains(now)
	lives := t.seesAt(in.ID, h.homes, now)
	if lives {
		b.Account = home.Account
	}
	b.Rooms = make([]roomNow, 0, len(home.Rooms))
	for _, room := range home.Rooms {
		v := roomNow{Room: room.Room, Kind: string(room.Kind), Judged: compliance.RoomKind(room.Kind).Judged()}
		if lives {
			if err := h.lastOf(ctx, &home, room, now, &v); err != nil {
				return nil, h.problem(ctx, "reading a home", err)
			}
		}
		b.Rooms = append(b.Rooms, v)
	}
	return out, nil
}

// lastOf adds what the device that judges a room read last.
func (h *homePart) lastOf(ctx context.Context, home *Home, room sensors.Room, now sensors.Instant, v *roomNow) error {
	target := sensors.InRoom(room.RoomID)
	judges := home.Resolver.Judges(target, now, now+1)
	if len(judges) == 0 {
		return nil
	}
	v.Sensor = true
	device := judges[0].Device
	sample, ok, err := h.store.Last(ctx, sensors.Series{Quantity: sensors.Temperature, Owner: device}, now+1)
	if err != nil || !ok {
		return err
	}
	if place, there := home.Resolver.Place(device, sample.At); !there || place.Target != target {
		return nil
	}
	c, _ := home.Resolver.Calibration(device, sample.At)
	gap := home.Pack.EditionAt(sample.At).ReadingMaxGap
	v.Last = &readingNow{sample.At.Time().In(home.Zone), sample.Value + c.OffsetCelsius, c.OffsetCelsius, sample.At.Add(gap) > now}
	return nil
}

// lastSeason is the season of a home that goes on at an instant, or the one that began last before it (A2).
func lastSeason(home *Home, now sensors.Instant) (compliance.Interval, error) {
	year := compliance.DateIn(now, home.Zone).Year()
	var last compliance.Interval
	for winter := year - 1; winter <= year; winter++ {
		s, err := checker.SeasonOf(home.Pack, home.Season, winter)
		if err != nil {
			return last, err
		}
		if span := s.In(home.Zone); last == (compliance.Interval{}) || span.Start <= now {
			last = span
		}
	}
	return last, nil
}
