package blocks_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/blocks"
)

// TestMain lets this binary be the process that is killed.
func TestMain(m *testing.M) {
	if path := os.Getenv("BLOCKS_WRITE_UNTIL_KILLED"); path != "" {
		from, _ := strconv.Atoi(os.Getenv("BLOCKS_WRITE_FROM"))
		fmt.Fprintln(os.Stderr, writeUntilKilled(path, from))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const written = 50 // series

// call is the n-th call that the killed process makes: one sample of each series.
func call(n int) []sensors.Batch {
	at := sensors.At(time.Date(2016, time.January, 23, 0, 0, 0, 0, time.UTC)).Add(time.Duration(n) * 10 * time.Minute)
	batches := make([]sensors.Batch, written)
	for i := range batches {
		batches[i] = sensors.Batch{
			Series:  sensors.Series{Quantity: sensors.Temperature, Owner: strconv.Itoa(i)},
			Samples: []sensors.Sample{{At: at, Received: at.Add(time.Second), Value: float64((n+i)%500) / 100}},
		}
	}
	return batches
}

// writeUntilKilled makes one call after another and prints the number of each that has returned.
func writeUntilKilled(path string, from int) error {
	s, err := blocks.Open(context.Background(), path)
	if err != nil {
		return err
	}
	for n := from; ; n++ {
		if _, err := s.Write(context.Background(), call(n)); err != nil {
			return err
		}
		if _, err := fmt.Println(n); err != nil {
			return err
		}
	}
}

func TestAKilledProcessLosesNothingThatWasWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "blocks.db")
	done := 0 // calls that are known to have returned
	for kill := range 20 {
		done = writeAndKill(t, path, done, 3+kill*7%11)
		done = verifyCalls(t, path, done)
	}
}

// writeAndKill runs a process that goes on with the call number from, kills it when so many calls have returned, and
// returns how many are known to have.
func writeAndKill(t *testing.T, path string, from, calls int) int {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "BLOCKS_WRITE_UNTIL_KILLED="+path, "BLOCKS_WRITE_FROM="+strconv.Itoa(from))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	done := from
	for lines.Scan() {
		n, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(err)
		}
		done = n + 1
		if n == from+calls {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	cmd.Wait() // killed, as it should be
	if done <= from+calls {
		t.Fatalf("the process ended by itself after %d calls", done-from)
	}
	return done
}

// verifyCalls checks that a killed store is sound and holds all calls that returned, whole, and at most one more. It
// returns how many it holds.
func verifyCalls(t *testing.T, path string, done int) int {
	t.Helper()
	s, err := blocks.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	if faults, err := s.Verify(t.Context()); err != nil || len(faults) > 0 {
		t.Fatalf("faults %v, %v", faults, err)
	}
	held := -1
	for i := range written {
		series := call(0)[i].Series
		got, err := s.Read(t.Context(), series, sensors.Earliest, sensors.Latest, nil)
		if err != nil {
			t.Fatal(err)
		}
		if held < 0 {
			held = len(got)
		}
		if len(got) != held || held < done || held > done+1 {
			t.Fatalf("%v holds %d calls, another %d; %d returned", series, len(got), held, done)
		}
		for n, sample := range got {
			if want := call(n)[i].Samples[0]; sample != want {
				t.Fatalf("%v: call %d wrote %v, there is %v", series, n, want, sample)
			}
		}
	}
	return held
}
