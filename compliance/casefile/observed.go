package casefile

import (
	"cmp"
	"slices"

	"github.com/nuanju/nuanju/compliance"
)

// tables reads every file but case.yaml.
func (rd *reader) tables() {
	rd.source(compliance.FromReading, rd.readings())
	rd.source(compliance.FromObservation, rd.outdoor())
	rd.source(compliance.FromOfficialDay, rd.outdoorDaily())
	rd.source(compliance.FromSwitch, rd.heating())
	rd.source(compliance.FromSetpoint, rd.setpoints())
	rd.source(compliance.FromStoppage, rd.outages())
	rd.source(compliance.FromExemption, rd.exemptions())
	rd.source(compliance.FromReport, rd.reports())
	rd.source(compliance.FromTest, rd.tests())
	rd.source(compliance.FromConfirmation, rd.confirmations())
	rd.money()
}

func (rd *reader) source(kind compliance.SourceKind, t *table) {
	if rd.read(t) {
		rd.c.Files[kind] = t.file
	}
}

// readings are put in order by the contract's own rule, which knows of late and conflicting ones.
func (rd *reader) readings() *table {
	const at, room, celsius, received, calibration = 0, 1, 2, 3, 4
	byRoom := make([][]compliance.Reading, len(rd.c.Facts.Rooms))
	return &table{
		file: readingsCSV, columns: []string{"time", "room", "celsius", "received", "offset"}, may: 2, most: maxReadings,
		row: func(r *row) {
			reading := compliance.Reading{At: r.instant(at), Line: int32(r.line)}
			in := r.room(room, true)
			reading.Celsius = r.celsius(celsius)
			reading.Received = r.mayInstant(received)
			reading.Offset = r.calibration(calibration)
			if !r.bad {
				byRoom[in] = append(byRoom[in], reading)
			}
		},
		done: func() {
			for i := range byRoom {
				room := &rd.c.Facts.Rooms[i]
				ordered, conflicts, clashes := compliance.OrderReadings(byRoom[i])
				room.Readings = ordered
				if len(conflicts) > 0 {
					rd.c.Conflicts[room.ID] = conflicts
				}
				for _, c := range clashes {
					rd.report(readingsCSV, int(c.Line), "room %q has another value for this time on line %d, "+
						"and no receipts tell which came first", room.ID, c.Earlier)
				}
			}
		},
	}
}

func (rd *reader) outdoor() *table {
	const at, celsius = 0, 1
	return &table{
		file: outdoorCSV, columns: []string{"time", "celsius"},
		row: func(r *row) {
			o := compliance.Observation{At: r.instant(at), Celsius: r.celsius(celsius), Line: int32(r.line)}
			if !r.bad {
				rd.c.Facts.Outdoor = append(rd.c.Facts.Outdoor, o)
			}
		},
		done: func() {
			rd.c.Facts.Outdoor = oneEach(rd, outdoorCSV, "time", rd.c.Facts.Outdoor,
				func(o *compliance.Observation) (compliance.Instant, int) { return o.At, int(o.Line) },
				func(a, b *compliance.Observation) bool { return a.Celsius == b.Celsius })
		},
	}
}

func (rd *reader) outdoorDaily() *table {
	const date, celsius = 0, 1
	return &table{
		file: outdoorDailyCSV, columns: []string{"date", "celsius"},
		row: func(r *row) {
			d := compliance.OfficialDay{Date: r.date(date), Celsius: r.celsius(celsius), Line: int32(r.line)}
			if !r.bad {
				rd.c.Facts.OfficialDays = append(rd.c.Facts.OfficialDays, d)
			}
		},
		done: func() {
			rd.c.Facts.OfficialDays = oneEach(rd, outdoorDailyCSV, "date", rd.c.Facts.OfficialDays,
				func(d *compliance.OfficialDay) (compliance.Date, int) { return d.Date, int(d.Line) },
				func(a, b *compliance.OfficialDay) bool { return a.Celsius == b.Celsius })
		},
	}
}

// oneEach sorts the rows by time and leaves one a time: the first of those with equal values. Different values at one
// time are an error, at the line of the later row.
func oneEach[T any, K cmp.Ordered](
	rd *reader, file, what string, rows []T, key func(*T) (K, int), same func(a, b *T) bool,
) []T {
	order := func(a, b T) int {
		at, line := key(&a)
		bt, bline := key(&b)
		return cmp.Or(cmp.Compare(at, bt), cmp.Compare(line, bline))
	}
	if !slices.IsSortedFunc(rows, order) {
		slices.SortFunc(rows, order)
	}
	out := rows[:0]
	for i := range rows {
		if n := len(out); n > 0 {
			before, line := key(&out[n-1])
			now, later := key(&rows[i])
			if before == now {
				if !same(&out[n-1], &rows[i]) {
					rd.report(file, later, "another value for this %s is on line %d", what, line)
				}
				continue
			}
		}
		out = append(out, rows[i])
	}
	return out
}
