package intake_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/intake"
)

// The test binary is its own victim: started with this variable, it takes readings in and forwards them in the directory named by it
// until it is killed.
const victimVariable = "NUANJU_INTAKE_VICTIM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimVariable); dir != "" {
		if err := victim(dir, os.Getenv(victimVariable+"_ROUND")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// request is the lines of one request: readings of one device at so many nanoseconds one after another, each of another value.
type request struct{ device, from, count int }

func (q request) body() []byte {
	var b bytes.Buffer
	for i := range q.count {
		fmt.Fprintf(&b, "temperature,device=d%d celsius=%v %d\n", q.device, q.sample(i).Value, int64(q.sample(i).At))
	}
	return b.Bytes()
}

func (q request) sample(i int) sensors.Sample {
	n := q.from + i
	return sensors.Sample{At: noon.Add(time.Duration(-n) * time.Millisecond), Received: noon, Value: float64(n%4000) / 100}
}

var fourHomes = []string{"h1", "h2", "h3", "h4"}

// victim sends for four devices at once, and prints each request after it was acknowledged.
func victim(dir, round string) error {
	m, err := start(dir, places(home(fourHomes...)))
	if err != nil {
		return err
	}
	f := m.forwarder(m.store, m.books, intake.Options{Linger: time.Millisecond, Lines: 200})
	go f.Run(context.Background())
	var begin int
	if _, err := fmt.Sscan(round, &begin); err != nil {
		return err
	}
	begin *= 1_000_000
	failed := make(chan error)
	for device := 1; device <= len(fourHomes); device++ {
		go func() {
			for next := begin; ; {
				q := request{device, next, 1 + rand.IntN(60)}
				next += q.count
				if _, err := m.Accept(context.Background(), decode(string(q.body()), noon), &everything); err != nil {
					failed <- err
					return
				}
				fmt.Println(q.device, q.from, q.count) // one unbuffered write
			}
		}()
	}
	return <-failed
}

// Killed in the midst of load, twenty times: every acknowledged reading is in the store, and every line of the log is there once.
func TestKilledInTheMidstOfLoadLosesNothingAcknowledged(t *testing.T) {
	dir := t.TempDir()
	var acknowledged []request
	for round := range 20 {
		acknowledged = append(acknowledged, kill(t, dir, round, 1+rand.IntN(150))...)
	}
	m, err := start(dir, places(home(fourHomes...)))
	must(t, err)
	defer func() { must(t, m.close()) }()
	m.forward(t)

	stored := 0
	there := make([]map[sensors.Sample]bool, len(fourHomes)+1)
	for device := 1; device <= len(fourHomes); device++ {
		samples, err := m.store.Read(t.Context(), room(fmt.Sprint("d", device)), sensors.Earliest, sensors.Latest, nil)
		must(t, err)
		stored += len(samples)
		there[device] = make(map[sensors.Sample]bool, len(samples))
		for _, s := range samples {
			there[device][s] = true
		}
	}
	readings := 0
	for _, q := range acknowledged {
		readings += q.count
		for i := range q.count {
			if !there[q.device][q.sample(i)] {
				t.Fatalf("acknowledged and not in the store: d%d, %+v", q.device, q.sample(i))
			}
		}
	}
	logged := 0
	for leaf, err := range m.log.Leaves(t.Context(), 0) {
		must(t, err)
		logged += linesIn(t, leaf)
	}
	if stored != logged || readings > logged {
		t.Errorf("%d lines in the log, %d samples in the store, %d acknowledged", logged, stored, readings)
	}
	m.wantHeld(t)
	t.Logf("%d readings acknowledged, %d in the log and in the store", readings, stored)
}

func linesIn(t *testing.T, leaf evidence.Leaf) int {
	t.Helper()
	var format, precision string
	var n int
	if _, err := fmt.Sscanf(string(leaf.Content), intake.ContentPrefix+"1 %s %s %d\n", &format, &precision, &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// kill starts a victim, kills it after so many acknowledgements, and returns all that were read.
func kill(t *testing.T, dir string, round, after int) (acknowledged []request) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimVariable+"="+dir, fmt.Sprintf("%s_ROUND=%d", victimVariable, round))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewReader(out)
	for {
		if len(acknowledged) == after {
			must(t, cmd.Process.Kill())
		}
		line, err := lines.ReadString('\n')
		if err != nil {
			break // a line that was cut short acknowledged nothing
		}
		var q request
		if _, err := fmt.Sscanf(line, "%d %d %d", &q.device, &q.from, &q.count); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		acknowledged = append(acknowledged, q)
	}
	if err := cmd.Wait(); err == nil || len(acknowledged) < after {
		t.Fatalf("the victim ended by itself after %d acknowledgements: %v", len(acknowledged), err)
	}
	return acknowledged
}
