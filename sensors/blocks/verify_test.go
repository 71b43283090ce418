package blocks

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

func TestVerifyNamesTheDamagedBlock(t *testing.T) {
	s := open1(t)
	fill(t, s, 3, 17000, 3)
	if faults, err := s.Verify(t.Context()); err != nil || len(faults) > 0 {
		t.Fatalf("a sound store has faults %v, %v", faults, err)
	}
	id, _ := s.id(device(1))
	var block []byte
	if err := s.write.QueryRow("SELECT data FROM blocks WHERE key = ?", keyOf(17001, id.id)).Scan(&block); err != nil {
		t.Fatal(err)
	}
	block[60] ^= 4
	if _, err := s.write.Exec("UPDATE blocks SET data = ? WHERE key = ?", block, keyOf(17001, id.id)); err != nil {
		t.Fatal(err)
	}
	faults, err := s.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []Fault{{Series: "temperature.celsius,device=sensor-00001", Date: "2016-07-19", What: errChecksum.Error()}}
	if !slices.Equal(faults, want) {
		t.Errorf("faults %v, want %v", faults, want)
	}
	// Reading it says so, too, and so does writing to it; other days are as they were.
	from := dayStart(17001)
	if _, err := s.Read(t.Context(), device(1), from, from+1, nil); err == nil || !strings.Contains(err.Error(), "2016-07-19") {
		t.Errorf("Read of the damaged day: %v", err)
	}
	if got, err := s.Read(t.Context(), device(1), from-dayLength, from, nil); err != nil || len(got) != 96 {
		t.Errorf("Read of the day before: %d samples, %v", len(got), err)
	}
	_, err = s.Write(t.Context(), []sensors.Batch{{Series: device(1), Samples: []sensors.Sample{{At: from + 1}}}})
	if err == nil || !strings.Contains(err.Error(), "2016-07-19") {
		t.Errorf("Write to the damaged day: %v", err)
	}
}

// TestAFlippedByteAnywhereIsFoundOrHarmless flips bytes all over the file. Each time Verify must find it, or the store
// must still give back everything.
func TestAFlippedByteAnywhereIsFoundOrHarmless(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "blocks.db")
	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, s, 20, 17000, 6)
	whole := contents(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 1))
	harmless := 0
	const flips = 300
	for i := range flips {
		at := random.IntN(len(sound))
		if i < 100 {
			at = i // the file's header
		}
		flipped := bytes.Clone(sound)
		flipped[at] ^= 1 << random.IntN(8)
		copied := filepath.Join(dir, fmt.Sprintf("flipped-%d.db", i))
		if err := os.WriteFile(copied, flipped, 0o600); err != nil {
			t.Fatal(err)
		}
		if found(t, copied, whole) {
			continue
		}
		harmless++
	}
	if harmless > flips/2 {
		t.Errorf("%d of %d flips were harmless: the test does not test", harmless, flips)
	}
}

// found reports whether a damaged store says so. It fails the test if it does not and gives back anything else than whole.
func found(t *testing.T, path string, whole map[sensors.Series][]sensors.Sample) bool {
	t.Helper()
	s, err := Open(t.Context(), path)
	if err != nil {
		return true
	}
	defer s.Close() // whatever a damaged file answers
	if faults, err := s.Verify(t.Context()); err != nil || len(faults) > 0 {
		return true
	}
	got := contents(t, s)
	if len(got) != len(whole) {
		t.Fatalf("%s: %d series of %d and no fault", path, len(got), len(whole))
	}
	for series, want := range whole {
		if !slices.Equal(got[series], want) {
			t.Fatalf("%s: %v has changed and no fault was found", path, series)
		}
	}
	return false
}

func contents(t *testing.T, s *Store) map[sensors.Series][]sensors.Sample {
	t.Helper()
	all, err := s.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[sensors.Series][]sensors.Sample)
	for _, series := range all {
		if out[series], err = s.Read(t.Context(), series, sensors.Earliest, sensors.Latest, nil); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestDaysComeFromTheHeaders(t *testing.T) {
	s := open1(t)
	minute := func(n int) sensors.Instant { return dayStart(17000).Add(time.Duration(n) * time.Minute) }
	samples := []sensors.Sample{{At: minute(0), Value: 20}, {At: minute(90), Value: 17.5}, {At: minute(100), Value: 21}, {At: minute(24 * 60), Value: 3}}
	if _, err := s.Write(t.Context(), []sensors.Batch{{Series: device(1), Samples: samples}}); err != nil {
		t.Fatal(err)
	}
	want := []Day{
		{"2016-07-18", Summary{Count: 3, Min: 17.5, Max: 21, LongestGap: 90 * time.Minute}},
		{"2016-07-19", Summary{Count: 1, Min: 3, Max: 3}},
	}
	got, err := s.Days(t.Context(), device(1), minute(5), minute(24*60)+1)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	if got, err := s.Days(t.Context(), device(2), minute(0), minute(5)); err != nil || len(got) > 0 {
		t.Errorf("of an unknown series: %+v, %v", got, err)
	}
}

func TestOpenRefusesWhatIsNotItsOwn(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte(strings.Repeat("not a database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	foreign, newer := filepath.Join(dir, "foreign.db"), filepath.Join(dir, "newer.db")
	for path, statement := range map[string]string{
		foreign: "DROP TABLE blocks; PRAGMA application_id = 0; PRAGMA user_version = 0",
		newer:   "PRAGMA user_version = 2",
	} {
		s, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.write.Exec(statement); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]string{
		text:                               "not a database",
		foreign:                            "not of sensor blocks",
		newer:                              "version 2",
		filepath.Join(dir, "no", "folder"): "unable to open",
		dir:                                "unable to open",
	} {
		if s, err := Open(t.Context(), path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%s): %v, %v; want %q", path, s, err, want)
		}
	}
}

func TestAFullDayIsTheFaultOfItsBatch(t *testing.T) {
	s := open1(t)
	many := make([]sensors.Sample, maxSamples+1)
	for i := range many {
		many[i] = sensors.Sample{At: dayStart(17000) + sensors.Instant(i), Received: dayStart(17000), Value: 20}
	}
	one := sensors.Batch{Series: device(1), Samples: many[:1]}
	_, err := s.Write(t.Context(), []sensors.Batch{one, {Series: device(2), Samples: many}})
	var fault *sensors.BatchError
	if !errors.As(err, &fault) || fault.Index != 1 || fault.Series != device(2) {
		t.Fatalf("one sample too many: %v", err)
	}
	if all, err := s.List(t.Context()); err != nil || len(all) > 0 {
		t.Errorf("and yet there is %v (%v)", all, err)
	}
	if _, err := s.Write(t.Context(), []sensors.Batch{one, {Series: device(2), Samples: many[:maxSamples]}}); err != nil {
		t.Errorf("a day that is just full: %v", err)
	}
	if got, err := s.Read(t.Context(), device(2), dayStart(17000), dayStart(17001), nil); err != nil || !slices.Equal(got, many[:maxSamples]) {
		t.Errorf("a day that is just full gives back %d samples, %v", len(got), err)
	}
}
