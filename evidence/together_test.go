package evidence_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/ledger/pgtest"
)

// Three processes append to one log and sign it, all at once. It is one log: every entry is in it once, at the place that its sender was
// told, in the order of receipt; each checkpoint continues the one before, and everybody has the same last one.
func TestSeveralProcessesAppendToOneLog(t *testing.T) {
	onBoth(t, func(t *testing.T, storeURL string) {
		const processes, senders, each = 3, 8, 25
		key := newKey(t)
		logs := make([]*evidence.Log, processes)
		for i := range logs {
			logs[i] = open(t, storeURL, key, evidence.Options{})
		}
		var told sync.Map // content to index
		var wait sync.WaitGroup
		var failed atomic.Int64
		began := time.Now()
		for p, log := range logs {
			for s := range senders {
				wait.Go(func() {
					for n := range each {
						content := fmt.Sprintf("%d/%d/%d", p, s, n)
						at, err := log.Append(t.Context(), []evidence.Entry{{Subject: "B01", Content: []byte(content)}, {Subject: "B02", Content: []byte(content + "+")}})
						if err != nil {
							failed.Add(1)
							t.Error(err)
							return
						}
						told.Store(content, at.Index)
						told.Store(content+"+", at.Index+1)
						if n%10 == 9 {
							if _, err := log.Sign(t.Context()); err != nil {
								t.Error(err)
							}
						}
					}
				})
			}
		}
		wait.Wait()
		const want = processes * senders * each * 2
		t.Logf("%d appends by %d processes in %v", want/2, processes, time.Since(began).Round(time.Millisecond))
		last := mustSign(t, logs[0])
		for i, log := range logs {
			if err := log.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			seen := map[string]bool{}
			var received time.Time
			for _, leaf := range leaves(t, log, 0) {
				if at, ok := told.Load(string(leaf.Content)); !ok || at != leaf.Index || seen[string(leaf.Content)] {
					t.Errorf("process %d: leaf %d is %q, whose sender was told %v", i, leaf.Index, leaf.Content, at)
				}
				seen[string(leaf.Content)] = true
				if leaf.Received.Before(received) {
					t.Errorf("leaf %d was received before the one before it", leaf.Index)
				}
				received = leaf.Received
			}
			if len(seen) != want {
				t.Errorf("process %d sees %d entries of %d", i, len(seen), want)
			}
			if c, ok := log.Latest(); !ok || c.Note != last.Note {
				t.Errorf("process %d has another last checkpoint", i)
			}
			all, err := log.Checkpoints(t.Context())
			if err != nil || len(all) < processes {
				t.Fatalf("%d checkpoints: %v", len(all), err)
			}
			for _, c := range all {
				if _, err := log.ProveConsistency(t.Context(), c.Note); err != nil {
					t.Errorf("the checkpoint of %d leaves is of another log: %v", c.Size, err)
				}
			}
			wantSound(t, log)
		}
	})
}

// In PostgreSQL a process hears of what others append without appending itself: whoever waits for leaves is woken.
func TestAReaderFollowsAnotherProcess(t *testing.T) {
	t.Parallel()
	storeURL, key := pgtest.Start(t), newKey(t)
	writer, reader := open(t, storeURL, key, evidence.Options{}), open(t, storeURL, key, evidence.Options{})
	for round := range 3 {
		mustAppend(t, writer, batch(round, 300)...) // more than a tile
		if err := reader.Wait(t.Context(), int64(300*round+299)); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(leaves(t, reader, 0)); n != 900 {
		t.Errorf("%d leaves of 900", n)
	}
	wantSound(t, reader)
}

// A log that was put back to an earlier state while a process ran is not continued by it.
func TestALogThatWasPutBackIsNotContinued(t *testing.T) {
	onBoth(t, func(t *testing.T, storeURL string) {
		log, key := (*evidence.Log)(nil), newKey(t)
		log = open(t, storeURL, key, evidence.Options{})
		mustAppend(t, log, batch(0, 2)...)
		db := database(t, storeURL)
		var root []byte
		if err := db.QueryRow(`SELECT root FROM evidence_head`).Scan(&root); err != nil {
			t.Fatal(err)
		}
		mustAppend(t, log, batch(1, 3)...)
		rows := database(t, storeURL)
		if _, err := rows.Exec(`DELETE FROM evidence_commits WHERE first >= 2`); err != nil {
			t.Fatal(err)
		}
		tx, err := rows.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(`UPDATE evidence_head SET size = 2, root = $1`, root); err != nil {
			t.Fatal(err)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if _, err := log.Append(t.Context(), batch(2, 1)); err == nil {
			t.Error("a log that lost its end was continued")
		}
		if _, err := log.Sign(t.Context()); err == nil {
			t.Error("a log that lost its end was signed")
		}
	})
}
