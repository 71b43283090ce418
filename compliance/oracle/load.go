package oracle

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A row is one line of a table: its cells by column, and the first thing that was wrong with reading it.
type row struct {
	file  string
	line  int
	cells map[string]string
	err   *error
}

func (r row) fail(column string, err error) {
	if *r.err == nil {
		*r.err = fmt.Errorf("%s: row %d: %s: %w", r.file, r.line, column, err)
	}
}

func (r row) instant(column string) instant {
	t, err := time.Parse(time.RFC3339, r.cells[column])
	if err != nil {
		r.fail(column, err)
	}
	return t.UnixNano()
}

func (r row) optional(column string) *instant {
	if r.cells[column] == "" {
		return nil
	}
	t := r.instant(column)
	return &t
}

func (r row) span() span {
	s := span{r.instant("start"), r.instant("end")}
	if s.end < s.start {
		r.fail("end", errors.New("before start"))
	}
	return s
}

func (r row) float(column string) float64 {
	v, err := strconv.ParseFloat(r.cells[column], 64)
	if err != nil {
		r.fail(column, err)
	}
	return v
}

func (r row) rat(column string) *big.Rat {
	v, ok := new(big.Rat).SetString(r.cells[column])
	if !ok {
		r.fail(column, errors.New("no decimal number"))
		return new(big.Rat)
	}
	return v
}

func (r row) flag(column string) bool {
	switch r.cells[column] {
	case "true":
		return true
	case "false":
		return false
	}
	r.fail(column, errors.New("neither true nor false"))
	return false
}

func (r row) date(column string) time.Time {
	d, err := parseDate(r.cells[column])
	if err != nil {
		r.fail(column, err)
	}
	return d
}

// days adds the dates from start to end, both inclusive, to a set.
func (r row) days(set map[string]bool) {
	for d := r.date("start"); !d.After(r.date("end")) && *r.err == nil; d = nextDay(d) {
		set[d.Format(time.DateOnly)] = true
	}
}

func parseDate(s string) (time.Time, error) { return time.ParseInLocation(time.DateOnly, s, zone()) }

// table reads a CSV file; a file that is absent has no rows.
func table(fsys fs.FS, name string, fault *error) (rows []row) {
	text, err := fs.ReadFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var records [][]string
	if err == nil {
		records, err = csv.NewReader(bytes.NewReader(withoutMark(text))).ReadAll()
	}
	if err == nil && len(records) == 0 {
		err = errors.New("no header")
	}
	if err != nil {
		if *fault == nil {
			*fault = fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
	for i, record := range records[1:] {
		cells := map[string]string{}
		for j, column := range records[0] {
			cells[column] = record[j]
		}
		rows = append(rows, row{name, i + 1, cells, fault})
	}
	return rows
}

func withoutMark(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\ufeff")) }

// load reads a case directory. It is strict only where a slip would make the case meaningless: it is meant for valid ones.
func load(fsys fs.FS) (*facts, error) {
	f := &facts{}
	if err := f.loadCase(fsys); err != nil {
		return nil, err
	}
	var err error
	f.loadMeasured(fsys, &err)
	f.loadDeclared(fsys, &err)
	f.loadMoney(fsys, &err)
	return f, err
}

func (f *facts) loadCase(fsys fs.FS) error {
	text, err := fs.ReadFile(fsys, "case.yaml")
	if err != nil {
		return err
	}
	var c struct {
		Policy string
		Season struct {
			Start, End string
			Agreed     bool
		}
		AsOf      *string `json:"as_of"`
		Household struct {
			ID        string
			Area      json.Number `json:"area_m2"`
			Building  json.Number `json:"building_area_m2"`
			Suspended bool
			Rooms     []struct{ ID, Kind string }
		}
	}
	if err := json.Unmarshal(withoutMark(text), &c); err != nil {
		return fmt.Errorf("case.yaml: %w", err)
	}
	var ok bool
	f.policy = c.Policy
	if f.price, ok = pricesOf(c.Policy); !ok && !byArea(c.Policy) {
		return fmt.Errorf("case.yaml: the oracle does not know policy %q", c.Policy)
	}
	if f.firstDay, err = parseDate(c.Season.Start); err != nil {
		return fmt.Errorf("case.yaml: season.start: %w", err)
	}
	if f.lastSeasonDay, err = parseDate(c.Season.End); err != nil {
		return fmt.Errorf("case.yaml: season.end: %w", err)
	}
	f.season = span{midnight(f.firstDay), midnight(nextDay(f.lastSeasonDay))}
	f.asOf = f.season.end
	if c.AsOf != nil {
		t, err := time.Parse(time.RFC3339, *c.AsOf)
		if err != nil {
			return fmt.Errorf("case.yaml: as_of: %w", err)
		}
		f.asOf, f.asOfGiven = t.UnixNano(), true
	}
	f.judgedTo = min(f.season.end, f.asOf)
	f.household, f.suspended, f.agreed = c.Household.ID, c.Household.Suspended, c.Season.Agreed
	for _, r := range c.Household.Rooms {
		f.rooms = append(f.rooms, room{r.ID, r.Kind, r.Kind == "bedroom" || r.Kind == "living_room"})
	}
	if f.area, ok = new(big.Rat).SetString(string(c.Household.Area)); !ok {
		return errors.New("case.yaml: area_m2: no number")
	}
	if c.Household.Building != "" {
		if f.building, ok = new(big.Rat).SetString(string(c.Household.Building)); !ok {
			return errors.New("case.yaml: building_area_m2: no number")
		}
	}
	return nil
}

func (f *facts) loadMeasured(fsys fs.FS, fault *error) {
	f.loadReadings(fsys, fault)
	for _, r := range table(fsys, "outdoor.csv", fault) {
		f.observations = append(f.observations, reading{r.instant("time"), r.float("celsius")})
	}
	slices.SortFunc(f.observations, func(a, b reading) int { return cmp.Compare(a.at, b.at) })
	f.official = map[string]float64{}
	for _, r := range table(fsys, "outdoor_daily.csv", fault) {
		f.official[r.date("date").Format(time.DateOnly)] = r.float("celsius")
	}
}

// loadReadings settles which value stands where one room and time has several (section 2).
func (f *facts) loadReadings(fsys fs.FS, fault *error) {
	type place struct {
		room string
		at   instant
	}
	type received struct {
		celsius float64
		when    *instant
	}
	all := map[place][]received{}
	for _, r := range table(fsys, "readings.csv", fault) {
		v := received{r.float("celsius"), r.optional("received")}
		if r.cells["offset"] != "" {
			v.celsius += r.float("offset")
		}
		if !slices.ContainsFunc(f.rooms, func(o room) bool { return o.id == r.cells["room"] }) {
			r.fail("room", errors.New("nobody declared it"))
		}
		if f.asOfGiven && v.when != nil && *v.when >= f.asOf {
			continue
		}
		p := place{r.cells["room"], r.instant("time")}
		all[p] = append(all[p], v)
	}
	f.readings = map[string][]reading{}
	for p, values := range all {
		first := values[0]
		for _, v := range values[1:] {
			if v.celsius == first.celsius {
				if first.when != nil && v.when != nil && *v.when < *first.when {
					first = v
				}
				continue
			}
			if v.when == nil || first.when == nil || *v.when == *first.when {
				*fault = fmt.Errorf("readings.csv: room %s has two values at %s, and none came first", p.room, local(p.at))
				return
			}
			if *v.when < *first.when {
				first = v
			}
		}
		f.readings[p.room] = append(f.readings[p.room], reading{p.at, first.celsius})
	}
	for _, rs := range f.readings {
		slices.SortFunc(rs, func(a, b reading) int { return cmp.Compare(a.at, b.at) })
	}
}

func (f *facts) loadDeclared(fsys fs.FS, fault *error) {
	for _, r := range table(fsys, "heating.csv", fault) {
		f.switches = append(f.switches, event{r.instant("time"), r.cells["state"] == "on"})
	}
	f.switches = lastPerTime(f.switches, func(e event) instant { return e.at })
	for _, r := range table(fsys, "setpoints.csv", fault) {
		f.setpoints = append(f.setpoints, setpoint{r.instant("time"), r.cells["room"], r.float("celsius")})
	}
	for _, r := range table(fsys, "outages.csv", fault) {
		f.outages = append(f.outages, outage{r.span(), r.cells["id"], r.optional("announced"), r.cells["proof"]})
	}
	for _, r := range table(fsys, "exemptions.csv", fault) {
		f.exemptions = append(f.exemptions, exemption{r.span(), r.cells["clause"], r.cells["proof"]})
	}
	for _, r := range table(fsys, "reports.csv", fault) {
		f.reports = append(f.reports, report{r.instant("time"), r.optional("resolved")})
	}
	f.reports = lastPerTime(f.reports, func(r report) instant { return r.at })
	for _, r := range table(fsys, "tests.csv", fault) {
		f.tests = append(f.tests, test{
			r.span(), r.cells["id"], r.cells["room"], r.cells["commissioned_by"], r.flag("accredited"), r.float("celsius"),
		})
	}
	for _, r := range table(fsys, "confirmations.csv", fault) {
		resident, supplier := r.flag("resident"), r.flag("supplier")
		f.confirmations = append(f.confirmations, confirmation{r.span(), r.cells["id"], resident && supplier})
	}
}

func (f *facts) loadMoney(fsys fs.FS, fault *error) {
	rows := table(fsys, "meter.csv", fault)
	if own := len(rows) > 0; !own {
		rows = table(fsys, "building_meter.csv", fault)
	} else {
		f.building = nil
	}
	f.metered = len(rows) > 0
	gj := f.metered && strings.TrimSpace(rows[0].cells["gj"]) != ""
	kwh := func(r row, column string) *big.Rat {
		v := r.rat(column)
		if gj {
			v.Mul(v, big.NewRat(10000, 36))
		}
		return v
	}
	for _, r := range rows {
		column := "kwh"
		if gj {
			column = "gj"
		}
		f.registers = append(f.registers, register{r.instant("time"), kwh(r, column)})
	}
	slices.SortStableFunc(f.registers, func(a, b register) int { return cmp.Compare(a.at, b.at) })
	f.registers = slices.CompactFunc(f.registers, func(a, b register) bool { return a.at == b.at && a.value.Cmp(b.value) == 0 })
	for _, r := range table(fsys, "meter_changes.csv", fault) {
		f.changes = append(f.changes, change{r.instant("time"), kwh(r, "final"), kwh(r, "initial")})
	}
	slices.SortFunc(f.changes, func(a, b change) int { return cmp.Compare(a.at, b.at) })
	f.faultDays, f.unsupplied = map[string]bool{}, map[string]bool{}
	for _, r := range table(fsys, "meter_faults.csv", fault) {
		r.days(f.faultDays)
	}
	for _, r := range table(fsys, "unsupplied.csv", fault) {
		r.days(f.unsupplied)
	}
	for _, r := range table(fsys, "payments.csv", fault) {
		f.payments = append(f.payments, payment{
			r.date("date").Format(time.DateOnly), new(big.Rat).Mul(r.rat("yuan"), big.NewRat(100, 1)),
		})
	}
}
