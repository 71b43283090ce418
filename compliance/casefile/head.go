package casefile

import (
	"errors"
	"io/fs"
	"math/big"
	"path"
	"slices"
	"strings"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/configs"
)

// Bounds of a household and its season.
const (
	mostDays  = 366
	mostArea  = 10_000_000 // m²
	mostRooms = 1000
)

// head reads case.yaml and the policy that it names.
func (rd *reader) head(opts Options) {
	if _, err := fs.Stat(rd.fsys, caseYAML); errors.Is(err, fs.ErrNotExist) {
		rd.report(caseYAML, 0, "missing; it says whom and what to judge")
		return
	}
	text, ok := rd.small(caseYAML, caseYAML, 0)
	if !ok {
		return
	}
	doc := configs.Read(caseYAML, text)
	top := doc.Root()
	if rd.c.Policy = opts.Policy; rd.c.Policy == nil {
		rd.policy(top.Need("policy"))
	} else {
		top.May("policy") // a known key, whatever it says
	}
	season := top.Need("season")
	rd.season(doc, season)
	if v := top.May("as_of"); v.Given() {
		at, ok := given(doc, v, v.Time)
		if rd.c.Facts.AsOf = at; ok && outside(at.Time().Year()) {
			v.Report("not in the years %d to %d", firstYear, lastYear)
		}
	}
	rd.household(doc, top.Need("household").Map())
	f := &rd.c.Facts
	rd.c.Billing.Season, rd.c.Billing.AsOf = f.Season, f.AsOf
	rd.problems = append(rd.problems, doc.Problems()...)
}

func outside(year int) bool { return year < firstYear || year > lastYear }

// given reads a value and reports whether it is there and without a fault of its own. It counts all problems, so it is
// not for what comes a thousand times; there the zero value has to say as much.
func given[T any](doc *configs.Document, v configs.Value, read func() T) (T, bool) {
	before := len(doc.Problems())
	value := read()
	return value, v.Given() && len(doc.Problems()) == before
}

// season reads the season and holds it to the calendar and to the policy, which must have words for it.
func (rd *reader) season(doc *configs.Document, v configs.Value) {
	m := v.Map()
	start, end := m.Need("start"), m.Need("end")
	s := &rd.c.Facts.Season
	s.Agreed = m.May("agreed").Bool()
	var okStart, okEnd bool
	s.Start, okStart = given(doc, start, start.Date)
	s.End, okEnd = given(doc, end, end.Date)
	if okStart && outside(s.Start.Year()) {
		start.Report("%s is not in the years %d to %d", s.Start, firstYear, lastYear)
		okStart = false
	}
	if okEnd && outside(s.End.Year()) {
		end.Report("%s is not in the years %d to %d", s.End, firstYear, lastYear)
		okEnd = false
	}
	if !okStart || !okEnd {
		return
	}
	switch {
	case s.End < s.Start:
		end.Report("%s is before the season's start %s", s.End, s.Start)
	case s.Days() > mostDays:
		end.Report("the season has %d days; it may have %d", s.Days(), mostDays)
	case rd.c.Policy != nil:
		first, last := rd.c.Policy.Editions[0], rd.c.Policy.Editions[len(rd.c.Policy.Editions)-1]
		if s.Start < first.From {
			start.Report("policy %s has no words before %s", rd.c.Policy.Name, first.From)
		}
		if last.Until != 0 && s.End > last.Until {
			end.Report("policy %s has no words after %s", rd.c.Policy.Name, last.Until)
		}
	}
}

func (rd *reader) household(doc *configs.Document, m *configs.Map) {
	id := m.Need("id")
	rd.c.Facts.Household = id.Text()
	if fault := idFault(rd.c.Facts.Household); fault != "" {
		id.Report("%q %s", rd.c.Facts.Household, fault)
	}
	area, okArea := squareMetres(m.Need("area_m2"))
	building := m.May("building_area_m2")
	whole, okWhole := squareMetres(building)
	rd.c.Billing.AreaM2 = area
	if okArea && okWhole {
		if share := new(big.Rat).Quo(area.Rat(), whole.Rat()); share.Cmp(big.NewRat(1, 1)) > 0 {
			building.Report("%s m² is less than the household's %s m²", whole, area)
		} else {
			rd.share = share
		}
	}
	rd.hasBuildingArea = building.Given() || m == nil
	rd.c.Billing.Suspended = m.May("suspended").Bool()
	rd.declareRooms(doc, m.Need("rooms"))
}

// squareMetres is a charged area; false if it is absent or no area.
func squareMetres(v configs.Value) (compliance.Decimal, bool) {
	d := v.Decimal()
	if d == (compliance.Decimal{}) {
		return d, false // absent, or reported
	}
	if d.Sign() <= 0 || d.Rat().Cmp(big.NewRat(mostArea, 1)) > 0 {
		v.Report("%s m² is no area: want more than 0 and at most %d", d, mostArea)
		return d, false
	}
	return d, true
}

func (rd *reader) declareRooms(doc *configs.Document, v configs.Value) {
	list := v.Maps()
	rd.rooms = make(map[string]int, len(list))
	if len(list) > mostRooms {
		v.Report("more than %d rooms", mostRooms)
		list = nil
	}
	judged, sized, lines := false, 0, make(map[string]int, len(list))
	for _, m := range list {
		idValue, kindValue := m.Need("id"), m.Need("kind")
		id := idValue.Text()
		okID := id != ""
		if fault := idFault(id); okID && fault != "" {
			idValue.Report("%q %s", id, fault)
			okID = false
		}
		if line, again := lines[id]; okID && again {
			idValue.Report("room %q is on line %d already", id, line)
			okID = false
		}
		areaValue := m.May("area_m2")
		area, _ := squareMetres(areaValue)
		if areaValue.Given() {
			sized++
		}
		kind := configs.OneOf(kindValue, compliance.Bedroom, compliance.LivingRoom, compliance.Kitchen,
			compliance.Bathroom, compliance.OtherRoom)
		judged = judged || kind.Judged()
		if !okID {
			continue
		}
		lines[id], rd.rooms[id] = idValue.Line(), len(rd.roomNames)
		rd.roomNames = append(rd.roomNames, id)
		rd.c.Facts.Rooms = append(rd.c.Facts.Rooms, compliance.Room{ID: id, Kind: kind})
		rd.c.Billing.Rooms = append(rd.c.Billing.Rooms, billing.RoomArea{Room: id, AreaM2: area})
	}
	if 0 < sized && sized < len(list) {
		v.Report("area_m2 is given for %d of %d rooms; want it for all or for none", sized, len(list))
	}
	rd.roomsKnown = v.Given() && !slices.ContainsFunc(doc.Problems(), func(p configs.Problem) bool {
		return strings.HasPrefix(p.Text, "household.rooms")
	})
	if rd.roomsKnown && !judged {
		v.Report("no bedroom and no living_room, so there is nothing to judge")
	}
}

// policy finds what judges: a pack by its name, or a file of the case.
func (rd *reader) policy(v configs.Value) {
	name := v.Text()
	if name == "" {
		return
	}
	if !strings.ContainsAny(name, `/\`) && path.Ext(name) != ".yaml" && path.Ext(name) != ".yml" {
		policy, err := configs.Policy(name)
		if err != nil {
			v.Report("%v", err)
		}
		rd.c.Policy = policy
		return
	}
	file := strings.TrimPrefix(name, "./")
	if !fs.ValidPath(file) || strings.Contains(file, `\`) || path.Ext(file) != ".yaml" && path.Ext(file) != ".yml" {
		v.Report("%q is neither a pack nor a .yaml file of the case", name)
		return
	}
	text, ok := rd.small(file, caseYAML, v.Line())
	if !ok {
		return
	}
	rd.c.PolicyFile = file
	policy, problems := configs.ParsePolicy(file, text)
	rd.problems = append(rd.problems, problems...)
	rd.c.Policy = policy
	if policy != nil {
		rd.c.Files[compliance.FromPolicy] = file
	}
}
