package dashboards_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nuanju/nuanju/dashboards"
	"github.com/nuanju/nuanju/ledger/registrycsv"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/influx/influxtest"
	"github.com/nuanju/nuanju/simulate"
	"github.com/nuanju/nuanju/test/servertest"
)

// watched is a simulated town on nuanju with InfluxDB, and Prometheus that watches it.
type watched struct {
	*servertest.Server
	influxdb, bucket string
	prometheus       string
	home, building   string // that things happen to; another home is as cold, and nobody excuses it
	other            string
}

func newWatched(t *testing.T) *watched {
	t.Helper()
	db := influxtest.Start(t)
	metrics := free(t)
	w := &watched{influxdb: db.URL, bucket: db.Database(t)}
	w.Server = servertest.New(t, "STORE_KIND=influx", "STORE_URL="+db.URL, "STORE_BUCKET="+w.bucket, "METRICS="+metrics)
	for _, role := range []string{"device", "dispatcher", "resident"} {
		w.Token(role)
	}
	w.watch(t, metrics)
	return w
}

// free is an address that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// watch starts Prometheus with the rules as they are, scraping every second.
func (w *watched) watch(t *testing.T, metrics string) {
	t.Helper()
	dir := t.TempDir()
	rules, err := filepath.Abs("../../dashboards/prometheus/rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	config := fmt.Sprintf("global: {scrape_interval: 1s, evaluation_interval: 1s}\nrule_files: [%q]\nscrape_configs: [{job_name: nuanju, static_configs: [{targets: [%q]}]}]\n", rules, metrics)
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	address := free(t)
	w.prometheus = "http://" + address
	cmd := exec.Command("prometheus", "--config.file="+file, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address="+address, "--log.level=error")
	servertest.Tie(cmd)
	out := &servertest.LastLines{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed, as it should be
	})
	servertest.Until(t, "Prometheus is ready", func() bool {
		res, err := http.Get(w.prometheus + "/-/ready")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
}

// live lets a town live for the last two days, with faults, and people do what they do: everything that a panel shows happens.
func (w *watched) live() {
	t := w.T
	t.Helper()
	now := time.Now()
	zone := time.FixedZone("CST", 8*3600)
	today := now.In(zone)
	midnight := time.Date(today.Year(), today.Month(), today.Day(), 0, 0, 0, 0, zone)
	town, err := simulate.New(simulate.Options{
		Seed: 7, Homes: 12, Buildings: 2, From: sensors.At(midnight.AddDate(0, 0, -2)), Days: 4, DeepCold: true,
		Faults: []simulate.Kind{simulate.SensorDead, simulate.SensorGarbage, simulate.Duplicates},
	})
	must(t, err)
	registry := town.Registry()
	for i := range registry.Households { // the tests run in summer as well
		registry.Households[i].Season = now.AddDate(0, 0, -30).Format(time.DateOnly) + "/" + now.AddDate(0, 0, 30).Format(time.DateOnly)
	}
	w.home, w.building, w.other = registry.Households[0].ID, registry.Households[0].Building, registry.Households[1].ID
	files, err := registrycsv.Write(registry)
	must(t, err)
	dir := t.TempDir()
	for _, f := range files {
		must(t, os.WriteFile(filepath.Join(dir, f.Name), f.Text, 0o600))
	}
	w.Must("import", "registry", dir)
	w.Start()
	w.busy()
	w.happen(now)
	w.send(town, sensors.At(now))
}

// busy has a desk look at the list of tickets until the test ends: a server that nobody asks has no request times.
func (w *watched) busy() {
	ctx, stop := context.WithCancel(context.Background())
	var looking sync.WaitGroup
	looking.Go(func() {
		tick := time.NewTicker(500 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				_, _, _ = w.Do("dispatcher", http.MethodGet, "/api/v1/tickets", nil, nil) // what matters is that it was asked
			}
		}
	})
	w.T.Cleanup(func() {
		stop()
		looking.Wait()
	})
}

// send sends what the town measured until now; two of its homes are cold.
func (w *watched) send(town *simulate.Town, now sensors.Instant) {
	t := w.T
	t.Helper()
	cold := map[string]bool{}
	for i, room := range town.Rooms() {
		if room.Household == w.home || room.Household == w.other {
			cold[town.Device(i)] = true
		}
	}
	var lines []byte
	flush := func() {
		must(t, w.Write("?precision="+simulate.Precision, string(lines)))
		lines = lines[:0]
	}
	must(t, town.Start().Advance(now, func(m *simulate.Message) error {
		if cold[m.Owner] {
			m.Value -= 6
		}
		if lines = m.AppendLine(lines); len(lines) > 1<<20 {
			flush()
		}
		return nil
	}))
	lines = append(lines, "temperature,device=nobodys celsius=18 "+stamp(now.Time())+"\n"...)
	flush()
}

// happen is what people do: reports with and without answers, a stoppage, an exemption that is proved.
func (w *watched) happen(now time.Time) {
	t := w.T
	t.Helper()
	in := func(d time.Duration) string { return now.Add(d).Format(time.RFC3339) }
	for _, report := range []struct {
		ago  time.Duration
		acts []string
	}{{30 * time.Minute, []string{"reply", "update"}}, {50 * time.Minute, nil}, {7 * time.Hour, nil}, {10 * time.Minute, []string{"reply"}}} {
		id := w.post("/api/v1/tickets", map[string]any{"household": w.home, "kind": "low_temperature", "text": "冷", "reported_at": in(-report.ago)})
		for _, verb := range report.acts {
			w.post("/api/v1/tickets/"+id+"/"+verb, map[string]any{"text": "已派人"})
		}
	}
	w.post("/api/v1/outages", map[string]any{"place": map[string]any{"kind": "building", "id": w.building}, "start": in(20 * time.Second), "end": in(2 * time.Hour), "planned": true, "reason": "换泵"})
	id := w.post("/api/v1/exemptions", map[string]any{
		"place": map[string]any{"kind": "household", "id": w.home}, "clause": "A7.2.2.2", "start": in(-30 * time.Hour), "end": in(24 * time.Hour), "text": "拒绝入户",
	})
	w.post("/api/v1/exemptions/"+id+"/proofs", map[string]any{"text": "入户记录"})
}

// post sends something as a dispatcher, and returns its id.
func (w *watched) post(path string, body any) string {
	w.T.Helper()
	return w.postAs("dispatcher", path, body)
}

// postAs sends something with the token of that name.
func (w *watched) postAs(who, path string, body any) string {
	t := w.T
	t.Helper()
	text, err := json.Marshal(body)
	must(t, err)
	status, answer, err := w.Do(who, http.MethodPost, path, text, map[string]string{"Content-Type": "application/json"})
	if err != nil || status >= http.StatusBadRequest {
		t.Fatalf("POST %s %s: %d %s (%v)", path, text, status, answer, err)
	}
	var got struct{ ID string }
	must(t, json.Unmarshal(answer, &got))
	return got.ID
}

// scraped waits until Prometheus has seen verdicts of the whole town twice.
func (w *watched) scraped() {
	w.T.Helper()
	servertest.Until(w.T, "Prometheus knows homes", func() bool {
		return w.rows(w.T.(*testing.T), dashboards.Prometheus, "count(nuanju_homes)", true) > 0
	})
}

// settled settles a home's account, whose tenant leaves.
func (w *watched) settled() {
	w.T.Helper()
	begins := time.Now().AddDate(0, 0, -30)
	year := begins.Year()
	if begins.Month() < time.July {
		year--
	}
	now := time.Now()
	w.Tokens["their resident"] = w.NewToken("resident", "--household", w.other)
	for _, side := range []string{"their resident", "dispatcher"} {
		w.postAs(side, "/api/v1/confirmations", map[string]any{
			"household": w.other, "start": now.Add(-30 * time.Hour).Truncate(time.Hour).Format(time.RFC3339), "end": now.Add(-6 * time.Hour).Truncate(time.Hour).Format(time.RFC3339),
		})
	}
	servertest.Until(w.T, "hours are confirmed", func() bool {
		return w.rows(w.T.(*testing.T), dashboards.Prometheus, `nuanju_cold_seconds{part="confirmed"} > 0`, true) > 0
	})
	w.Must("settle", "--season", strconv.Itoa(year), "--household", w.other, "--move-out")
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
