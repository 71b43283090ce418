package workflow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/casefile"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/ledger/pgtest"
	"github.com/nuanju/nuanju/sensors"
)

// sharedCases are cases built from real data, with the verdicts of an independent judge; they are only there where the
// project is developed.
const sharedCases = "../../../shared/cases"

// expected is what the independent judge found, beside tiles.
type expected struct {
	Outages []struct {
		ID     string
		Exempt bool
		Reason string
	}
	Episodes  []episode
	Confirmed []struct{ Start, End time.Time }
	Tests     []testFinding
	Usage     map[string]float64
	Bill      map[string]billing.Fen
}

type episode struct {
	Room          string
	Start, End    time.Time
	Status        string
	Below         float64 `json:"below_seconds"`
	Confirmed     float64 `json:"confirmed_seconds"`
	Dismissed     float64 `json:"dismissed_seconds"`
	Tests         []string
	Confirmations []string
}

// What happened in a shared case happens to a server, in order, each at its time by the server's clock: readings come in day by day,
// people report, announce, claim, prove, confirm, test, hand in and pay. In the end its episodes, confirmed time, outages, tests and bill are the
// independent judge's, on either database, and each event is in the evidence log once.
func TestSharedCasesAsTheyHappen(t *testing.T) {
	for _, dir := range caseDirs(t) {
		for name, url := range map[string]func(testing.TB) string{"sqlite": sqlite, "postgres": pgtest.Start} {
			t.Run(filepath.Base(dir)+"/"+name, func(t *testing.T) {
				t.Parallel()
				c, want := readCase(t, dir)
				p := playOf(t, url(t), c)
				p.perform()
				p.holds(want)
				p.settles(want)
				p.told()
			})
		}
	}
}

func sqlite(t testing.TB) string { return "sqlite://" + filepath.Join(t.TempDir(), "ledger.db") }

// caseDirs is where the shared cases are.
func caseDirs(t *testing.T) (dirs []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(sharedCases, "*", "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Skip("../shared/cases is not here")
	}
	for _, f := range files {
		dirs = append(dirs, filepath.Dir(f))
	}
	return dirs
}

// readCase is a case and what is expected of it.
func readCase(t testing.TB, dir string) (*casefile.Case, *expected) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want expected
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	c, err := casefile.Read(os.DirFS(dir), casefile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c, &want
}

// playOf is a case that is about to happen.
func playOf(t testing.TB, url string, c *casefile.Case) *play {
	t.Helper()
	return &play{house: open(t, url, c), facts: &c.Facts, money: &c.Billing, ids: map[string]string{}}
}

// play is a case as it happens.
type play struct {
	*house
	facts *compliance.Facts
	money *billing.Facts
	acts  []act
	ids   map[string]string // the case's, by the server's
}

// act is something that happens at a time.
type act struct {
	at sensors.Instant
	do func()
}

func (p *play) on(at sensors.Instant, do func()) { p.acts = append(p.acts, act{at, do}) }

// perform does everything at its time.
func (p *play) perform() {
	p.plan()
	slices.SortStableFunc(p.acts, func(a, b act) int { return int(min(1, max(-1, a.at-b.at))) })
	for _, a := range p.acts {
		p.clock.set(a.at)
		a.do()
	}
	p.clock.set(p.end())
	p.forward()
	p.tick()
}

// end is when the case is judged and billed.
func (p *play) end() sensors.Instant {
	if p.facts.AsOf != 0 {
		return p.facts.AsOf
	}
	return p.season().End.Add(49 * time.Hour)
}

func (p *play) season() compliance.Interval { return p.facts.Season.In(p.policy.Zone) }

// plan says what happens when. The measurements of a day arrive at its end.
func (p *play) plan() {
	p.measured()
	p.billed()
	h := p.facts.Household
	place := map[string]string{"kind": "household", "id": h}
	span := func(start, end sensors.Instant, more map[string]any) map[string]any {
		more["start"], more["end"] = at(start), at(end)
		return more
	}
	for _, o := range p.facts.Stoppages {
		var id string
		p.on(o.Announced, func() {
			id = p.made("dispatcher", "/outages", span(o.Start, o.End, map[string]any{"place": place, "reason": "检修"}))
			p.ids[id] = o.ID
		})
		p.on(max(o.End, o.Announced), func() {
			p.does("dispatcher", "/outages/"+id+"/end", map[string]any{"end": at(o.End)})
			if o.Proof != "" {
				p.does("dispatcher", "/outages/"+id+"/record", map[string]any{"text": o.Proof})
			}
		})
	}
	for _, x := range p.facts.Exemptions {
		p.on(x.End, func() {
			id := p.made("dispatcher", "/exemptions", span(x.Start, x.End, map[string]any{"place": place, "clause": x.Clause, "text": "主张"}))
			if x.Proof != "" {
				p.does("dispatcher", "/exemptions/"+id+"/proofs", map[string]any{"text": x.Proof})
				p.does("resident", "/exemptions/"+id+"/contest", map[string]any{"text": "不认可"}) // it holds all the same (I10)
			}
		})
	}
	for _, r := range p.facts.Reports {
		var id string
		p.on(r.At, func() {
			id = p.made("resident", "/tickets", map[string]any{"household": h, "kind": "low_temperature", "text": "冷"})
		})
		if r.Resolved != 0 {
			p.on(r.Resolved, func() { p.does("dispatcher", "/tickets/"+id+"/resolve", map[string]any{"text": "处理完毕"}) })
		}
	}
	for _, c := range p.facts.Confirmations {
		p.on(c.End, func() {
			body := span(c.Start, c.End, map[string]any{"household": h})
			if c.Resident {
				p.ids[p.made("resident", "/confirmations", body)] = c.ID
			}
			if c.Supplier {
				p.ids[p.made("dispatcher", "/confirmations", body)] = c.ID
			}
		})
	}
	p.testers()
	if len(p.facts.OfficialDays) > 0 {
		p.t.Fatal("the case has official days; enter them over HTTP")
	}
}

// measured plans the measurements, and what the resident sets.
func (p *play) measured() {
	h := p.facts.Household
	lines := map[compliance.Date]*strings.Builder{}
	add := func(at sensors.Instant, format string, args ...any) {
		day := compliance.DateIn(at, p.policy.Zone)
		if lines[day] == nil {
			lines[day] = &strings.Builder{}
		}
		fmt.Fprintf(lines[day], format+" %d\n", append(args, int64(at))...)
	}
	for _, room := range p.facts.Rooms {
		for _, x := range room.Readings {
			add(x.At, "temperature,device=%s-%s celsius=%v", h, room.ID, x.Celsius)
		}
	}
	for _, o := range p.facts.Outdoor {
		add(o.At, "outdoor,station=beijing celsius=%v", o.Celsius)
	}
	for _, r := range p.money.Meter.Registers {
		kwh, _ := r.KWh.Float64()
		add(r.At, "heat_meter,device=%s kwh=%s", meter, strconv.FormatFloat(kwh, 'f', -1, 64))
	}
	for _, s := range p.facts.Switches {
		add(s.At, "heating,household=%s on=%t", h, s.On)
	}
	for _, s := range p.facts.Setpoints {
		room := ""
		if s.Room != "" {
			room = ",room=" + s.Room
		}
		add(s.At, "setpoint,household=%s%s celsius=%v", h, room, s.Celsius)
	}
	for day, text := range lines {
		then := day.End(p.policy.Zone)
		if p.facts.AsOf != 0 && then > p.facts.AsOf-1 {
			then = p.facts.AsOf - 1 // received before the moment of judging
		}
		p.on(then, func() {
			p.ask("device", http.MethodPost, "/api/v2/write?precision=ns", text.String(), http.StatusNoContent)
			p.forward()
			if day%7 == 0 {
				p.tick() // ticks do not matter; verdicts are the same with any
			}
		})
	}
}

// made is what a form makes: the last part of where it is.
func (p *play) made(who, path string, form map[string]any) string {
	p.t.Helper()
	w := p.does(who, path, form)
	location := w.Header().Get("Location")
	return location[strings.LastIndex(location, "/")+1:]
}

func at(i sensors.Instant) string { return i.Time().Format(time.RFC3339Nano) }

// holds compares what the server has come to with what was expected.
func (p *play) holds(want *expected) {
	p.t.Helper()
	h, season := url.PathEscape(p.facts.Household), p.season()
	var episodes struct{ Episodes []episode }
	p.get("/households/"+h+"/episodes?"+url.Values{"from": {at(season.Start)}, "to": {at(season.End)}, "because": {"false"}}.Encode(), &episodes)
	same(p, "episodes", p.named(episodes.Episodes), p.named(want.Episodes))

	var stoppages struct {
		Stoppages []struct {
			ID     string
			Exempt bool
			Reason string
		}
	}
	p.get(fmt.Sprintf("/households/%s/maintenance?winter=%d", h, p.facts.Season.Winter()), &stoppages)
	for i := range stoppages.Stoppages {
		stoppages.Stoppages[i].ID = p.ids[stoppages.Stoppages[i].ID]
	}
	same(p, "outages", stoppages.Stoppages, want.Outages)
	same(p, "tests", p.tested(want.Tests), want.Tests)

	asked := checker.Question{Household: p.facts.Household, Season: p.facts.Season, AsOf: p.clock.instant()}
	p.must(p.checker.Answers(p.t.Context(), []checker.Question{asked}, func(_ int, a checker.Answer, err error) error {
		p.must(err)
		confirmed := want.Confirmed[:0:0]
		for _, c := range a.Verdict.Confirmed {
			confirmed = append(confirmed, struct{ Start, End time.Time }{c.Start.Time(), c.End.Time()})
		}
		for i := range want.Confirmed {
			want.Confirmed[i].Start, want.Confirmed[i].End = want.Confirmed[i].Start.UTC(), want.Confirmed[i].End.UTC()
		}
		same(p, "confirmed", confirmed, want.Confirmed)
		return nil
	}))
}

// named is episodes with the case's ids, in UTC, by room and start.
func (p *play) named(all []episode) []episode {
	for i := range all {
		e := &all[i]
		e.Start, e.End = e.Start.UTC(), e.End.UTC()
		for _, ids := range []*[]string{&e.Tests, &e.Confirmations} {
			for k, id := range *ids {
				if known := p.ids[id]; known != "" {
					(*ids)[k] = known
				}
			}
			slices.Sort(*ids)
		}
	}
	slices.SortStableFunc(all, func(a, b episode) int {
		if a.Room != b.Room {
			return strings.Compare(a.Room, b.Room)
		}
		return a.Start.Compare(b.Start)
	})
	return all
}

// same fails unless two lists print alike.
func same[T any](p *play, what string, got, want []T) {
	p.t.Helper()
	if len(got) != len(want) {
		p.t.Errorf("%d %s, want %d: %+v", len(got), what, len(want), got)
		return
	}
	for i := range got {
		if g, w := fmt.Sprintf("%+v", got[i]), fmt.Sprintf("%+v", want[i]); g != w {
			p.t.Errorf("%s %d:\ngot  %s\nwant %s", what, i, g, w)
		}
	}
}

// told holds the evidence log to every event of the workflow, once each, after two deliveries.
func (p *play) told() {
	p.t.Helper()
	ctx := context.WithoutCancel(p.t.Context())
	waiting, err := p.ledger.Outbox(ctx, 1000)
	p.must(err)
	for range 2 {
		_, err := p.ledger.Deliver(ctx, ledger.ToEvidence(p.log), 1000)
		p.must(err)
	}
	seen := map[string]int{}
	for leaf, err := range p.log.Leaves(ctx, 0) {
		p.must(err)
		if leaf.Subject == ledger.WorkflowSubject {
			var entry struct{ Key string }
			p.must(json.Unmarshal(leaf.Content, &entry))
			seen[entry.Key]++
		}
	}
	for _, e := range waiting {
		if seen[e.Key] != 1 {
			p.t.Errorf("%s is in the log %d times", e.Key, seen[e.Key])
		}
	}
	if len(seen) != len(waiting) || len(seen) < 2 {
		p.t.Errorf("%d events in the log, %d were told", len(seen), len(waiting))
	}
}
