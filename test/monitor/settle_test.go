package monitor_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/blocks"
	"github.com/nuanju/nuanju/test/servertest"
)

// nuanju settle is killed while it writes, more than once, and started again. In the end each home has one statement, each as of the
// moment at which the first settlement began, and the dry run says so.
func TestSettlementIsKilled(t *testing.T) {
	t.Parallel()
	const buildings, homes = 40, 75
	s := newServer(t)
	s.settledTown(buildings, homes)
	l, err := ledger.Open(t.Context(), "sqlite://"+filepath.Join(s.Data, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	written := readStatements(t, l)
	for try := 1; try <= 3; try++ {
		cmd := exec.Command(servertest.Program(), "settle", "--season", "2015")
		cmd.Env = s.Env
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		for killed := false; !killed; {
			select {
			case <-ended: // it was faster than the look at what it has written
				killed = true
			default:
				if len(written()) >= 500*try {
					_ = cmd.Process.Kill() // it may have ended meanwhile
					<-ended
					killed = true
				}
			}
		}
	}
	s.Must("settle", "--season", "2015")
	all := written()
	seen := map[string]bool{}
	for _, x := range all {
		if seen[x.Household] || x.Seq != 1 || x.AsOf != all[0].AsOf && x.Settlement == all[0].Settlement {
			t.Errorf("%s has statement %d as of %s", x.Household, x.Seq, x.AsOf.Time())
		}
		seen[x.Household] = true
		if got := billing.Balance(x.Lines); got != x.Balance || got >= 0 {
			t.Errorf("%s: the lines come to %s, the statement says %s", x.Household, got, x.Balance)
		}
	}
	if len(all) != buildings*homes {
		t.Errorf("%d statements of %d homes", len(all), buildings*homes)
	}
	out := s.Must("--lang", "en", "settle", "--season", "2015", "--dry-run")
	for _, want := range []string{"A dry run: nothing was written", fmt.Sprintf("households: %d", buildings*homes), "prepaid, yuan: 0.00"} {
		if !strings.Contains(out, want) {
			t.Errorf("the dry run does not say %q:\n%s", want, out)
		}
	}
	if _, stderr, status := s.Command("settle", "--season", "2015", "--move-out"); status != 2 || !strings.Contains(stderr, "one --household") {
		t.Errorf("a move-out of nobody: %d %s", status, stderr)
	}
}

// readStatements gives all statements that were written so far, in the order of their homes, which is that of settling.
func readStatements(t testing.TB, l *ledger.Ledger) func() []ledger.Statement {
	var all []ledger.Statement
	after := ledger.StatementPlace{Household: " "}
	return func() []ledger.Statement {
		for {
			some, err := l.Statements(t.Context(), ledger.StatementFilter{After: after})
			if err != nil {
				t.Fatal(err)
			}
			if all = append(all, some...); len(some) == 0 {
				return all
			}
			last := some[len(some)-1]
			after = ledger.StatementPlace{Household: last.Household, Winter: last.Winter, Seq: last.Seq}
		}
	}
}

// settledTown is a town whose winter 2015/16 is over, with a heat meter for each building and nobody who has paid.
func (s *server) settledTown(buildings, homes int) {
	s.T.Helper()
	files := map[string]string{
		"buildings.csv": "id,substation,name,address\n", "households.csv": "id,building,area_m2,policy\n", "heat_meters.csv": "id,building,household\n",
		"devices.csv": "id\n", "assignments.csv": "device,target,id,room,from\n",
	}
	p, err := configs.Policy(configs.DefaultPolicy)
	if err != nil {
		s.T.Fatal(err)
	}
	season, err := checker.SeasonOf(p, "", 2015)
	if err != nil {
		s.T.Fatal(err)
	}
	in := season.In(p.Zone)
	if err := os.MkdirAll(s.Data, 0o700); err != nil {
		s.T.Fatal(err)
	}
	store, err := blocks.Open(s.T.Context(), filepath.Join(s.Data, "blocks.db"))
	if err != nil {
		s.T.Fatal(err)
	}
	var batches []sensors.Batch
	for b := range buildings {
		id := fmt.Sprintf("b%02d", b)
		files["buildings.csv"] += id + ",,,\n"
		files["heat_meters.csv"] += "m" + id + "," + id + ",\n"
		files["devices.csv"] += "m" + id + "\n"
		files["assignments.csv"] += "m" + id + ",meter,m" + id + ",,2015-01-01T00:00:00Z\n"
		for h := range homes {
			files["households.csv"] += fmt.Sprintf("%s-%02d,%s,%d.5,%s\n", id, h, id, 50+h, p.Name)
		}
		batch := sensors.Batch{Series: sensors.Series{Quantity: sensors.HeatKWh, Owner: "m" + id}}
		for at, kwh := in.Start, 0.0; at <= in.End; at, kwh = at.Add(time.Hour), kwh+40 {
			batch.Samples = append(batch.Samples, sensors.Sample{At: at, Received: at, Value: kwh})
		}
		batches = append(batches, batch)
	}
	if _, err := store.Write(s.T.Context(), batches); err != nil {
		s.T.Fatal(err)
	}
	if err := store.Close(); err != nil {
		s.T.Fatal(err)
	}
	dir := s.T.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			s.T.Fatal(err)
		}
	}
	s.Must("import", "registry", dir)
}
