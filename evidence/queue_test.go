package evidence_test

import (
	"context"
	"crypto/rand"
	"errors"
	"runtime"
	"testing"

	"github.com/nuanju/nuanju/evidence"
)

// stuck appends an entry to a log whose database somebody else holds, and returns once the committer waits for it; so
// whatever is appended now waits in the queue. release lets the database go and gives that first append's error.
func stuck(ctx context.Context, t *testing.T, storeURL string, log *evidence.Log, first evidence.Entry) (release func() error) {
	t.Helper()
	conn, err := database(t, storeURL).Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.ExecContext(t.Context(), `BEGIN IMMEDIATE`); err != nil {
		t.Fatal(err)
	}
	outcome := make(chan error, 1)
	go func() {
		_, err := log.Append(ctx, []evidence.Entry{first})
		outcome <- err
	}()
	until(func() bool { calls, _ := log.Queued(); return calls == 0 && log.Committing() })
	return func() error {
		if _, err := conn.ExecContext(t.Context(), `ROLLBACK`); err != nil {
			t.Error(err)
		}
		return <-outcome
	}
}

func until(condition func() bool) {
	for !condition() {
		runtime.Gosched()
	}
}

func TestFullQueueIsBusyAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		options evidence.Options
		entry   evidence.Entry
	}{
		"calls": {evidence.Options{MaxCalls: 3}, batch(0, 1)[0]},
		"bytes": {evidence.Options{MaxBytes: 4000}, evidence.Entry{Subject: "H1", Content: make([]byte, 1200)}},
	} {
		t.Run(name, func(t *testing.T) {
			storeURL := newSQLite(t)
			log := open(t, storeURL, newKey(t), test.options)
			release := stuck(t.Context(), t, storeURL, log, test.entry)
			outcomes := make(chan error, 3)
			for range cap(outcomes) {
				go func() {
					_, err := log.Append(t.Context(), []evidence.Entry{test.entry})
					outcomes <- err
				}()
			}
			until(func() bool { calls, _ := log.Queued(); return calls == cap(outcomes) })
			if _, err := log.Append(t.Context(), []evidence.Entry{test.entry}); !errors.Is(err, evidence.ErrBusy) {
				t.Errorf("the queue is full, but Append says %v", err)
			}
			err := release()
			for range cap(outcomes) {
				err = errors.Join(err, <-outcomes)
			}
			if err != nil {
				t.Errorf("a call that was let in failed: %v", err)
			}
			mustAppend(t, log, test.entry) // there is room again
			if n := log.Size(); n != 5 {
				t.Errorf("%d leaves, want 5", n)
			}
			wantSound(t, log)
		})
	}
}

func TestCallLargerThanTheQueueIsRefused(t *testing.T) {
	log := open(t, newSQLite(t), newKey(t), evidence.Options{MaxBytes: 1000})
	if _, err := log.Append(t.Context(), []evidence.Entry{{Subject: "H1", Content: make([]byte, 1001)}}); err == nil || errors.Is(err, evidence.ErrBusy) {
		t.Errorf("Append says %v; ErrBusy would have the caller try for ever", err)
	}
}

func TestCancelledWhileWaitingIsNotWritten(t *testing.T) {
	storeURL := newSQLite(t)
	log := open(t, storeURL, newKey(t), evidence.Options{})
	release := stuck(t.Context(), t, storeURL, log, evidence.Entry{Subject: "H1", Content: []byte("kept")})
	ctx, cancel := context.WithCancel(t.Context())
	outcome := make(chan error, 1)
	go func() {
		_, err := log.Append(ctx, []evidence.Entry{{Subject: "H1", Content: []byte("withdrawn")}})
		outcome <- err
	}()
	until(func() bool { calls, _ := log.Queued(); return calls == 1 })
	cancel()
	if err := <-outcome; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled Append says %v", err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
	if all := leaves(t, log, 0); len(all) != 1 || string(all[0].Content) != "kept" {
		t.Errorf("leaves %v", all)
	}
	if _, err := log.Append(ctx, batch(0, 1)); !errors.Is(err, context.Canceled) {
		t.Errorf("Append with an ended context says %v", err)
	}
}

func TestCancelledDuringItsCommitIsAnsweredWithTheTruth(t *testing.T) {
	storeURL := newSQLite(t)
	log := open(t, storeURL, newKey(t), evidence.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	release := stuck(ctx, t, storeURL, log, batch(0, 1)[0])
	cancel() // too late: the commit has begun
	if err := release(); err != nil || log.Size() != 1 {
		t.Errorf("%d leaves, and Append says %v", log.Size(), err)
	}
}

func TestFullDiskFailsTheAppendAndWritesNothing(t *testing.T) {
	log := open(t, newSQLite(t), newKey(t), evidence.Options{})
	mustAppend(t, log, batch(0, 300)...)
	noise := make([]byte, 1<<20)
	_, _ = rand.Read(noise)
	log.LimitPages(t, 8)
	if _, err := log.Append(t.Context(), []evidence.Entry{{Subject: "H1"}, {Subject: "H1", Content: noise}}); err == nil || errors.Is(err, evidence.ErrBusy) {
		t.Fatalf("Append on a full disk says %v", err)
	}
	if n := len(leaves(t, log, 0)); n != 300 {
		t.Errorf("%d leaves after the failed append, want 300", n)
	}
	wantSound(t, log)
	mustAppend(t, log, batch(1, 1)...) // what fits still fits
	log.LimitPages(t, -1)              // somebody made room
	if p := mustAppend(t, log, evidence.Entry{Subject: "H1", Content: noise}); p.Index != 301 {
		t.Errorf("at %d, want 301", p.Index)
	}
	wantSound(t, log)
}

func TestAcknowledgedMeansSynced(t *testing.T) {
	log := open(t, newSQLite(t), nil, evidence.Options{})
	for pragma, want := range map[string]string{"synchronous": "2", "journal_mode": "wal", "secure_delete": "1"} {
		if got := log.Pragma(t, pragma); got != want {
			t.Errorf("%s = %s, want %s", pragma, got, want)
		}
	}
}
