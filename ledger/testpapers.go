package ledger

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/notify"
	"github.com/nuanju/nuanju/sensors"
)

// TestPaper is whom a test, or the request for one, concerns, and of a test the record as it was handed in. It is written with the
// matter that it belongs to and never changed.
type TestPaper struct {
	Kind        disputes.MatterKind
	Matter      string
	Household   string
	Room        string
	Institution string
	Opened      sensors.Instant
	Body        json.RawMessage // of a test; else nil
}

func (t tx) insertPapers(ctx context.Context, papers []TestPaper) error {
	return t.insert(ctx, "INSERT INTO test_papers (kind, matter, household, room, institution, opened_at, body) VALUES", "", 7, len(papers),
		func(i int, to []any) []any {
			p := &papers[i]
			return append(to, string(p.Kind), p.Matter, p.Household, p.Room, p.Institution, int64(p.Opened), string(p.Body))
		})
}

// TestPaper is that of a matter. ErrNotFound for an unknown one.
func (l *Ledger) TestPaper(ctx context.Context, kind disputes.MatterKind, id string) (p TestPaper, err error) {
	err = l.reading(ctx, "reading the paper of "+string(kind)+" "+id, func(q querier) error {
		var f foundPaper
		err := q.QueryRowContext(ctx, "SELECT "+paperColumns+" FROM test_papers p WHERE p.kind = ? AND p.matter = ?", string(kind), id).Scan(f.columns()...)
		p = f.paper()
		return err
	})
	return p, err
}

type foundPaper struct {
	TestPaper
	body string
}

const paperColumns = "p.kind, p.matter, p.household, p.room, p.institution, p.opened_at, p.body"

func (f *foundPaper) columns() []any {
	return []any{&f.Kind, &f.Matter, &f.Household, &f.Room, &f.Institution, &f.Opened, &f.body}
}

func (f *foundPaper) paper() TestPaper {
	if f.body != "" {
		f.Body = json.RawMessage(f.body)
	}
	return f.TestPaper
}

// TestFilter chooses tests, or requests for tests; a zero field does not choose.
type TestFilter struct {
	Kind        disputes.MatterKind // needed
	Institution string
	Household   string
	After       string // the cursor that a list gave
	Limit       int    // at most so many; at most 1000, also if it is 0
}

// KeptTest is a test, or the request for one, with its matter and, once it has been judged, what it decides.
type KeptTest struct {
	disputes.Matter
	Paper   TestPaper
	Finding *TestFinding
}

// Tests is the chosen tests, those handed in last first, and a cursor for more; it is empty when there are none. ErrInvalid for a cursor
// that no list gave. Bodies of papers are left out.
func (l *Ledger) Tests(ctx context.Context, f TestFilter) (all []KeptTest, next string, err error) {
	const doing = "listing tests"
	where, args := "p.kind = ?", []any{string(f.Kind)}
	choose := func(condition string, values ...any) { where, args = where+" AND "+condition, append(args, values...) }
	if f.Institution != "" {
		choose("p.institution = ?", f.Institution)
	}
	if f.Household != "" {
		choose("p.household = ?", f.Household)
	}
	if f.After != "" {
		at, id, ok := parseCursor(f.After)
		if !ok {
			return nil, "", invalid(doing, "the cursor is not one")
		}
		choose("(p.opened_at, p.matter) < (?, ?)", int64(at), id)
	}
	limit := page(f.Limit)
	type row struct {
		foundMatter
		p foundPaper
	}
	err = l.snapshot(ctx, doing, func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT p.kind, p.matter, p.household, p.room, p.institution, p.opened_at, '',
			m.kind, m.id, m.place, m.place_id, m.state, m.version, m.opened_at, m.updated_at, m.body
			FROM test_papers p JOIN matters m ON m.kind = p.kind AND m.id = p.matter WHERE `+where+
			" ORDER BY p.opened_at DESC, p.matter DESC LIMIT ?", append(args, limit+1)...)
		found, err := collect(rows, err, func(r *row) []any { return append(r.p.columns(), r.foundMatter.columns()...) })
		if err != nil {
			return err
		}
		ids := make([]string, len(found))
		for i := range found {
			r := &found[i]
			r.Body = json.RawMessage(r.body)
			all, ids[i] = append(all, KeptTest{Matter: r.Matter, Paper: r.p.paper()}), r.ID
		}
		findings, err := testFindings(ctx, q, "test", ids)
		for i := range all {
			k := slices.IndexFunc(findings, func(f TestFinding) bool { return f.Test == all[i].ID && f.Household == all[i].Paper.Household })
			if k >= 0 {
				all[i].Finding = &findings[k]
			}
		}
		return err
	})
	if len(all) > limit {
		all = all[:limit]
		last := all[limit-1].Paper
		next = base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(int64(last.Opened), 10) + " " + last.Matter))
	}
	return all, next, err
}

// TestFinding is what a test decides, as it was judged last.
type TestFinding struct {
	Household  string
	Test       string
	Room       string
	Start      sensors.Instant // of the test
	Finding    compliance.Finding
	Stands     bool
	Payer      compliance.Side // empty for a test that is not applicable
	SensorOff  bool
	Difference float64 // of the sensor from the test, °C; 0 if none was compared
	Digest     string  // as a tile's
	Because    json.RawMessage
	KnownFrom  sensors.Instant // since when it is judged so
}

// foundFinding is a row of test_findings.
type foundFinding struct {
	id int64
	TestFinding
	stands, sensorOff int64
	because           string
}

const findingColumns = `row_id, household, test, room, start_ns, finding, stands, payer, sensor_off, difference, digest, because, known_from`

func (f *foundFinding) columns() []any {
	return []any{
		&f.id, &f.Household, &f.Test, &f.Room, &f.Start, &f.Finding, &f.stands, &f.Payer, &f.sensorOff, &f.Difference, &f.Digest,
		&f.because, &f.KnownFrom,
	}
}

func (f *foundFinding) finding() TestFinding {
	f.Stands, f.SensorOff, f.Because = f.stands != 0, f.sensorOff != 0, json.RawMessage(f.because)
	return f.TestFinding
}

// testFindings are those that hold now of households or of tests, as the column says.
func testFindings(ctx context.Context, q querier, column string, ids []string) (all []TestFinding, err error) {
	err = chunks(ids, func(some []string) error {
		rows, err := q.QueryContext(ctx, "SELECT "+findingColumns+" FROM test_findings WHERE superseded_at IS NULL AND "+column+
			" IN ("+placeholders(len(some))+")", anys(some)...)
		found, err := collect(rows, err, (*foundFinding).columns)
		for i := range found {
			all = append(all, found[i].finding())
		}
		return err
	})
	return all, err
}

// TestFindingsOf are those of a household that hold now, by start and test.
func (l *Ledger) TestFindingsOf(ctx context.Context, household string) (all []TestFinding, err error) {
	err = l.reading(ctx, "reading the findings of tests", func(q querier) error {
		all, err = testFindings(ctx, q, "household", []string{household})
		return err
	})
	slices.SortFunc(all, func(a, b TestFinding) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.Test, b.Test)) })
	return all, err
}

// SensorsOff are the findings that a room's sensor disagreed with a test, the newest tests first: at most limit (1000 if it is 0) of
// those before a place in this order, of which the zero Instant is the first.
func (l *Ledger) SensorsOff(ctx context.Context, before sensors.Instant, beforeTest string, limit int) (all []TestFinding, err error) {
	err = l.reading(ctx, "reading which sensors are off", func(q querier) error {
		rows, err := q.QueryContext(ctx, "SELECT "+findingColumns+` FROM test_findings WHERE superseded_at IS NULL AND sensor_off = 1
			AND (start_ns, test) < (?, ?) ORDER BY start_ns DESC, test DESC LIMIT ?`, int64(cmp.Or(before, sensors.Forever)), beforeTest, page(limit))
		found, err := collect(rows, err, (*foundFinding).columns)
		for i := range found {
			all = append(all, found[i].finding())
		}
		return err
	})
	return all, err
}

// spliceFindings puts what judgments found of tests in the place of what was found of those that start in their seasons.
func (t tx) spliceFindings(ctx context.Context, all []Judgment, now sensors.Instant) error {
	households := make([]string, len(all))
	for i := range all {
		households[i] = all[i].Household
	}
	rows, err := t.QueryContext(ctx, "SELECT "+findingColumns+" FROM test_findings WHERE superseded_at IS NULL AND household IN ("+
		placeholders(len(households))+")", anys(households)...)
	found, err := collect(rows, err, (*foundFinding).columns)
	if err != nil {
		return err
	}
	kept := map[string][]foundFinding{}
	for _, f := range found {
		kept[f.Household] = append(kept[f.Household], f)
	}
	var superseded []int64
	var added []TestFinding
	for i := range all {
		j := &all[i]
		next := slices.Clone(j.Tests)
		for k := range next {
			next[k].Household, next[k].Digest, next[k].KnownFrom = j.Household, j.Digest, now
		}
		for _, f := range kept[j.Household] {
			if !j.Season.Contains(f.Start) {
				continue
			}
			same := slices.IndexFunc(next, func(n TestFinding) bool { return f.says(&n) })
			if same < 0 {
				superseded = append(superseded, f.id)
			} else {
				next = slices.Delete(next, same, same+1)
			}
		}
		added = append(added, next...)
	}
	if err := t.supersede(ctx, "test_findings", superseded, now); err != nil {
		return err
	}
	if err := t.tellFindings(ctx, added, now); err != nil {
		return err
	}
	return t.insert(ctx, `INSERT INTO test_findings (household, test, room, start_ns, finding, stands, payer, sensor_off, difference, digest, because,
		known_from) VALUES`, "", 12, len(added), func(i int, to []any) []any {
		f := &added[i]
		return append(to, f.Household, f.Test, f.Room, int64(f.Start), string(f.Finding), asInt(f.Stands), string(f.Payer), asInt(f.SensorOff),
			f.Difference, f.Digest, string(stepsOf(f.Because)), int64(f.KnownFrom))
	})
}

// tellFindings tells residents what tests of their home were found to decide: each finding of a test once, of those that were handed in
// here. One that is only judged for other reasons than before is no news.
func (t tx) tellFindings(ctx context.Context, added []TestFinding, now sensors.Instant) error {
	ids := make([]string, len(added))
	for i := range added {
		ids[i] = added[i].Test
	}
	type row struct{ id string }
	handedIn := map[string]bool{}
	err := chunks(ids, func(some []string) error {
		rows, err := t.QueryContext(ctx, "SELECT id FROM matters WHERE kind = 'test' AND id IN ("+placeholders(len(some))+")", anys(some)...)
		found, err := collect(rows, err, func(r *row) []any { return []any{&r.id} })
		for _, r := range found {
			handedIn[r.id] = true
		}
		return err
	})
	var alerts []notify.Alert
	for i := range added {
		if f := &added[i]; handedIn[f.Test] {
			alerts = append(alerts, notify.OfTest(f.Test, f.Household, f.Finding))
		}
	}
	if err != nil || len(alerts) == 0 {
		return err
	}
	return t.alert(ctx, alerts, now)
}

// says reports whether a kept finding says what is to be kept.
func (f *foundFinding) says(n *TestFinding) bool {
	return f.Test == n.Test && f.Room == n.Room && f.Start == n.Start && f.Finding == n.Finding && (f.stands != 0) == n.Stands &&
		f.Payer == n.Payer && (f.sensorOff != 0) == n.SensorOff && f.Difference == n.Difference && f.Digest == n.Digest &&
		f.because == string(stepsOf(n.Because))
}
