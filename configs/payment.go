package configs

import (
	"fmt"
	"path"
	"regexp"
	"slices"

	"github.com/nuanju/nuanju/billing/payment"
	"github.com/nuanju/nuanju/compliance"
)

// Payment is what the pack of that name tells residents about paying, by winter; none where it tells nothing. It is the
// caller's. An unknown name is an error.
func Payment(name string) ([]payment.Rules, error) {
	if _, err := Policy(name); err != nil {
		return nil, err
	}
	file := path.Join("policies", name+".yaml")
	b, err := packs.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("policy %s: %w", name, err)
	}
	doc := Read(file, b)
	rules := payments(doc.Root().May("payment"))
	return rules, nil
}

var shortName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,40}$`)

// payments reads the rules of every winter, in order.
func payments(v Value) []payment.Rules {
	var out []payment.Rules
	for i, m := range v.Maps() {
		r := paymentRules(m)
		if i > 0 && r.Winter != 0 && r.Winter <= out[i-1].Winter {
			m.May("winter").Report("%d is not after the winter before, %d", r.Winter, out[i-1].Winter)
		}
		out = append(out, r)
	}
	return out
}

func paymentRules(m *Map) payment.Rules {
	r := payment.Rules{
		Winter: m.Need("winter").Int(1980, 2200),
		From:   day(m.May("from")), Until: day(m.Need("until")),
		InFull: m.Need("in_full").Bool(), Always: m.May("holidays_too").Bool(),
		Late: words(m.Need("late").Map()),
	}
	account := m.Need("account").Map()
	r.Account.Number = words(account.Need("number").Map())
	r.Account.BoundBy = listOf(account.Need("bound_by"), func(v Value) payment.Binding { return OneOf(v, payment.ByNumber, payment.ByName) })
	ids := names{}
	for _, s := range m.May("subsidiaries").Maps() {
		r.Subsidiaries = append(r.Subsidiaries, payment.Subsidiary{ID: ids.declare(s.Need("id")), Title: words(s.Need("title").Map())})
	}
	channels := names{}
	for _, c := range m.Need("channels").Maps() {
		r.Channels = append(r.Channels, channel(c, channels))
	}
	for _, e := range m.May("exclusions").Maps() {
		r.Exclusions = append(r.Exclusions, exclusion(e, ids, channels, r.Channels))
	}
	documents := names{}
	for _, d := range m.May("documents").Maps() {
		r.Documents = append(r.Documents, document(d, documents, channels))
	}
	r.Suspension = suspension(m.May("suspension").Map())
	notes := names{}
	for _, n := range m.May("notes").Maps() {
		r.Notes = append(r.Notes, payment.Note{ID: notes.declare(n.Need("id")), Text: words(n)})
	}
	r.Source, r.Certainty = m.Need("source").Text(), OneOf(m.Need("certainty"), "H", "M", "L")
	if until := m.May("until"); r.From != 0 && r.Until != 0 && r.Until < r.From {
		until.Report("%s is before from, %s", r.Until, r.From)
	} else if r.Until != 0 && r.Winter != 0 && (compliance.Season{Start: r.Until}).Winter() != r.Winter {
		until.Report("%s is not in the winter of %d, which runs from July to June", r.Until, r.Winter)
	}
	return r
}

// names is what a list of rules has declared, and what others in it may refer to.
type names map[string]bool

// declare reads an id that must be new.
func (n names) declare(v Value) string {
	id := v.Text()
	switch {
	case id == "":
	case !shortName.MatchString(id):
		v.Report("%q is not an id of lower-case letters, digits and underscores", shorten(id))
	case n[id]:
		v.Report("%q is declared already", id)
	}
	n[id] = true
	return id
}

// refer reads an id that must have been declared.
func (n names) refer(v Value) string {
	id := v.Text()
	if id != "" && !n[id] {
		known := make([]string, 0, len(n))
		for k := range n {
			known = append(known, k)
		}
		slices.Sort(known)
		v.Report("%q is not declared above%s", shorten(id), hint(id, known))
	}
	return id
}

// listOf is a list of values that are read alike. An absent one is empty.
func listOf[T any](v Value, read func(Value) T) []T {
	if v.node == nil {
		return nil
	}
	if v.node.kind != sequence {
		v.want("a list")
		return nil
	}
	var out []T
	for _, item := range v.node.items {
		if item != nil {
			out = append(out, read(Value{v.doc, item}))
		}
	}
	return out
}

func channel(m *Map, declared names) payment.Channel {
	c := payment.Channel{
		ID: declared.declare(m.Need("id")), Title: words(m.Need("title").Map()),
		Online: m.Need("online").Bool(), Note: words(m.May("note").Map()),
	}
	for _, p := range m.May("places").Maps() {
		place := payment.Place{Title: words(p.Need("title").Map()), From: day(p.Need("from")), Until: day(p.Need("until"))}
		if place.From != 0 && place.Until != 0 && place.Until < place.From {
			p.May("until").Report("%s is before from, %s", place.Until, place.From)
		}
		c.Places = append(c.Places, place)
	}
	return c
}

// exclusion closes the channels that it names, or all but those.
func exclusion(m *Map, subsidiaries, declared names, all []payment.Channel) payment.Exclusion {
	e := payment.Exclusion{
		Why: words(m.Need("why").Map()), Bring: listOf(m.May("bring"), func(v Value) compliance.Words { return words(v.Map()) }),
	}
	fact, of := m.May("fact"), m.May("subsidiaries")
	e.Fact = OneOf(fact, payment.Facts()...)
	e.Subsidiaries = listOf(of, subsidiaries.refer)
	if fact.Given() == of.Given() {
		m.report("want either a fact or subsidiaries")
	}
	closes, only := m.May("closes"), m.May("only")
	e.Closes = listOf(closes, declared.refer)
	stay := listOf(only, declared.refer)
	if closes.Given() == only.Given() {
		m.report("want either closes or only")
	}
	if only.Given() {
		for _, c := range all {
			if !slices.Contains(stay, c.ID) {
				e.Closes = append(e.Closes, c.ID)
			}
		}
	}
	return e
}

func document(m *Map, declared, channels names) payment.Document {
	d := payment.Document{
		ID: declared.declare(m.Need("id")), Title: words(m.Need("title").Map()),
		Channels:    listOf(m.May("paid_by"), channels.refer),
		At:          listOf(m.May("at"), channels.refer),
		WorkingDays: m.May("working_days").Int(0, 100),
		Within:      m.May("within_days").Int(0, 1000),
	}
	if clock := m.May("from_clock"); clock.Given() {
		if d.Clock = clock.scalarText(); !regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d$`).MatchString(d.Clock) {
			clock.want(`a time of day such as "15:00"`)
		}
	}
	return d
}

func suspension(m *Map) payment.Suspension {
	if m == nil {
		return payment.Suspension{}
	}
	s := payment.Suspension{By: day(m.May("by"))}
	each := func(v Value) compliance.Words { return words(v.Map()) }
	for _, w := range m.Need("ways").Maps() {
		s.Ways = append(s.Ways, payment.Way{
			Title: words(w.Need("title").Map()), Bring: listOf(w.May("bring"), each), Delegate: listOf(w.May("delegate"), each),
		})
	}
	return s
}

// report adds a problem of the mapping as a whole.
func (m *Map) report(text string) {
	if m != nil {
		m.node.faulty = true
		m.doc.Report(m.node.line, "%s%s", prefix(m.node.path), text)
	}
}
