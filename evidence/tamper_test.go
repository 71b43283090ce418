package evidence_test

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/evidence"
)

// A forger computes the CRCs too. resealed gives a cell its CRC after change has changed its value.
func resealed(t *testing.T, storeURL, table, column, where string, change func(value []byte)) {
	t.Helper()
	db := database(t, storeURL)
	var cell []byte
	if err := db.QueryRow(`SELECT ` + column + ` FROM ` + table + ` WHERE ` + where).Scan(&cell); err != nil {
		t.Fatal(err)
	}
	value := cell[:len(cell)-4]
	change(value)
	binary.BigEndian.PutUint32(cell[len(value):], crc32.Checksum(value, crc32.MakeTable(crc32.Castagnoli)))
	if _, err := db.Exec(`UPDATE `+table+` SET `+column+` = $1 WHERE `+where, cell); err != nil {
		t.Fatal(err)
	}
}

func replace(old, with string) func([]byte) {
	return func(value []byte) {
		i := strings.Index(string(value), old)
		copy(value[i:], with)
	}
}

func TestAForgedCellIsNamed(t *testing.T) {
	template := newSQLite(t)
	key := victimLog(t, template)
	for name, test := range map[string]struct {
		table, column, where string
		change               func([]byte)
		want                 string
	}{
		"content":      {"evidence_commits", "blob", "first = 1", replace("celsius=16.01", "celsius=18.01"), "leaf 1"},
		"receipt time": {"evidence_commits", "blob", "first = 1", func(v []byte) { v[8] ^= 1 }, "leaf 1"},
		"salt":         {"evidence_commits", "salts", "first = 3", func(v []byte) { v[32*50] ^= 1 }, "leaf 53"},
		"tile":         {"evidence_tiles", "hashes", "level = 0 AND n = 1", func(v []byte) { v[32*9] ^= 1 }, "tile/0/001"},
		"upper tile":   {"evidence_tiles", "hashes", "level = 1", func(v []byte) { v[32*9] ^= 1 }, "tile/1/000"},
		"tail":         {"evidence_commits", "tail", "first = 66012", func(v []byte) { v[0] ^= 1 }, "the tail of leaf 66012"},
		"root":         {"evidence_head", "root", "one = 1", func(v []byte) { v[0] ^= 1 }, "head"},
		"checkpoint":   {"evidence_checkpoints", "note", "id = 2", replace("66009", "66008"), "checkpoint 2"},
	} {
		t.Run(name, func(t *testing.T) {
			storeURL := newSQLite(t)
			copyFile(t, template, storeURL)
			resealed(t, storeURL, test.table, test.column, test.where, test.change)
			wantNamed(t, name, storeURL, key, test.want)
		})
	}
}

// forged is a log in which one reading was changed and everything computed anew, as only who runs the server can. The
// checkpoints are those of the true log: the forger has its key, but others have kept copies.
func forged(t *testing.T) (storeURL string, key *evidence.Key, kept evidence.Checkpoint) {
	t.Helper()
	key, clock := newKey(t), winter
	write := func(storeURL string, change bool) evidence.Checkpoint {
		log, err := evidence.Open(t.Context(), storeURL, key, evidence.Options{Clock: ticking(clock)})
		if err != nil {
			t.Fatal(err)
		}
		for round := range 3 {
			entries := batch(round, 300)
			if change && round == 1 {
				entries[7].Content = []byte("temperature,device=t00007-1 celsius=20.00 1767572100\n")
			}
			mustAppend(t, log, entries...)
		}
		c := mustSign(t, log)
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		return c
	}
	storeURL = newSQLite(t)
	kept = write(newSQLite(t), false)
	write(storeURL, true)
	return storeURL, key, kept
}

func TestAForgedLogContradictsTheCheckpointThatSomebodyKept(t *testing.T) {
	storeURL, key, kept := forged(t)
	log := open(t, storeURL, key, evidence.Options{})
	wantSound(t, log) // by itself it is without fault
	if _, err := log.ProveConsistency(t.Context(), kept.Note); err == nil || !strings.Contains(err.Error(), "does not begin with") {
		t.Errorf("a log with another past proves itself consistent: %v", err)
	}
}

func TestAForgedLogContradictsItsOwnCheckpoints(t *testing.T) {
	storeURL, key, kept := forged(t)
	cell := binary.BigEndian.AppendUint32([]byte(kept.Note), crc32.Checksum([]byte(kept.Note), crc32.MakeTable(crc32.Castagnoli)))
	if _, err := database(t, storeURL).Exec(`UPDATE evidence_checkpoints SET note = $1`, cell); err != nil {
		t.Fatal(err)
	}
	wantNamed(t, "forged", storeURL, key, "checkpoint 1")
	log := open(t, storeURL, key, evidence.Options{})
	mustAppend(t, log, batch(9, 1)...)
	if _, err := log.Sign(t.Context()); err == nil || !strings.Contains(err.Error(), "refusing to sign") {
		t.Errorf("signed a second history: %v", err)
	}
	if _, err := log.Prove(t.Context(), 7); err == nil {
		t.Error("proved a leaf of a log whose checkpoint is another's")
	}
}

func TestADamagedEndIsNotAppendedTo(t *testing.T) {
	storeURL := newSQLite(t)
	key := victimLog(t, storeURL)
	flip{"commits", "tail", "first = 66012", 3, ""}.apply(t, database(t, storeURL))
	_, err := evidence.Open(t.Context(), storeURL, key, evidence.Options{})
	if err == nil || !strings.Contains(err.Error(), "leaves 66012 to 66012: its tail hashes") {
		t.Errorf("opened: %v", err)
	}
	wantNamed(t, "tail", storeURL, key, "leaf 66012")
}

func TestADamagedLeafIsNotReadAsSound(t *testing.T) {
	storeURL := newSQLite(t)
	key := victimLog(t, storeURL)
	flip{"commits", "blob", "first = 2", 30, ""}.apply(t, database(t, storeURL))
	log := open(t, storeURL, key, evidence.Options{})
	read := 0
	var fault error
	for _, err := range log.Leaves(t.Context(), 0) {
		if err != nil {
			fault = err
			continue
		}
		read++
	}
	if read != 2 || fault == nil || !strings.Contains(fault.Error(), "leaves 2 to 2") {
		t.Errorf("read %d leaves, then %v", read, fault)
	}
	if _, err := log.Prove(t.Context(), 2); err == nil {
		t.Error("proved a damaged leaf")
	}
}
