package evidence

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"golang.org/x/mod/sumdb/tlog"
)

// leafWalk goes through all leaves in order and keeps what the rest of the verification needs of them.
type leafWalk struct {
	next     int64 // index of the next leaf, so the number of leaves seen
	received int64
	// stored is the tree of the hashes as stored, computed that of the hashes which the contents give; each takes the
	// other's hash where its own is lost.
	stored, computed tree
	unknown          bool // a leaf had neither hash: no root is known from there on
	mismatches       []mismatch

	tile     []tlog.Hash // the stored level 0 tile of next; nil if it has none or is damaged
	tileGone bool        // its row is missing, which is right at the end only
}

// mismatch is a leaf whose content and stored hash contradict each other, neither cell being damaged.
type mismatch struct {
	index           int64
	suspect, hashIn string
}

func (w *leafWalk) roots() roots {
	if w.unknown {
		return roots{}
	}
	stored, computed := w.stored.root(), w.computed.root()
	return roots{&stored, &computed}
}

const (
	// verifyRows is how many commits are fetched at once; verifyBytes, how many bytes of them.
	verifyRows  = 256
	verifyBytes = 8 << 20
	// maxGap is the largest gap that is walked through, leaf by leaf.
	maxGap = 1 << 30
)

func (v *verification) walk(ctx context.Context) error {
	if r := v.wanted[0]; r != nil {
		*r = v.leaves.roots()
	}
	after, started := int64(math.MinInt64), false
	for {
		rows, err := v.commitsAfter(ctx, after, started)
		if err != nil {
			return err
		}
		if len(rows) == 0 {
			return nil
		}
		for _, row := range rows {
			if err := v.walkCommit(ctx, row); err != nil {
				return err
			}
		}
		after, started = rows[len(rows)-1].first, true
	}
}

func (v *verification) commitsAfter(ctx context.Context, after int64, started bool) (rows []commitRow, err error) {
	comparison := ">="
	if started {
		comparison = ">"
	}
	found, err := v.tx.QueryContext(ctx, v.db.rebind(`SELECT first, count, tail, salts, blob FROM evidence_commits WHERE first `+
		comparison+` ? ORDER BY first LIMIT ?`), after, verifyRows)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	for size := 0; size < verifyBytes && found.Next(); {
		var row commitRow
		if err := found.Scan(&row.first, &row.count, &row.tail, &row.salts, &row.blob); err != nil {
			return nil, err
		}
		size += len(row.tail) + len(row.salts) + len(row.blob)
		rows = append(rows, row)
	}
	return rows, found.Err()
}

// opened is a commit with what could be read of it, damaged or not.
type opened struct {
	commitRow
	records          []record // nil if unreadable
	salts            []byte   // nil if unreadable
	tail             []tlog.Hash
	blobErr, saltErr error
}

func (v *verification) walkCommit(ctx context.Context, row commitRow) error {
	w := &v.leaves
	o := opened{commitRow: row}
	o.read(v)
	name := leafRange(row.first, row.first+max(row.count, 1)-1)
	count := row.count
	if o.records != nil && o.blobErr == nil {
		count = int64(len(o.records))
	}
	switch {
	case row.first < w.next:
		v.fault(name, "this commit begins where there are leaves already")
		return nil
	case row.first < 0 || count <= 0 || count > maxBlob || row.first > math.MaxInt64/2:
		v.fault(name, "this commit says that it has %d leaves", row.count)
		return nil
	case row.first-w.next > maxGap: // a damaged index, not as many leaves
		v.fault(name, "this commit begins %d leaves after the last", row.first-w.next)
		return nil
	case row.first > w.next:
		v.fault(leafRange(w.next, row.first-1), "missing")
		if err := v.skip(ctx, row.first); err != nil {
			return err
		}
	}
	if count != row.count {
		v.fault(name, "this commit says that it has %d leaves, and holds %d", row.count, count)
		o.count = count
	}
	o.readTail(v)
	named := len(v.faults) + v.more + len(w.mismatches)
	for i := range count {
		if err := v.walkLeaf(ctx, &o, int(i)); err != nil {
			return err
		}
	}
	if named == len(v.faults)+v.more+len(w.mismatches) { // damaged, but no single leaf is to be named for it
		name = leafRange(o.first, o.first+count-1)
		if o.blobErr != nil {
			v.fault(name, "their contents: %v", o.blobErr)
		}
		if o.saltErr != nil {
			v.fault(name, "their salts: %v", o.saltErr)
		}
	}
	return nil
}

// read opens the cells as far as they can be, even when their CRC is wrong: then single leaves can still be named.
func (o *opened) read(v *verification) {
	blob, crc := unseal(o.blob)
	raw, err := v.dec.DecodeAll(blob, nil)
	if err == nil {
		o.records, err = parseBlob(raw)
	}
	if err == nil && crc != nil && int64(len(o.records)) != o.count {
		err = errCRC
	}
	if err != nil {
		o.records = nil
	}
	o.blobErr = crc
	if crc == nil {
		o.blobErr = err
	}
	o.salts, o.saltErr = unseal(o.commitRow.salts)
	if o.records != nil && len(o.salts) != len(o.records)*saltSize {
		o.salts = nil
		if o.saltErr == nil {
			o.saltErr = errors.New("are of another number")
		}
	}
}

func (o *opened) readTail(v *verification) {
	var err error
	if o.tail, err = o.tailHashes(); err != nil {
		o.tail = nil
		v.fault(leafRange(o.first, o.first+o.count-1), "%v", err)
	}
}

// tailHash is the hash of leaf index in the commit's own tail.
func (o *opened) tailHash(index int64) *tlog.Hash {
	i := index - o.tailStart()
	if i < 0 || i >= int64(len(o.tail)) {
		return nil
	}
	return &o.tail[i]
}

// walkLeaf compares the i-th leaf of a commit with its hash in the tile and in the tail, and grows the trees.
func (v *verification) walkLeaf(ctx context.Context, o *opened, i int) error {
	w := &v.leaves
	index := w.next
	if err := v.loadTile(ctx); err != nil {
		return err
	}
	var computed *tlog.Hash
	if o.records != nil && o.salts != nil {
		computed = v.hashRecord(o.records[i], o.salts[i*saltSize:(i+1)*saltSize])
		v.noteRecord(index, o.records[i])
	}
	stored, inTail := w.tileHash(), o.tailHash(index)
	if stored != nil && inTail != nil && *stored != *inTail {
		stored = v.disagree(o, index, computed, stored, inTail)
	}
	if stored == nil {
		stored = inTail
	}
	if computed != nil && stored != nil && *computed != *stored {
		hashIn := o.tailName()
		if w.tile != nil {
			hashIn = tilePath(0, index/tileWidth, tileWidth)
		}
		v.mismatch(o, index, hashIn)
	}
	return v.grow(ctx, stored, computed)
}

func (o *opened) tailName() string { return "the tail of " + leafRange(o.first, o.first+o.count-1) }

// disagree names which of two stored hashes of a leaf is wrong, and returns the one to go on with.
func (v *verification) disagree(o *opened, index int64, computed, inTile, inTail *tlog.Hash) *tlog.Hash {
	tile := tilePath(0, index/tileWidth, tileWidth)
	switch {
	case computed != nil && *computed == *inTail:
		v.fault(tile, "its hash of leaf %d is neither that of the leaf nor that of %s", index, o.tailName())
		return inTail
	case computed != nil && *computed == *inTile:
		v.fault(leafRange(o.first, o.first+o.count-1), "their tail hash of leaf %d is neither that of the leaf nor that of %s", index, tile)
	default:
		v.fault(leafRange(index, index), "%s and %s hold different hashes of it", tile, o.tailName())
	}
	return inTile
}

// mismatch tells a damaged leaf from one that was changed together with its CRC.
func (v *verification) mismatch(o *opened, index int64, hashIn string) {
	name := leafRange(index, index)
	switch {
	case o.blobErr != nil && o.saltErr == nil:
		v.fault(name, "its content was damaged: it does not have the hash that %s says", hashIn)
	case o.saltErr != nil && o.blobErr == nil:
		v.fault(name, "its salt was damaged: it does not have the hash that %s says", hashIn)
	case o.blobErr != nil:
		v.fault(name, "its content or salt was damaged: it does not have the hash that %s says", hashIn)
	case len(v.leaves.mismatches) < maxFaults:
		v.leaves.mismatches = append(v.leaves.mismatches, mismatch{index, "its content, salt or receipt time was changed", hashIn})
	default:
		v.more++
	}
}

// hashRecord is the hash that a leaf should have. An erased leaf's commitment is in its salt's place.
func (v *verification) hashRecord(rec record, salt []byte) *tlog.Hash {
	commitment := [saltSize]byte(salt)
	if rec.payload != nil {
		commitmentOf(v.sha, &commitment, salt, rec.payload)
	}
	h := leafHash(&commitment, rec.received)
	return &h
}

// noteRecord checks what a leaf says about others: the order of receipt, and erasures.
func (v *verification) noteRecord(index int64, rec record) {
	w := &v.leaves
	name := func() string { return leafRange(index, index) }
	if rec.received < w.received {
		v.fault(name(), "was received before the leaf before it")
	}
	w.received = rec.received
	if rec.payload == nil {
		v.erased[index] = true
		return
	}
	content, ok := bytes.CutPrefix(rec.payload, []byte(SubjectErasure+"\x00"))
	if !ok {
		return
	}
	var said erasureContent
	if err := json.Unmarshal(content, &said); err != nil {
		v.fault(name(), "malformed record of an erasure: %v", err)
		return
	}
	v.said[said.Erased] = index
}

// skip grows the trees over leaves that are missing, from the tiles alone.
func (v *verification) skip(ctx context.Context, to int64) error {
	w := &v.leaves
	for w.next < to {
		if err := v.loadTile(ctx); err != nil {
			return err
		}
		if err := v.grow(ctx, w.tileHash(), nil); err != nil {
			return err
		}
	}
	return nil
}

// grow adds a leaf to both trees, checks the tiles of higher levels that it completes, and notes wanted roots.
func (v *verification) grow(ctx context.Context, stored, computed *tlog.Hash) error {
	w := &v.leaves
	if stored == nil {
		stored = computed
	}
	if computed == nil {
		computed = stored
	}
	if stored == nil {
		w.unknown = true
		stored, computed = &tlog.Hash{}, &tlog.Hash{}
	}
	w.computed.push(*computed, nil)
	for _, t := range w.stored.push(*stored, nil) {
		if t.level == 0 {
			if w.tileGone {
				v.fault(tilePath(0, t.n, tileWidth), "missing")
			}
			continue
		}
		if err := v.upperTile(ctx, t); err != nil {
			return err
		}
	}
	w.next++
	if r := v.wanted[w.next]; r != nil {
		*r = w.roots()
	}
	return nil
}

// loadTile reads the level 0 tile that begins at the next leaf.
func (v *verification) loadTile(ctx context.Context) error {
	w := &v.leaves
	if w.next%tileWidth != 0 {
		return nil
	}
	hashes, gone, err := v.readTile(ctx, 0, w.next/tileWidth)
	w.tile, w.tileGone = hashes, gone
	return err
}

func (w *leafWalk) tileHash() *tlog.Hash {
	if w.tile == nil {
		return nil
	}
	return &w.tile[w.next%tileWidth]
}

// readTile gives the hashes of a stored tile: none if its row is gone, or damaged and named.
func (v *verification) readTile(ctx context.Context, level int, n int64) (hashes []tlog.Hash, gone bool, err error) {
	var cell []byte
	err = v.tx.QueryRowContext(ctx, v.db.rebind(queryTile), level, n).Scan(&cell)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, true, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("%s: %w", tilePath(level, n, tileWidth), err)
	}
	data, err := unseal(cell)
	if err != nil || len(data) != tileWidth*tlog.HashSize {
		v.fault(tilePath(level, n, tileWidth), "%v", errCRC)
		return nil, false, nil
	}
	return bytesHashes(data), false, nil
}

// upperTile compares a stored tile of level 1 or higher with the one that the tiles below it give.
func (v *verification) upperTile(ctx context.Context, want fullTile) error {
	have, gone, err := v.readTile(ctx, want.level, want.n)
	if err != nil || v.leaves.unknown {
		return err
	}
	name := tilePath(want.level, want.n, tileWidth)
	if gone {
		v.fault(name, "missing")
	}
	for i := range have {
		if have[i] != want.hashes[i] {
			v.fault(name, "its hash %d is not that of %s", i, tilePath(want.level-1, want.n*tileWidth+int64(i), tileWidth))
		}
	}
	return nil
}
