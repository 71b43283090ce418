package oracle

import (
	"bytes"
	"encoding/csv"
	"strconv"
	"time"
)

// time writes an instant with one of the case's offsets.
func (g *generator) time(t instant) string {
	return time.Unix(0, t).In(one(g, g.zones...)).Format(time.RFC3339Nano)
}

// number writes a value as short as can be; sometimes with zeros that change nothing.
func (g *generator) number(v float64) string {
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if !bytes.ContainsRune([]byte(s), '.') && g.chance(30) {
		return s + ".0"
	}
	return s
}

// table writes a CSV file of which the order of the rows is free: rows that hold by their order are given in no
// particular order either. Columns come in any order.
func (g *generator) table(name string, columns []string, rows [][]string) {
	if len(rows) == 0 && !g.chance(5) {
		return
	}
	if g.chance(50) {
		g.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	}
	order := make([]int, len(columns))
	for i := range order {
		order[i] = i
	}
	if g.chance(25) {
		order = g.Perm(len(columns))
	}
	var text bytes.Buffer
	if g.chance(8) {
		text.WriteString("\ufeff")
	}
	w := csv.NewWriter(&text)
	w.UseCRLF = g.chance(8)
	for _, cells := range append([][]string{columns}, rows...) {
		line := make([]string, len(order))
		for i, from := range order {
			line[i] = cells[from]
		}
		_ = w.Write(line) // a buffer takes everything; the error is sticky and there is none
	}
	w.Flush()
	g.files[name] = text.Bytes()
}

// id numbers things so that the order of ids is not that of numbers.
func id(prefix string, i int) string { return prefix + strconv.Itoa(7*i%11+1+i/11*11) }

func (g *generator) proof() string {
	return one(g, "work order 77", `visit record, "B"`, "notice", "", "")
}
