package evidence

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// state is the log as of one commit: immutable once published.
type state struct {
	head
	tree tree
}

// load reads the right edge of the tree and checks it against the head, so that nothing is ever appended to a damaged
// edge. It reads the last partial tile of each level: at most 255 tiles of 8 KiB for a level.
func (d *database) load(ctx context.Context, q querier) (*state, error) {
	h, err := d.head(ctx, q)
	if err != nil {
		return nil, err
	}
	s := &state{head: h, tree: tree{size: h.size}}
	if s.tree.tails[0], err = d.loadTail(ctx, q, h.size); err != nil {
		return nil, err
	}
	for level := 1; fullTiles(h.size, level-1) > 0; level++ {
		if s.tree.tails[level], err = d.loadLevel(ctx, q, h.size, level); err != nil {
			return nil, err
		}
	}
	s.tree.restore()
	if s.tree.root() != h.root {
		return nil, fmt.Errorf("evidence: the tree of %d leaves does not have the root that the head says; run verify", h.size)
	}
	return s, nil
}

// loadTail gathers the hashes after the last whole tile from the commits that hold those leaves.
func (d *database) loadTail(ctx context.Context, q querier, size int64) (tail []tlog.Hash, err error) {
	next := size &^ (tileWidth - 1)
	if next == size {
		return nil, nil
	}
	rows, err := q.QueryContext(ctx, d.rebind(queryTails), next)
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	tail = make([]tlog.Hash, 0, tileWidth)
	for rows.Next() {
		var row commitRow
		if err := rows.Scan(&row.first, &row.count, &row.tail); err != nil {
			return nil, fmt.Errorf("evidence: %w", err)
		}
		hashes, err := row.tailHashes()
		if err != nil {
			return nil, err
		}
		if start := row.first + row.count - int64(len(hashes)); start != next || next+int64(len(hashes)) > size {
			return nil, fmt.Errorf("evidence: hashes of leaves %d to %d where those from %d should be", start, row.first+row.count-1, next)
		}
		tail = append(tail, hashes...)
		next += int64(len(hashes))
	}
	if next != size {
		return nil, errors.Join(fmt.Errorf("evidence: leaves %d to %d are missing", next, size-1), rows.Err())
	}
	return tail, rows.Err()
}

// tailStart is the first leaf of a commit that lies after the last whole tile which the commit completed.
func (row commitRow) tailStart() int64 {
	return max(row.first, (row.first+row.count)&^(tileWidth-1))
}

func (row commitRow) tailHashes() ([]tlog.Hash, error) {
	data, err := unseal(row.tail)
	if err == nil && int64(len(data)) != (row.first+row.count-row.tailStart())*tlog.HashSize {
		err = errors.New("are of another number")
	}
	if err != nil {
		return nil, fmt.Errorf("evidence: commit of leaves %d to %d: its tail hashes: %w", row.first, row.first+row.count-1, err)
	}
	return bytesHashes(data), nil
}

// loadLevel computes the partial tile of a level from the whole tiles below it.
func (d *database) loadLevel(ctx context.Context, q querier, size int64, level int) (tail []tlog.Hash, err error) {
	have := fullTiles(size, level-1)
	next := have &^ (tileWidth - 1)
	if next == have {
		return nil, nil
	}
	rows, err := q.QueryContext(ctx, d.rebind(queryTiles), level-1, next)
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	tail = make([]tlog.Hash, 0, tileWidth)
	for rows.Next() {
		var n int64
		var cell []byte
		if err := rows.Scan(&n, &cell); err != nil {
			return nil, fmt.Errorf("evidence: %w", err)
		}
		if n != next || n >= have {
			return nil, fmt.Errorf("evidence: %s where %s should be", tilePath(level-1, n, tileWidth), tilePath(level-1, next, tileWidth))
		}
		data, err := unseal(cell)
		if err != nil || len(data) != tileWidth*tlog.HashSize {
			return nil, fmt.Errorf("evidence: %s %w", tilePath(level-1, n, tileWidth), errCRC)
		}
		tail = append(tail, subtree(bytesHashes(data)))
		next++
	}
	if next != have {
		return nil, errors.Join(fmt.Errorf("evidence: %s is missing", tilePath(level-1, next, tileWidth)), rows.Err())
	}
	return tail, rows.Err()
}
