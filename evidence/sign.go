package evidence

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Sign signs the log as it stands, keeps the checkpoint for good and returns it. It proves to itself first that the
// last checkpoint's log is the beginning of this one, and refuses to sign otherwise: a log must never sign two
// histories. When nothing was appended since the last checkpoint of the same key, it returns that one.
func (l *Log) Sign(ctx context.Context) (Checkpoint, error) {
	if l.key == nil {
		return Checkpoint{}, ErrNoKey
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	tx, err := l.db.lock(ctx)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("evidence: signing: %w", err)
	}
	defer tx.unlock()
	s, err := l.follow(ctx, tx, tx.head)
	if err != nil {
		return Checkpoint{}, err
	}
	last := l.signed.Load()
	c, err := l.key.sign(s.size, s.root)
	if err != nil {
		return Checkpoint{}, err
	}
	if last != nil {
		if last.Note == c.Note { // Ed25519 is deterministic: same key, same tree, same note
			return *last, nil
		}
		if _, err := l.consistency(ctx, s, *last, c); err != nil {
			return Checkpoint{}, fmt.Errorf("evidence: refusing to sign: %w; run verify", err)
		}
	}
	if err := l.db.insertCheckpoint(ctx, tx, s.checkpoints+1, c.Note); err != nil {
		return Checkpoint{}, fmt.Errorf("evidence: storing a checkpoint: %w", err)
	}
	after := *s
	after.checkpoints++
	l.current.Store(&after)
	l.signed.Store(&c)
	return c, nil
}

// consistency proves and checks that the older checkpoint's log is the beginning of the newer's.
func (l *Log) consistency(ctx context.Context, s *state, older, newer Checkpoint) (tlog.TreeProof, error) {
	if older.Size > newer.Size {
		return nil, fmt.Errorf("evidence: checkpoint of %d leaves is not before that of %d", older.Size, newer.Size)
	}
	var proof tlog.TreeProof
	if older.Size > 0 {
		var err error
		if proof, err = tlog.ProveTree(newer.Size, older.Size, l.hashes(ctx, s)); err != nil {
			return nil, fmt.Errorf("evidence: consistency of %d with %d leaves: %w", older.Size, newer.Size, err)
		}
	}
	if err := checkConsistency(older, newer, proof); err != nil {
		return nil, err
	}
	return proof, nil
}

// Checkpoints is every checkpoint signed so far, oldest first, their signatures verified.
func (l *Log) Checkpoints(ctx context.Context) ([]Checkpoint, error) {
	var all []Checkpoint
	err := l.db.checkpoints(ctx, l.db.read, 1, func(id int64, cell []byte) error {
		signed, err := unseal(cell)
		if err != nil {
			return fmt.Errorf("evidence: checkpoint %d %w", id, err)
		}
		c, err := openCheckpoint(string(signed), l.trusted)
		if err != nil {
			return fmt.Errorf("checkpoint %d: %w", id, err)
		}
		all = append(all, c)
		return nil
	})
	return all, err
}

// ProveConsistency proves that the log of an older checkpoint (a signed note that somebody kept) is the beginning of
// the log of the latest one. An error other than the database's means that it is not: that the log was changed.
func (l *Log) ProveConsistency(ctx context.Context, old string) (Consistency, error) {
	older, err := openCheckpoint(old, l.trusted)
	if err != nil {
		return Consistency{}, err
	}
	latest := l.signed.Load() // before the state, which then reaches as far at least
	s := l.current.Load()
	if latest == nil || latest.Size < older.Size {
		return Consistency{}, fmt.Errorf("%w: the checkpoint has %d leaves", ErrNotSigned, older.Size)
	}
	proof, err := l.consistency(ctx, s, older, *latest)
	if err != nil {
		return Consistency{}, err
	}
	return Consistency{Old: old, New: latest.Note, Proof: proof}, nil
}
