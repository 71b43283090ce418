package ledger

import (
	"context"
	"fmt"

	"github.com/nuanju/nuanju/sensors"
)

// WorkflowSubject is whom the evidence log keeps events of the workflow under.
const WorkflowSubject = "ledger"

// OutboxEntry is an entry for the evidence log, written in the transaction that it tells of. Its key occurs once.
type OutboxEntry struct {
	ID      int64 // in order of writing
	Key     string
	Subject string
	// Content is what the log gets. It has the key in it: by their contents entries are told apart.
	Content   []byte
	CreatedAt sensors.Instant
	// Tried is the log's size before the entry was first given to it; -1: never. If it is set, the entry may be in the log,
	// at that index or later.
	Tried int64
}

func (t tx) enqueue(ctx context.Context, entries []OutboxEntry) error {
	return t.insert(ctx, "INSERT INTO outbox (key, subject, content, created_at) VALUES", "", 4, len(entries),
		func(i int, to []any) []any {
			e := &entries[i]
			return append(to, e.Key, e.Subject, e.Content, int64(e.CreatedAt))
		})
}

// Enqueue puts entries into the outbox that belong to no other write. ErrExists if a key was used.
func (l *Ledger) Enqueue(ctx context.Context, entries []OutboxEntry) error {
	return l.writing(ctx, "adding to the outbox", func(t tx) error { return t.enqueue(ctx, entries) })
}

// Outbox is up to limit entries that the evidence log has not confirmed, in order.
func (l *Ledger) Outbox(ctx context.Context, limit int) (all []OutboxEntry, err error) {
	err = l.reading(ctx, "reading the outbox", func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT id, key, subject, content, created_at, coalesce(tried, -1) FROM outbox
			WHERE leaf IS NULL ORDER BY id LIMIT ?`, page(limit))
		all, err = collect(rows, err, func(e *OutboxEntry) []any {
			return []any{&e.ID, &e.Key, &e.Subject, &e.Content, &e.CreatedAt, &e.Tried}
		})
		return err
	})
	return all, err
}

// EvidenceLog is what Deliver needs of the evidence log.
type EvidenceLog interface {
	// Size is the number of leaves.
	Size() int64
	// Append adds the entries as consecutive leaves, all or none, and returns the first one's index.
	Append(ctx context.Context, entries []OutboxEntry) (first int64, err error)
	// Contents calls visit with each leaf of the workflow from an index on, in order.
	Contents(ctx context.Context, from int64, visit func(leaf int64, content []byte)) error
}

// Deliver gives the evidence log what waits in the outbox, in order, up to limit entries, and returns how many the log has
// confirmed. Each entry is in the log once, wherever the process stops: before it is given to the log the log's size is noted,
// and an entry that was given before is looked for from there on. One caller at a time, of all
// servers (see Alone); a second one waits for nothing and may deliver twice.
func (l *Ledger) Deliver(ctx context.Context, log EvidenceLog, limit int) (int, error) {
	waiting, err := l.Outbox(ctx, limit)
	if err != nil || len(waiting) == 0 {
		return 0, err
	}
	leaves, err := find(ctx, log, waiting)
	if err != nil {
		return 0, fmt.Errorf("ledger: looking for what was delivered: %w", err)
	}
	var missing []OutboxEntry
	for _, e := range waiting {
		if _, there := leaves[e.Key]; !there {
			missing = append(missing, e)
		}
	}
	if len(missing) > 0 {
		if err := l.tried(ctx, missing, log.Size()); err != nil {
			return 0, err
		}
		first, err := log.Append(ctx, missing)
		if err != nil {
			return 0, fmt.Errorf("ledger: delivering to the evidence log: %w", err)
		}
		for i, e := range missing {
			leaves[e.Key] = first + int64(i)
		}
	}
	return len(waiting), l.confirm(ctx, waiting, leaves)
}

// find looks in the log for the entries that were given to it before.
func find(ctx context.Context, log EvidenceLog, waiting []OutboxEntry) (map[string]int64, error) {
	leaves, from := map[string]int64{}, int64(-1)
	content := map[string]string{}
	for _, e := range waiting {
		if e.Tried >= 0 {
			content[string(e.Content)] = e.Key
			if from < 0 || e.Tried < from {
				from = e.Tried
			}
		}
	}
	if from < 0 {
		return leaves, nil
	}
	err := log.Contents(ctx, from, func(leaf int64, c []byte) {
		if key, ok := content[string(c)]; ok {
			if _, found := leaves[key]; !found {
				leaves[key] = leaf
			}
		}
	})
	return leaves, err
}

// tried notes the log's size for entries that are about to be given to it; one that was given before keeps its first.
func (l *Ledger) tried(ctx context.Context, entries []OutboxEntry, size int64) error {
	return l.writing(ctx, "noting what is being delivered", func(t tx) error {
		return chunks(entries, func(some []OutboxEntry) error {
			args := []any{size}
			for _, e := range some {
				args = append(args, e.ID)
			}
			_, err := t.exec(ctx, "UPDATE outbox SET tried = coalesce(tried, ?) WHERE leaf IS NULL AND id IN ("+placeholders(len(some))+")", args...)
			return err
		})
	})
}

func (l *Ledger) confirm(ctx context.Context, entries []OutboxEntry, leaves map[string]int64) error {
	return l.writing(ctx, "confirming what was delivered", func(t tx) error {
		for _, e := range entries {
			n, err := t.exec(ctx, "UPDATE outbox SET leaf = ? WHERE id = ? AND leaf IS NULL", leaves[e.Key], e.ID)
			if err != nil {
				return err
			}
			if n == 0 {
				return fmt.Errorf("%w: %s was confirmed by another", ErrConflict, e.Key)
			}
		}
		return nil
	})
}

// CountOutbox is how many entries wait for the evidence log, and since when the first does (0 without one).
func (l *Ledger) CountOutbox(ctx context.Context) (n int, since sensors.Instant, err error) {
	err = l.reading(ctx, "counting the outbox", func(q querier) error {
		return q.QueryRowContext(ctx, "SELECT count(*), coalesce(min(created_at), 0) FROM outbox WHERE leaf IS NULL").Scan(&n, &since)
	})
	return n, since, err
}
