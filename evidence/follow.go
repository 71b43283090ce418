package evidence

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Several processes may append to one log. Each holds the head's row while it commits or signs, so that they go one after
// the other, and first adds to its own tree what the others have appended: an append continues what is there, or is refused.

// locked is a transaction that has the head to itself.
type locked struct {
	*sql.Tx
	head head
}

// lock begins a transaction that no other process's append, signature or erasure overlaps. It returns when those that had
// begun before have ended, also those of a process that was killed meanwhile.
func (d *database) lock(ctx context.Context) (*locked, error) {
	tx, err := d.write.BeginTx(ctx, nil) // in SQLite this is the lock
	if err != nil {
		return nil, err
	}
	query := queryHead
	if d.postgres {
		query += " FOR UPDATE"
	}
	h, err := scanHead(tx.QueryRowContext(ctx, query))
	if err != nil {
		_ = tx.Rollback() // err says why; a connection that cannot roll back is given up by database/sql
		return nil, err
	}
	return &locked{tx, h}, nil
}

// snapshot begins a transaction whose reads all see the same state. It has to be rolled back.
func (d *database) snapshot(ctx context.Context) (*sql.Tx, error) {
	if d.postgres {
		return d.read.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	}
	return d.read.BeginTx(ctx, nil) // SQLite's readers always do
}

// unlock ends a transaction that was not committed.
func (t *locked) unlock() { _ = t.Rollback() } // nothing was written, or an error has said why

// follow brings the state to a head that the database has. What other processes appended is added to this one's tree, whose
// root has to be the head's then: so nothing is ever appended to a log that was changed, or put back to an earlier state. The
// caller holds l.writing, and q sees one state of the database.
func (l *Log) follow(ctx context.Context, q querier, h head) (*state, error) {
	s := l.current.Load()
	if s.head == h {
		return s, nil
	}
	if h.size < s.size || h.checkpoints < s.checkpoints || h.received < s.received {
		return nil, fmt.Errorf("%w: the database has %d leaves and %d checkpoints, this process knows %d and %d", errConflict,
			h.size, h.checkpoints, s.size, s.checkpoints)
	}
	next := *s
	if err := l.db.grow(ctx, q, &next.tree, h.size); err != nil {
		return nil, err
	}
	if next.tree.root() != h.root {
		return nil, fmt.Errorf("%w: its %d leaves do not continue the %d that this process knows; run verify", errConflict, h.size, s.size)
	}
	latest := l.signed.Load()
	if h.checkpoints > s.checkpoints {
		c, err := l.newest(ctx, q, s.checkpoints+1)
		if err != nil {
			return nil, err
		}
		if c != nil {
			latest = c
		}
	}
	if latest != nil && latest.Size > h.size {
		return nil, fmt.Errorf("evidence: the log has %d leaves; its last checkpoint says %d", h.size, latest.Size)
	}
	next.head = h
	l.queue.notBefore(h.received)
	l.current.Store(&next)
	l.signed.Store(latest)
	l.grown.notify()
	return &next, nil
}

// newest is the last of the checkpoints from an id on, verified; nil if this process has no key to verify it with.
func (l *Log) newest(ctx context.Context, q querier, from int64) (latest *Checkpoint, err error) {
	if len(l.trusted) == 0 {
		return nil, nil
	}
	err = l.db.checkpoints(ctx, q, from, func(id int64, cell []byte) error {
		signed, err := unseal(cell)
		if err != nil {
			return fmt.Errorf("evidence: checkpoint %d %w", id, err)
		}
		c, err := openCheckpoint(string(signed), l.trusted)
		if err != nil {
			return fmt.Errorf("checkpoint %d: %w", id, err)
		}
		latest = &c
		return nil
	})
	return latest, err
}

// grow adds the leaves up to a size to a tree.
func (d *database) grow(ctx context.Context, q querier, t *tree, size int64) error {
	if t.size == size {
		return nil
	}
	if err := d.growByTiles(ctx, q, t, size/tileWidth); err != nil {
		return err
	}
	tail, err := d.loadTail(ctx, q, size)
	if err != nil {
		return err
	}
	for _, h := range tail[max(0, t.size-size&^(tileWidth-1)):] {
		t.push(h, nil)
	}
	if t.size != size {
		return fmt.Errorf("evidence: leaves %d to %d are missing", t.size, size-1)
	}
	return nil
}

// growByTiles adds the leaves of the whole tiles before one.
func (d *database) growByTiles(ctx context.Context, q querier, t *tree, before int64) (err error) {
	next := t.size / tileWidth
	if next >= before {
		return nil
	}
	rows, err := q.QueryContext(ctx, d.rebind(queryTiles), 0, next)
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for next < before && rows.Next() {
		var n int64
		var cell []byte
		if err := rows.Scan(&n, &cell); err != nil {
			return fmt.Errorf("evidence: %w", err)
		}
		data, err := unseal(cell)
		if n != next || err != nil || len(data) != tileWidth*tlog.HashSize {
			return errors.Join(fmt.Errorf("evidence: %s is missing or damaged", tilePath(0, next, tileWidth)), err)
		}
		for _, h := range bytesHashes(data)[t.size-next*tileWidth:] {
			t.push(h, nil)
		}
		next++
	}
	if next < before {
		return errors.Join(fmt.Errorf("evidence: %s is missing", tilePath(0, next, tileWidth)), rows.Err())
	}
	return rows.Err()
}

// Refresh takes over what other processes have appended and signed, as of now or later: it waits for their commits in
// progress, also for one of a process that was killed.
func (l *Log) Refresh(ctx context.Context) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	tx, err := l.db.lock(ctx)
	if err != nil {
		return fmt.Errorf("evidence: refreshing: %w", err)
	}
	defer tx.unlock()
	_, err = l.follow(ctx, tx, tx.head)
	return err
}

// followEvery is how often a log in PostgreSQL looks for what other processes have appended.
const followEvery = 200 * time.Millisecond

// watch follows other processes until the log is closed.
func (l *Log) watch(ctx context.Context) {
	ticker := time.NewTicker(followEvery)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		err := l.look(ctx)
		if failed := err != nil && ctx.Err() == nil; failed != failing {
			failing = failed
			if failing {
				l.logger.Error("the evidence log cannot be followed and is tried again", "error", err)
			} else {
				l.logger.Info("the evidence log is followed again")
			}
		}
	}
}

// look reads the head and, if somebody has moved it, what came.
func (l *Log) look(ctx context.Context) (err error) {
	ctx, cancel := context.WithTimeout(ctx, commitTimeout)
	defer cancel()
	if h, err := l.db.head(ctx, l.db.read); err != nil || h == l.current.Load().head {
		return err
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	tx, err := l.db.snapshot(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // nothing was written
	h, err := l.db.head(ctx, tx)
	if err != nil {
		return err
	}
	_, err = l.follow(ctx, tx, h)
	return err
}

// arrived finds out whether a commit took place although the database answered with an error, as when a connection breaks between the
// commit and its acknowledgement. It has: if the leaves at its place have its salts, which nobody else has drawn.
func (l *Log) arrived(row *commitRow) bool {
	ctx, cancel := l.db.commitContext()
	defer cancel()
	tx, err := l.db.lock(ctx) // waits for the commit, if the database is still at it
	if err != nil {
		l.logger.Error("whether a commit of the evidence log took place is not known", slog.Any("error", err))
		return false
	}
	defer tx.unlock()
	var salts []byte
	if err := tx.QueryRowContext(ctx, l.db.rebind("SELECT salts FROM evidence_commits WHERE first = ?"), row.first).Scan(&salts); err != nil {
		return false
	}
	if !bytes.Equal(salts, row.salts) {
		return false
	}
	_, err = l.follow(ctx, tx, tx.head)
	return err == nil
}
