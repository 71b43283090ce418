package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/ledger/pgtest"
	"github.com/nuanju/nuanju/sensors"
)

// two servers' ledgers in one PostgreSQL.
func two(t *testing.T) (a, b *ledger.Ledger) {
	t.Helper()
	url := pgtest.Start(t)
	return open(t, url), open(t, url)
}

func mark(t *testing.T, l *ledger.Ledger, households ...string) {
	t.Helper()
	var marks []ledger.Mark
	for _, h := range households {
		marks = append(marks, ledger.Mark{Household: h, From: 10})
	}
	must(t, l.MarkDirty(t.Context(), marks, 100))
}

func claimSome(t *testing.T, l *ledger.Ledger, limit int) ([]ledger.Dirty, func()) {
	t.Helper()
	all, release, err := l.ClaimDirty(t.Context(), limit)
	must(t, err)
	t.Cleanup(release)
	return all, release
}

// judgmentOf is a judgment of what was claimed: the household was warm until then.
func judgmentOf(d ledger.Dirty, until sensors.Instant) []ledger.Judgment {
	return []ledger.Judgment{{
		Household: d.Household, From: 0, Until: until, Digest: "p", Mark: d.Version, Claim: d.Claim, Due: until + 900,
		Rooms: []ledger.RoomTiles{{Tiles: []ledger.Tile{{Start: 0, End: until, Status: compliance.Compliant}}}},
	}}
}

// What one server has claimed the other does not get, until it is given back; what was judged is not given again, unless it was marked again.
func TestHouseholdsAreClaimedByOneServer(t *testing.T) {
	t.Parallel()
	a, b := two(t)
	mark(t, a, "h1", "h2", "h3")
	first, release := claimSome(t, a, 2)
	second, _ := claimSome(t, b, 10)
	if len(first) != 2 || len(second) != 1 || second[0].Household != "h3" {
		t.Fatalf("one has %v, the other %v", first, second)
	}
	mark(t, b, "h1") // while it is being judged
	must(t, a.WriteJudgments(t.Context(), judgmentOf(first[0], 50), 200))
	must(t, a.CompleteDirty(t.Context(), first[1:]))
	again, _ := claimSome(t, b, 10)
	if len(again) != 1 || again[0].Household != "h1" || again[0].Version != 2 {
		t.Errorf("after the judgment %v is claimed; want the new mark of h1", again)
	}
	release()
	must(t, b.CompleteDirty(t.Context(), append(again, second...)))
	if n, _, err := a.CountDirty(t.Context()); n != 0 || err != nil {
		t.Errorf("%d still marked: %v", n, err)
	}
}

// A server that stood still for longer than its claim holds writes nothing of what it found: another has judged the household.
func TestWhoLostItsClaimWritesNothing(t *testing.T) {
	t.Parallel()
	a, b := two(t)
	mark(t, a, "h1", "h2")
	slow, _ := claimSome(t, a, 1)
	must(t, a.Exec(t, "UPDATE claims SET until = clock_timestamp() - interval '1 second'"))
	fast, _ := claimSome(t, b, 1)
	if len(slow) != 1 || len(fast) != 1 || slow[0].Household != fast[0].Household || slow[0].Claim == fast[0].Claim {
		t.Fatalf("claimed %v, then %v", slow, fast)
	}
	other, _ := claimSome(t, a, 1)
	must(t, a.WriteJudgments(t.Context(), append(judgmentOf(slow[0], 50), judgmentOf(other[0], 50)...), 200))
	must(t, a.CompleteDirty(t.Context(), slow))
	if found, err := a.Judged(t.Context(), []string{"h1", "h2"}); err != nil || len(found) != 1 || found[other[0].Household].Mark != 1 {
		t.Errorf("judged are %v (%v); want %s only", found, err, other[0].Household)
	}
	must(t, b.WriteJudgments(t.Context(), judgmentOf(fast[0], 60), 210))
	must(t, a.WriteJudgments(t.Context(), judgmentOf(slow[0], 50), 220)) // still later
	found, err := b.Judged(t.Context(), []string{fast[0].Household})
	if j := found[fast[0].Household]; err != nil || j.Until != 60 || j.Version != 1 {
		t.Errorf("%+v (%v); want what the second server found", j, err)
	}
}

// Many servers take and judge what others mark all the while. Each version of a household's mark is judged at most once, and the last
// of each household is.
func TestNoHouseholdIsJudgedTwiceForOneMark(t *testing.T) {
	t.Parallel()
	const households, rounds, servers = 20, 15, 3
	url := pgtest.Start(t)
	marker := open(t, url)
	var names []string
	for i := range households {
		names = append(names, fmt.Sprintf("h%02d", i))
	}
	var judgings sync.Map
	var marking atomic.Bool
	marking.Store(true)
	var wait sync.WaitGroup
	for range servers {
		l := open(t, url)
		wait.Go(func() {
			for {
				last := !marking.Load()
				all, release, err := l.ClaimDirty(t.Context(), 7)
				if err != nil {
					t.Error(err)
					return
				}
				for _, d := range all {
					if _, twice := judgings.LoadOrStore(fmt.Sprint(d.Household, "/", d.Version), true); twice {
						t.Errorf("%s is judged twice for version %d", d.Household, d.Version)
					}
					if err := l.WriteJudgments(t.Context(), judgmentOf(d, sensors.Instant(100*d.Version)), sensors.Instant(100*d.Version)); err != nil {
						t.Error(err, cause(err))
					}
				}
				release()
				if last && len(all) == 0 {
					if n, _, err := l.CountDirty(t.Context()); n == 0 || err != nil {
						return
					}
				}
			}
		})
	}
	for range rounds {
		mark(t, marker, names...)
	}
	marking.Store(false)
	wait.Wait()
	found, err := marker.Judged(t.Context(), names)
	must(t, err)
	for _, name := range names {
		if found[name].Mark != rounds {
			t.Errorf("%s was judged last for mark %d of %d", name, found[name].Mark, rounds)
		}
	}
}

// Time alone makes a household due once, whoever of several servers sees it, and not before the last judgment says so.
func TestWhatIsDueIsMarkedOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		mark(t, l, "h1", "h2")
		all, release, err := l.ClaimDirty(t.Context(), 10)
		must(t, err)
		must(t, l.WriteJudgments(t.Context(), judgmentOf(all[0], 100), 100)) // due at 1000
		release()
		later, err := l.MarkDue(t.Context(), []string{"h1", "h2", "h3"}, false, 500)
		if err != nil || len(later) != 1 || later["h1"] != 1000 {
			t.Errorf("later %v, %v", later, err)
		}
		if got := taken(t, l); len(got) != 2 || got[0].Household != "h2" || got[0].Version != 1 || got[0].From != 10 || got[1].Household != "h3" {
			t.Errorf("marked %+v; want h2 as it was and h3", got)
		}
		for range 2 {
			if later, err := l.MarkDue(t.Context(), []string{"h1"}, false, 1000); err != nil || len(later) != 0 {
				t.Errorf("later %v, %v", later, err)
			}
		}
		if got := taken(t, l); len(got) != 3 || got[2].Household != "h1" || got[2].Version != 2 || got[2].From != 1000 {
			t.Errorf("marked %+v", got)
		}
	})
}

// Of those who want to do something alone one does, the others go away; when it has ended, the next may. SQLite has one server.
func TestAlone(t *testing.T) {
	t.Parallel()
	a, b := two(t)
	done, err := a.Alone(t.Context(), "sweep", func(ctx context.Context) error {
		if done, err := b.Alone(ctx, "sweep", func(context.Context) error { return nil }); done || err != nil {
			t.Errorf("two do it at once (%v)", err)
		}
		if done, err := b.Alone(ctx, "cook", func(context.Context) error { return nil }); !done || err != nil {
			t.Errorf("something else is kept from being done (%v)", err)
		}
		return errors.New("no broom")
	})
	if !done || err == nil || err.Error() != "no broom" {
		t.Errorf("%v, %v", done, err)
	}
	if done, err := b.Alone(t.Context(), "sweep", func(context.Context) error { return nil }); !done || err != nil {
		t.Errorf("the right was not given back: %v", err)
	}
}

// Whoever lost the right, since the database ended its connection, is told by its context.
func TestALostRightIsTold(t *testing.T) {
	t.Parallel()
	a, b := two(t)
	done, err := a.Alone(t.Context(), "sweep", func(ctx context.Context) error {
		must(t, b.Exec(t, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"))
		<-ctx.Done()
		return nil
	})
	if !done || err != nil {
		t.Errorf("%v, %v", done, err)
	}
}
