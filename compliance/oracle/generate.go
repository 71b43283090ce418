package oracle

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"
)

// Generate makes a random valid case directory: file names and their contents, the same for the same seed on every
// machine. It leans to the edges of the rules: exactly 18.0, exactly 6 h, the same second, local midnights, tests 24 h
// apart, the moment of judging in the middle of things. case.yaml is JSON.
func Generate(seed uint64) map[string][]byte {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0x6e75616e6a75)), files: map[string][]byte{}}
	g.chooseSeason()
	g.chooseAsOf()
	g.chooseHousehold()
	g.makeReadings()
	g.makeSwitches()
	g.makeSetpoints()
	g.makeOutages()
	g.makeExemptions()
	g.makeReports()
	g.makeTests()
	g.makeConfirmations()
	g.makeOutdoor()
	g.makeMeter()
	g.makeUnsupplied()
	g.makePayments()
	g.writeCase()
	return g.files
}

type generator struct {
	*rand.Rand
	files map[string][]byte
	zones []*time.Location // that times are written in

	first, last time.Time // days of the season, as local midnights
	season      span
	lively      span     // the part of the season in which things happen
	asOf        *instant // nil: not given
	judgedTo    instant
	agreed      bool
	suspended   bool
	policy      string
	lift        float64 // of all temperatures, towards a higher standard
	plain       float64 // the last temperature, before it was lifted
	area        string
	building    string // "": no building meter
	rooms       []room
	values      []reading  // of all rooms, as judged, to pick tests from
	borders     []border   // where some room turned cold or warm
	dead        []string   // rooms without a sensor, or with one that dies: reports are likely then
	reported    []instant  // when reports were made and resolved
	tests       [][]string // rows of tests.csv
	pool        []instant  // instants worth hitting again
}

// A border is where the values of a room cross the standard.
type border struct {
	room string
	at   instant
}

// chance is true in so many of a hundred cases.
func (g *generator) chance(percent int) bool { return g.IntN(100) < percent }

func one[E any](g *generator, of ...E) E { return of[g.IntN(len(of))] }

// count is a number from 0 to most; nothing at all in so many of a hundred cases.
func (g *generator) count(nothing, most int) int {
	if g.chance(nothing) {
		return 0
	}
	return 1 + g.IntN(most)
}

// remember makes instants, and those where rules about them turn, likely to be hit again.
func (g *generator) remember(at ...instant) { g.pool = append(g.pool, at...) }

// somewhere is a random instant of the lively time, or of up to half a day around it.
func (g *generator) somewhere() instant {
	from, to := g.lively.start, g.lively.end
	if g.chance(8) {
		from, to = from-12*hour, to+12*hour
	}
	step := one(g, 10*minute, 10*minute, hour, minute, instant(time.Second))
	t := from + instant(g.Int64N((to-from)/step))*step
	if g.chance(3) {
		t += one(g, instant(time.Second)/2, instant(time.Second)/8)
	}
	return t
}

// instant is somewhere, or at or just beside a remembered one.
func (g *generator) instant() instant {
	if g.chance(45) {
		return g.somewhere()
	}
	second := instant(time.Second)
	return one(g, g.pool...) + one(g, 0, 0, 0, 0, 0, second, -second, 30*minute, -30*minute, 90*minute, 6*hour, -6*hour,
		12*hour, -12*hour, 24*hour, -24*hour)
}

// length is the length of something that lasts.
func (g *generator) length() instant {
	return one(g, 6*hour, 3*hour, hour, 30*minute, 12*hour, 24*hour, 2*24*hour, 90*minute+instant(g.IntN(40))*10*minute)
}

// stretch is a span with something in it, often with remembered ends.
func (g *generator) stretch() span {
	s := span{start: g.instant()}
	s.end = s.start + g.length()
	if end := g.instant(); end > s.start && g.chance(40) {
		s.end = end
	}
	return s
}

func (g *generator) chooseSeason() {
	starts := []string{
		"2015-11-15", "2016-11-15", "2019-11-17", "2019-11-15", "2012-12-20", "2015-12-27", "2016-12-29", "2021-12-28", "2023-12-30",
		"2016-01-05", "2013-01-03", "2022-01-14", "2016-02-24", "2020-02-25", "2024-02-27", "2017-02-25", "2020-02-17", "2016-03-10",
		"2014-10-30", "2021-10-26", "2021-10-26", "2021-10-28",
	}
	first, err := parseDate(one(g, starts...))
	if err != nil {
		panic(err) // the list above is wrong
	}
	if g.chance(40) {
		first = first.AddDate(0, 0, g.IntN(4))
	}
	days := 2 + g.IntN(6)
	if g.chance(15) {
		days = 2 + g.IntN(11)
	}
	g.first, g.last = first, first.AddDate(0, 0, days-1)
	g.season = span{midnight(g.first), midnight(nextDay(g.last))}
	g.lively = g.season
	if g.chance(12) { // a whole winter, of which the first days are judged
		g.first = time.Date(2014+g.IntN(9), time.November, 15, 0, 0, 0, 0, zone())
		g.last = time.Date(g.first.Year()+1, time.March, 15, 0, 0, 0, 0, zone())
		g.season = span{midnight(g.first), midnight(nextDay(g.last))}
		g.lively = span{g.season.start, midnight(g.first.AddDate(0, 0, days))}
		if g.chance(30) { // or one begun long ago
			g.lively = span{midnight(g.last.AddDate(0, 0, -days)), g.season.end}
		}
	}
	g.agreed = g.chance(15)
	if g.chance(3) { // agreed, and longer than the statutory one
		g.first = time.Date(g.first.Year(), time.November, 1, 0, 0, 0, 0, zone())
		g.last, g.agreed = g.first.AddDate(0, 0, 150), true
		g.season = span{midnight(g.first), midnight(nextDay(g.last))}
		g.lively = span{g.season.start, midnight(g.first.AddDate(0, 0, days))}
	}
	g.remember(g.season.start, g.season.start+heatUp, g.lively.start, g.lively.end, g.season.end)
	for d := local(g.lively.start); midnight(d) < g.lively.end; d = nextDay(d) {
		g.remember(midnight(d))
	}
	g.zones = []*time.Location{zone()}
	if g.chance(20) {
		g.zones = append(g.zones, time.UTC, time.FixedZone("", -5*60*60), time.FixedZone("", 19800))
	}
}

func (g *generator) chooseAsOf() {
	inside := func() instant {
		t := g.lively.start + g.Int64N(g.lively.end-g.lively.start)
		return t - t%instant(time.Second) + instant(time.Second)
	}
	day := 24 * hour
	var t instant
	switch k := g.IntN(100); {
	case g.lively.end < g.season.end && k < 80:
		t = one(g, g.lively.end, g.lively.end-7*hour, inside())
	case k < 40:
		g.judgedTo = g.season.end
		return
	case k < 55:
		t = inside()
	case k < 68:
		t = midnight(local(g.lively.start).AddDate(0, 0, 1+int(g.Int64N((g.lively.end-g.lively.start)/day))))
	case k < 76:
		t = g.season.end
	case k < 82:
		t = g.season.end + one(g, instant(time.Second), -instant(time.Second), 3*hour, day, 36*hour)
	case k < 92:
		t = g.season.end + one(g, 5*day, 40*day, 70*day, 75*day+hour)
	case k < 95:
		t = g.season.start + one(g, hour, heatUp, heatUp+hour)
	default:
		t = g.instant()
	}
	t = max(t, g.season.start+hour)
	g.asOf, g.judgedTo = &t, min(t, g.season.end)
	g.remember(t, t, t)
}

func (g *generator) chooseHousehold() {
	g.policy = one(g, "beijing-metered", "beijing-metered", "beijing-metered", "beijing-metered-boiler", "beijing-metered-boiler",
		"beijing-area", "heilongjiang", "heilongjiang", "xian")
	if g.policy == "heilongjiang" && g.chance(60) && g.last.Year() >= 2021 {
		g.lift = risen - standard
	}
	g.area = one(g, "89.5", "100", "33.33", "61.27", "47.1234", "47.08396", "120.05")
	g.suspended = g.chance(6)
	all := []room{
		{"living", "living_room", true},
		{"bed1", "bedroom", true},
		{"bed2", "bedroom", true},
		{"kitchen", "kitchen", false},
		{"bath", "bathroom", false},
		{"den", "other", false},
	}
	g.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	g.rooms = all[:1+g.IntN(4)]
	if !slices.ContainsFunc(g.rooms, func(r room) bool { return r.judged }) {
		g.rooms[0] = room{"living", "living_room", true}
	}
}

// judgedRoom is mostly a judged one.
func (g *generator) judgedRoom() string {
	r := one(g, g.rooms...)
	for !r.judged && g.chance(85) {
		r = one(g, g.rooms...)
	}
	return r.id
}

func (g *generator) writeCase() {
	rooms := []any{}
	for _, r := range g.rooms {
		rooms = append(rooms, map[string]any{"id": r.id, "kind": r.kind})
	}
	season := map[string]any{"start": g.first.Format(time.DateOnly), "end": g.last.Format(time.DateOnly)}
	if g.agreed || g.chance(10) {
		season["agreed"] = g.agreed
	}
	household := map[string]any{"id": "h" + strconv.Itoa(g.IntN(1000)), "area_m2": json.Number(g.area), "rooms": rooms}
	if g.suspended || g.chance(10) {
		household["suspended"] = g.suspended
	}
	if g.building != "" {
		household["building_area_m2"] = json.Number(g.building)
	}
	c := map[string]any{"policy": g.policy, "season": season, "household": household}
	if g.asOf != nil {
		c["as_of"] = g.time(*g.asOf)
	}
	text, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		panic(err) // only the numbers above can be wrong
	}
	g.files["case.yaml"] = text
}
