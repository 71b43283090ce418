package configs

import (
	"slices"
	"strings"
	"time"

	"github.com/nuanju/nuanju/billing/reconcile"
	"github.com/nuanju/nuanju/sensors"
)

// mostChannels and longestColumn bound what the settings say of channels of payment.
const (
	mostChannels  = 50
	longestColumn = 128 // bytes
)

// takenNames are channels that the program has itself: files in our own columns, and what was paid too much the winter before.
var takenNames = []string{reconcile.StandardName, "carry_over"}

// dateForms are how files write days, by how a person writes the form.
var dateForms = []struct{ written, form string }{
	{"YYYY-MM-DD", time.DateOnly},
	{"YYYY/MM/DD", "2006/01/02"},
	{"YYYYMMDD", "20060102"},
	{"YYYY年MM月DD日", "2006年01月02日"},
}

// paymentChannels reads how each channel's files are read, in the order of the file.
func paymentChannels(m *Map) (all []reconcile.Channel) {
	if m == nil {
		return nil
	}
	if n := len(m.node.pairs); n > mostChannels {
		m.doc.Report(m.Line(), "%s: %d channels are more than %d", m.node.path, n, mostChannels)
	}
	for i := range m.node.pairs {
		p := &m.node.pairs[i]
		p.asked = true
		if err := sensors.CheckID(p.key); err != nil {
			m.doc.Report(p.line, "%s: %q cannot name a channel: %s", m.node.path, shorten(p.key), err)
		} else if slices.Contains(takenNames, p.key) {
			m.doc.Report(p.line, "%s: %q is a channel that the program has itself; take another name", m.node.path, p.key)
		}
		all = append(all, paymentChannel(p.key, Value{m.doc, p.value}.Map()))
	}
	return all
}

func paymentChannel(name string, m *Map) reconcile.Channel {
	return reconcile.Channel{
		Name:      name,
		Reference: column(m, "reference"),
		Account:   column(m, "account", "reference"),
		Date:      column(m, "date", "reference", "account"),
		Amount:    column(m, "amount", "reference", "account", "date"),
		DateForm:  dateForm(m.May("date_form")),
		Unit:      OneOf(m.Need("unit"), reconcile.Yuan, reconcile.Fen),
		Encoding:  OneOf(m.Need("encoding"), reconcile.UTF8, reconcile.GBK),
	}
}

// column is the header of a column, which must not be that of another.
func column(m *Map, key string, others ...string) string {
	v := m.Need(key)
	text := v.Text()
	switch {
	case text != strings.TrimSpace(text):
		v.Report("%q has spaces around it; headers are compared without", shorten(text))
	case len(text) > longestColumn:
		v.Report("a header of more than %d bytes", longestColumn)
	}
	for _, other := range others {
		if o := m.May(other); v.OK() && o.OK() && o.Is(text) {
			v.Report("column %q is that of %s already", text, other)
		}
	}
	return text
}

// dateForm is the form as Go's time package writes it; YYYY-MM-DD if absent.
func dateForm(v Value) string {
	words := make([]string, len(dateForms))
	for i, f := range dateForms {
		words[i] = f.written
	}
	word := OneOf(v, words...)
	for _, f := range dateForms {
		if f.written == word {
			return f.form
		}
	}
	return time.DateOnly
}
