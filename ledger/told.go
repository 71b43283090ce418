package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// What changes verdicts and is no event of a ticket or a matter is told to the evidence log here: facts that a command declares, imports
// of the registry, and published daily means. Each is written with what it tells of, once; what changes nothing is not told.

// tellDeclaration tells of a fact that was declared.
func (t tx) tellDeclaration(ctx context.Context, f fact, now sensors.Instant) error {
	var n int64
	if err := t.QueryRowContext(ctx, "SELECT count(*) FROM declarations WHERE kind = ? AND id = ?", f.kind, f.id).Scan(&n); err != nil {
		return err
	}
	return t.tell(ctx, fmt.Sprintf("declaration/%s/%s/%d", f.kind, f.id, n), now, map[string]any{
		"declared": f.kind, "id": f.id, "version": n, "place": f.Place.Kind, "place_id": f.Place.ID, "fact": json.RawMessage(f.body),
	})
}

// importDigest is over what an import of the registry wrote: the name of each table and its rows, as JSON.
type importDigest []byte

// note adds the rows that were written to a table.
func (d *importDigest) note(table string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	text, err := json.Marshal(map[string]any{table: rows})
	sum := sha256.Sum256(append(*d, text...))
	*d = sum[:]
	return err
}

// tellImport tells of an import that changed the registry: how much, and a digest of the rows, which the ledger keeps.
func (t tx) tellImport(ctx context.Context, r *Import, now sensors.Instant) error {
	var n int64
	if err := t.QueryRowContext(ctx, "SELECT value FROM watermarks WHERE name = ?", RegistryWatermark).Scan(&n); err != nil {
		return err
	}
	return t.tell(ctx, fmt.Sprintf("registry/%d", n), now, map[string]any{
		"registry": n, "added": r.Added, "changed": r.Changed, "digest": "sha256:" + hex.EncodeToString(r.digest),
	})
}

// tell puts an entry into the outbox: what is said, with its key and the server's time.
func (t tx) tell(ctx context.Context, key string, now sensors.Instant, what map[string]any) error {
	what["key"], what["at"] = key, now.Time().Format(time.RFC3339Nano)
	content, err := json.Marshal(what) // keys in order, so that equal entries are equal bytes
	if err != nil {
		return err
	}
	return t.enqueue(ctx, []OutboxEntry{{Key: key, Subject: WorkflowSubject, Content: content, CreatedAt: now}})
}

// DayBook is published daily means of a station, and who entered them.
type DayBook struct {
	Station string
	Days    []compliance.OfficialDay
	Source  string // where they were published
	Actor   disputes.Actor
}

// PutOfficialDays writes published daily means, marks households and tells the evidence log, in one transaction. A day that has
// another value already is superseded; one that has this value stays. It returns how many days changed; if none did, nobody is marked.
func (l *Ledger) PutOfficialDays(ctx context.Context, b DayBook, dirty []Mark, now sensors.Instant) (changed int, err error) {
	if err := sensors.CheckID(b.Station); err != nil {
		return 0, invalid("writing official days", err.Error())
	}
	err = l.writing(ctx, "writing official days of station "+b.Station, func(t tx) error {
		changed = 0
		if err := t.alone(ctx, turnDeclarations); err != nil {
			return err
		}
		told := map[string]float64{}
		for _, d := range b.Days {
			if _, err := t.exec(ctx, `UPDATE official_days SET superseded_at = ? WHERE superseded_at IS NULL AND station = ? AND day = ?
				AND celsius <> ?`, int64(now), b.Station, int64(d.Date), d.Celsius); err != nil {
				return err
			}
			n, err := t.exec(ctx, `INSERT INTO official_days (station, day, celsius, valid_from) VALUES (?, ?, ?, ?)
				ON CONFLICT (station, day) WHERE superseded_at IS NULL DO NOTHING`, b.Station, int64(d.Date), d.Celsius, int64(now))
			if err != nil {
				return err
			}
			if n > 0 {
				changed++
				told[d.Date.String()] = d.Celsius
			}
		}
		if changed == 0 {
			return nil
		}
		var rows int64
		if err := t.QueryRowContext(ctx, "SELECT count(*) FROM official_days WHERE station = ?", b.Station).Scan(&rows); err != nil {
			return err
		}
		if err := t.tell(ctx, fmt.Sprintf("official-days/%s/%d", b.Station, rows), now, map[string]any{
			"station": b.Station, "days": told, "source": b.Source, "role": b.Actor.Role, "actor": b.Actor.ID,
		}); err != nil {
			return err
		}
		return t.markDirty(ctx, dirty, now)
	})
	return changed, err
}
