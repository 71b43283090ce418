package ledger_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

var signInAt = sensors.At(time.Date(2015, 12, 1, 4, 0, 0, 0, time.UTC))

func TestAccountsAndSessions(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx, now := t.Context(), signInAt
		for _, bad := range []ledger.StaffAccount{
			{Name: "wang", Role: disputes.Device}, {Name: "wang", Role: disputes.Resident}, {Name: "", Role: disputes.Admin}, {Name: "li", Role: disputes.Tester},
		} {
			if _, err := l.CreateAccount(ctx, bad, "hash", now); !errors.Is(err, ledger.ErrInvalid) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		wang, err := l.CreateAccount(ctx, ledger.StaffAccount{Name: "wang", Role: disputes.Dispatcher, Scope: ledger.Scope{Buildings: []string{"B1"}}}, "hash", now)
		must(t, err)
		if _, err := l.CreateAccount(ctx, ledger.StaffAccount{Name: "wang", Role: disputes.Admin}, "hash", now); !errors.Is(err, ledger.ErrExists) {
			t.Error(err)
		}
		session := func(key string) []byte {
			t.Helper()
			must(t, l.CreateSession(ctx, []byte(key), ledger.Session{Account: wang.ID, CreatedAt: now, Idle: time.Hour, ExpiresAt: now.Add(3 * time.Hour)}))
			return []byte(key)
		}
		good := func(key []byte, at sensors.Instant, is bool) {
			t.Helper()
			s, err := l.UseSession(ctx, key, at)
			if is && (err != nil || s.Name != "wang" || s.Role != disputes.Dispatcher || len(s.Scope.Buildings) != 1) || !is && !errors.Is(err, ledger.ErrToken) {
				t.Errorf("%s: %+v %v", key, s, err)
			}
		}
		a := session("a")
		good(a, now.Add(time.Hour-1), true) // an hour unused ends it, and it was used
		good(a, now.Add(2*time.Hour-2), true)
		good(a, now.Add(3*time.Hour-3), true)
		good(a, now.Add(3*time.Hour), false)
		good(session("b"), now.Add(time.Hour), false)
		good([]byte("nobody's"), now, false)
		c, d := session("c"), session("d")
		must(t, l.EndSession(ctx, c, now))
		good(c, now, false)
		good(d, now, true)
		must(t, l.DisableAccount(ctx, "wang", now))
		good(d, now, false)
		good(session("e"), now, false)
		if err := l.DisableAccount(ctx, "nobody", now); !errors.Is(err, ledger.ErrNotFound) {
			t.Error(err)
		}
		waiting, err := l.Outbox(ctx, 10)
		must(t, err)
		if len(waiting) != 2 {
			t.Errorf("%d entries for the evidence log, want two: created, disabled", len(waiting))
		}
		torn, err := l.Torn(ctx)
		must(t, err)
		sizes, err := l.Sizes(ctx)
		must(t, err)
		if len(torn) > 0 || sizes["staff_accounts"] != 1 || sizes["sessions"] != 5 {
			t.Errorf("%v %v", torn, sizes)
		}
	})
}

// Of fifty who show one code at once one is let in; of fifty who guess, five guesses are looked at.
func TestCodesAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx, now := t.Context(), signInAt
		right := []byte("right")
		for _, guessed := range []bool{false, true} {
			challenge := []byte(fmt.Sprint("challenge", guessed))
			must(t, l.CreateCode(ctx, ledger.Code{
				Challenge: challenge, Hash: right, Account: "A1", Name: "张三", Phone: "138", CreatedAt: now, ExpiresAt: now.Add(time.Minute),
			}))
			var let atomic.Int64
			var all sync.WaitGroup
			for range 50 {
				all.Go(func() {
					hash := right
					if guessed {
						hash = []byte("wrong")
					}
					_, phone, err := l.UseCode(ctx, challenge, hash, now)
					if err != nil {
						t.Error(err)
					}
					if phone != "" {
						let.Add(1)
					}
				})
			}
			all.Wait()
			if n := let.Load(); guessed && n != 0 || !guessed && n != 1 {
				t.Errorf("%d were let in", n)
			}
			if _, phone, err := l.UseCode(ctx, challenge, right, now); err != nil || phone != "" {
				t.Errorf("afterwards it is good: %q %v", phone, err)
			}
		}
	})
}

// A resident lets at most twenty; the same again is the same; what is revoked is not deleted, and each step is in the evidence log once.
func TestDelegations(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx, now := t.Context(), signInAt
		spec := ledger.Delegation{Household: "h1", Name: "张小妹", Phone: "13800000004", ByName: "张三", ByPhone: "13800000001"}
		first, err := l.Delegate(ctx, spec, now)
		must(t, err)
		again, err := l.Delegate(ctx, spec, now.Add(time.Hour))
		must(t, err)
		if again.ID != first.ID {
			t.Errorf("%+v and %+v", first, again)
		}
		if _, err := l.Revoke(ctx, "h2", first.ID, "张三", now); !errors.Is(err, ledger.ErrNotFound) {
			t.Error(err)
		}
		for range 2 {
			d, err := l.Revoke(ctx, "h1", first.ID, "张三", now)
			must(t, err)
			if d.RevokedAt != now || d.RevokedBy != "张三" {
				t.Errorf("%+v", d)
			}
		}
		for i := range 21 {
			spec.Phone = fmt.Sprintf("139000000%02d", i)
			if _, err = l.Delegate(ctx, spec, now); err != nil && i < 20 {
				t.Fatal(i, err)
			}
		}
		if !errors.Is(err, ledger.ErrTooMany) {
			t.Error(err)
		}
		all, err := l.Delegations(ctx, "h1")
		must(t, err)
		waiting, err := l.Outbox(ctx, 100)
		must(t, err)
		if len(all) != 21 || len(waiting) != 22 {
			t.Errorf("%d delegations, %d entries", len(all), len(waiting))
		}
	})
}
