package backup_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuanju/nuanju/test/servertest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }

const household = "h1"

// from is when the winter of these tests begins; it is over, so that its verdicts do not grow with the time of the test.
var from = time.Date(2015, 11, 20, 0, 0, 0, 0, time.UTC)

// registered is a server with one home of one room.
func registered(t *testing.T) *servertest.Server {
	t.Helper()
	s := servertest.New(t)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"buildings.csv": "id,substation,name,address\nb1,,,\n", "stations.csv": "id,name\nbeijing,\n",
		"households.csv":  "id,building,area_m2,policy,season\nh1,b1,80,beijing-metered,2015-11-15/2016-03-15\n",
		"rooms.csv":       "household,room,kind\nh1,bed,bedroom\n",
		"devices.csv":     "id\nd1\n",
		"assignments.csv": "device,target,id,room,from\nd1,room,h1,bed,2015-11-01T00:00:00Z\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.Must("import", "registry", dir)
	for _, role := range []string{"device", "auditor", "dispatcher"} {
		s.Token(role)
	}
	return s
}

// lines are readings, a quarter of an hour apart: cold at first, warm later.
func lines(first, n int) string {
	var b strings.Builder
	for i := first; i < first+n; i++ {
		celsius := 20.5
		if i%40 < 20 {
			celsius = 14.25
		}
		fmt.Fprintf(&b, "temperature,device=d1 celsius=%.2f %d\n", celsius, from.Add(time.Duration(i)*15*time.Minute).Unix())
	}
	return b.String()
}

// tiles is the home's verdict of the days that are asked for, as the API gives it, byte for byte.
func tiles(s *servertest.Server, days int) []byte {
	return s.Get("auditor", fmt.Sprintf("/api/v1/households/%s/tiles?from=%s&to=%s", household,
		from.Format(time.RFC3339), from.AddDate(0, 0, days).Format(time.RFC3339)))
}

// restored is a server on what a backup brings back.
func restored(t *testing.T, s *servertest.Server, folder string) *servertest.Server {
	t.Helper()
	r := servertest.New(t)
	r.Tokens = s.Tokens
	out := r.Must("restore", folder)
	if !strings.HasPrefix(out, "restored: ") {
		t.Errorf("restore says %q", out)
	}
	if out := r.Must("verify"); out != "ok\n" {
		t.Errorf("the restored log: verify says %q", out)
	}
	r.Start()
	return r
}

// A backup is taken while readings come in. What it brings back serves the same verdicts, byte for byte, has every reading that was
// acknowledged before it was taken, with a log that verifies, and goes on from there.
func TestARestoredBackupServesTheSameVerdicts(t *testing.T) {
	t.Parallel()
	const settled = 40 * 20 // readings of the days that are compared: they are there before the backup
	s := registered(t)
	s.Start()
	if err := s.Write("?precision=s", lines(0, settled)); err != nil {
		t.Fatal(err)
	}
	days := settled / 96
	var before []byte
	servertest.Until(t, "the days are judged", func() bool {
		before = tiles(s, days)
		return bytes.Contains(before, []byte(`"below"`)) && bytes.Contains(before, []byte(`"compliant"`))
	}, func() string { return string(before) })

	var stop atomic.Bool
	var acked atomic.Int64
	var wait sync.WaitGroup
	wait.Go(func() {
		for n := settled + 96; !stop.Load(); n += 5 {
			if err := s.Write("?precision=s", lines(n, 5)); err != nil {
				t.Error(err)
				return
			}
			acked.Store(int64(n + 5))
		}
	})
	servertest.Until(t, "readings come in", func() bool { return acked.Load() > 0 })
	atLeast := acked.Load()
	folder := filepath.Join(t.TempDir(), "backup")
	out := s.Must("backup", "--with-key", folder)
	servertest.Until(t, "readings went on coming in", func() bool { return acked.Load() > atLeast })
	stop.Store(true)
	wait.Wait()
	before = tiles(s, days)
	t.Logf("%s readings came in meanwhile: %d", strings.TrimSpace(out), acked.Load()-atLeast)

	for range 2 { // a backup can be restored again and again
		r := restored(t, s, folder)
		var after []byte
		servertest.Until(t, "the verdicts are the same", func() bool {
			after = tiles(r, days)
			return bytes.Equal(before, after)
		}, func() string { return fmt.Sprintf("before\n%s\nafter\n%s", before, after) })
		last := from.Add(time.Duration(atLeast-1) * 15 * time.Minute)
		servertest.Until(t, "every reading that was acknowledged before the backup is there", func() bool {
			body := r.Get("auditor", fmt.Sprintf("/api/v1/households/%s/readings?from=%s&to=%s", household,
				last.Format(time.RFC3339), last.Add(time.Second).Format(time.RFC3339)))
			return bytes.Contains(body, []byte("14.25")) || bytes.Contains(body, []byte("20.5"))
		})
		if err := r.Write("?precision=s", lines(30_000, 5)); err != nil {
			t.Errorf("the restored server does not go on: %v", err)
		}
		r.Stop()
		if out := r.Must("verify"); out != "ok\n" {
			t.Errorf("verify says %q", out)
		}
	}
}

// A backup that was changed, that is not whole, or that would go over something is not restored; a folder that is there is not backed up into.
func TestWhatIsNotRestored(t *testing.T) {
	t.Parallel()
	s := registered(t)
	s.Start()
	if err := s.Write("?precision=s", lines(0, 50)); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(t.TempDir(), "backup")
	s.Must("backup", folder) // without the key
	if _, stderr, status := s.Command("backup", folder); status != 2 || !strings.Contains(stderr, "must not be there yet") {
		t.Errorf("a second backup into one folder: %d %s", status, stderr)
	}
	if _, err := os.Stat(filepath.Join(folder, "log.key")); err == nil {
		t.Error("the key is in a backup that was not to have it")
	}
	refuses := func(what, want string, change func(r *servertest.Server)) {
		t.Helper()
		r := servertest.New(t)
		change(r)
		if _, stderr, status := r.Command("restore", folder); status != 1 || !strings.Contains(stderr, want) {
			t.Errorf("%s: %d %s", what, status, stderr)
		}
		if _, err := os.Stat(filepath.Join(r.Data, "ledger.db")); err == nil && what != "over a ledger" {
			t.Errorf("%s: something was brought back", what)
		}
	}
	key := func(r *servertest.Server) {
		text, err := os.ReadFile(filepath.Join(s.Data, "log.key"))
		if err == nil {
			err = os.WriteFile(filepath.Join(r.Data, "log.key"), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	refuses("without the key", "does not have the log's key", func(*servertest.Server) {})
	refuses("over a ledger", "is there already", func(r *servertest.Server) {
		key(r)
		if err := os.WriteFile(filepath.Join(r.Data, "ledger.db"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	})
	path := filepath.Join(folder, "log.db")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(text)
	changed[len(changed)-100] ^= 1
	for what, b := range map[string][]byte{"a byte of the log changed": changed, "the log cut short": text[:len(text)-4096]} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		refuses(what, "log.db: is not what the manifest says", key)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	whole := servertest.New(t)
	key(whole)
	whole.Must("restore", folder)
	if err := os.Remove(filepath.Join(folder, "manifest.json")); err != nil {
		t.Fatal(err)
	}
	refuses("without the manifest", "no finished backup", key)
}

// With embedded stores a data folder is one server's: a second one is told so, and the first goes on.
func TestASecondServerOnOneFolderIsRefused(t *testing.T) {
	t.Parallel()
	s := registered(t)
	s.Start()
	for _, command := range []string{"serve", "rebuild"} {
		if _, stderr, status := s.Command(command); status != 1 || !strings.Contains(stderr, "another nuanju uses the data folder") {
			t.Errorf("%s: %d %s", command, status, stderr)
		}
	}
	if status, _, err := s.Do("", http.MethodGet, "/healthz", nil, nil); status != http.StatusOK || err != nil {
		t.Errorf("the first server: %d %v", status, err)
	}
	s.Kill()
	s.Start() // what was killed holds nothing
	s.Stop()
}
