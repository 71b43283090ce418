package pages

import (
	"encoding/json"
	"fmt"
	"net/url"
	"time"
)

// ownTile is a stretch of one status, as the API shows it.
type ownTile struct {
	Start, End     time.Time
	Status, Clause string
	Provisional    bool
	Because        []because
}

// because is a step of a tile's reasons, of which the pages need two values; the letter says all of them.
type because struct {
	Rule   string
	Values struct {
		Threshold *json.Number
		OwedFrom  time.Time `json:"owed_from"`
	}
}

// tilesOfRoom is a room's.
type tilesOfRoom struct {
	Room, Kind string
	Judged     bool
	Tiles      []ownTile
}

// homeTiles is a home's.
type homeTiles struct {
	Rooms []tilesOfRoom
	Tiles []ownTile
}

// tiles asks for a home's tiles.
func (r *request) tiles(from, to time.Time, because bool) (all homeTiles, err error) {
	err = r.get(r.of("/tiles?"+between(from, to)+fmt.Sprintf("&because=%t", because)), &all)
	return all, err
}

// between is a time in a query.
func between(from, to time.Time) string {
	return url.Values{"from": {from.UTC().Format(time.RFC3339Nano)}, "to": {to.UTC().Format(time.RFC3339Nano)}}.Encode()
}

// last is the tile that goes on; nil if there is none.
func last(tiles []ownTile) *ownTile {
	if len(tiles) == 0 {
		return nil
	}
	return &tiles[len(tiles)-1]
}

// threshold is what the last step that names one says is owed.
func (t *ownTile) threshold() (v float64, ok bool) {
	for _, b := range t.Because {
		if b.Values.Threshold != nil {
			if f, err := b.Values.Threshold.Float64(); err == nil {
				v, ok = f, true
			}
		}
	}
	return v, ok
}

// owedFrom is when the time to heat up ends; zero if it does not run.
func (t *ownTile) owedFrom() time.Time {
	for _, b := range t.Because {
		if !b.Values.OwedFrom.IsZero() {
			return b.Values.OwedFrom
		}
	}
	return time.Time{}
}

// points is temperatures over time; nil where nothing holds.
type points struct {
	Time    []int64    `json:"time"`
	Celsius []*float64 `json:"celsius"`
}

// roomCurve is a room's.
type roomCurve struct {
	Room, Kind string
	Judged     bool
	Readings   int
	Curve      points
}

// curves is a home's.
type curves struct {
	From, To time.Time
	Rooms    []roomCurve
	Outdoor  *struct {
		Station string
		Curve   points
	}
}

// curves asks for a home's curves.
func (r *request) curves(from, to time.Time, buckets int) (c curves, err error) {
	err = r.get(r.of(fmt.Sprintf("/chart?%s&points=%d", between(from, to), buckets)), &c)
	return c, err
}

// matter is what the matters of the API have in common, with what is known of one.
type matter[T any] struct {
	ID       string
	State    string
	Version  int64
	OpenedAt time.Time `json:"opened_at"`
	About    T
	Timeline []struct {
		Event, Role, Actor, Text string
		At                       time.Time
	}
}

// matters asks for a home's matters of a kind, those that came last.
func matters[T any](r *request, path string) ([]matter[T], error) {
	var list struct{ Items []matter[T] }
	err := r.get("/api/v1/"+path+"?limit=50&household="+url.QueryEscape(r.Param("home")), &list)
	return list.Items, err
}

// optional is err unless it says that whoever looks may not see this part, or that it is not there.
func optional(err error) error {
	if p := asProblem(err); p != nil && (p.Status == 403 || p.Status == 404) {
		return nil
	}
	return err
}
