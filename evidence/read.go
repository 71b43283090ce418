package evidence

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/mod/sumdb/tlog"
)

// Leaf is one entry as it stands in the log.
type Leaf struct {
	Index    int64
	Received time.Time // when the log received it, UTC
	// Subject and Content are those of the entry; empty when the leaf was erased.
	Subject string
	Content []byte
	// Erased says that the content was removed. Its hash remains.
	Erased bool

	salt [saltSize]byte // of an erased leaf: its commitment
}

// commitment is SHA-256(salt ‖ subject ‖ 0x00 ‖ content), or what is kept of it.
func (leaf Leaf) commitment() [sha256.Size]byte {
	if leaf.Erased {
		return leaf.salt
	}
	_, payload := appendRecord(nil, leaf.Subject, leaf.Content)
	var c [sha256.Size]byte
	commitmentOf(sha256.New(), &c, leaf.salt[:], payload)
	return c
}

// hash is the leaf's hash in the tree.
func (leaf Leaf) hash() tlog.Hash {
	c := leaf.commitment()
	return leafHash(&c, leaf.Received.UnixNano())
}

const (
	// readRows and readBytes bound what one query of Leaves fetches: rows, and bytes as stored.
	readRows  = 256
	readBytes = 1 << 20
)

// Leaves yields the leaves from index from on, in order, up to those that were durable when the sequence reached them;
// follow with Wait for more. It fetches some hundred commits at a time, holds no database resources while the caller
// works, and ends after yielding an error: a damaged cell (named), the database's, or ctx's. Contents stay valid after
// the iteration.
//
// It checks that cells are whole, not that they fit the tree: that is [Log.Verify]'s work, and [Log.Prove]'s for one leaf.
func (l *Log) Leaves(ctx context.Context, from int64) iter.Seq2[Leaf, error] {
	return func(yield func(Leaf, error) bool) {
		if from < 0 {
			yield(Leaf{}, fmt.Errorf("%w: %d", ErrNoLeaf, from))
			return
		}
		next := from
		for next < l.Size() {
			rows, err := l.db.commits(ctx, next, readRows, readBytes)
			if err == nil && (len(rows) == 0 || rows[len(rows)-1].first+rows[len(rows)-1].count <= next) {
				err = fmt.Errorf("evidence: leaf %d is missing", next)
			}
			if err != nil {
				yield(Leaf{}, err)
				return
			}
			for _, row := range rows {
				if next = row.yieldFrom(l.codec.dec, next, yield); next < 0 {
					return
				}
			}
		}
	}
}

// yieldFrom yields the leaves of a row from next on and returns the index after the last, or -1 to stop.
func (row commitRow) yieldFrom(dec *zstd.Decoder, next int64, yield func(Leaf, error) bool) int64 {
	if next < row.first || next >= row.first+row.count {
		yield(Leaf{}, fmt.Errorf("evidence: leaves %d to %d where leaf %d should be", row.first, row.first+row.count-1, next))
		return -1
	}
	records, salts, err := row.open(dec)
	if err != nil {
		yield(Leaf{}, err)
		return -1
	}
	for ; next < row.first+row.count; next++ {
		leaf, err := row.leaf(records, salts, int(next-row.first))
		if !yield(leaf, err) || err != nil {
			return -1
		}
	}
	return next
}

// open unseals, decompresses and parses the cells of a commit.
func (row commitRow) open(dec *zstd.Decoder) (records []record, salts []byte, err error) {
	fail := func(cell string, err error) ([]record, []byte, error) {
		return nil, nil, fmt.Errorf("evidence: commit of leaves %d to %d: its %s: %w", row.first, row.first+row.count-1, cell, err)
	}
	blob, err := unseal(row.blob)
	if err != nil {
		return fail("contents", err)
	}
	raw, err := dec.DecodeAll(blob, nil)
	if err != nil {
		return fail("contents", err)
	}
	if records, err = parseBlob(raw); err != nil {
		return fail("contents", err)
	}
	if int64(len(records)) != row.count {
		return fail("contents", fmt.Errorf("are %d leaves", len(records)))
	}
	if salts, err = unseal(row.salts); err != nil {
		return fail("salts", err)
	}
	if len(salts) != len(records)*saltSize {
		return fail("salts", errors.New("are of another number"))
	}
	return records, salts, nil
}

// leaf is the i-th leaf of an opened row.
func (row commitRow) leaf(records []record, salts []byte, i int) (Leaf, error) {
	leaf := Leaf{Index: row.first + int64(i), Received: time.Unix(0, records[i].received).UTC()}
	copy(leaf.salt[:], salts[i*saltSize:])
	if records[i].payload == nil {
		leaf.Erased = true
		return leaf, nil
	}
	var err error
	if leaf.Subject, leaf.Content, err = splitPayload(records[i].payload); err != nil {
		return Leaf{}, fmt.Errorf("evidence: leaf %d: %w", leaf.Index, err)
	}
	return leaf, nil
}

// commitOf reads and opens the commit that holds leaf index.
func (l *Log) commitOf(ctx context.Context, s *state, index int64) (commitRow, []record, []byte, error) {
	if index < 0 || index >= s.size {
		return commitRow{}, nil, nil, fmt.Errorf("%w: %d of %d", ErrNoLeaf, index, s.size)
	}
	rows, err := l.db.commits(ctx, index, 1, 1)
	if err != nil {
		return commitRow{}, nil, nil, err
	}
	if len(rows) == 0 || index < rows[0].first || index >= rows[0].first+rows[0].count {
		return commitRow{}, nil, nil, fmt.Errorf("evidence: leaf %d is missing", index)
	}
	records, salts, err := rows[0].open(l.codec.dec)
	return rows[0], records, salts, err
}
