package evidence

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"hash"
	"maps"
	"slices"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Fault is something in the stored log that is not as it was written.
type Fault struct {
	// Where names it: "leaf 17", "leaves 3 to 9" (a commit's, or missing), "tile/0/000", "checkpoint 2",
	// "checkpoints 3 to 5" (missing), "head".
	Where string
	// Problem says what is wrong with it.
	Problem string
}

// String is the place and the problem, a colon between.
func (f Fault) String() string { return f.Where + ": " + f.Problem }

// maxFaults bounds what Verify lists: a file overwritten with noise has as many faults as rows.
const maxFaults = 1000

// Verify reads the whole log as of one moment and names everything that was damaged or changed: any byte of any cell,
// missing rows, rows that do not belong, signatures, and leaves whose hashes were changed along with them. No faults
// mean that every leaf is as it was received, as far as the last checkpoint proves; what came after it is checked
// against the tree alone. Appends go on meanwhile. An error means that the log could not be read to its end.
//
// It takes a few seconds for a million leaves, constant memory but for the checkpoints and erasures, and on SQLite
// keeps the write-ahead log from being truncated while it runs.
func (l *Log) Verify(ctx context.Context) ([]Fault, error) {
	return verify(ctx, l.db, l.trusted)
}

// VerifyStore is Verify for a log that this process does not run, such as a copy handed to an auditor: it opens the
// store for reading, and needs nothing but the public keys. It also takes a log that Open refuses as damaged.
func VerifyStore(ctx context.Context, storeURL string, publicKeys ...string) (faults []Fault, err error) {
	trusted, err := verifiers(publicKeys)
	if err != nil {
		return nil, err
	}
	db, err := openDatabase(ctx, storeURL, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	return verify(ctx, db, trusted)
}

func verify(ctx context.Context, db *database, trusted []note.Verifier) (_ []Fault, err error) {
	dec, err := newDecoder()
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	defer dec.Close()
	// One snapshot: appends go on beside it and are not seen.
	tx, err := db.read.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead})
	if err != nil {
		return nil, fmt.Errorf("evidence: verify: %w", err)
	}
	defer func() { err = errors.Join(err, ignoreDone(tx.Rollback())) }()
	v := &verification{
		db: db, tx: tx, trusted: trusted, dec: dec, sha: sha256.New(),
		erased: map[int64]bool{}, said: map[int64]int64{}, wanted: map[int64]*roots{},
	}
	for _, step := range []func(context.Context) error{v.readHead, v.readCheckpoints, v.walk, v.extraTiles} {
		if err := step(ctx); err != nil {
			return v.faults, fmt.Errorf("evidence: verify: %w", err)
		}
	}
	v.conclude()
	if v.more > 0 {
		v.faults = append(v.faults, Fault{"log", fmt.Sprintf("%d further faults are not listed", v.more)})
	}
	return v.faults, nil
}

// roots are the roots of the first leaves of the log, twice: by the hashes that are stored, and by those that the
// contents give. nil when a leaf before is unknown.
type roots struct{ stored, computed *tlog.Hash }

// agree tells whether either root is want. What is unknown contradicts nothing.
func (r roots) agree(want tlog.Hash) bool {
	return r.stored == nil || r.computed == nil || *r.stored == want || *r.computed == want
}

type signedRoot struct {
	id int64
	Checkpoint
}

type verification struct {
	db      *database
	tx      *sql.Tx
	trusted []note.Verifier
	dec     *zstd.Decoder
	sha     hash.Hash

	faults []Fault
	more   int

	head     head
	headRead bool // the head could be read
	rootRead bool // and so could its root
	signed   []signedRoot
	wanted   map[int64]*roots // by size: those of checkpoints and of the head

	leaves leafWalk
	erased map[int64]bool  // leaves without content
	said   map[int64]int64 // erased leaf → leaf that says so
}

func (v *verification) fault(where, format string, args ...any) {
	if len(v.faults) >= maxFaults {
		v.more++
		return
	}
	v.faults = append(v.faults, Fault{where, fmt.Sprintf(format, args...)})
}

func leafRange(first, last int64) string {
	if first == last {
		return fmt.Sprintf("leaf %d", first)
	}
	return fmt.Sprintf("leaves %d to %d", first, last)
}

func (v *verification) readHead(ctx context.Context) error {
	var version int64
	var cell []byte
	err := v.tx.QueryRowContext(ctx, queryHead).Scan(&version, &v.head.size, &v.head.received, &v.head.checkpoints, &cell)
	if errors.Is(err, sql.ErrNoRows) {
		v.fault("head", "missing")
		return nil
	}
	if err != nil {
		return err
	}
	v.headRead = true
	if version != format {
		v.fault("head", "format %d; this program knows %d", version, format)
	}
	root, err := unseal(cell)
	if err != nil || len(root) != tlog.HashSize {
		v.fault("head", "its root %v", errCRC)
	} else {
		v.rootRead = true
		v.head.root = tlog.Hash(root)
	}
	v.wanted[v.head.size] = &roots{}
	return nil
}

func (v *verification) readCheckpoints(ctx context.Context) error {
	var next, size int64 = 1, 0
	err := v.db.checkpoints(ctx, v.tx, -1<<63, func(id int64, cell []byte) error {
		name := fmt.Sprintf("checkpoint %d", id)
		switch {
		case id == next+1:
			v.fault(fmt.Sprintf("checkpoint %d", next), "missing")
		case id > next:
			v.fault(fmt.Sprintf("checkpoints %d to %d", next, id-1), "missing")
		case id < next:
			v.fault(name, "has a number that no checkpoint can have")
		}
		next = max(next, id+1)
		signed, err := unseal(cell)
		if err != nil {
			v.fault(name, "%v", err)
			return nil
		}
		c, err := openCheckpoint(string(signed), v.trusted)
		if err != nil {
			v.fault(name, "%v", err)
			return nil
		}
		if c.Size < size {
			v.fault(name, "signs %d leaves, fewer than the one before it", c.Size)
		}
		size = c.Size
		v.signed = append(v.signed, signedRoot{id, c})
		v.wanted[c.Size] = &roots{}
		return nil
	})
	if v.headRead && next-1 != v.head.checkpoints {
		if v.head.checkpoints == next {
			v.fault(fmt.Sprintf("checkpoint %d", next), "missing")
		} else {
			v.fault("head", "says %d checkpoints; there are %d", v.head.checkpoints, next-1)
		}
	}
	return err
}

// extraTiles names the tiles that no leaf of the log explains.
func (v *verification) extraTiles(ctx context.Context) (err error) {
	rows, err := v.tx.QueryContext(ctx, `SELECT level, n FROM evidence_tiles ORDER BY level, n`)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var level, n int64
		if err := rows.Scan(&level, &n); err != nil {
			return err
		}
		if level < 0 || level >= tileLevels || n < 0 || n >= fullTiles(v.leaves.next, int(level)) {
			v.fault(tilePath(int(level), n, tileWidth), "does not belong to a log of %d leaves", v.leaves.next)
		}
	}
	return rows.Err()
}

// conclude compares what the leaves gave with the head, the checkpoints and the recorded erasures.
func (v *verification) conclude() {
	v.concludeHead()
	v.concludeMismatches()
	var proved int64
	for _, c := range v.signed {
		r := v.wanted[c.Size]
		switch {
		case c.Size > v.leaves.next:
			v.fault(fmt.Sprintf("checkpoint %d", c.id), "signs %d leaves; the log has %d", c.Size, v.leaves.next)
		case !r.agree(c.Root):
			v.fault(fmt.Sprintf("checkpoint %d", c.id), "the log's first %d leaves do not have the root that it signs: from leaf %d on, some were changed, and their hashes with them",
				c.Size, proved)
			return // every later one fails with it
		default:
			proved = c.Size
		}
	}
	for _, index := range slices.Sorted(maps.Keys(v.erased)) {
		if _, ok := v.said[index]; !ok {
			v.fault(leafRange(index, index), "has no content, and no leaf of the log says that it was erased")
		}
	}
	for _, index := range slices.Sorted(maps.Keys(v.said)) {
		if !v.erased[index] {
			v.fault(leafRange(index, index), "has content, though leaf %d says that it was erased", v.said[index])
		}
	}
}

func (v *verification) concludeHead() {
	if !v.headRead {
		return
	}
	w := &v.leaves
	atEnd, atHead := w.roots(), v.wanted[v.head.size]
	switch {
	case v.head.size == w.next:
		if v.rootRead && !atEnd.agree(v.head.root) {
			v.fault("head", "its root is not that of the log's %d leaves", w.next)
		}
	case v.rootRead && !w.unknown && atEnd.agree(v.head.root):
		v.fault("head", "says %d leaves; there are %d", v.head.size, w.next)
	case v.head.size > w.next:
		v.fault(leafRange(w.next, v.head.size-1), "missing at the end of the log")
	case v.rootRead && v.head.size >= 0 && atHead.agree(v.head.root):
		v.fault(leafRange(v.head.size, w.next-1), "beyond the end of the log, which the head says is leaf %d", v.head.size-1)
	default:
		v.fault("head", "says %d leaves; there are %d", v.head.size, w.next)
	}
	if v.head.received != w.received && v.head.size == w.next && !w.unknown {
		v.fault("head", "says that the last leaf was received at %d; it was at %d", v.head.received, w.received)
	}
}

// concludeMismatches says of each leaf that contradicts its stored hash which of the two is wrong. Only when neither
// cell is damaged is that a question; then the root of the head, or of a checkpoint, decides.
func (v *verification) concludeMismatches() {
	end := v.leaves.roots()
	hashesWrong := v.headRead && v.rootRead && v.head.size == v.leaves.next && end.computed != nil && end.stored != nil &&
		*end.computed == v.head.root && *end.stored != v.head.root
	for _, m := range v.leaves.mismatches {
		if hashesWrong {
			v.fault(m.hashIn, "its hash of leaf %d is not that of the leaf, which fits the log's root", m.index)
			continue
		}
		v.fault(leafRange(m.index, m.index), "%s: it does not have the hash that %s says", m.suspect, m.hashIn)
	}
}
