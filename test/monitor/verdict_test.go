package monitor_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nuanju/nuanju/ledger/pgtest"
	"github.com/nuanju/nuanju/sensors/influx/influxtest"
	"github.com/nuanju/nuanju/test/servertest"
)

// sharedCases are cases built from real data, with the verdicts of an independent judge; they are only there where the
// project is developed.
const sharedCases = "../../../shared/cases"

// What happened in a shared case is sent over HTTP in random order, some of it more than once, by several gateways at
// once. The monitor comes to the tiles and episodes of the independent judge, whatever keeps the readings.
func TestSharedCasesOverHTTP(t *testing.T) {
	t.Parallel()
	dirs, err := filepath.Glob(filepath.Join(sharedCases, "*", "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	if len(dirs) == 0 {
		t.Skip("../shared/cases is not here")
	}
	flux := influxtest.Start(t)
	for i, expected := range dirs {
		dir := filepath.Dir(expected)
		for store, settings := range map[string]func(testing.TB) []string{
			"blocks": func(testing.TB) []string { return nil },
			"influx": func(t testing.TB) []string { return onInflux(t, flux) },
		} {
			t.Run(filepath.Base(dir)+"/"+store, func(t *testing.T) {
				t.Parallel()
				h := readHome(t, dir, "3-2-601")
				text, err := os.ReadFile(expected)
				if err != nil {
					t.Fatal(err)
				}
				decode(t, text, &h.wanted)
				s := newServer(t, settings(t)...)
				s.register(h)
				s.Start()
				s.judges(h, uint64(i+1))
			})
		}
	}
}

// onInflux is the settings of a server that keeps its readings in a database of its own in an InfluxDB.
func onInflux(t testing.TB, flux *influxtest.Server) []string {
	t.Helper()
	return []string{"STORE_KIND=influx", "STORE_URL=" + flux.URL, "STORE_ORG=o", "STORE_BUCKET=" + flux.Database(t)}
}

// judges sends what happened at a home, declares what people declared there, and holds the verdict and the readings to what
// they have to be.
func (s *server) judges(h *home, seed uint64) {
	s.T.Helper()
	all := requests(seeded(s.T, seed), h)
	half := len(all) / 2
	s.send(all[:half])
	s.Must("import", "case", h.dir, "--household", h.household) // beside a server that runs
	s.send(all[half:])
	s.settle()
	s.holds(h)
}

// holds compares the server's verdict and readings with those of a home.
func (s *server) holds(h *home) {
	s.T.Helper()
	report(s.T, h.wrongVerdict(s.verdict(h.household, h.from, h.to)))
	report(s.T, h.wrongReadings(s.readings(h.household, h.from.Add(-24*time.Hour), h.to.Add(24*time.Hour))))
}

// The clock of the machine may be set to any zone, also one that is half an hour off or that has summer time: the verdict
// is the same to the byte.
func TestZone(t *testing.T) {
	t.Parallel()
	h := example(t)
	all := requests(seeded(t, 1), h)
	var first []byte
	for _, zone := range []string{"UTC", "America/St_Johns", "Asia/Kolkata"} {
		s := newServer(t, "TZ="+zone)
		s.register(h)
		s.Start()
		s.send(all)
		s.Must("import", "case", h.dir, "--household", h.household)
		s.settle()
		s.holds(h)
		text := s.Get("auditor", "/api/v1/households/"+h.household+"/tiles?"+period(h.from, h.to))
		if first == nil {
			first = text
		}
		if string(text) != string(first) {
			t.Errorf("in %s the tiles are\n%s\nand in UTC\n%s", zone, text, first)
		}
		s.Stop()
	}
}

// Ledger and log on PostgreSQL: the same verdict, also after a restart, and the log verifies.
func TestPostgres(t *testing.T) {
	t.Parallel()
	h := example(t)
	s := newServer(t, "LEDGER="+pgtest.Start(t), "LOG="+pgtest.Start(t))
	s.register(h)
	s.Start()
	s.judges(h, 1)
	s.Kill()
	s.Start()
	s.settle()
	s.holds(h)
	s.Stop()
	if out := s.Must("verify"); out != "ok\n" {
		t.Errorf("verify says %q", out)
	}
	for _, file := range []string{"ledger.db", "log.db"} {
		if _, err := os.Stat(filepath.Join(s.Data, file)); err == nil {
			t.Errorf("%s was made beside PostgreSQL", file)
		}
	}
}

// The log is the truth and the store an index of it: a lost store is filled again, receipts included.
func TestRebuild(t *testing.T) {
	t.Parallel()
	h := example(t)
	s := newServer(t)
	s.register(h)
	s.Start()
	s.judges(h, 2)
	paths := []string{
		"/api/v1/households/" + h.household + "/readings?" + period(h.from, h.to),
		"/api/v1/households/" + h.household + "/tiles?" + period(h.from, h.to),
		"/api/v1/households/" + h.household + "/episodes?" + period(h.from, h.to),
	}
	before := make([]string, len(paths))
	for i, path := range paths {
		before[i] = string(s.Get("auditor", path))
	}
	s.Stop()
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(s.Data, "blocks.db"+suffix)); err != nil && suffix == "" {
			t.Fatal(err)
		}
	}
	s.Must("rebuild")
	s.Start()
	s.settle()
	for i, path := range paths {
		if after := string(s.Get("auditor", path)); after != before[i] {
			t.Errorf("%s after the rebuild:\n%s\nbefore:\n%s", path, after, before[i])
		}
	}
	s.Stop()
	if out := s.Must("verify"); out != "ok\n" {
		t.Errorf("verify says %q", out)
	}
}

// What comes before its device is registered is set aside, and judged as soon as a registry says where the device is.
func TestRegistryComesLate(t *testing.T) {
	t.Parallel()
	h := example(t)
	s := newServer(t)
	s.Start()
	s.send(requests(seeded(t, 3), h))
	s.settle()
	var held struct{ Counts map[string]int }
	decode(t, s.Get("auditor", "/api/v1/quarantine"), &held)
	if held.Counts["unknown_device"] == 0 {
		t.Errorf("nothing is held although nobody is registered: %v", held.Counts)
	}
	s.register(h)
	s.Must("import", "case", h.dir, "--household", h.household)
	servertest.Until(t, "nothing is held any more", func() bool {
		held.Counts = nil
		decode(t, s.Get("auditor", "/api/v1/quarantine"), &held)
		return len(held.Counts) == 0
	})
	s.settle()
	s.holds(h)
}
