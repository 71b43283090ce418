package replicas_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuanju/nuanju/ledger/pgtest"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/influx/influxtest"
	"github.com/nuanju/nuanju/test/servertest"
)

const (
	homes = 8
	rooms = 2
)

// town is several servers of one town, with senders that ask whichever of them answers.
type town struct {
	t        *testing.T
	servers  []*servertest.Server
	database string // of the log and the ledger
	flux     *influxtest.Server
	bucket   string
	next     atomic.Int64 // whose turn it is
	refused  atomic.Int64 // attempts that were not answered well
}

// open makes servers that share everything but their data folders, and registers homes, each room with a device.
func open(t *testing.T, servers int) *town {
	t.Helper()
	w := &town{t: t, database: pgtest.Start(t), flux: influxtest.Start(t)}
	w.bucket = w.flux.Database(t)
	key := filepath.Join(t.TempDir(), "log.key")
	for range servers {
		w.servers = append(w.servers, servertest.New(t, "LOG="+w.database, "LEDGER="+w.database, "KEY="+key,
			"STORE_KIND=influx", "STORE_URL="+w.flux.URL, "STORE_ORG=o", "STORE_BUCKET="+w.bucket, "CRON_SIGN=@every 2s"))
	}
	first := w.servers[0]
	first.Must("import", "registry", w.registry())
	for _, role := range []string{"device", "dispatcher", "auditor"} {
		first.Token(role)
	}
	for _, s := range w.servers {
		s.Tokens = first.Tokens
		s.Start()
	}
	return w
}

func household(h int) string { return fmt.Sprintf("h%02d", h) }

func device(h, r int) string { return fmt.Sprintf("h%02d-r%d", h, r) }

// registry is the folder of a town whose season is now.
func (w *town) registry() string {
	dir, now := w.t.TempDir(), time.Now()
	season := now.AddDate(0, 0, -30).Format(time.DateOnly) + "/" + now.AddDate(0, 0, 30).Format(time.DateOnly)
	files := map[string]string{
		"buildings.csv": "id,substation,name,address\nb1,,,\n", "stations.csv": "id,name\nbeijing,\n",
		"households.csv": "id,building,area_m2,policy,season\n", "rooms.csv": "household,room,kind\n", "devices.csv": "id\n",
		"assignments.csv": "device,target,id,room,from\n",
	}
	for h := range homes {
		files["households.csv"] += fmt.Sprintf("%s,b1,80,beijing-metered,%s\n", household(h), season)
		for r := range rooms {
			files["rooms.csv"] += fmt.Sprintf("%s,r%d,bedroom\n", household(h), r)
			files["devices.csv"] += device(h, r) + "\n"
			files["assignments.csv"] += fmt.Sprintf("%s,room,%s,r%d,%s\n", device(h, r), household(h), r, now.AddDate(0, 0, -20).Format(time.RFC3339))
		}
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			w.t.Fatal(err)
		}
	}
	return dir
}

// ask asks one server after the other until one answers as wanted. False: none did before ctx ended.
func (w *town) ask(ctx context.Context, role, path string, body []byte, headers map[string]string, want int) ([]byte, bool) {
	pause := time.NewTicker(10 * time.Millisecond)
	defer pause.Stop()
	for {
		s := w.servers[int(w.next.Add(1))%len(w.servers)]
		status, answer, err := s.Do(role, http.MethodPost, path, body, headers)
		switch {
		case err == nil && status == want:
			return answer, true
		case err == nil && status >= 400 && status < 500 && status != http.StatusTooManyRequests:
			w.t.Errorf("POST %s: %d %s", path, status, answer)
			return nil, false
		}
		w.refused.Add(1)
		select {
		case <-pause.C:
		case <-ctx.Done():
			return nil, false
		}
	}
}

// reading is one that was acknowledged.
type reading struct {
	device string
	at     sensors.Instant
	value  float64
}

// send is a gateway: it sends each reading of its device, a few at a time, until it is acknowledged, and returns those that were.
func (w *town) send(ctx context.Context, stop *atomic.Bool, name string, seed uint64) (acked []reading) {
	random := rand.New(rand.NewPCG(seed, 7))
	at := time.Now().AddDate(0, 0, -2).Truncate(time.Second)
	pause := time.NewTicker(25 * time.Millisecond)
	defer pause.Stop()
	for !stop.Load() {
		var body strings.Builder
		var some []reading
		for range 1 + random.IntN(8) {
			r := reading{name, sensors.At(at), float64(1500+random.IntN(800)) / 100}
			fmt.Fprintf(&body, "temperature,device=%s celsius=%.2f %d\n", r.device, r.value, at.Unix())
			some, at = append(some, r), at.Add(5*time.Second)
		}
		if _, ok := w.ask(ctx, "device", "/api/v2/write?precision=s", []byte(body.String()), nil, http.StatusNoContent); !ok {
			return acked
		}
		acked = append(acked, some...)
		<-pause.C
	}
	return acked
}

// call is a report whose reply is due soon.
type call struct {
	id  string
	due time.Time // of the reply
}

// report files calls that came nearly an hour ago, each with its own key, so that one that is sent again is filed once.
func (w *town) report(ctx context.Context, stop *atomic.Bool) (all []call) {
	pause := time.NewTicker(400 * time.Millisecond)
	defer pause.Stop()
	for n := 0; !stop.Load(); n++ {
		called := time.Now().Add(-time.Hour + time.Duration(1+n%7)*time.Second).Truncate(time.Millisecond)
		body, err := json.Marshal(map[string]any{"household": household(n % homes), "kind": "low_temperature", "reported_at": called.Format(time.RFC3339Nano)})
		if err != nil {
			w.t.Error(err)
			return all
		}
		answer, ok := w.ask(ctx, "dispatcher", "/api/v1/tickets", body, map[string]string{
			"Content-Type": "application/json", "Idempotency-Key": fmt.Sprintf("call-%d", n),
		}, http.StatusCreated)
		var t struct{ ID string }
		if !ok || json.Unmarshal(answer, &t) != nil || t.ID == "" {
			return all
		}
		all = append(all, call{t.ID, called.Add(time.Hour)})
		<-pause.C
	}
	return all
}

// load runs until it is told to stop, and then returns what was acknowledged.
func (w *town) load(ctx context.Context) (stop func() (acked []reading, calls []call)) {
	var stopped atomic.Bool
	var mu sync.Mutex
	var wait sync.WaitGroup
	var acked []reading
	var calls []call
	for h := range homes {
		for r := range rooms {
			wait.Go(func() {
				some := w.send(ctx, &stopped, device(h, r), uint64(h*rooms+r))
				mu.Lock()
				defer mu.Unlock()
				acked = append(acked, some...)
			})
		}
	}
	wait.Go(func() { calls = w.report(ctx, &stopped) })
	return func() ([]reading, []call) {
		stopped.Store(true)
		wait.Wait()
		return acked, calls
	}
}
