package measured

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"time"

	"github.com/nuanju/nuanju/compliance"
)

// points holds the record's points against the method: how many, and each one's readings. A row of which the point or the
// phase cannot be read could belong to any, so that then nothing is counted.
func (c *check) points() {
	byPoint := map[int][]*Row{}
	countable := true
	for i := range c.Rows {
		row := &c.Rows[i]
		if row.Point == 0 || row.Phase == "" {
			countable = false
			continue
		}
		byPoint[row.Point] = append(byPoint[row.Point], row)
	}
	numbers := make([]int, 0, len(byPoint))
	for n := range byPoint {
		numbers = append(numbers, n)
	}
	slices.Sort(numbers)
	if countable {
		c.count(len(numbers))
	}
	for _, n := range numbers {
		c.point(n, byPoint[n], countable)
	}
}

// count holds the number of points against the room's area: the registered or the given one, whichever is larger.
func (c *check) count(points int) {
	m := c.Method
	if len(m.Points) == 0 && m.PointsAbove == 0 {
		return
	}
	at := c.place("area_m2")
	if c.Area.Bad {
		return
	}
	if !c.Area.Given {
		c.fail(at, "", "area", compliance.Words{ZH: "房间面积，m²", EN: "the room's area, m²"})
		return
	}
	area := c.Area.Decimal
	if c.RoomArea.Sign() > 0 && c.RoomArea != area {
		c.warn(at, area.String(), "area", compliance.Words{ZH: "登记面积 " + c.RoomArea.String() + " m²", EN: "the registered area, " + c.RoomArea.String() + " m²"})
		if less(area, c.RoomArea) {
			area = c.RoomArea
		}
	}
	want := m.PointsFor(area)
	expected := compliance.Words{
		ZH: fmt.Sprintf("%s m² 的房间 %d 个测点（现为 %d 个）", area, want, points), EN: fmt.Sprintf("%d points in a room of %s m² (there are %d)", want, area, points),
	}
	switch {
	case points < want:
		c.fail(at, c.Area.String(), "points", expected)
	case points > want:
		c.warn(at, c.Area.String(), "points", expected)
	}
}

// point holds one point's rows against the method.
func (c *check) point(n int, rows []*Row, countable bool) {
	timed := !slices.ContainsFunc(rows, func(r *Row) bool { return r.At == 0 })
	if timed {
		slices.SortStableFunc(rows, func(a, b *Row) int { return cmp.Compare(a.At, b.At) })
	}
	var settling, readings []*Row
	for i, row := range rows {
		if timed && i > 0 && row.At == rows[i-1].At {
			c.failCell(row, "time", "time_twice", compliance.Words{ZH: fmt.Sprintf("测点 %d 每一时间一行", n), EN: fmt.Sprintf("each time once at point %d", n)})
		}
		if row.Phase == Reading {
			readings = append(readings, row)
			continue
		}
		if timed && len(readings) > 0 {
			c.failCell(row, "phase", "settling_after", compliance.Words{ZH: "稳定阶段在读数之前", EN: "settling comes before the readings"})
		}
		settling = append(settling, row)
	}
	if want := c.Method.Readings; want > 0 && countable && len(readings) != want {
		c.failCell(rows[len(rows)-1], "phase", "readings", compliance.Words{
			ZH: fmt.Sprintf("测点 %d 有 %d 个读数（现为 %d 个）", n, want, len(readings)), EN: fmt.Sprintf("%d readings at point %d (there are %d)", want, n, len(readings)),
		})
	}
	if timed && len(readings) > 0 {
		c.spacing(readings)
		if countable {
			c.stillness(n, settling, readings[0])
		}
	}
}

// spacing holds the readings of a point against how far apart they are taken.
func (c *check) spacing(readings []*Row) {
	every, tolerance := c.Method.Every, c.Method.EveryTolerance
	if every == 0 {
		return
	}
	for i := 1; i < len(readings); i++ {
		apart := readings[i].At.Sub(readings[i-1].At)
		if apart == 0 { // told as the same time twice
			continue
		}
		if (apart - every).Abs() > tolerance {
			c.failCell(readings[i], "time", "spacing", compliance.Words{
				ZH: fmt.Sprintf("距上一读数 %s ± %s（现为 %s）", brief(every), brief(tolerance), brief(apart)),
				EN: fmt.Sprintf("%s ± %s after the reading before (it is %s)", brief(every), brief(tolerance), brief(apart)),
			})
		}
	}
}

// stillness holds the time before the first reading against the greatest drift. The record must reach back as long as the method
// says; what is compared is everything from the last settling row that is at least so old up to the first reading, that included.
func (c *check) stillness(n int, settling []*Row, first *Row) {
	s := c.Method.Stabilisation
	if s.Over == 0 || first.Celsius.Bad {
		return
	}
	from := -1
	for i, row := range settling {
		if row.At <= first.At.Add(-s.Over) {
			from = i
		}
	}
	if from < 0 {
		c.failCell(first, "time", "stabilisation", compliance.Words{
			ZH: fmt.Sprintf("测点 %d 首个读数前至少 %s 有稳定阶段记录", n, brief(s.Over)),
			EN: fmt.Sprintf("a settling row at point %d at least %s before its first reading", n, brief(s.Over)),
		})
		return
	}
	low, high := first.Celsius.Rat(), first.Celsius.Rat()
	for _, row := range settling[from:] {
		if row.At > first.At || !row.Celsius.known() {
			continue
		}
		if v := row.Celsius.Rat(); v.Cmp(low) < 0 {
			low = v
		} else if v.Cmp(high) > 0 {
			high = v
		}
	}
	if drift := new(big.Rat).Sub(high, low); drift.Cmp(s.Drift.Rat()) > 0 {
		c.failCell(first, "celsius", "stabilisation", drifted(n, s.Drift, s.Over, drift))
	}
}

func drifted(n int, most compliance.Decimal, over time.Duration, is *big.Rat) compliance.Words {
	f, _ := compliance.ParseDecimal(is.FloatString(MaxDecimals)) // exact: a difference of numbers with so many decimals
	return compliance.Words{
		ZH: fmt.Sprintf("测点 %d 在首个读数前 %s 内变化不超过 %s °C（现为 %s）", n, brief(over), most, f),
		EN: fmt.Sprintf("at point %d a drift of at most %s °C in the %s before the first reading (it is %s)", n, most, brief(over), f),
	}
}
