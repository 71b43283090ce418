package ledger_test

import (
	"reflect"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
)

// A home counts as it stands now; one that nobody judged for more than a day, as after the season, does not.
func TestCensusOfHomes(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		_, err := l.ImportRegistry(ctx, declared(t, town()), ledger.ImportOptions{}, 100)
		must(t, err)
		must(t, l.WriteJudgments(ctx, []ledger.Judgment{judgment(0, "ccbb")}, 4))
		c, err := l.Census(ctx, 0, 4)
		must(t, err)
		want := []ledger.Standing{
			{Substation: "ss1", Building: "b1", Status: compliance.Below, Clause: compliance.A722, Count: 1},
			{Substation: "ss1", Building: "b1", Rooms: true, Status: compliance.Below, Clause: compliance.A722, Count: 1},
		}
		if !reflect.DeepEqual(c.Standing, want) {
			t.Errorf("got %+v, want %+v", c.Standing, want)
		}
		must(t, l.WriteJudgments(ctx, []ledger.Judgment{judgment(4, "c")}, 5))
		c, err = l.Census(ctx, 0, 5)
		must(t, err)
		if len(c.Standing) != 2 || c.Standing[0].Status != compliance.Compliant {
			t.Errorf("got %+v, want it warm", c.Standing)
		}
		later := ever / 2
		if c, err = l.Census(ctx, 0, later); err != nil || len(c.Standing) != 0 {
			t.Errorf("long after: %+v, %v", c.Standing, err)
		}
	})
}

// Clocks are counted by what is left, at the edges as A6.6 has them: exactly at its due instant a clock is not overdue.
func TestCensusOfClocks(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		file(t, l, "t1", disputes.NoHeat, 0)
		file(t, l, "t2", disputes.Leak, 0)
		must(t, act(ctx, l, "t2", disputes.Command{Event: disputes.Replied, Text: "…", Actor: dispatcher}, morning.Add(time.Hour)))
		for _, at := range []struct {
			after         time.Duration
			reply, update ledger.ClockLeft
		}{
			{0, ledger.LeftHour, ledger.LeftMore},
			{45*time.Minute - 1, ledger.LeftHour, ledger.LeftMore},
			{45 * time.Minute, ledger.LeftQuarter, ledger.LeftMore},
			{time.Hour, ledger.LeftQuarter, ledger.LeftMore},
			{time.Hour + 1, ledger.LeftNothing, ledger.LeftMore},
			{5 * time.Hour, ledger.LeftNothing, ledger.LeftHour},
			{6*time.Hour + 1, ledger.LeftNothing, ledger.LeftNothing},
		} {
			c, err := l.Census(ctx, 0, morning.Add(at.after))
			must(t, err)
			for _, n := range c.Clocks {
				want := 0
				if n.Clock == disputes.ReplyDuty && n.Left == at.reply || n.Clock == disputes.UpdateDuty && n.Left == at.update {
					want = 1
				}
				if n.Count != want {
					t.Errorf("after %s: %d with %s left to %s, want %d", at.after, n.Count, n.Left, n.Clock, want)
				}
			}
		}
		c, err := l.Census(ctx, 0, morning.Add(2*time.Hour))
		must(t, err)
		reply := c.Answers[0]
		if reply.Count != 1 || reply.Sum != time.Hour || reply.Within[3] != 0 || reply.Within[4] != 1 || c.Answers[1].Count != 0 {
			t.Errorf("answers %+v", c.Answers)
		}
		if c, err = l.Census(ctx, morning+1, morning.Add(2*time.Hour)); err != nil || c.Answers[0].Count != 0 {
			t.Errorf("those of earlier reports are counted: %+v, %v", c.Answers, err)
		}
	})
}

func TestCensusOfEpisodes(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		_, err := l.ImportRegistry(ctx, declared(t, town()), ledger.ImportOptions{}, 100)
		must(t, err)
		j := judgment(0, "bbbb")
		j.Episodes = []ledger.Episode{
			{Room: "bedroom", Start: 0, End: 2, Status: compliance.Confirmed, Below: 2, Confirmed: 2, Digest: "sha256:1"},
			{Room: "bedroom", Start: 3, End: 4, Status: compliance.Suspected, Below: 1, Digest: "sha256:1"},
		}
		must(t, l.WriteJudgments(ctx, []ledger.Judgment{j}, 4))
		c, err := l.Census(ctx, 0, 4)
		must(t, err)
		want := []ledger.Hours{{Status: compliance.Confirmed, Episodes: 1, Below: 2, Confirmed: 2}, {Status: compliance.Suspected, Episodes: 1, Below: 1}}
		if !reflect.DeepEqual(c.Hours, want) {
			t.Errorf("got %+v, want %+v", c.Hours, want)
		}
		if c, err = l.Census(ctx, 3, 4); err != nil || len(c.Hours) != 1 {
			t.Errorf("since 3: %+v, %v", c.Hours, err)
		}
	})
}

// A stoppage goes on until somebody says that heat is back, also past its announced end; it counts for every building that it touches.
func TestCensusOfStoppages(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		_, err := l.ImportRegistry(ctx, declared(t, town()), ledger.ImportOptions{}, 100)
		must(t, err)
		begin := func(id string, place disputes.Place, after, length time.Duration) disputes.Matter {
			o, err := disputes.AnnounceStoppage(disputes.Opening{ID: id, Place: place, Text: "pump", Actor: dispatcher},
				morning.Add(after).Time(), morning.Add(after+length).Time(), true)
			must(t, err)
			m, events, err := disputes.Begin(o, morning)
			must(t, err)
			must(t, l.SaveMatters(ctx, ledger.MatterWrite{Changes: []ledger.MatterChange{{After: m, Events: events}}}, morning))
			return m
		}
		long := begin("o1", disputes.Place{Kind: ledger.AtBuilding, ID: "b1"}, time.Hour, 2*time.Hour)
		begin("o2", disputes.Place{Kind: ledger.AtSubstation, ID: "ss1"}, 3*time.Hour, time.Hour)
		begin("o3", disputes.Place{Kind: ledger.AtHousehold, ID: "h1"}, 20*time.Hour, time.Hour)
		census := func(after time.Duration) ledger.Census {
			c, err := l.Census(ctx, morning, morning.Add(after))
			must(t, err)
			return c
		}
		if c := census(time.Hour - 1); c.Stoppages != 0 || c.Longest != 0 || len(c.Planned) != 0 {
			t.Errorf("before: %+v", c)
		}
		if c := census(8 * time.Hour); c.Stoppages != 2 || c.Longest != 7*time.Hour || c.Planned["b1"] != 2 {
			t.Errorf("past its end: %+v", c)
		}
		after, events, err := disputes.AdvanceStoppage(long, disputes.StoppageMove{Move: disputes.Move{Event: disputes.Ended, Text: "warm", Actor: dispatcher}}, morning.Add(9*time.Hour))
		must(t, err)
		must(t, l.SaveMatters(ctx, ledger.MatterWrite{Changes: []ledger.MatterChange{{Before: long, After: after, Events: events}}}, morning.Add(9*time.Hour)))
		if c := census(10 * time.Hour); c.Stoppages != 1 || c.Longest != 7*time.Hour {
			t.Errorf("ended: %+v", c)
		}
	})
}
