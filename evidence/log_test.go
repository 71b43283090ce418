package evidence_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/ledger/pgtest"
)

func TestWhatWasAppendedIsReadInOrderOfReceipt(t *testing.T) {
	onBoth(t, func(t *testing.T, storeURL string) {
		log := open(t, storeURL, newKey(t), evidence.Options{Clock: ticking(winter)})
		var want []evidence.Entry
		for round, n := range []int{1, 3, 1, 252, 256, 1700, 1, 600} { // over tile boundaries, whole tiles, several at once
			entries := batch(round, n)
			position := mustAppend(t, log, entries...)
			if position.Index != int64(len(want)) || position.Count != n || !position.Received.Equal(winter.Add(time.Duration(round+1)*time.Second)) {
				t.Fatalf("round %d is at %+v, want %d leaves at %d", round, position, n, len(want))
			}
			want = append(want, entries...)
		}
		compare := func(log *evidence.Log, from int64) {
			t.Helper()
			got := leaves(t, log, from)
			if len(got) != len(want)-int(from) {
				t.Fatalf("%d leaves from %d on, want %d", len(got), from, len(want)-int(from))
			}
			for i, leaf := range got {
				if e := want[int(from)+i]; leaf.Subject != e.Subject || !bytes.Equal(leaf.Content, e.Content) || leaf.Erased {
					t.Fatalf("leaf %d = %+v, want %+v", leaf.Index, leaf, e)
				}
				if i > 0 && leaf.Received.Before(got[i-1].Received) {
					t.Fatalf("leaf %d was received before leaf %d", leaf.Index, got[i-1].Index)
				}
			}
		}
		for _, from := range []int64{0, 1, 255, 256, 2000, int64(len(want)) - 1, int64(len(want)), int64(len(want)) + 5} {
			compare(log, min(from, int64(len(want))))
		}
		wantSound(t, log)
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		again := open(t, storeURL, newKey(t), evidence.Options{Clock: ticking(winter)})
		compare(again, 0)
		mustAppend(t, again, batch(9, 700)...)
		want = append(want, batch(9, 700)...)
		compare(again, 0)
		wantSound(t, again)
	})
}

func TestReceiptTimesNeverDecrease(t *testing.T) {
	onBoth(t, func(t *testing.T, storeURL string) {
		now := winter
		clock := func() time.Time { return now }
		log := open(t, storeURL, newKey(t), evidence.Options{Clock: clock})
		mustAppend(t, log, batch(0, 2)...)
		now = winter.Add(-time.Hour) // NTP steps the clock back
		if p := mustAppend(t, log, batch(1, 1)...); !p.Received.Equal(winter) {
			t.Errorf("received %v, want %v", p.Received, winter)
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		log = open(t, storeURL, newKey(t), evidence.Options{Clock: clock})
		if p := mustAppend(t, log, batch(2, 1)...); !p.Received.Equal(winter) {
			t.Errorf("after a restart: received %v, want %v", p.Received, winter)
		}
		now = winter.Add(time.Minute)
		if p := mustAppend(t, log, batch(2, 1)...); !p.Received.Equal(now) {
			t.Errorf("received %v, want %v", p.Received, now)
		}
		wantSound(t, log)
	})
}

func TestConcurrentCallersShareCommitsAndLoseNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, storeURL string) {
		log := open(t, storeURL, newKey(t), evidence.Options{})
		const callers, rounds = 32, 20
		var mu sync.Mutex
		acknowledged := map[int64]string{}
		var wg sync.WaitGroup
		for caller := range callers {
			wg.Go(func() {
				for round := range rounds {
					n := 1 + rand.IntN(3)
					entries := make([]evidence.Entry, n)
					for i := range entries {
						entries[i] = evidence.Entry{Subject: fmt.Sprintf("H%d", caller), Content: fmt.Appendf(nil, "%d/%d/%d", caller, round, i)}
					}
					position, err := log.Append(t.Context(), entries)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					for i, e := range entries {
						acknowledged[position.Index+int64(i)] = string(e.Content)
					}
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		all := leaves(t, log, 0)
		if len(all) != len(acknowledged) {
			t.Fatalf("%d leaves, %d acknowledged", len(all), len(acknowledged))
		}
		for _, leaf := range all {
			if acknowledged[leaf.Index] != string(leaf.Content) {
				t.Fatalf("leaf %d is %q, acknowledged %q there", leaf.Index, leaf.Content, acknowledged[leaf.Index])
			}
		}
		var commits int
		if err := database(t, storeURL).QueryRow(`SELECT count(*) FROM evidence_commits`).Scan(&commits); err != nil {
			t.Fatal(err)
		}
		if commits >= callers*rounds {
			t.Errorf("%d commits for %d calls: none was shared", commits, callers*rounds)
		}
		wantSound(t, log)
	})
}

func TestEntriesThatCannotBeLeavesAreAllNamed(t *testing.T) {
	log := open(t, newSQLite(t), newKey(t), evidence.Options{})
	_, err := log.Append(t.Context(), []evidence.Entry{
		{Subject: "H1", Content: []byte("good")},
		{Subject: ""},
		{Subject: "H\x002"},
		{Subject: "H\xff3"},
		{Subject: strings.Repeat("H", evidence.MaxSubject+1)},
		{Subject: evidence.SubjectErasure, Content: []byte(`{"erased":0}`)},
		{Subject: "H1", Content: make([]byte, evidence.MaxContent+1)},
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for i := 1; i <= 6; i++ {
		if !strings.Contains(err.Error(), fmt.Sprintf("entry %d:", i)) {
			t.Errorf("entry %d is not named in: %v", i, err)
		}
	}
	if strings.Contains(err.Error(), "entry 0") || log.Size() != 0 {
		t.Errorf("%d leaves, %v", log.Size(), err)
	}
	if p, err := log.Append(t.Context(), nil); err != nil || p.Count != 0 {
		t.Errorf("no entries: %+v, %v", p, err)
	}
	mustAppend(t, log, evidence.Entry{Subject: "H1"}) // empty content is content
	if all := leaves(t, log, 0); len(all) != 1 || all[0].Subject != "H1" || len(all[0].Content) != 0 {
		t.Errorf("leaves %v", all)
	}
}

func TestClosedLogRefuses(t *testing.T) {
	log := open(t, newSQLite(t), newKey(t), evidence.Options{})
	waited := make(chan error, 1)
	go func() { waited <- log.Wait(t.Context(), 0) }()
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-waited; !errors.Is(err, evidence.ErrClosed) {
		t.Errorf("Wait says %v", err)
	}
	if _, err := log.Append(t.Context(), batch(0, 1)); !errors.Is(err, evidence.ErrClosed) {
		t.Errorf("Append says %v", err)
	}
}

func TestWaitFollowsTheLog(t *testing.T) {
	log := open(t, newSQLite(t), newKey(t), evidence.Options{})
	seen := make(chan int64)
	go func() {
		defer close(seen)
		for next := int64(0); next < 50; {
			if err := log.Wait(t.Context(), next); err != nil {
				t.Error(err)
				return
			}
			for leaf, err := range log.Leaves(t.Context(), next) {
				if err != nil {
					t.Error(err)
					return
				}
				seen <- leaf.Index
				next++
			}
		}
	}()
	go func() {
		for i := range 50 {
			if _, err := log.Append(t.Context(), batch(i, 1)); err != nil {
				t.Error(err)
			}
		}
	}()
	want := int64(0)
	for index := range seen {
		if index != want {
			t.Fatalf("leaf %d, want %d", index, want)
		}
		want++
	}
	if want != 50 {
		t.Errorf("followed %d leaves of 50", want)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := log.Wait(ctx, 50); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait with an ended context says %v", err)
	}
}

func TestStoreURLsAndFileModes(t *testing.T) {
	for _, bad := range []string{"", "evidence.db", "sqlite://", "sqlite://host/evidence.db", "sqlite:///a?mode=ro", "mysql://x", "postgres://u:s3cret@%zz/"} {
		_, err := evidence.Open(t.Context(), bad, nil, evidence.Options{})
		if err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	storeURL := newSQLite(t)
	mustAppend(t, open(t, storeURL, nil, evidence.Options{}), batch(0, 1)...)
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(strings.TrimPrefix(storeURL, "sqlite://") + suffix)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("evidence.db%s: %v, %v; want mode 0600", suffix, info.Mode(), err)
		}
	}
	if _, err := evidence.VerifyStore(t.Context(), newSQLite(t)); err == nil {
		t.Error("verifying a file that is not there creates it")
	}
}

func TestPostgresThatDoesNotSyncIsRefused(t *testing.T) {
	storeURL := pgtest.Start(t) + "&synchronous_commit=off"
	if log, err := evidence.Open(t.Context(), storeURL, nil, evidence.Options{}); err == nil || !strings.Contains(err.Error(), "synchronous_commit") {
		t.Errorf("opened %v: %v", log, err)
	}
}

func TestBrokenConnectionFailsTheAppendAndLaterOnesSucceed(t *testing.T) {
	storeURL := pgtest.Start(t)
	log := open(t, storeURL, newKey(t), evidence.Options{})
	db := database(t, storeURL)
	acknowledged := 0
	for round := range 20 {
		if round%4 == 1 {
			if _, err := db.Exec(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := log.Append(t.Context(), batch(round, 3)); err == nil {
			acknowledged++
		}
	}
	if acknowledged < 10 {
		t.Errorf("%d of 20 appends succeeded", acknowledged)
	}
	readable := func() (err error) { // the connections for reading were broken too; each fails once
		for _, err = range log.Leaves(t.Context(), 0) {
		}
		return err
	}
	for tries := 0; readable() != nil && tries < 10; tries++ {
	}
	if n := len(leaves(t, log, 0)); n < 3*acknowledged || n%3 != 0 {
		t.Errorf("%d leaves after %d acknowledged calls of 3", n, acknowledged)
	}
	wantSound(t, log)
}
