package evidence_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/nuanju/nuanju/evidence"
)

// The test binary is its own victim: started with this variable, it appends to the store named by it until killed.
const victimVariable = "NUANJU_EVIDENCE_VICTIM"

func TestMain(m *testing.M) {
	if storeURL := os.Getenv(victimVariable); storeURL != "" {
		if err := victim(storeURL, os.Getenv(victimVariable+"_NAME")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// victim appends with eight callers and prints each acknowledged content after its index.
func victim(storeURL, name string) error {
	log, err := evidence.Open(context.Background(), storeURL, nil, evidence.Options{})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	failed := make(chan error)
	for caller := range 8 {
		go func() {
			for round := 0; ; round++ {
				entries := make([]evidence.Entry, 1+rand.IntN(1+caller*40)) // some calls fill whole tiles
				for i := range entries {
					entries[i] = evidence.Entry{Subject: fmt.Sprint("H", i), Content: fmt.Appendf(nil, "%s/%d/%d/%d", name, caller, round, i)}
				}
				position, err := log.Append(context.Background(), entries)
				if err != nil {
					failed <- err
					return
				}
				var lines strings.Builder
				for i, e := range entries {
					fmt.Fprintf(&lines, "%d %s\n", position.Index+int64(i), e.Content)
				}
				mu.Lock()
				_, _ = os.Stdout.WriteString(lines.String()) // unbuffered; when the parent is gone, so is the test
				mu.Unlock()
			}
		}()
	}
	return <-failed
}

func TestKilledInTheMidstOfAppendsLosesNothingAcknowledged(t *testing.T) {
	onBoth(t, func(t *testing.T, storeURL string) {
		rounds := 20
		if strings.HasPrefix(storeURL, "postgres") {
			rounds = 5
		}
		acknowledged := map[int64]string{}
		for round := range rounds {
			kill(t, storeURL, fmt.Sprint(round), 1+rand.IntN(800), acknowledged)
		}
		log := open(t, storeURL, nil, evidence.Options{})
		found := map[string]int{}
		for _, leaf := range leaves(t, log, 0) {
			found[string(leaf.Content)]++
			if content, ok := acknowledged[leaf.Index]; ok && content != string(leaf.Content) {
				t.Errorf("leaf %d is %q, but %q was acknowledged there", leaf.Index, leaf.Content, content)
			}
		}
		for index, content := range acknowledged {
			if found[content] != 1 {
				t.Errorf("%q, acknowledged at leaf %d, is there %d times", content, index, found[content])
			}
		}
		t.Logf("%d kills, %d leaves acknowledged, %d in the log", rounds, len(acknowledged), log.Size())
		wantSound(t, log)
	})
}

// kill starts a victim, kills it after so many acknowledgements, and notes all that it acknowledged.
func kill(t *testing.T, storeURL, name string, after int, acknowledged map[int64]string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), victimVariable+"="+storeURL, victimVariable+"_NAME="+name)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	n := 0
	for ; ; n++ {
		if n == after {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		line, err := lines.ReadString('\n')
		if err != nil {
			break // a line cut short by the kill was not read as an acknowledgement by anyone
		}
		var index int64
		var content string
		if _, err := fmt.Sscanf(line, "%d %s", &index, &content); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if before, ok := acknowledged[index]; ok {
			t.Fatalf("leaf %d was acknowledged for %q and for %q", index, before, content)
		}
		acknowledged[index] = content
	}
	if err := cmd.Wait(); err == nil || n < after {
		t.Fatalf("the victim ended by itself after %d acknowledgements: %v", n, err)
	}
}
