package pages

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"
	"time"
)

// chart is a curve that a page shows, with what it says in words for those who do not see it.
type chart struct {
	SVG    template.HTML
	Rooms  []chartRoom
	Lowest []string // in words
}

// chartRoom is a line of the legend.
type chartRoom struct {
	Room, Kind string
	Class      string
}

// drawing is what a chart is made of.
type drawing struct {
	from, to   time.Time
	rooms      []roomCurve
	outdoor    *points
	thresholds []stretch // what is owed, by the rooms' tiles
	tiles      []ownTile // the household's, which shade the ground
}

// stretch is a time in which something has one value.
type stretch struct {
	from, to time.Time
	value    float64
}

// chartOf is the drawing of a home's curves and tiles.
func chartOf(c curves, tiles homeTiles, from, to time.Time) drawing {
	d := drawing{from: from, to: to, rooms: judgedFirst(c.Rooms), tiles: tiles.Tiles}
	if c.Outdoor != nil {
		d.outdoor = &c.Outdoor.Curve
	}
	seen := map[stretch]bool{}
	for _, room := range tiles.Rooms {
		for i := range room.Tiles {
			t := &room.Tiles[i]
			if v, ok := t.threshold(); ok {
				s := stretch{t.Start, t.End, v}
				if n := len(d.thresholds); n > 0 && d.thresholds[n-1].value == v && d.thresholds[n-1].to.Equal(t.Start) {
					d.thresholds[n-1].to = t.End
				} else if !seen[s] {
					d.thresholds = append(d.thresholds, s)
				}
				seen[s] = true
			}
		}
	}
	return d
}

// judgedFirst is the rooms that are judged, or all if none is.
func judgedFirst(rooms []roomCurve) (judged []roomCurve) {
	for _, r := range rooms {
		if r.Judged {
			judged = append(judged, r)
		}
	}
	if judged == nil {
		return rooms
	}
	return judged
}

// The picture's size, in its own units: the plot of the rooms above, the one of the outdoor line below it.
const (
	chartWidth, chartLeft, chartRight = 420, 34, 414
	chartTop, chartBottom             = 8, 170
	outdoorTop, outdoorBottom         = 184, 226
	chartHeight                       = 248
	lineKinds                         = 6
)

// draw makes the picture. It has classes and no styles: a page's own, or a letter's, gives the colors.
func (r *request) draw(d drawing) chart {
	var c chart
	var b strings.Builder
	low, high := d.reach()
	height := chartHeight
	if d.outdoor == nil {
		height -= outdoorBottom - chartBottom
	}
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %d %d" role="img" aria-label="%s" preserveAspectRatio="xMidYMid meet">`, chartWidth, height, html.EscapeString(r.say("home.chart.label")))
	d.shade(&b, r)
	axis := scale{low, high, chartTop, chartBottom}
	d.grid(&b, axis)
	for _, s := range d.thresholds {
		fmt.Fprintf(&b, `<path class="owed" d="M%.1f %.1fH%.1f"/>`, d.x(s.from), axis.y(s.value), d.x(s.to))
	}
	for i, room := range d.rooms {
		class := fmt.Sprintf("r%d", i%lineKinds)
		c.Rooms = append(c.Rooms, chartRoom{room.Room, room.Kind, class})
		fmt.Fprintf(&b, `<path class="line %s" d="%s"/>`, class, d.path(room.Curve, axis))
		if v, at, ok := lowest(room.Curve); ok {
			c.Lowest = append(c.Lowest, r.say("home.chart.lowest", room.Room, fmt.Sprintf("%.1f", v), r.pages.moment(time.Unix(at, 0).In(d.from.Location()))))
		}
	}
	if d.outdoor != nil {
		d.drawOutdoor(&b, r)
	}
	d.hours(&b, height)
	b.WriteString("</svg>")
	c.SVG = template.HTML(b.String()) // every text in it was escaped
	return c
}

// reach is the temperatures that the plot shows: what was measured and what is owed, and at least 4 °C.
func (d *drawing) reach() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, r := range d.rooms {
		for _, v := range r.Curve.Celsius {
			if v != nil {
				low, high = min(low, *v), max(high, *v)
			}
		}
	}
	for _, s := range d.thresholds {
		low, high = min(low, s.value), max(high, s.value)
	}
	if low > high {
		low, high = 16, 22
	}
	low, high = math.Floor(low-0.5), math.Ceil(high+0.5)
	if high-low < 4 {
		high = low + 4
	}
	return low, high
}

// scale maps temperatures to the picture.
type scale struct{ low, high, top, bottom float64 }

func (s scale) y(v float64) float64 { return s.bottom - (v-s.low)/(s.high-s.low)*(s.bottom-s.top) }

func (d *drawing) x(t time.Time) float64 {
	share := float64(t.Sub(d.from)) / float64(d.to.Sub(d.from))
	return chartLeft + min(1, max(0, share))*(chartRight-chartLeft)
}

// shade colors the ground by the household's status, and says it where one points.
func (d *drawing) shade(b *strings.Builder, r *request) {
	for _, t := range d.tiles {
		from, to := d.x(t.Start), d.x(t.End)
		if to-from < 0.2 {
			to = from + 0.2
		}
		fmt.Fprintf(b, `<rect class="t-%s" x="%.1f" y="%d" width="%.1f" height="%d"><title>%s</title></rect>`, html.EscapeString(t.Status), from, chartTop, to-from,
			chartBottom-chartTop, html.EscapeString(r.say("home.status."+t.Status)+" "+t.Clause+" "+r.pages.moment(t.Start)+" – "+r.pages.moment(t.End)))
	}
}

// grid is the lines of whole degrees and their numbers.
func (d *drawing) grid(b *strings.Builder, axis scale) {
	step := 1.0
	for (axis.high-axis.low)/step > 8 {
		step *= 2
	}
	for v := axis.low; v <= axis.high; v += step {
		y := axis.y(v)
		fmt.Fprintf(b, `<path class="grid" d="M%d %.1fH%d"/><text x="%d" y="%.1f" text-anchor="end">%g°</text>`, chartLeft, y, chartRight, chartLeft-5, y+4, v)
	}
}

// path is a curve as the picture has it; a hole lifts the pen.
func (d *drawing) path(c points, axis scale) string {
	var b strings.Builder
	up := true
	for i, t := range c.Time {
		if c.Celsius[i] == nil {
			up = true
			continue
		}
		pen := "L"
		if up {
			pen = "M"
		}
		up = false
		fmt.Fprintf(&b, "%s%.1f %.1f", pen, d.x(time.Unix(t, 0)), axis.y(*c.Celsius[i]))
	}
	return b.String()
}

// lowest is a curve's lowest value, and when it was.
func lowest(c points) (v float64, at int64, ok bool) {
	for i, x := range c.Celsius {
		if x != nil && (!ok || *x < v) {
			v, at, ok = *x, c.Time[i], true
		}
	}
	return v, at, ok
}

// drawOutdoor draws the outdoor line in a plot of its own, below: it would press the rooms' curves flat.
func (d *drawing) drawOutdoor(b *strings.Builder, r *request) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range d.outdoor.Celsius {
		if v != nil {
			low, high = min(low, *v), max(high, *v)
		}
	}
	if low > high {
		return
	}
	axis := scale{math.Floor(low) - 1, math.Ceil(high) + 1, outdoorTop, outdoorBottom}
	for _, v := range []float64{axis.low, axis.high} {
		fmt.Fprintf(b, `<path class="grid" d="M%d %.1fH%d"/><text x="%d" y="%.1f" text-anchor="end">%g°</text>`, chartLeft, axis.y(v), chartRight, chartLeft-5, axis.y(v)+4, v)
	}
	fmt.Fprintf(b, `<path class="line out" d="%s"/><text x="%d" y="%d">%s</text>`, d.path(*d.outdoor, axis), chartLeft+4, outdoorTop+10, html.EscapeString(r.say("home.chart.outdoor")))
}

// hours is the times below the picture.
func (d *drawing) hours(b *strings.Builder, height int) {
	length := d.to.Sub(d.from)
	format, parts := "15:04", 6
	if length > 36*time.Hour {
		format, parts = "01-02", 7
	}
	for i := 0; i <= parts; i++ {
		at := d.from.Add(length * time.Duration(i) / time.Duration(parts))
		anchor := "middle"
		switch i {
		case 0:
			anchor = "start"
		case parts:
			anchor = "end"
		}
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="%s">%s</text>`, d.x(at), height-6, anchor, at.Format(format))
	}
}
