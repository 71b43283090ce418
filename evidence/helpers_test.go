package evidence_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/ledger/pgtest"
)

// onBoth runs a test on a new, empty store of each kind.
func onBoth(t *testing.T, test func(t *testing.T, storeURL string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, newSQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, pgtest.Start(t)) })
}

func newSQLite(t testing.TB) string {
	t.Helper()
	return "sqlite://" + filepath.Join(t.TempDir(), "evidence.db")
}

// database opens the store beside the log, as an intruder or an administrator would.
func database(t testing.TB, storeURL string) *sql.DB {
	t.Helper()
	driver, dsn := "pgx", storeURL
	if path, ok := strings.CutPrefix(storeURL, "sqlite://"); ok {
		driver, dsn = "sqlite", "file:"+path
	}
	db, err := sql.Open(driver, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func newKey(t testing.TB) *evidence.Key {
	t.Helper()
	key, err := evidence.NewKey("heating.example/evidence")
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func open(t testing.TB, storeURL string, key *evidence.Key, options evidence.Options) *evidence.Log {
	t.Helper()
	log, err := evidence.Open(t.Context(), storeURL, key, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := log.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return log
}

// ticking is a clock that goes on by a second whenever it is read.
func ticking(from time.Time) func() time.Time {
	var n atomic.Int64
	return func() time.Time { return from.Add(time.Duration(n.Add(1)) * time.Second) }
}

var winter = time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)

// batch is what n homes send at once.
func batch(round, n int) []evidence.Entry {
	entries := make([]evidence.Entry, n)
	for i := range entries {
		entries[i] = evidence.Entry{
			Subject: fmt.Sprintf("B%02d-%04d", i%17, i),
			Content: fmt.Appendf(nil, "temperature,device=t%05d-1 celsius=%d.%02d %d\ntemperature,device=t%05d-2 celsius=21.5 %d\n",
				i, 15+(i+round)%7, (i*37+round)%100, 1767571200+900*round, i, 1767571200+900*round),
		}
	}
	return entries
}

func mustAppend(t testing.TB, log *evidence.Log, entries ...evidence.Entry) evidence.Position {
	t.Helper()
	position, err := log.Append(context.WithoutCancel(t.Context()), entries)
	if err != nil {
		t.Fatal(err)
	}
	return position
}

func mustSign(t testing.TB, log *evidence.Log) evidence.Checkpoint {
	t.Helper()
	c, err := log.Sign(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// leaves reads the log from an index on.
func leaves(t testing.TB, log *evidence.Log, from int64) []evidence.Leaf {
	t.Helper()
	var all []evidence.Leaf
	for leaf, err := range log.Leaves(t.Context(), from) {
		if err != nil {
			t.Fatal(err)
		}
		if leaf.Index != from+int64(len(all)) {
			t.Fatalf("leaf %d where leaf %d should be", leaf.Index, from+int64(len(all)))
		}
		all = append(all, leaf)
	}
	return all
}

func wantSound(t testing.TB, log *evidence.Log) {
	t.Helper()
	faults, err := log.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		t.Error(f)
	}
}
