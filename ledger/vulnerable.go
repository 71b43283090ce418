package ledger

import (
	"context"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// Vulnerability is that a household asked to be seen to first, in [From, Until), and for what kind of reason; never a diagnosis.
type Vulnerability struct {
	ID, Household, Reason string
	From, Until           sensors.Instant
	By                    disputes.Actor
	Recorded              sensors.Instant
}

// AddVulnerability keeps one. ErrExists if the id was used.
func (l *Ledger) AddVulnerability(ctx context.Context, v Vulnerability) error {
	return l.writing(ctx, "noting a vulnerable household", func(w tx) error {
		_, err := w.exec(ctx, "INSERT INTO vulnerable (id, household, reason, from_ns, until_ns, role, actor, recorded) VALUES ("+placeholders(8)+")",
			v.ID, v.Household, v.Reason, int64(v.From), int64(v.Until), string(v.By.Role), v.By.ID, int64(v.Recorded))
		return err
	})
}

// EndVulnerability ends what holds of a household at now, and what was to hold later, and returns how many there were.
func (l *Ledger) EndVulnerability(ctx context.Context, household string, now sensors.Instant) (ended int, err error) {
	err = l.writing(ctx, "noting that a household is vulnerable no more", func(w tx) error {
		n, err := w.exec(ctx, "UPDATE vulnerable SET until_ns = CASE WHEN from_ns > ? THEN from_ns ELSE ? END WHERE household = ? AND until_ns > ? AND until_ns > from_ns",
			int64(now), int64(now), household, int64(now))
		ended = int(n)
		return err
	})
	return ended, err
}

// Vulnerabilities is what is known of a household, the last first; at most 1000.
func (l *Ledger) Vulnerabilities(ctx context.Context, household string) (all []Vulnerability, err error) {
	err = l.reading(ctx, "reading of a vulnerable household", func(q querier) error {
		rows, err := q.QueryContext(ctx, `SELECT id, household, reason, from_ns, until_ns, role, actor, recorded FROM vulnerable
			WHERE household = ? ORDER BY from_ns DESC, id LIMIT 1000`, household)
		all, err = collect(rows, err, func(v *Vulnerability) []any {
			return []any{&v.ID, &v.Household, &v.Reason, &v.From, &v.Until, &v.By.Role, &v.By.ID, &v.Recorded}
		})
		return err
	})
	return all, err
}

// VulnerableAmong is which of some households are to be seen to first at now.
func (l *Ledger) VulnerableAmong(ctx context.Context, households []string, now sensors.Instant) (map[string]bool, error) {
	found := map[string]bool{}
	err := l.reading(ctx, "reading which households are vulnerable", func(q querier) error {
		return chunks(households, func(some []string) error {
			rows, err := q.QueryContext(ctx, "SELECT DISTINCT household FROM vulnerable WHERE from_ns <= ? AND until_ns > ? AND household IN ("+
				placeholders(len(some))+")", append([]any{int64(now), int64(now)}, anys(some)...)...)
			names, err := collect(rows, err, func(s *string) []any { return []any{s} })
			for _, name := range names {
				found[name] = true
			}
			return err
		})
	})
	return found, err
}
