package evidence_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/nuanju/nuanju/evidence"
)

// victimLog is a log with commits of one leaf, commits that span tiles, a whole level 1 tile, checkpoints and an erasure:
//
//	leaves 0, 1, 2          commits of one leaf
//	leaves 3 to 702         one commit over tiles 0, 1 and 2
//	leaf 703                the erasure of leaf 5
//	leaves 704 to 708       one commit; checkpoint 1 after it
//	leaves 709 to 66008     ten commits, completing tile/1/000; checkpoint 2 after it
//	leaves 66009 to 66011   a commit; leaf 66012 a commit; checkpoint 3
func victimLog(t *testing.T, storeURL string) *evidence.Key {
	t.Helper()
	key := newKey(t)
	log := open(t, storeURL, key, evidence.Options{Clock: ticking(winter)})
	for i := range 3 {
		mustAppend(t, log, batch(i, 1)...)
	}
	mustAppend(t, log, batch(3, 700)...)
	if _, err := log.Erase(t.Context(), 5, "the household asked for it"); err != nil {
		t.Fatal(err)
	}
	mustAppend(t, log, batch(4, 5)...)
	mustSign(t, log)
	for i := range 10 {
		few := batch(10+i, 6530)
		for i := range few {
			few[i].Content = few[i].Content[:8]
		}
		mustAppend(t, log, few...)
	}
	mustSign(t, log)
	mustAppend(t, log, batch(30, 3)...)
	mustAppend(t, log, batch(31, 1)...)
	mustSign(t, log)
	wantSound(t, log)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	return key
}

// flip changes one bit of one byte of a stored cell.
type flip struct {
	table, column, where string
	byte                 int // of the cell, from the end if negative; of a number, the bit
	want                 string
}

func (f flip) String() string {
	return fmt.Sprintf("%s.%s[%s][%d]", f.table, f.column, f.where, f.byte)
}

func TestAFlippedByteIsFoundAndNamed(t *testing.T) {
	flips := []flip{
		{"commits", "blob", "first = 1", 3, "leaf 1"},
		{"commits", "blob", "first = 1", 40, "leaf 1"},
		{"commits", "blob", "first = 1", -1, "leaf 1"}, // its CRC
		{"commits", "blob", "first = 3", 0, "leaves 3 to 702"},
		{"commits", "blob", "first = 703", 20, "leaf 703"},
		{"commits", "salts", "first = 2", 0, "leaf 2"},
		{"commits", "salts", "first = 3", 32 * 97, "leaf 100"},
		{"commits", "salts", "first = 3", 32*2 + 31, "leaf 5"}, // the commitment of the erased leaf
		{"commits", "salts", "first = 3", -2, "leaves 3 to 702"},
		{"commits", "tail", "first = 3", 5, "leaves 3 to 702"},
		{"commits", "tail", "first = 66012", 31, "leaf 66012"},
		{"commits", "tail", "first = 66012", -3, "leaf 66012"},
		{"commits", "count", "first = 3", 2, "leaves 3 to 704"},
		{"commits", "count", "first = 66012", 2, "leaves 66012 to 66014"},
		{"commits", "first", "first = 66012", 2, "leaves 66012 to 66013"}, // 66014 now: two are missing before it
		{"tiles", "hashes", "level = 0 AND n = 0", 0, "tile/0/000"},
		{"tiles", "hashes", "level = 0 AND n = 2", 8191, "tile/0/002"},
		{"tiles", "hashes", "level = 0 AND n = 256", -1, "tile/0/256"},
		{"tiles", "hashes", "level = 1 AND n = 0", 4000, "tile/1/000"},
		{"tiles", "level", "level = 1 AND n = 0", 2, "tile/1/000"},
		{"tiles", "n", "level = 0 AND n = 256", 2, "tile/0/256"},
		{"checkpoints", "note", "id = 1", 3, "checkpoint 1"},
		{"checkpoints", "note", "id = 2", -1, "checkpoint 2"},
		{"checkpoints", "note", "id = 3", 100, "checkpoint 3"},
		{"checkpoints", "id", "id = 3", 8, "checkpoints 3 to 10"},
		{"head", "size", "one = 1", 2, "head"},
		{"head", "received", "one = 1", 2, "head"},
		{"head", "checkpoints", "one = 1", 2, "head"},
		{"head", "format", "one = 1", 2, "head"},
		{"head", "root", "one = 1", 7, "head"},
		{"head", "root", "one = 1", -1, "head"},
	}
	onBoth(t, func(t *testing.T, storeURL string) {
		key := victimLog(t, storeURL)
		db := database(t, storeURL)
		seen := map[string]bool{}
		for _, f := range flips {
			column := f.table + f.column
			if strings.HasPrefix(storeURL, "postgres") && seen[column] {
				continue // one of each column there: what is verified is the same
			}
			seen[column] = true
			restore := f.apply(t, db)
			wantNamed(t, f.String(), storeURL, key, f.want)
			restore()
		}
		if faults, err := evidence.VerifyStore(t.Context(), storeURL, key.Public()); err != nil || len(faults) != 0 {
			t.Errorf("after all flips were undone: %v, %v", faults, err)
		}
	})
}

// apply flips, and returns what flips back.
func (f flip) apply(t *testing.T, db *sql.DB) (restore func()) {
	t.Helper()
	exec := func(query string, args ...any) {
		t.Helper()
		result, err := db.Exec(query, args...)
		if err != nil {
			t.Fatalf("%v: %v", f, err)
		}
		if n, err := result.RowsAffected(); err != nil || n != 1 {
			t.Fatalf("%v: %d rows, %v", f, n, err)
		}
	}
	table := "evidence_" + f.table
	var value any
	if err := db.QueryRow(fmt.Sprintf(`SELECT %s FROM %s WHERE %s`, f.column, table, f.where)).Scan(&value); err != nil {
		t.Fatalf("%v: %v", f, err)
	}
	switch value := value.(type) {
	case int64:
		changed := value ^ int64(f.byte)
		exec(fmt.Sprintf(`UPDATE %s SET %s = %d WHERE %s`, table, f.column, changed, f.where))
		back := strings.Replace(f.where, fmt.Sprintf("%s = %d", f.column, value), fmt.Sprintf("%s = %d", f.column, changed), 1)
		return func() { exec(fmt.Sprintf(`UPDATE %s SET %s = %d WHERE %s`, table, f.column, value, back)) }
	case []byte:
		changed := slices.Clone(value)
		changed[(f.byte+len(changed))%len(changed)] ^= 0x10
		query := fmt.Sprintf(`UPDATE %s SET %s = $1 WHERE %s`, table, f.column, f.where)
		exec(query, changed)
		return func() { exec(query, value) }
	default:
		t.Fatalf("%v is a %T", f, value)
		return nil
	}
}

// wantNamed verifies the store and wants a fault at each of these places.
func wantNamed(t *testing.T, what, storeURL string, key *evidence.Key, want ...string) {
	t.Helper()
	faults, err := evidence.VerifyStore(t.Context(), storeURL, key.Public())
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
	for _, where := range want {
		if !slices.ContainsFunc(faults, func(f evidence.Fault) bool { return f.Where == where }) {
			t.Errorf("%s: %s is not named, but:", what, where)
			for _, f := range faults {
				t.Log(f)
			}
		}
	}
	if len(faults) > 4 {
		t.Errorf("%s: %d faults for one change, among them %v", what, len(faults), faults[:4])
	}
}

func TestVerifyingBesideAppendsSeesOneMoment(t *testing.T) {
	onBoth(t, func(t *testing.T, storeURL string) {
		key := newKey(t)
		log := open(t, storeURL, key, evidence.Options{})
		var verified, done sync.WaitGroup
		stop := make(chan struct{})
		done.Go(func() {
			for round := 0; ; round++ {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := log.Append(context.Background(), batch(round, 1+round%300)); err != nil {
					t.Error(err)
				}
				if _, err := log.Sign(context.Background()); err != nil {
					t.Error(err)
				}
			}
		})
		for range 3 {
			verified.Go(func() {
				for range 5 {
					wantSound(t, log)
					faults, err := evidence.VerifyStore(context.Background(), storeURL, key.Public())
					if err != nil || len(faults) > 0 {
						t.Errorf("from outside: %v, %v", faults, err)
					}
				}
			})
		}
		verified.Wait()
		close(stop)
		done.Wait()
	})
}

func TestRowsThatAreMissingOrTooManyAreNamed(t *testing.T) {
	template := newSQLite(t)
	key := victimLog(t, template)
	for statement, want := range map[string]string{
		`DELETE FROM evidence_commits WHERE first = 0`:                                                                  "leaf 0",
		`DELETE FROM evidence_commits WHERE first = 3`:                                                                  "leaves 3 to 702",
		`DELETE FROM evidence_commits WHERE first = 66012`:                                                              "leaf 66012",
		`DELETE FROM evidence_commits WHERE first >= 66009`:                                                             "leaves 66009 to 66012",
		`DELETE FROM evidence_tiles WHERE level = 0 AND n = 1`:                                                          "tile/0/001",
		`DELETE FROM evidence_tiles WHERE level = 0 AND n = 256`:                                                        "tile/0/256",
		`DELETE FROM evidence_tiles WHERE level = 1`:                                                                    "tile/1/000",
		`DELETE FROM evidence_checkpoints WHERE id = 1`:                                                                 "checkpoint 1",
		`DELETE FROM evidence_checkpoints WHERE id = 3`:                                                                 "checkpoint 3",
		`DELETE FROM evidence_head`:                                                                                     "head",
		`INSERT INTO evidence_checkpoints SELECT 4, note FROM evidence_checkpoints WHERE id = 3`:                        "head",
		`INSERT INTO evidence_tiles SELECT 0, 300, hashes FROM evidence_tiles WHERE level = 0 AND n = 0`:                "tile/0/300",
		`INSERT INTO evidence_tiles SELECT 2, 0, hashes FROM evidence_tiles WHERE level = 0 AND n = 0`:                  "tile/2/000",
		`INSERT INTO evidence_commits SELECT 66013, count, tail, salts, blob FROM evidence_commits WHERE first = 66012`: "leaf 66013",
		`INSERT INTO evidence_commits SELECT 66011, count, tail, salts, blob FROM evidence_commits WHERE first = 66012`: "leaf 66011",
	} {
		t.Run(statement, func(t *testing.T) {
			storeURL := newSQLite(t)
			copyFile(t, template, storeURL)
			if _, err := database(t, storeURL).Exec(statement); err != nil {
				t.Fatal(err)
			}
			wantNamed(t, "", storeURL, key, want)
		})
	}
}

// Whatever byte of the file is overwritten, either Verify says so or nothing that the log says has changed.
func TestAnyByteOfTheFile(t *testing.T) {
	dir := t.TempDir()
	original := filepath.Join(dir, "original.db")
	key := newKey(t)
	log := open(t, "sqlite://"+original, key, evidence.Options{Clock: ticking(winter)})
	for i, n := range []int{1, 300, 2, 1} {
		mustAppend(t, log, batch(i, n)...)
	}
	mustSign(t, log)
	want := leaves(t, log, 0)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	const tries = 150
	for try := range tries {
		damaged := slices.Clone(data)
		at := rand.IntN(len(damaged))
		damaged[at] ^= byte(1 + rand.IntN(255))
		path := filepath.Join(dir, fmt.Sprint(try, ".db"))
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		faults, err := evidence.VerifyStore(t.Context(), "sqlite://"+path, key.Public())
		if err != nil || len(faults) > 0 {
			found++
			continue
		}
		log, err := evidence.Open(t.Context(), "sqlite://"+path, key, evidence.Options{})
		if err != nil {
			found++ // damage to what only a writer reads
			continue
		}
		for i, leaf := range leaves(t, log, 0) {
			if fmt.Sprint(leaf) != fmt.Sprint(want[i]) {
				t.Errorf("byte %d: leaf %d has changed and nobody noticed", at, i)
			}
		}
		if log.Size() != int64(len(want)) {
			t.Errorf("byte %d: %d leaves, and nobody noticed", at, log.Size())
		}
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d of %d damages were found; the others changed nothing", found, tries)
}
