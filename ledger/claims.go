package ledger

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// lease is how long a claim holds that is not renewed; renewed is every how long it is.
const (
	lease   = 15 * time.Second
	renewed = lease / 3
)

// ClaimDirty takes up to limit households that have to be judged again, those that have waited longest first, for the caller alone: no
// other server gets them until release is called, or until this process no longer renews the claim, which it does until then. They stay marked
// until they are given to CompleteDirty or WriteJudgments, with their claim. SQLite has one server, which claims nothing.
func (l *Ledger) ClaimDirty(ctx context.Context, limit int) (all []Dirty, release func(), err error) {
	nothing := func() {}
	if l.dialect == inSQLite {
		all, err = l.TakeDirty(ctx, limit)
		return all, nothing, err
	}
	id := rand.Int64N(1<<62) + 1
	err = l.writing(ctx, "claiming households", func(t tx) error {
		// One claim after the other, so that each sees those before it; what is being marked now is left for the next one.
		if err := t.alone(ctx, turnClaims); err != nil {
			return err
		}
		for _, statement := range []string{
			"DELETE FROM claims WHERE until <= clock_timestamp()",
			fmt.Sprintf("INSERT INTO claims (id, until) VALUES (%d, clock_timestamp() + interval '%d milliseconds')", id, lease.Milliseconds()),
		} {
			if _, err := t.exec(ctx, statement); err != nil {
				return err
			}
		}
		rows, err := t.QueryContext(ctx, `UPDATE dirty SET claim = ? WHERE household IN (
				SELECT d.household FROM dirty d WHERE d.from_ns < 9223372036854775807
					AND (d.claim = 0 OR NOT EXISTS (SELECT 1 FROM claims c WHERE c.id = d.claim AND c.until > clock_timestamp()))
				ORDER BY d.marked_at, d.household LIMIT ? FOR UPDATE OF d SKIP LOCKED)
			RETURNING household, from_ns, marked_at, version, claim`, id, limit)
		all, err = collect(rows, err, func(d *Dirty) []any { return []any{&d.Household, &d.From, &d.MarkedAt, &d.Version, &d.Claim} })
		return err
	})
	if err != nil {
		return nil, nothing, err
	}
	slices.SortFunc(all, func(a, b Dirty) int {
		return cmp.Or(cmp.Compare(a.MarkedAt, b.MarkedAt), cmp.Compare(a.Household, b.Household))
	})
	return all, l.renewClaim(id), nil
}

// renewClaim renews a claim until the function that it returns is called, which gives it back.
func (l *Ledger) renewClaim(id int64) (release func()) {
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(renewed)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			}
			// One that cannot be renewed lapses, and then nothing is written by it.
			_ = l.writing(ctx, "renewing a claim", func(t tx) error {
				_, err := t.exec(ctx, fmt.Sprintf("UPDATE claims SET until = clock_timestamp() + interval '%d milliseconds' WHERE id = ?", lease.Milliseconds()), id)
				return err
			})
		}
	}()
	return func() {
		stop()
		<-done
		ctx, cancel := context.WithTimeout(context.Background(), renewed)
		defer cancel()
		// One that cannot be given back lapses.
		_ = l.writing(ctx, "giving a claim back", func(t tx) error {
			_, err := t.exec(ctx, "DELETE FROM claims WHERE id = ?", id)
			return err
		})
	}
}

// held is those of some households whose claims still hold, in their order; one that was taken without a claim is always held. With lock
// nobody else can take them until the transaction ends.
func (t tx) held(ctx context.Context, all []Dirty, lock bool) ([]Dirty, error) {
	claimed := slices.DeleteFunc(slices.Clone(all), func(d Dirty) bool { return d.Claim == 0 })
	if len(claimed) == 0 {
		return all, nil
	}
	tail := ""
	if lock {
		tail = " ORDER BY household FOR UPDATE" // claims are PostgreSQL's
	}
	mine := make(map[string]bool, len(claimed))
	err := chunks(claimed, func(some []Dirty) error {
		args := make([]any, 0, 2*len(some))
		for _, d := range some {
			args = append(args, d.Household, d.Claim)
		}
		rows, err := t.QueryContext(ctx, "SELECT household FROM dirty WHERE "+t.dialect.in("(household, claim)", len(some))+tail, args...)
		names, err := collect(rows, err, func(s *string) []any { return []any{s} })
		for _, name := range names {
			mine[name] = true
		}
		return err
	})
	return slices.DeleteFunc(slices.Clone(all), func(d Dirty) bool { return d.Claim != 0 && !mine[d.Household] }), err
}

// unclaim gives the claims of households back that are done.
func (t tx) unclaim(ctx context.Context, done []Dirty) error {
	done = slices.DeleteFunc(slices.Clone(done), func(d Dirty) bool { return d.Claim == 0 })
	return chunks(done, func(some []Dirty) error {
		args := make([]any, 0, 2*len(some))
		for _, d := range some {
			args = append(args, d.Household, d.Claim)
		}
		_, err := t.exec(ctx, "UPDATE dirty SET claim = 0 WHERE "+t.dialect.in("(household, claim)", len(some)), args...)
		return err
	})
}

// claimsOf is whom judgments are of, by their claims.
func claimsOf(all []Judgment) []Dirty {
	claims := make([]Dirty, len(all))
	for i := range all {
		claims[i] = Dirty{Household: all[i].Household, Claim: all[i].Claim}
	}
	return claims
}

// withoutLost takes out the judgments whose claims were lost: another server has judged these households, or does so now.
func (t tx) withoutLost(ctx context.Context, all []Judgment) ([]Judgment, error) {
	held, err := t.held(ctx, claimsOf(all), false)
	if err != nil || len(held) == len(all) {
		return all, err
	}
	mine := make(map[string]bool, len(held))
	for _, d := range held {
		mine[d.Household] = true
	}
	return slices.DeleteFunc(slices.Clone(all), func(j Judgment) bool { return !mine[j.Household] }), nil
}

// fence makes sure, at the end of a transaction, that no claim was lost during it.
func (t tx) fence(ctx context.Context, all []Judgment) error {
	claims := claimsOf(all)
	held, err := t.held(ctx, claims, true)
	if err == nil && len(held) != len(claims) {
		err = fmt.Errorf("%w: %d claims of %d were lost", ErrConflict, len(claims)-len(held), len(claims))
	}
	return err
}

// MarkDue marks households that time alone has made due, from now on, each once: one that waits to be judged already is left as it is. Unless
// all is set, one of which the last judgment says that it is due later is left too; when, is in what is returned.
func (l *Ledger) MarkDue(ctx context.Context, households []string, all bool, now sensors.Instant) (later map[string]sensors.Instant, err error) {
	err = l.writing(ctx, "marking what is due", func(t tx) error {
		later = map[string]sensors.Instant{}
		if !all {
			if err := t.dueLater(ctx, households, now, later); err != nil {
				return err
			}
		}
		due := slices.DeleteFunc(slices.Clone(households), func(h string) bool { return later[h] != 0 })
		slices.Sort(due)
		return t.insert(ctx, "INSERT INTO dirty (household, from_ns, version, marked_at) VALUES",
			`ON CONFLICT (household) DO UPDATE SET version = dirty.version + 1, marked_at = excluded.marked_at, from_ns = excluded.from_ns
				WHERE dirty.from_ns = 9223372036854775807`,
			4, len(due), func(i int, to []any) []any { return append(to, due[i], int64(now), 1, int64(now)) })
	})
	return later, err
}

// dueLater notes which households are due after now, and when.
func (t tx) dueLater(ctx context.Context, households []string, now sensors.Instant, later map[string]sensors.Instant) error {
	type due struct {
		household string
		at        sensors.Instant
	}
	return chunks(households, func(some []string) error {
		rows, err := t.QueryContext(ctx, "SELECT household, due_ns FROM judged WHERE due_ns > ? AND household IN ("+placeholders(len(some))+")",
			append([]any{int64(now)}, anys(some)...)...)
		found, err := collect(rows, err, func(d *due) []any { return []any{&d.household, &d.at} })
		for _, d := range found {
			later[d.household] = d.at
		}
		return err
	})
}
