package checker_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/intake"
)

// A story is what happens to one household over a few days, with everything that the contract knows, each fact arriving
// when it likes. Ticks come at any time; some are doubled, some break down while they read or write, and the process is started anew
// now and then. After every tick that went well the ledger has what one judging of all that has arrived finds.
func TestWhateverTheWayTheLedgerSaysWhatOneJudgingSays(t *testing.T) {
	w := newTown(t)
	original := w.policy
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		w.registry, w.said, w.official = sensors.Registry{}, nil, nil
		w.declared = map[string]ledger.Declarations{}
		w.policy = drawPolicy(r, original, fmt.Sprintf("station %d", run))
		s := &story{town: w, r: r, id: fmt.Sprintf("h%d", run)}
		s.tell()
	})
}

type story struct {
	*town
	r      *rapid.T
	id     string
	season compliance.Season
	span   compliance.Interval
	rooms  []compliance.Room
	acts   []act

	reports  []compliance.Report
	breaking string // what breaks down in the tick that runs
}

// act is a fact that arrives.
type act struct {
	at sensors.Instant
	do func()
}

func (s *story) tell() {
	first := compliance.DateOf(2016, time.March, 24) + compliance.Date(s.int(0, 4, "first day"))
	s.season = compliance.Season{Start: first, End: first + compliance.Date(s.int(0, 5, "days")), Agreed: true}
	s.span = s.season.In(s.policy.Zone)
	s.rooms = []compliance.Room{{ID: "a", Kind: compliance.Bedroom}, {ID: "b", Kind: compliance.LivingRoom}, {ID: "k", Kind: compliance.Kitchen}}
	s.now = s.span.Start.Add(-48 * time.Hour)
	s.home(s.id, s.season.Start.String()+"/"+s.season.End.String(), s.rooms...)
	s.restart()
	s.measure()
	s.people()
	slices.SortStableFunc(s.acts, func(a, b act) int { return cmp.Compare(a.at, b.at) })

	for i := 0; i < len(s.acts); {
		s.now = s.now.Add(time.Duration(rapid.SampledFrom([]int{1, 10, 60, 300, 1440, 3000}).Draw(s.r, "minutes to the tick")) * time.Minute)
		for ; i < len(s.acts) && s.acts[i].at < s.now; i++ {
			s.acts[i].do()
		}
		if s.int(0, 9, "restart") == 0 {
			s.restart()
		}
		s.breaking = rapid.SampledFrom([]string{"", "", "", "", "read", "write", "written", "cancel"}).Draw(s.r, "breaks")
		s.check()
	}
	s.breaking = ""
	s.now = max(s.now, s.span.End).Add(time.Duration(s.int(0, 72, "hours after")) * time.Hour)
	s.check()
}

// check ticks and, if the tick went well, compares.
func (s *story) check() {
	ctx, cancel := context.WithCancel(s.t.Context())
	defer cancel()
	if s.breaking == "cancel" {
		cancel()
	}
	s.forward()
	report, err := s.checker.Tick(ctx)
	if err != nil {
		if s.breaking == "" {
			s.r.Fatalf("%v", err)
		}
		return
	}
	if report.Failed+report.Unjudged+report.Waiting > 0 {
		s.r.Fatalf("%+v", report)
	}
	judged, err := s.ledger.Judged(s.t.Context(), []string{s.id})
	must(s.t, err)
	now := judged[s.id]
	if s.now >= s.span.Start && s.now < s.span.End && s.now.Sub(now.At) >= checker.DefaultRefresh {
		s.r.Fatalf("tiles end %v ago", s.now.Sub(now.At))
	}
	v, err := compliance.Judge(s.policy, s.facts(now.At))
	must(s.t, err)
	if d := matches(s.town, v); now.At >= s.span.Start && d != nil {
		s.r.Fatalf("at %s:\n%s", s.now.Time().In(s.policy.Zone), strings.Join(d, "\n"))
	}
	s.mark(s.id, s.now)
	s.forward()
	s.breaking = ""
	_, err = s.checker.Tick(s.t.Context())
	must(s.t, err)
	if judged, err = s.ledger.Judged(s.t.Context(), []string{s.id}); err != nil || s.now == now.At && judged[s.id].Version != now.Version {
		s.r.Fatalf("a second tick changed something: %v", err)
	}
}

func (s *story) restart() {
	s.start(checker.Config{Ledger: breakingLedger{s.ledger, s}, Store: breakingStore{s.store, s}, Workers: 2})
}

// facts is all that has arrived, as one judging at an instant takes it.
func (s *story) facts(asOf sensors.Instant) *compliance.Facts {
	f := &compliance.Facts{Household: s.id, Season: s.season, AsOf: asOf, OfficialDays: s.official, Reports: s.reports}
	d := s.declared[s.id]
	f.Stoppages, f.Exemptions, f.Tests, f.Confirmations = d.Stoppages, d.Exemptions, d.Tests, d.Confirmations
	resolver := sensors.NewResolver(s.registry.Assignments, s.registry.Calibrations)
	for _, room := range s.rooms {
		for _, x := range resolver.Judges(sensors.InRoom(sensors.RoomID{Household: s.id, Room: room.ID}), s.span.Start.Add(-24*time.Hour), s.span.End) {
			samples, err := s.store.Read(s.t.Context(), sensors.Series{Quantity: sensors.Temperature, Owner: x.Device}, x.From, x.To, nil)
			must(s.t, err)
			for _, y := range samples {
				room.Readings = append(room.Readings, compliance.Reading{At: y.At, Celsius: y.Value, Offset: x.OffsetCelsius})
			}
		}
		f.Rooms = append(f.Rooms, room)
	}
	outdoor := sensors.Series{Quantity: sensors.Outdoor, Owner: s.station()}
	samples, err := s.store.Read(s.t.Context(), outdoor, sensors.Earliest, sensors.Latest, nil)
	must(s.t, err)
	for _, y := range samples {
		f.Outdoor = append(f.Outdoor, compliance.Observation{At: y.At, Celsius: y.Value})
	}
	for _, e := range intake.InForce(s.said) {
		if e.Room == "" && e.Celsius == 0 {
			f.Switches = append(f.Switches, compliance.Switch{At: e.At, On: e.On})
		} else {
			f.Setpoints = append(f.Setpoints, compliance.Setpoint{At: e.At, Room: e.Room, Celsius: e.Celsius})
		}
	}
	return f
}

// measure lets readings and observations arrive: most at once, some late, in any order.
func (s *story) measure() {
	for _, room := range s.rooms {
		for _, device := range []string{"", "'"} { // the second is put up later, or never
			for at := s.span.Start.Add(-3 * time.Hour); at < s.span.End.Add(time.Hour); {
				at = at.Add(time.Duration(rapid.SampledFrom([]int{30, 60, 89, 90, 91, 200, 700, 1500}).Draw(s.r, "minutes")) * time.Minute)
				celsius := float64(s.int(174, 184, "celsius")) / 10
				series := sensors.Series{Quantity: sensors.Temperature, Owner: s.id + "-" + room.ID + device}
				s.arrive(at, func() {
					s.write(series, sensors.Sample{At: at, Value: celsius})
					s.mark(s.id, at)
				})
			}
		}
	}
	warmer := s.int(-2, 2, "outdoors")
	for at := s.span.Start.Add(-2 * time.Hour); at < s.span.End.Add(2*time.Hour); at = at.Add(time.Hour) {
		if s.int(0, 20, "observed") > 0 {
			celsius := float64(warmer) - 7.6 + float64(s.int(-10, 10, "outdoor"))/10
			s.arrive(at, func() { s.observe(at, celsius) })
		}
	}
}

// arrive lets a fact of an instant arrive, mostly soon.
func (s *story) arrive(at sensors.Instant, do func()) {
	late := rapid.SampledFrom([]int{0, 0, 0, 0, 0, 0, 1, 5, 70, 2000, 6000}).Draw(s.r, "minutes late")
	s.acts = append(s.acts, act{at.Add(time.Duration(late) * time.Minute), do})
}

// people lets arrive what residents, suppliers, testers and technicians do. What they declare may lie far back or ahead.
func (s *story) people() {
	d := func(change func(d *ledger.Declarations), from sensors.Instant) {
		s.arrive(s.instant(), func() {
			all := s.declared[s.id]
			change(&all)
			s.declared[s.id] = all
			s.mark(s.id, from)
		})
	}
	for i := range s.int(0, 4, "switches") {
		at, on := s.instant().Add(time.Duration(i)), s.int(0, 1, "on") == 1
		s.arrive(at, func() { s.say(s.id, []compliance.Switch{{At: at, On: on}}, nil) })
	}
	for range s.int(0, 5, "setpoints") {
		p := compliance.Setpoint{At: s.instant(), Room: rapid.SampledFrom([]string{"", "a"}).Draw(s.r, "room"), Celsius: float64(s.int(34, 38, "setpoint")) / 2}
		s.arrive(p.At, func() { s.say(s.id, nil, []compliance.Setpoint{p}) })
	}
	for i := range s.int(0, 5, "stoppages") {
		start := s.instant()
		x := compliance.Stoppage{ID: fmt.Sprint("o", i), Announced: start - 1, Start: start, End: start.Add(time.Duration(s.int(1, 7, "hours")) * time.Hour), Proof: s.proof()}
		d(func(d *ledger.Declarations) { d.Stoppages = append(slices.Clone(d.Stoppages), x) }, start)
	}
	for i := range s.int(0, 2, "claims") {
		a, b := s.instant(), s.instant()
		x := compliance.Exemption{ID: fmt.Sprint("e", i), Clause: compliance.A7222, Start: min(a, b), End: max(a, b), Proof: s.proof()}
		d(func(d *ledger.Declarations) { d.Exemptions = append(slices.Clone(d.Exemptions), x) }, x.Start)
	}
	for i := range s.int(0, 2, "confirmations") {
		a, b := s.instant(), s.instant()
		x := compliance.Confirmation{ID: fmt.Sprint("c", i), Start: min(a, b), End: max(a, b), Resident: true, Supplier: s.int(0, 3, "both") > 0}
		d(func(d *ledger.Declarations) { d.Confirmations = append(slices.Clone(d.Confirmations), x) }, x.Start)
	}
	if s.int(0, 2, "tested") == 0 {
		s.test(d)
	}
	s.technicians()
}

func (s *story) test(d func(func(*ledger.Declarations), sensors.Instant)) {
	for i := range s.int(1, 2, "tests") {
		start := s.instant()
		x := compliance.Test{
			ID: fmt.Sprint("t", i), Accredited: true, CommissionedBy: rapid.SampledFrom([]compliance.Side{compliance.Resident, compliance.Supplier}).Draw(s.r, "side"),
			Room: "a", Start: start, End: start.Add(time.Hour), Celsius: float64(s.int(170, 185, "measured")) / 10,
		}
		d(func(d *ledger.Declarations) { d.Tests = append(slices.Clone(d.Tests), x) }, sensors.Earliest)
	}
	at := s.instant()
	s.arrive(at, func() {
		s.reports = append(s.reports, compliance.Report{ID: "r", At: at})
		s.mark(s.id, at)
	})
}

// technicians calibrate devices and put up others, from any time on.
func (s *story) technicians() {
	for i := range s.int(0, 2, "calibrations") {
		c := sensors.Calibration{
			Device: s.id + "-a", OffsetCelsius: float64(s.int(-5, 5, "offset")) / 10, Certificate: fmt.Sprint(i), From: s.instant(),
		}
		s.arrive(s.instant(), func() {
			s.registry.Calibrations = append(s.registry.Calibrations, c)
			s.mark(s.id, c.From)
		})
	}
	if s.int(0, 2, "second device") == 0 {
		a := sensors.Assignment{
			Device: s.id + "-b'", Target: sensors.InRoom(sensors.RoomID{Household: s.id, Room: "b"}), From: s.instant(), To: sensors.Forever,
		}
		s.arrive(s.instant(), func() {
			s.registry.Assignments = append(s.registry.Assignments, a)
			s.mark(s.id, a.From)
		})
	}
}

func (s *story) int(least, most int, what string) int {
	return rapid.IntRange(least, most).Draw(s.r, what)
}

func (s *story) instant() sensors.Instant {
	minutes := int(s.span.Length().Minutes())
	return s.span.Start.Add(time.Duration(s.int(-900, minutes+60, "minute")) * time.Minute)
}

func (s *story) proof() string { return rapid.SampledFrom([]string{"", "record"}).Draw(s.r, "proof") }

// drawPolicy is a policy with numbers of its own, and often with another edition that begins in the season.
func drawPolicy(r *rapid.T, p *compliance.Policy, station string) *compliance.Policy {
	zone, err := time.LoadLocation(rapid.SampledFrom([]string{"Asia/Shanghai", "Europe/Berlin"}).Draw(r, "zone"))
	if err != nil {
		r.Fatal(err)
	}
	out := *p
	out.Zone, out.Editions = zone, slices.Clone(p.Editions)
	outdoor := *p.Editions[0].Outdoor
	outdoor.Station = station
	out.Editions[0].Outdoor = &outdoor
	out.Editions[0].Maintenance.Recovery = time.Duration(rapid.IntRange(0, 1).Draw(r, "recovery")) * time.Hour
	if rapid.Bool().Draw(r, "two editions") {
		e := out.Editions[0]
		e.From = compliance.DateOf(2016, time.March, 25) + compliance.Date(rapid.IntRange(0, 5).Draw(r, "edition from"))
		e.ReadingMaxGap = rapid.SampledFrom([]time.Duration{time.Hour, 90 * time.Minute, 4 * time.Hour}).Draw(r, "gap")
		e.EpisodeGap = rapid.SampledFrom([]time.Duration{0, time.Hour, 12 * time.Hour}).Draw(r, "episode gap")
		e.HeatUp = rapid.SampledFrom([]time.Duration{0, 6 * time.Hour, 24 * time.Hour}).Draw(r, "heat up")
		hourly := outdoor
		hourly.Method = compliance.Hourly24
		e.Outdoor = &hourly
		out.Editions = append(out.Editions, e)
	}
	return &out
}

var errBroken = errors.New("broken")

// breakingLedger is a real ledger that fails when the story says so, before or after it has written, and whose reports are the
// story's.
type breakingLedger struct {
	*ledger.Ledger
	s *story
}

func (b breakingLedger) WriteJudgments(ctx context.Context, all []ledger.Judgment, now sensors.Instant) error {
	if b.s.breaking == "write" {
		return errBroken
	}
	err := b.Ledger.WriteJudgments(ctx, all, now)
	if b.s.breaking == "written" {
		return errBroken
	}
	return err
}

func (b breakingLedger) Reports(context.Context, string) ([]compliance.Report, error) {
	return b.s.reports, nil
}

// breakingStore is a real store that does not answer when the story says so.
type breakingStore struct {
	checker.Store
	s *story
}

func (b breakingStore) ReadMany(ctx context.Context, spans []sensors.Span, visit func(int, []sensors.Sample) error) error {
	if b.s.breaking == "read" {
		return errBroken
	}
	return b.Store.ReadMany(ctx, spans, visit)
}
