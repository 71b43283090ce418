package measured

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"math/big"
	"slices"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// Phase is what a row is for.
type Phase string

// The phases.
const (
	Settling Phase = "settling" // shows that the air is still
	Reading  Phase = "reading"  // counts
)

// Measure is a number of a record. One that was given and is no number is Bad; it has been told, and no rule asks for it again.
type Measure struct {
	compliance.Decimal
	Given, Bad bool
}

// known reports whether there is a number.
func (m Measure) known() bool { return m.Given && !m.Bad }

// Row is one time that somebody read the instrument. Lengths are metres, the temperature °C.
type Row struct {
	At        sensors.Instant // 0: cannot be read
	Phase     Phase           // "": cannot be read
	Point     int             // 0: cannot be read
	Height    Measure
	OuterWall Measure
	InnerWall Measure
	Window    Measure
	Celsius   Measure

	raw   RawRow
	cells map[string]int // column to its place in raw
}

// Record is a test as it was handed in and could be read.
type Record struct {
	Household      string
	Room           string
	CommissionedBy compliance.Side
	Institution    string
	Instrument     string // serial
	Certificate    string
	Area           Measure // m²
	RoomClosed     Answer
	HandHeld       Answer
	People         Measure // m, how near they came
	Remarks        string
	Rows           []Row

	fields   map[string]Field
	columns  map[string]int // column to its place in the header
	sheet    string
	header   int
	lettered bool
}

// Answer is yes, no, or not said.
type Answer string

// The answers.
const (
	Yes Answer = "yes"
	No  Answer = "no"
)

// Window is the time from the first row to the last. It is proved by the rows, and never longer than they are.
func (r *Record) Window() compliance.Interval {
	var w compliance.Interval
	for i := range r.Rows {
		at := r.Rows[i].At
		if at == 0 {
			continue
		}
		if w.Start == 0 || at < w.Start {
			w.Start = at
		}
		w.End = max(w.End, at)
	}
	return w
}

// Value is the room's value: the mean over points and readings, taken of the decimal numbers that were written and rounded
// once, to the nearest float64. Only a record without errors has one.
func (r *Record) Value() float64 {
	sum, n := new(big.Rat), int64(0)
	for i := range r.Rows {
		if row := &r.Rows[i]; row.Phase == Reading && row.Celsius.known() {
			sum.Add(sum, row.Celsius.Rat())
			n++
		}
	}
	if n == 0 {
		return 0
	}
	mean, _ := sum.Quo(sum, big.NewRat(n, 1)).Float64()
	return mean
}

// Counted is how many rows count towards the value, and at how many points.
func (r *Record) Counted() (readings, points int) {
	at := map[int]bool{}
	for i := range r.Rows {
		if r.Rows[i].Phase == Reading {
			readings++
			at[r.Rows[i].Point] = true
		}
	}
	return readings, len(at)
}

// Test is the record as the judge takes it.
func (r *Record) Test(accredited bool) compliance.Test {
	w := r.Window()
	return compliance.Test{
		ID: r.ID(), Institution: r.Institution, Accredited: accredited, CommissionedBy: r.CommissionedBy, Room: r.Room,
		Start: w.Start, End: w.End, Celsius: r.Value(),
	}
}

// ID follows from what was measured, by whom and for whom, whatever file it came in and in whatever order its rows are: the same
// test handed in twice is one. Remarks are no part of it.
func (r *Record) ID() string {
	type row struct {
		At                                            sensors.Instant
		Phase                                         Phase
		Point                                         int
		Height, OuterWall, InnerWall, Window, Celsius compliance.Decimal
	}
	rows := make([]row, len(r.Rows))
	for i := range r.Rows {
		x := &r.Rows[i]
		rows[i] = row{x.At, x.Phase, x.Point, x.Height.Decimal, x.OuterWall.Decimal, x.InnerWall.Decimal, x.Window.Decimal, x.Celsius.Decimal}
	}
	slices.SortFunc(rows, func(a, b row) int { return compareRows(a.At, b.At, a.Point, b.Point) })
	text, err := json.Marshal(struct {
		Household, Room string
		Side            compliance.Side
		Institution     string
		Instrument      string
		Certificate     string
		Area, People    compliance.Decimal
		Closed, Held    Answer
		Rows            []row
	}{
		r.Household, r.Room, r.CommissionedBy, r.Institution, r.Instrument, r.Certificate, r.Area.Decimal, r.People.Decimal,
		r.RoomClosed, r.HandHeld, rows,
	})
	if err != nil { // texts and whole numbers always marshal
		return ""
	}
	sum := sha256.Sum256(text)
	return "X" + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:])[:32]
}

func compareRows(a, b sensors.Instant, pointA, pointB int) int {
	switch {
	case a != b && a < b:
		return -1
	case a != b:
		return 1
	}
	return pointA - pointB
}

// Rows are shown with times in a zone.

// RowView is a row as the API shows it.
type RowView struct {
	Time      time.Time `json:"time"`
	Phase     Phase     `json:"phase"`
	Point     int       `json:"point"`
	Height    string    `json:"height_m,omitempty"`
	OuterWall string    `json:"outer_wall_m,omitempty"`
	InnerWall string    `json:"inner_wall_m,omitempty"`
	Window    string    `json:"window_m,omitempty"`
	Celsius   string    `json:"celsius"`
}

// Show is the rows in order of time, with times in zone and numbers as they were written.
func (r *Record) Show(zone *time.Location) []RowView {
	out := make([]RowView, len(r.Rows))
	for i := range r.Rows {
		x := &r.Rows[i]
		out[i] = RowView{
			x.At.Time().In(zone), x.Phase, x.Point, x.Height.show(), x.OuterWall.show(), x.InnerWall.show(), x.Window.show(), x.Celsius.show(),
		}
	}
	slices.SortStableFunc(out, func(a, b RowView) int { return compareRows(sensors.At(a.Time), sensors.At(b.Time), a.Point, b.Point) })
	return out
}

func (m Measure) show() string {
	if !m.known() {
		return ""
	}
	return m.String()
}
