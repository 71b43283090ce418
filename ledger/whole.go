package ledger

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/nuanju/nuanju/disputes"
)

// Sizes is how many rows each table has.
func (l *Ledger) Sizes(ctx context.Context) (sizes map[string]int64, err error) {
	names := "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
	if l.dialect == inPostgres {
		names = "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE' ORDER BY table_name"
	}
	sizes = map[string]int64{}
	err = l.snapshot(ctx, "counting rows", func(q querier) error {
		type named struct{ name string }
		rows, err := q.QueryContext(ctx, names)
		found, err := collect(rows, err, func(n *named) []any { return []any{&n.name} })
		if err != nil || len(found) == 0 {
			return err
		}
		parts := make([]string, len(found)) // the names are those of migrations
		for i, n := range found {
			parts[i] = "SELECT '" + n.name + "', (SELECT count(*) FROM " + n.name + ")"
		}
		type size struct {
			name string
			n    int64
		}
		rows, err = q.QueryContext(ctx, strings.Join(parts, " UNION ALL "))
		counted, err := collect(rows, err, func(s *size) []any { return []any{&s.name, &s.n} })
		for _, c := range counted {
			sizes[c.name] = c.n
		}
		return err
	})
	return sizes, err
}

// Torn names tickets, matters and incidents that are not whole: whose version is not the number of their events, or of whose events one has no entry
// in the outbox. State, events and entries are written in one transaction, so that there are none. At most 100 are named.
func (l *Ledger) Torn(ctx context.Context) (torn []string, err error) {
	type row struct{ what string }
	found := map[string]bool{}
	err = l.snapshot(ctx, "looking for what is not whole", func(q querier) error {
		for _, query := range []string{
			`SELECT 'ticket/' || t.id FROM tickets t
				WHERE t.version <> (SELECT count(*) FROM ticket_events e WHERE e.ticket = t.id) LIMIT 100`,
			`SELECT 'matter/' || m.kind || '/' || m.id FROM matters m
				WHERE m.version <> (SELECT count(*) FROM matter_events e WHERE e.kind = m.kind AND e.matter = m.id) LIMIT 100`,
			`SELECT 'ticket/' || e.ticket || '/' || e.seq FROM ticket_events e
				WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.key = 'ticket/' || e.ticket || '/' || e.seq) LIMIT 100`,
			`SELECT 'matter/' || e.kind || '/' || e.matter || '/' || e.seq FROM matter_events e
				WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.key = 'matter/' || e.kind || '/' || e.matter || '/' || e.seq) LIMIT 100`,
			`SELECT 'incident/' || i.id FROM incidents i
				WHERE i.version <> (SELECT count(*) FROM incident_events e WHERE e.incident = i.id) LIMIT 100`,
			`SELECT 'incident/' || e.incident || '/' || e.seq FROM incident_events e
				WHERE NOT EXISTS (SELECT 1 FROM outbox o WHERE o.key = 'incident/' || e.incident || '/' || e.seq) LIMIT 100`,
		} {
			rows, err := q.QueryContext(ctx, query)
			some, err := collect(rows, err, func(r *row) []any { return []any{&r.what} })
			if err != nil {
				return err
			}
			for _, r := range some {
				found[r.what] = true
			}
		}
		return nil
	})
	torn = slices.Sorted(maps.Keys(found))
	return torn[:min(len(torn), 100)], err
}

// Files is the digests of all files that tickets and tests name, each once, in order.
func (l *Ledger) Files(ctx context.Context) (digests []string, err error) {
	type row struct{ text string }
	all := map[string]bool{}
	err = l.snapshot(ctx, "listing files", func(q querier) error {
		rows, err := q.QueryContext(ctx, "SELECT DISTINCT digest FROM attachments")
		attached, err := collect(rows, err, func(r *row) []any { return []any{&r.text} })
		if err != nil {
			return err
		}
		for _, r := range attached {
			all[r.text] = true
		}
		rows, err = q.QueryContext(ctx, "SELECT body FROM matters WHERE kind = ?", string(disputes.TestMatter))
		tests, err := collect(rows, err, func(r *row) []any { return []any{&r.text} })
		if err != nil {
			return err
		}
		for _, r := range tests {
			b, err := disputes.Body[disputes.Test](json.RawMessage(r.text))
			if err != nil {
				return err
			}
			all[b.Report] = true
		}
		return nil
	})
	return slices.Sorted(maps.Keys(all)), err
}
