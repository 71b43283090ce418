package configs

import (
	"embed"
	"fmt"
	"math/big"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/nuanju/nuanju/compliance"
)

//go:embed policies/*.yaml
var packs embed.FS

// DefaultPolicy is the pack that judges where none is named.
const DefaultPolicy = "beijing-metered"

// always is the first date that can be written, where a file says `from: always`: no season, payment or reading
// lies before it.
var (
	always   = compliance.DateOf(1900, time.January, 1)
	earliest = compliance.DateOf(1980, time.January, 1)
)

// Policies are the names of the packs that come with the program, sorted.
func Policies() []string {
	entries, err := packs.ReadDir("policies")
	if err != nil {
		panic(fmt.Sprintf("configs: the embedded packs cannot be listed: %v", err)) // the build is broken
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	slices.Sort(names) // the files' order differs: '-' sorts before '.'
	return names
}

// Policy is the pack of that name that comes with the program. It is parsed anew at each call and is the caller's.
// An unknown name is an error that names the nearest.
func Policy(name string) (*compliance.Policy, error) {
	known := Policies()
	if !slices.Contains(known, name) {
		return nil, fmt.Errorf("unknown policy %q%s", name, hint(name, known))
	}
	file := path.Join("policies", name+".yaml")
	b, err := packs.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("policy %s: %w", name, err)
	}
	policy, problems := ParsePolicy(file, b)
	return policy, problems.Err()
}

var policyName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,62}$`)

// ParsePolicy reads a policy pack (section 10 of the contract's rules). file is the name that problems are told with.
// If there are any, all are returned and the policy is nil.
func ParsePolicy(file string, b []byte) (*compliance.Policy, Problems) {
	doc := Read(file, b)
	top := doc.Root()
	p := &compliance.Policy{
		Name:  top.Need("name").Text(),
		Title: words(top.Need("title").Map()),
		Zone:  zone(top.Need("timezone")),
	}
	if p.Name != "" && !policyName.MatchString(p.Name) {
		top.May("name").Report("%q is not a name of lower-case letters, digits and hyphens", shorten(p.Name))
	}
	list := top.Need("editions")
	maps := list.Maps()
	if list.is(sequence) && len(list.node.items) == 0 {
		list.Report("a policy has at least one edition")
	}
	for i, m := range maps {
		p.Editions = append(p.Editions, edition(m, i == 0))
	}
	checkSuccession(maps, p.Editions)
	above := law(top.May("law"), p.Name)
	payments(top.May("payment")) // no verdict depends on it, but what is wrong with it is told; see Payment
	if problems := doc.Problems(); problems != nil {
		return nil, problems
	}
	if above != nil {
		p.Editions = underLaw(p.Editions, above)
	}
	return p, nil
}

// checkSuccession reports editions that overlap, leave a hole or end before they begin.
func checkSuccession(maps []*Map, editions []compliance.Edition) {
	for i, e := range editions {
		until := maps[i].May("until")
		if until.Given() && e.Until != 0 && e.From != 0 && e.Until < e.From {
			until.Report("%s is before the edition's from, %s", e.Until, e.From)
		}
		if i == 0 || e.From == 0 || editions[i-1].From == 0 {
			continue // a date that could not be read has been reported
		}
		before, from := editions[i-1], maps[i].May("from")
		switch {
		case e.From <= before.From:
			from.Report("%s is not after the edition before, from %s", e.From, date(before.From))
		case before.Until == 0:
		case e.From <= before.Until:
			from.Report("%s overlaps the edition before, until %s", e.From, before.Until)
		case e.From > before.Until+1:
			from.Report("%s leaves a hole after the edition before, until %s", e.From, before.Until)
		}
	}
}

func date(d compliance.Date) string {
	if d == always {
		return "always"
	}
	return d.String()
}

func words(m *Map) compliance.Words {
	return compliance.Words{ZH: m.Need("zh").Text(), EN: m.Need("en").Text()}
}

// zone is an IANA zone, by the database that comes with the program. No verdict may depend on the machine's.
func zone(v Value) *time.Location {
	name := v.Text()
	if name == "" {
		return nil
	}
	loc := zoneNamed(name)
	if loc == nil {
		v.Report("%q is not a time zone such as Asia/Shanghai", shorten(name))
		return nil
	}
	return loc
}

// since is the first date of something that lasts; only the first of its kind may be there from `always` on.
func since(v Value, first bool) compliance.Date {
	if v.Is("always") {
		if first {
			return always
		}
		v.Report("only the first may be from always")
		return 0
	}
	return day(v)
}

// day is a date of a policy, 0 if absent or faulty. No such date lies before earliest, so that neither 0 nor `always`
// can be taken for one.
func day(v Value) compliance.Date {
	d := v.Date()
	if d != 0 && d < earliest || v.Is("1970-01-01") {
		v.Report("%s is before %s", d, earliest)
		return 0
	}
	return d
}

func edition(m *Map, first bool) compliance.Edition {
	e := compliance.Edition{
		From:              since(m.Need("from"), first),
		Until:             day(m.May("until")),
		Standard:          m.Need("standard").Celsius(-20, 40),
		StandardBasis:     words(m.May("standard_basis").Map()),
		HeatUp:            m.Need("heat_up").Duration(0, 240*time.Hour),
		ReadingMaxGap:     m.Need("reading_max_gap").Duration(time.Minute, 24*time.Hour),
		OnAtSeasonStart:   m.Need("on_at_season_start").Bool(),
		SetpointRiseGrace: m.Need("setpoint_rise_grace").Bool(),
		EpisodeGap:        m.Need("episode_gap").Duration(0, 240*time.Hour),
		RivalWindow:       m.Need("rival_window").Duration(0, 240*time.Hour),
		SensorAgreement:   m.Need("sensor_agreement").Celsius(0, 10),
		Unsensed:          OneOf(m.Need("unsensed"), compliance.UnsensedReport, compliance.UnsensedWindow),
		Outdoor:           outdoor(m.Need("outdoor")),
		Maintenance:       maintenance(m.Need("maintenance").Map()),
		TestMethod:        testMethod(m.May("test_method").Map()),
		Money:             money(m.Need("money").Map()),
		Source:            m.Need("source").Text(),
		Certainty:         OneOf(m.Need("certainty"), "H", "M", "L"),
		Notes:             words(m.May("notes").Map()),
	}
	remedy(m, &e)
	return e
}

// outdoor is nil for `none`. The exemption cannot just be left out: it must be seen that a pack has none.
func outdoor(v Value) *compliance.Outdoor {
	if v.Is("none") {
		return nil
	}
	if v.is(scalar) {
		v.want("a mapping, or none")
		return nil
	}
	m := v.Map()
	return &compliance.Outdoor{
		Below:     m.Need("below").Celsius(-60, 40),
		Method:    OneOf(m.Need("method"), compliance.FourObservations, compliance.Hourly24),
		Tolerance: m.Need("tolerance").Duration(0, 3*time.Hour), // half of the six hours between two observations
		Station:   m.Need("station").Text(),
	}
}

func maintenance(m *Map) compliance.Maintenance {
	return compliance.Maintenance{
		MaxLength: m.Need("max_length").Duration(0, 240*time.Hour),
		PerSeason: m.Need("per_season").Int(0, 1000),
		Count:     OneOf(m.Need("count"), compliance.CountAll, compliance.CountQualifying),
		Overrun:   OneOf(m.Need("overrun"), compliance.OverrunNone, compliance.OverrunFirst),
		Recovery:  m.Need("recovery").Duration(0, 240*time.Hour),
	}
}

// maxPrice is more than any price of heat in yuan, and less than one whose point was lost.
const maxPrice = 10_000

func money(m *Map) compliance.Money {
	out := prices(m)
	out.Areas = areas(m.May("areas").Map())
	out.SeasonStart = m.Need("season_start").MonthDay()
	out.SeasonEnd = m.Need("season_end").MonthDay()
	out.AgreedBaseDays = m.Need("agreed_base_days").Int(1, 366)
	out.SuspendedShare, _ = between(m.Need("suspended_share"), 0, 1)
	out.Due = m.Need("due").MonthDay()
	out.LPR = rates(m.Need("lpr"))
	if out.SeasonStart.Month != 0 && out.SeasonStart.Month < time.July {
		m.May("season_start").Report("%s is not from July on, in the winter's first year", out.SeasonStart)
	}
	if out.SeasonEnd.Month > time.June {
		m.May("season_end").Report("%s is not up to June, in the winter's second year", out.SeasonEnd)
	}
	return out
}

// between is a decimal in [low, high], and whether it is one.
func between(v Value, low, high int64) (compliance.Decimal, bool) {
	d, ok := v.decimal("a decimal number")
	if !ok {
		return d, false
	}
	if n := d.Rat(); n.Cmp(big.NewRat(low, 1)) < 0 || n.Cmp(big.NewRat(high, 1)) > 0 {
		v.Report("%s is not between %d and %d", d, low, high)
		return compliance.Decimal{}, false
	}
	return d, true
}

// rates are in ascending order, the first from `always` on, so that every day has exactly one.
func rates(v Value) []compliance.Rate {
	maps := v.Maps()
	if v.is(sequence) && len(v.node.items) == 0 {
		v.Report("at least one rate is needed")
	}
	var out []compliance.Rate
	for i, m := range maps {
		from := m.Need("from")
		if i == 0 && from.Given() && !from.Is("always") {
			from.Report("the first rate is from always, so that no day is without one")
		}
		percent, _ := between(m.Need("percent"), 0, 100)
		r := compliance.Rate{From: since(from, i == 0), Percent: percent}
		if i > 0 && r.From != 0 && r.From <= out[i-1].From {
			from.Report("%s is not after the rate before, from %s", r.From, date(out[i-1].From))
		}
		out = append(out, r)
	}
	return out
}
