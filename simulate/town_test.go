package simulate

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/ledger/registrycsv"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
)

var beijing = time.FixedZone("", 8*3600)

// november is when towns of these tests begin.
var november = sensors.At(time.Date(2025, 11, 15, 0, 0, 0, 0, beijing))

func newTown(t testing.TB, o Options) *Town {
	t.Helper()
	if o.From == 0 {
		o.From = november
	}
	town, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return town
}

// bytesOf is everything that a town sends, as it is sent.
func bytesOf(town *Town, to sensors.Instant) (sum [32]byte, lines int) {
	h := sha256.New()
	var line []byte
	_ = town.Start().Advance(to, func(m *Message) error { // its visitor never fails
		line = m.AppendLine(line[:0])
		fmt.Fprint(h, int64(m.Sent), " ")
		h.Write(line)
		lines++
		return nil
	})
	return [32]byte(h.Sum(nil)), lines
}

// One seed is one town, to the byte, whatever zone its days are written in; another seed is another.
func TestSeed(t *testing.T) {
	o := Options{Seed: 7, Homes: 20, Days: 14}
	first, n := bytesOf(newTown(t, o), november.Add(14*day))
	again := o
	again.Zone = time.FixedZone("elsewhere", 8*3600)
	again.From = sensors.At(november.Time().In(time.FixedZone("", -9*3600)))
	if second, m := bytesOf(newTown(t, again), november.Add(14*day)); second != first || m != n {
		t.Error("the same town is not the same")
	}
	o.Seed++
	if other, _ := bytesOf(newTown(t, o), november.Add(14*day)); other == first {
		t.Error("another seed is the same town")
	}
	if n < 20*2*96*13 {
		t.Errorf("%d lines of two weeks", n)
	}
}

// Steps may be as small or as large as one likes, and who looks on without listening sees the same rooms.
func TestStepsDoNotMatter(t *testing.T) {
	town := newTown(t, Options{Seed: 3, Homes: 8, Days: 5})
	whole, parts, mute := town.Start(), town.Start(), town.Start()
	var a, b bytes.Buffer
	into := func(to *bytes.Buffer) func(*Message) error {
		return func(m *Message) error {
			to.Write(m.AppendLine(nil))
			return nil
		}
	}
	_ = whole.Advance(town.End(), into(&a))
	for parts.Now() < town.End() {
		_ = parts.Advance(min(parts.Now().Add(97*time.Minute), town.End()), into(&b))
	}
	_ = mute.Advance(town.End(), nil)
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("what is sent depends on the steps")
	}
	for i := range town.Rooms() {
		if whole.Celsius(i) != parts.Celsius(i) || whole.Celsius(i) != mute.Celsius(i) {
			t.Fatalf("room %d: %v, %v and %v °C", i, whole.Celsius(i), parts.Celsius(i), mute.Celsius(i))
		}
	}
}

// Without faults a plant that is large enough keeps every room that is owed the standard at it, for a whole season.
func TestNobodyIsColdWithoutFaults(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := Options{Seed: rapid.Uint64().Draw(rt, "seed"), Homes: 6, Buildings: 1, Faults: []Kind{}}
		if rapid.IntRange(0, 9).Draw(rt, "whole season") > 0 {
			o.Days, o.DeepCold = 12, true
		}
		town := newTown(t, o)
		s := town.Start()
		for s.Now() < town.End() {
			_ = s.Advance(s.Now().Add(time.Minute), nil)
			for i := range town.rooms {
				h := &town.homes[s.homeOf[i]]
				owed := designIndoor
				for _, d := range h.said {
					if d.setpoint && d.at <= s.Now() {
						owed = math.Min(designIndoor, d.celsius)
					}
				}
				warmingUp := len(h.said) > 0 && h.said[len(h.said)-1].on && s.Now() < h.said[len(h.said)-1].at.Add(24*time.Hour)
				raised := len(h.said) == 2 && h.said[1].setpoint && h.said[1].at <= s.Now() && s.Now() < h.said[1].at.Add(12*time.Hour)
				off := len(h.said) > 0 && !h.said[0].setpoint && h.said[0].at <= s.Now() && s.Now() < h.said[1].at
				if c := s.Celsius(i); c < owed && !warmingUp && !raised && !off {
					rt.Fatalf("room %v has %.2f °C at %v, %.1f are owed; outdoors %.1f", town.places[i].RoomID, c, s.Now().Time().In(beijing), owed, s.Outdoor())
				}
			}
		}
	})
}

// A sensor without a fault says the truth, but for what the package says it may be off.
func TestSensorsAreAsGoodAsTheySay(t *testing.T) {
	town := newTown(t, Options{Seed: 11, Homes: 10, Days: 12, DeepCold: true, Faults: []Kind{WindowOpen, StoppageUnannounced}})
	s := town.Start()
	room := map[string]int{}
	for i := range town.rooms {
		room[town.Device(i)] = i
	}
	recent := make([][]float64, len(town.rooms)) // of the last SensorLag
	seen := 0
	for s.Now() < town.End() {
		_ = s.Advance(s.Now().Add(time.Minute), func(m *Message) error {
			i, ok := room[m.Owner]
			if !ok || len(recent[i]) == 0 || s.Now().Sub(m.At) > 10*time.Minute {
				return nil
			}
			seen++
			lowest, highest := math.Inf(1), math.Inf(-1)
			for _, c := range recent[i] {
				lowest, highest = math.Min(lowest, c), math.Max(highest, c)
			}
			if m.Value < lowest-SensorError || m.Value > highest+SensorError {
				t.Fatalf("%s says %v; it was %.2f to %.2f", m.Owner, m.Value, lowest, highest)
			}
			return nil
		})
		for i := range recent {
			recent[i] = append(recent[i], s.Celsius(i))
			if len(recent[i]) > int(SensorLag/time.Minute) {
				recent[i] = recent[i][1:]
			}
		}
	}
	if seen < 12*90*20 {
		t.Errorf("only %d readings were looked at", seen)
	}
}

// What is sent is line protocol that the intake reads, with nothing refused and every value as it was.
func TestLinesAreRead(t *testing.T) {
	town := newTown(t, Options{Seed: 5, Days: 20})
	var body []byte
	var sent []Message
	_ = town.Start().Advance(town.End(), func(m *Message) error {
		if rare := m.Kind != ingest.Temperature && m.Kind != ingest.Valve; rare || len(sent) < 60_000 {
			body, sent = m.AppendLine(body), append(sent, *m)
		}
		return nil
	})
	precision, err := ingest.ParsePrecision(Precision)
	if err != nil {
		t.Fatal(err)
	}
	var b ingest.Batch
	ingest.NewDecoder(ingest.DefaultBounds()).LineProtocol(&b, body, precision, 1)
	if b.Rejected > 0 || len(b.Records) != len(sent) {
		t.Fatalf("%d lines, %d read, %v", len(sent), len(b.Records), b.Errors)
	}
	kinds := map[ingest.Kind]bool{}
	for i, r := range b.Records {
		m := &sent[i]
		kinds[r.Kind] = true
		wanted := m.Value
		if r.Kind != m.Kind || r.Owner != m.Owner || r.Room != m.Room || r.At != m.At || r.Value != wanted || r.On != m.On {
			t.Fatalf("%+v was read as %+v", m, r)
		}
	}
	if len(kinds) != 6 {
		t.Errorf("only %v were sent", kinds)
	}
}

// The registry is one that the import takes: complete, and nothing refers to what is not there.
func TestRegistryIsTaken(t *testing.T) {
	town := newTown(t, Options{Seed: 1})
	files, err := registrycsv.Write(town.Registry())
	if err != nil {
		t.Fatal(err)
	}
	dir := fstest.MapFS{}
	for _, f := range files {
		dir[f.Name] = &fstest.MapFile{Data: f.Text}
	}
	declared, problems := registrycsv.Read(dir)
	problems = append(problems, registrycsv.Check(new(registrycsv.Registry), declared, []string{"beijing-metered"})...)
	if len(problems) > 0 {
		t.Error(problems)
	}
	if len(declared.Households) != 60 || len(declared.Buildings) != 3 || len(declared.Substations) != 2 {
		t.Errorf("%d homes, %d buildings, %d substations", len(declared.Households), len(declared.Buildings), len(declared.Substations))
	}
}

// A season has every kind of fault, in the days given, apart from each other in any home, and each said in both languages.
func TestFaults(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		town := newTown(t, Options{Seed: rapid.Uint64().Draw(rt, "seed")})
		found := map[Kind]int{}
		planned := map[string]int{}
		for i, f := range town.Faults() {
			found[f.Kind]++
			if f.From < november || f.To > town.End() || f.To.Sub(f.From) < time.Hour {
				rt.Errorf("%s is from %v to %v", f.ID, f.From.Time(), f.To.Time())
			}
			if f.ZH() == "" || f.EN() == "" || strings.Contains(f.ZH()+f.EN(), "%!") {
				rt.Errorf("%s: %q %q", f.ID, f.ZH(), f.EN())
			}
			if f.Announced != 0 {
				if planned[f.Substation]++; f.Announced >= f.From {
					rt.Errorf("%s was not announced before", f.ID)
				}
			}
			if length := f.To.Sub(f.From); f.Kind == StoppagePlanned && length > 6*time.Hour || f.Kind == StoppageLong && length <= 6*time.Hour {
				rt.Errorf("%s takes %v", f.ID, length)
			}
			for _, o := range town.Faults()[:i] {
				if f.From < o.To && meet(f.homes, o.homes) {
					rt.Errorf("%s and %s befall a home at one time", o.ID, f.ID)
				}
			}
		}
		for s, n := range planned {
			if n > 3 {
				rt.Errorf("%s has %d planned stoppages: the fourth is not exempt (A7.2.2⑤)", s, n)
			}
		}
		for _, k := range Kinds() {
			if found[k] == 0 {
				rt.Errorf("no %s", k)
			}
		}
	})
}

func TestImpossibleOptions(t *testing.T) {
	for _, o := range []Options{
		{Seed: 1},
		{From: november, Homes: -1},
		{From: november, Homes: MaxHomes + 1},
		{From: november, Homes: 3, Buildings: 4},
		{From: november, Days: 400},
		{From: november, Weather: new(Observed)},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
}

// A visitor's error ends the run.
func TestVisitorEndsIt(t *testing.T) {
	enough := errors.New("enough")
	s := newTown(t, Options{Homes: 2, Days: 3}).Start()
	if err := s.Advance(november.Add(day), func(*Message) error { return enough }); !errors.Is(err, enough) {
		t.Error(err)
	}
}

// Weather that was observed makes a town as well. The data are not part of the project.
func TestObservedWeather(t *testing.T) {
	var text strings.Builder
	text.WriteString("time,celsius\n")
	for h := range 24 * 6 {
		fmt.Fprintf(&text, "%s,%d\n", november.Add(time.Duration(h)*time.Hour).Time().Format(time.RFC3339), h%24-5)
	}
	w, err := ReadWeather(strings.NewReader(text.String()))
	if err != nil {
		t.Fatal(err)
	}
	if c, wind := w.At(november.Add(90 * time.Minute)); c != -3.5 || wind != 1 {
		t.Error(c, wind)
	}
	town := newTown(t, Options{Homes: 4, Days: 5, Weather: w})
	s := town.Start()
	_ = s.Advance(november.Add(30*time.Hour), nil)
	if s.Outdoor() < 0.9 || s.Outdoor() > 1 {
		t.Error(s.Outdoor())
	}
	for _, f := range town.Faults() {
		if f.Kind == ColdSpell {
			t.Error("a cold spell was injected into weather that was observed")
		}
	}
	for name, bad := range map[string]string{
		"nothing": "", "no columns": "a,b\n1,2\n3,4\n", "no number": "time,celsius\n2025-01-01T00:00:00Z,x\n2025-01-01T01:00:00Z,NaN\n",
		"backwards": "time,celsius\n2025-01-01T01:00:00Z,1\n2025-01-01T00:00:00Z,1\n", "a hole": "time,celsius\n2025-01-01T00:00:00Z,1\n2025-01-02T00:00:00Z,1\n",
	} {
		if _, err := ReadWeather(strings.NewReader(bad)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// A real winter is taken as it was observed, and a town lives through its coldest weeks.
func TestRealWinter(t *testing.T) {
	f, err := os.Open(filepath.Join("..", "..", "shared", "cases", "dongsi2016", "outdoor.csv"))
	if os.IsNotExist(err) {
		t.Skip("../shared is absent")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := ReadWeather(f)
	if err != nil {
		t.Fatal(err)
	}
	from := sensors.At(time.Date(2016, 1, 16, 0, 0, 0, 0, beijing))
	town := newTown(t, Options{Homes: 6, Days: 14, From: from, Weather: w, Faults: []Kind{}})
	s := town.Start()
	coldest := math.Inf(1)
	for s.Now() < town.End() {
		_ = s.Advance(s.Now().Add(time.Minute), nil)
		coldest = math.Min(coldest, s.Outdoor())
	}
	if coldest > -14 {
		t.Errorf("the spell of January 2016 was only %.1f °C", coldest)
	}
}

// The weather goes below A7.2.2④'s mean in cold spells and never without one.
func TestDailyMeans(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		town := newTown(t, Options{Seed: rapid.Uint64().Draw(rt, "seed"), Homes: 20})
		for n := range town.options.Days {
			sum := 0.0
			for _, hour := range []int{2, 8, 14, 20} {
				celsius, _ := town.weather.At(town.at(n, hour, 0))
				sum += tenths(celsius)
			}
			spell := false
			near := false
			for _, f := range town.Faults() {
				spell = spell || f.Kind == ColdSpell && f.Holds(town.at(n, 12, 0))
				near = near || f.Kind == ColdSpell && f.From.Add(-day) < town.at(n, 12, 0) && town.at(n, 12, 0) < f.To.Add(day)
			}
			if mean := sum / 4; spell != (mean < -7.6) && spell == near {
				rt.Errorf("day %d has a mean of %.2f; in a spell: %v", n, mean, spell)
			}
		}
	})
}
