package casefile

import "github.com/nuanju/nuanju/compliance"

// heating are the resident's switches. They stay in the order of the rows: of those at one time the last counts.
func (rd *reader) heating() *table {
	const at, state = 0, 1
	return &table{
		file: heatingCSV, columns: []string{"time", "state"}, most: maxDemand,
		row: func(r *row) {
			s := compliance.Switch{At: r.instant(at), On: oneOf(r, state, "on", "off") == "on", Line: int32(r.line)}
			if !r.bad {
				rd.c.Facts.Switches = append(rd.c.Facts.Switches, s)
			}
		},
	}
}

// setpoints stay in the order of the rows: of those for one room and time the later row holds.
func (rd *reader) setpoints() *table {
	const at, room, celsius = 0, 1, 2
	return &table{
		file: setpointsCSV, columns: []string{"time", "room", "celsius"}, most: maxDemand,
		row: func(r *row) {
			s := compliance.Setpoint{At: r.instant(at), Line: int32(r.line)}
			if i := r.room(room, false); i >= 0 {
				s.Room = rd.roomNames[i]
			}
			s.Celsius = r.celsius(celsius)
			if !r.bad {
				rd.c.Facts.Setpoints = append(rd.c.Facts.Setpoints, s)
			}
		},
	}
}

func (rd *reader) outages() *table {
	const id, announced, start, end, proof = 0, 1, 2, 3, 4
	seen := make(map[string]int)
	return &table{
		file: outagesCSV, columns: []string{"id", "announced", "start", "end", "proof"}, most: maxActs,
		row: func(r *row) {
			s := compliance.Stoppage{ID: r.id(id, seen), Announced: r.mayInstant(announced), Line: int32(r.line)}
			s.Start, s.End = r.span(start, end)
			s.Proof = r.text(proof)
			if !r.bad {
				rd.c.Facts.Stoppages = append(rd.c.Facts.Stoppages, s)
			}
		},
	}
}

func (rd *reader) exemptions() *table {
	const id, clause, start, end, proof = 0, 1, 2, 3, 4
	seen := make(map[string]int)
	return &table{
		file: exemptionsCSV, columns: []string{"id", "clause", "start", "end", "proof"}, most: maxActs,
		row: func(r *row) {
			e := compliance.Exemption{ID: r.id(id, seen), Line: int32(r.line)}
			e.Clause = oneOf(r, clause, compliance.A7221, compliance.A7222, compliance.A7223)
			e.Start, e.End = r.span(start, end)
			e.Proof = r.text(proof)
			if !r.bad {
				rd.c.Facts.Exemptions = append(rd.c.Facts.Exemptions, e)
			}
		},
	}
}

// reports stay in the order of the rows: of those at one time the later row holds.
func (rd *reader) reports() *table {
	const id, at, resolved = 0, 1, 2
	seen := make(map[string]int)
	return &table{
		file: reportsCSV, columns: []string{"id", "time", "resolved"}, most: maxActs,
		row: func(r *row) {
			p := compliance.Report{ID: r.id(id, seen), At: r.instant(at), Resolved: r.mayInstant(resolved), Line: int32(r.line)}
			r.inOrder(at, resolved, !r.bad && p.Resolved != 0 && p.Resolved < p.At)
			if !r.bad {
				rd.c.Facts.Reports = append(rd.c.Facts.Reports, p)
			}
		},
	}
}

// tests stay in the order of the rows, in which verdicts list them.
func (rd *reader) tests() *table {
	const id, institution, accredited, commissionedBy, room, start, end, celsius = 0, 1, 2, 3, 4, 5, 6, 7
	seen := make(map[string]int)
	return &table{
		file: testsCSV, most: maxActs,
		columns: []string{
			"id", "institution", "accredited", "commissioned_by", "room", "start", "end", "celsius",
		},
		row: func(r *row) {
			t := compliance.Test{ID: r.id(id, seen), Line: int32(r.line)}
			if _, ok := r.need(institution); ok {
				t.Institution = r.text(institution)
			}
			t.Accredited = r.boolean(accredited)
			t.CommissionedBy = oneOf(r, commissionedBy, compliance.Resident, compliance.Joint, compliance.Supplier)
			in := r.room(room, true)
			t.Start, t.End = r.span(start, end)
			t.Celsius = r.celsius(celsius)
			if !r.bad {
				t.Room = rd.roomNames[in]
				rd.c.Facts.Tests = append(rd.c.Facts.Tests, t)
			}
		},
	}
}

func (rd *reader) confirmations() *table {
	const id, start, end, resident, supplier = 0, 1, 2, 3, 4
	seen := make(map[string]int)
	return &table{
		file: confirmationsCSV, columns: []string{"id", "start", "end", "resident", "supplier"}, most: maxActs,
		row: func(r *row) {
			c := compliance.Confirmation{ID: r.id(id, seen), Line: int32(r.line)}
			c.Start, c.End = r.span(start, end)
			c.Resident, c.Supplier = r.boolean(resident), r.boolean(supplier)
			if !r.bad {
				rd.c.Facts.Confirmations = append(rd.c.Facts.Confirmations, c)
			}
		},
	}
}
