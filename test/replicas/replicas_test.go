package replicas_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/influx"
	"github.com/nuanju/nuanju/test/servertest"
)

// lasting is how long the load lasts, and every how long a server is killed: 20 s and 5 s, or what the environment says. The figures of
// the requirements are
//
//	NUANJU_REPLICAS=2m go test ./test/replicas -run Killed -v
func lasting(t *testing.T) (load, every time.Duration) {
	text := os.Getenv("NUANJU_REPLICAS")
	if text == "" {
		return 20 * time.Second, 5 * time.Second
	}
	load, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("NUANJU_REPLICAS: %v", err)
	}
	return load, 10 * time.Second
}

// Three servers take in readings and reports while one after the other is killed with kill -9 and started again. Every reading that was
// acknowledged is in the log and in the store, once; no home is judged twice for one version of what is known of it, and the last version
// of each is judged; each breach of a clock is recorded once, at the instant when it was due, and told to the log once; the log verifies.
func TestServersAreKilled(t *testing.T) {
	load, every := lasting(t)
	w := open(t, 3)
	db := w.watchJudgings()
	ctx, giveUp := context.WithTimeout(t.Context(), load+servertest.Patience)
	defer giveUp()
	stop := w.load(ctx)
	kills := 0
	next := time.NewTicker(every)
	defer next.Stop()
	for began := time.Now(); time.Since(began) < load; kills++ {
		<-next.C
		s := w.servers[kills%len(w.servers)]
		s.Kill()
		s.Start()
	}
	acked, calls := stop()
	w.settle(db, calls)
	t.Logf("%v of load, %d kills: %d readings and %d reports acknowledged, %d attempts sent again",
		load, kills, len(acked), len(calls), w.refused.Load())
	w.readings(acked)
	w.judgings(db)
	w.clocks(calls)
	for _, s := range w.servers {
		s.Stop()
	}
	if out := w.servers[0].Must("verify"); out != "ok\n" {
		t.Errorf("verify says %q", out)
	}
}

// watchJudgings has the database note every judgment that is written, with the version of the mark that led to it.
func (w *town) watchJudgings() *sql.DB {
	w.t.Helper()
	db, err := sql.Open("pgx", w.database)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = db.Close() })
	for _, statement := range []string{
		"CREATE TABLE seen (n BIGINT GENERATED ALWAYS AS IDENTITY, household TEXT, mark BIGINT)",
		`CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO seen (household, mark) VALUES (NEW.household, NEW.mark); RETURN NULL; END $$`,
		"DELETE FROM judged WHERE household = ''",
		"CREATE TRIGGER see AFTER INSERT OR UPDATE ON judged FOR EACH ROW EXECUTE FUNCTION see()",
	} {
		if _, err := db.Exec(statement); err != nil {
			w.t.Fatal(err)
		}
	}
	return db
}

// number reads one number.
func (w *town) number(db *sql.DB, query string, args ...any) (n int64) {
	w.t.Helper()
	if err := db.QueryRow(query, args...).Scan(&n); err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	return n
}

// settle waits until everything that was acknowledged is forwarded, judged, breached and told to the log.
func (w *town) settle(db *sql.DB, calls []call) {
	w.t.Helper()
	last := time.Now()
	for _, c := range calls {
		if c.due.After(last) {
			last = c.due
		}
	}
	servertest.Until(w.t, "every reply is overdue", func() bool { return time.Now().After(last) })
	tail := func() string {
		return w.servers[0].Stderr.String() + w.servers[1].Stderr.String() + w.servers[2].Stderr.String()
	}
	for what, query := range map[string]string{
		"every breach is recorded":       fmt.Sprintf("SELECT %d - count(*) FROM ticket_events WHERE event = 'breach_reply'", len(calls)),
		"the log was told what happened": "SELECT count(*) FROM outbox WHERE leaf IS NULL",
	} {
		servertest.Until(w.t, what, func() bool { return w.number(db, query) <= 0 }, tail)
	}
	servertest.Until(w.t, "everything is forwarded and judged", func() bool {
		forwarded := w.number(db, "SELECT coalesce(max(value), 0) FROM watermarks WHERE name = 'forward/influx'")
		return forwarded == w.number(db, "SELECT size FROM evidence_head") &&
			w.number(db, "SELECT count(*) FROM dirty WHERE from_ns < 9223372036854775807") == 0
	}, tail)
}

// readings holds the log and the store to what was acknowledged.
func (w *town) readings(acked []reading) {
	w.t.Helper()
	log, err := evidence.Open(w.t.Context(), w.database, nil, evidence.Options{})
	if err != nil {
		w.t.Fatal(err)
	}
	defer log.Close()
	inLog, workflow := map[reading]int{}, map[string]int{}
	for leaf, err := range log.Leaves(w.t.Context(), 0) {
		if err != nil {
			w.t.Fatal(err)
		}
		if leaf.Subject == "ledger" {
			var told struct{ Key string }
			if err := json.Unmarshal(leaf.Content, &told); err != nil {
				w.t.Fatal(err)
			}
			workflow[told.Key]++
			continue
		}
		for line := range strings.Lines(string(leaf.Content)) {
			if r, ok := parse(line); ok {
				inLog[r]++
			}
		}
	}
	for key, n := range workflow {
		if n > 1 {
			w.t.Errorf("the log was told %d times of %s", n, key)
		}
	}
	lost, again, wanted := 0, 0, map[string]map[sensors.Instant]float64{}
	for _, r := range acked {
		if inLog[r] == 0 {
			lost++
		}
		if wanted[r.device] == nil {
			wanted[r.device] = map[sensors.Instant]float64{}
		}
		wanted[r.device][r.at] = r.value
	}
	for r, n := range inLog {
		if again += n - 1; wanted[r.device][r.at] != r.value {
			w.t.Errorf("the log has a reading that nobody sent: %+v", r)
		}
	}
	if lost > 0 || len(inLog) != len(acked) {
		w.t.Errorf("of %d readings that were acknowledged %d are not in the log, which has %d", len(acked), lost, len(inLog))
	}
	stored := w.stored(wanted)
	w.t.Logf("readings: %d acknowledged = %d in the log = %d in the store; %d came in again after an acknowledgement that was lost; %d workflow entries, each once",
		len(acked), len(inLog), stored, again, len(workflow))
}

// parse reads a line of the log as send wrote it.
func parse(line string) (reading, bool) {
	_, text, _ := strings.Cut(line, " ") // its length stands before it
	rest, ok := strings.CutPrefix(text, "temperature,device=")
	fields := strings.Fields(rest)
	if !ok || len(fields) != 3 {
		return reading{}, false
	}
	value, err := strconv.ParseFloat(strings.TrimPrefix(fields[1], "celsius="), 64)
	seconds, err2 := strconv.ParseInt(fields[2], 10, 64)
	return reading{fields[0], sensors.Instant(time.Duration(seconds) * time.Second), value}, err == nil && err2 == nil
}

// stored holds the store to what was acknowledged, and returns how many readings it has.
func (w *town) stored(wanted map[string]map[sensors.Instant]float64) (n int) {
	w.t.Helper()
	store, err := influx.Open(influx.Config{URL: w.flux.URL, Org: "o", Bucket: w.bucket})
	if err != nil {
		w.t.Fatal(err)
	}
	defer store.Close()
	for device, values := range wanted {
		samples, err := store.Read(w.t.Context(), sensors.Series{Quantity: sensors.Temperature, Owner: device}, 0, sensors.Forever-1, nil)
		if err != nil {
			w.t.Fatal(err)
		}
		if n += len(samples); len(samples) != len(values) {
			w.t.Errorf("%s: %d readings in the store, %d acknowledged", device, len(samples), len(values))
		}
		for _, s := range samples {
			if v, ok := values[s.At]; !ok || v != s.Value {
				w.t.Errorf("%s at %s: %v in the store, %v was sent", device, s.At.Time(), s.Value, v)
			}
		}
	}
	return n
}

// judgings holds what the database noted to the promise: no version twice, the last of each home judged.
func (w *town) judgings(db *sql.DB) {
	w.t.Helper()
	total := w.number(db, "SELECT count(*) FROM seen")
	if twice := w.number(db, "SELECT count(*) FROM (SELECT 1 FROM seen GROUP BY household, mark HAVING count(*) > 1) x"); twice > 0 {
		w.t.Errorf("%d versions of homes were judged more than once", twice)
	}
	if behind := w.number(db, "SELECT count(*) FROM dirty d LEFT JOIN judged j ON j.household = d.household WHERE j.mark IS DISTINCT FROM d.version"); behind > 0 {
		w.t.Errorf("of %d homes the last version was not judged", behind)
	}
	if back := w.number(db, "SELECT count(*) FROM seen a JOIN seen b ON a.household = b.household AND a.n < b.n AND a.mark >= b.mark"); back > 0 {
		w.t.Errorf("%d judgings were of an older version than one before", back)
	}
	if total == 0 || w.number(db, "SELECT count(DISTINCT household) FROM seen") != homes {
		w.t.Error("not every home was judged")
	}
	w.t.Logf("judgings: %d, each of another version of its home; %d versions were marked", total, w.number(db, "SELECT sum(version) FROM dirty"))
}

// clocks holds each report to its breach: once, at the instant when the reply was due.
func (w *town) clocks(calls []call) {
	w.t.Helper()
	var late []time.Duration
	for _, c := range calls {
		var t struct {
			Timeline []struct {
				Event        string
				At, Recorded time.Time
			}
		}
		if err := json.Unmarshal(w.servers[0].Get("auditor", "/api/v1/tickets/"+c.id), &t); err != nil {
			w.t.Fatal(err)
		}
		breaches := 0
		for _, e := range t.Timeline {
			if e.Event == "breach_reply" {
				breaches++
				late = append(late, e.Recorded.Sub(e.At))
				if !e.At.Equal(c.due) {
					w.t.Errorf("%s: the breach is at %s, the reply was due at %s", c.id, e.At, c.due)
				}
			}
		}
		if breaches != 1 {
			w.t.Errorf("%s has %d breaches of its reply's clock", c.id, breaches)
		}
	}
	slices.Sort(late)
	if len(late) == 0 {
		w.t.Fatal("no clock was breached")
	}
	w.t.Logf("clocks: %d reports, each breached once, at the instant when its reply was due; written down at most %v later",
		len(calls), late[len(late)-1].Round(time.Millisecond))
}
