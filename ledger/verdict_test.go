package ledger_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

const ever = sensors.Forever - 1

// strip writes tiles as "c c c b b": a letter an instant, from 0 on.
func strip(tiles []ledger.Tile) string {
	var b strings.Builder
	for _, t := range tiles {
		for b.Len() < int(t.Start) {
			b.WriteByte('.')
		}
		b.WriteString(strings.Repeat(string(t.Status[0]), int(t.End-t.Start)))
	}
	return b.String()
}

// tilesOf cuts a strip, whose first letter stands at from, into tiles. Each has its own status and start as its reasons.
func tilesOf(from int, s string) (tiles []ledger.Tile) {
	status := map[byte]compliance.Status{'c': compliance.Compliant, 'b': compliance.Below, 'u': compliance.Unknown, 'g': compliance.Grace}
	clause := map[byte]compliance.Clause{'c': compliance.A3, 'b': compliance.A722, 'g': compliance.A3}
	for i := 0; i < len(s); {
		n := len(s) - len(strings.TrimLeft(s[i:], s[i:i+1])) - i
		tiles = append(tiles, ledger.Tile{
			Start: sensors.Instant(from + i), End: sensors.Instant(from + i + n), Status: status[s[i]], Clause: clause[s[i]],
			Because: json.RawMessage(fmt.Sprintf(`["%c from %d"]`, s[i], from+i)),
		})
		i += n
	}
	return tiles
}

// judgment is one of household h1: what its bedroom is from an instant on; the household is the same.
func judgment(from int, s string) ledger.Judgment {
	return ledger.Judgment{
		Household: "h1", From: sensors.Instant(from), Until: sensors.Instant(from + len(s)), Digest: "sha256:1", EpisodesFrom: sensors.Instant(from),
		Rooms: []ledger.RoomTiles{{Room: "", Tiles: tilesOf(from, s)}, {Room: "bedroom", Tiles: tilesOf(from, s)}},
	}
}

func stripOf(t testing.TB, rooms []ledger.RoomTiles, err error) string {
	t.Helper()
	must(t, err)
	if len(rooms) == 0 {
		return ""
	}
	if len(rooms) != 2 || rooms[0].Room != "" || rooms[1].Room != "bedroom" {
		t.Fatalf("rooms %+v", rooms)
	}
	if strip(rooms[0].Tiles) != strip(rooms[1].Tiles) {
		t.Fatalf("household %s, bedroom %s", strip(rooms[0].Tiles), strip(rooms[1].Tiles))
	}
	for i, tile := range rooms[0].Tiles {
		if i > 0 && rooms[0].Tiles[i-1].Status == tile.Status {
			t.Fatalf("tiles %d and %d are not maximal: %+v", i-1, i, rooms[0].Tiles)
		}
	}
	return strip(rooms[0].Tiles)
}

// The life of a verdict: it grows, is corrected by a late reading, and what was known before can still be asked.
func TestTilesAreSupersededNotOverwritten(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		for _, step := range []struct {
			now  sensors.Instant
			from int
			s    string
			want string
		}{
			{3, 0, "ccc", "ccc"},
			{5, 0, "ccccc", "ccccc"},        // time passes
			{8, 0, "ccccccbb", "ccccccbb"},  // it gets cold
			{10, 6, "bbbb", "ccccccbbbb"},   // judged from the settled instant on
			{11, 4, "uubbbb", "ccccuubbbb"}, // a reading turns out to be another room's
			{12, 10, "c", "ccccuubbbbc"},
		} {
			must(t, l.WriteJudgments(ctx, []ledger.Judgment{judgment(step.from, step.s)}, step.now))
			rooms, err := l.Tiles(ctx, "h1", 0, ever)
			if got := stripOf(t, rooms, err); got != step.want {
				t.Fatalf("at %d: %s, want %s", step.now, got, step.want)
			}
		}
		for known, want := range map[sensors.Instant]string{
			2: "", 3: "ccc", 4: "cccc", 5: "ccccc", 7: "ccccc", 8: "ccccccbb", 9: "ccccccbbb", 10: "ccccccbbbb",
			11: "ccccuubbbb", 12: "ccccuubbbbc", ever: "ccccuubbbbc",
		} {
			rooms, err := l.TilesKnownAt(ctx, "h1", 0, ever, known)
			if got := stripOf(t, rooms, err); got != want {
				t.Errorf("known at %d: %q, want %q", known, got, want)
			}
		}
		rooms, err := l.Tiles(ctx, "h1", 5, 7)
		if got := stripOf(t, rooms, err); got != ".....ub" {
			t.Errorf("from 5 to 7: %s", got)
		}
	})
}

// The reasons of a tile that goes on are the latest ones; those of one that was judged in parts stand after each other.
func TestReasons(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		j := judgment(0, "ccc")
		must(t, l.WriteJudgments(ctx, []ledger.Judgment{j}, 100))
		j = judgment(0, "cccc")
		j.Rooms[1].Tiles[0].Because = json.RawMessage(`["4 readings"]`)
		must(t, l.WriteJudgments(ctx, []ledger.Judgment{j}, 200))
		reasons := func() string {
			rooms, err := l.Tiles(ctx, "h1", 0, ever)
			stripOf(t, rooms, err)
			return string(rooms[1].Tiles[0].Because)
		}
		if got := reasons(); got != `["4 readings"]` {
			t.Errorf("while it goes on: %s", got)
		}
		must(t, l.WriteJudgments(ctx, []ledger.Judgment{judgment(4, "cc")}, 300))
		if got := reasons(); got != `["4 readings","c from 4"]` {
			t.Errorf("judged in parts: %s", got)
		}
	})
}

// A second season begins: the first one's last tile ends where its season did.
func TestSeasonsApart(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		must(t, l.WriteJudgments(ctx, []ledger.Judgment{judgment(0, "cccb")}, 100))
		must(t, l.WriteJudgments(ctx, []ledger.Judgment{judgment(8, "g")}, 200))
		must(t, l.WriteJudgments(ctx, []ledger.Judgment{judgment(8, "ggcc")}, 300))
		rooms, err := l.Tiles(ctx, "h1", 0, ever)
		if got := stripOf(t, rooms, err); got != "cccb....ggcc" {
			t.Errorf("got %s", got)
		}
	})
}

func episode(start, end sensors.Instant, status compliance.EpisodeStatus) ledger.Episode {
	return ledger.Episode{Room: "bedroom", Start: start, End: end, Status: status, Below: end - start, Tests: []string{"t1"}, Because: json.RawMessage(`[1]`)}
}

func TestEpisodesAreSupersededNotOverwritten(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		write := func(now sensors.Instant, from sensors.Instant, episodes ...ledger.Episode) {
			j := judgment(0, "c")
			j.EpisodesFrom, j.Episodes = from, episodes
			must(t, l.WriteJudgments(ctx, []ledger.Judgment{j}, now))
		}
		write(100, 0, episode(5, 9, compliance.Suspected), episode(20, 24, compliance.Suspected))
		write(200, 10, episode(20, 26, compliance.Suspected))                                     // the second grows, the first is not touched
		write(300, 0, episode(5, 9, compliance.Confirmed), episode(20, 26, compliance.Suspected)) // a test confirms the first
		show := func(all []ledger.Episode, err error) string {
			must(t, err)
			var s []string
			for _, e := range all {
				if e.Digest != "sha256:1" || !slices.Equal(e.Tests, []string{"t1"}) || len(e.Confirmations) != 0 || string(e.Because) != "[1]" {
					t.Errorf("episode %+v", e)
				}
				s = append(s, fmt.Sprintf("%d-%d %s", e.Start, e.End, e.Status))
			}
			return strings.Join(s, ", ")
		}
		for known, want := range map[sensors.Instant]string{
			50: "", 100: "5-9 suspected, 20-24 suspected", 250: "5-9 suspected, 20-26 suspected", 300: "5-9 confirmed, 20-26 suspected",
		} {
			if got := show(l.EpisodesKnownAt(ctx, "h1", 0, ever, known)); got != want {
				t.Errorf("known at %d: %s, want %s", known, got, want)
			}
		}
		if got := show(l.Episodes(ctx, "h1", 0, ever)); got != "5-9 confirmed, 20-26 suspected" {
			t.Errorf("now: %s", got)
		}
		if got := show(l.Episodes(ctx, "h1", 9, 20)); got != "" {
			t.Errorf("between: %s", got)
		}
	})
}

func TestWhereAHouseholdStands(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx := t.Context()
		must(t, l.MarkDirty(ctx, []ledger.Mark{{Household: "h1", From: 0}, {Household: "h2", From: 0}}, 50))
		taken, err := l.TakeDirty(ctx, 10)
		must(t, err)
		must(t, l.MarkDirty(ctx, []ledger.Mark{{Household: "h2", From: 0}}, 60))
		j1, j2 := judgment(0, "ccc"), judgment(0, "cb")
		j1.Settled, j1.Carry, j1.Mark = 2, []byte("demand on\x00"), taken[0].Version
		j2.Household, j2.Mark = "h2", taken[1].Version
		must(t, l.WriteJudgments(ctx, []ledger.Judgment{j2, j1}, 100))
		must(t, l.WriteJudgments(ctx, []ledger.Judgment{j2, j1}, 90)) // again, by a clock that went back
		all, err := l.Judged(ctx, []string{"h1", "h2", "h3"})
		must(t, err)
		h1, h2 := all["h1"], all["h2"]
		if len(all) != 2 || h1.Version != 1 || h1.At != 100 || h1.Until != 3 || h1.Settled != 2 || h1.Digest != "sha256:1" || string(h1.Carry) != "demand on\x00" || h2.Until != 2 {
			t.Errorf("judged %+v", all)
		}
		dirty, err := l.TakeDirty(ctx, 10)
		must(t, err)
		if len(dirty) != 1 || dirty[0].Household != "h2" {
			t.Errorf("h2 was marked while it was judged; dirty %+v", dirty)
		}
	})
}

func TestJudgmentsThatCannotBe(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		for what, spoil := range map[string]func(*ledger.Judgment){
			"does not begin where the one before ends": func(j *ledger.Judgment) { j.Rooms[1].Tiles[1].Start++ },
			"does not lie in the judgment":             func(j *ledger.Judgment) { j.Rooms[0].Tiles[0].Start-- },
			"are not a JSON array":                     func(j *ledger.Judgment) { j.Rooms[0].Tiles[0].Because = json.RawMessage(`{}`) },
			"ends before it begins":                    func(j *ledger.Judgment) { j.Until = -1 },
			`room "" twice`:                            func(j *ledger.Judgment) { j.Rooms[1].Room = "" },
			"id is empty":                              func(j *ledger.Judgment) { j.Household = "" },
			"episode 0 is empty":                       func(j *ledger.Judgment) { j.Episodes = []ledger.Episode{episode(5, 5, compliance.Suspected)} },
		} {
			j, good := judgment(0, "ccbb"), judgment(0, "c")
			good.Household = "h0"
			spoil(&j)
			if err := l.WriteJudgments(t.Context(), []ledger.Judgment{good, j}, 100); !errors.Is(err, ledger.ErrInvalid) || !strings.Contains(err.Error(), what) {
				t.Errorf("want %q, got %v", what, err)
			}
			if rooms, err := l.Tiles(t.Context(), "h0", 0, ever); err != nil || len(rooms) > 0 {
				t.Fatalf("%s: the good one was written: %v, %v", what, rooms, err)
			}
		}
	})
}

// Whatever judgments come, the current tiles are what painting each over the ones before gives, every earlier state can still be
// asked, and a judgment that says nothing new writes no row.
func TestSplicesPaintOver(t *testing.T) {
	l := open(t, databases[0].url(t)) // what is spliced is decided before any SQL
	run := 0
	rapid.Check(t, func(r *rapid.T) {
		run++
		household := fmt.Sprintf("h%d", run)
		painted := ""
		var states []string // by the instant of judging, which is where the tiles end
		for range rapid.IntRange(1, 5).Draw(r, "judgments") {
			from := rapid.IntRange(0, len(painted)).Draw(r, "from")
			s := painted[from:]
			if rapid.Bool().Draw(r, "facts changed") {
				s = rapid.StringOfN(rapid.RuneFrom([]rune("ccgbu")), len(s), len(s), -1).Draw(r, "tiles")
			}
			s += rapid.StringOfN(rapid.RuneFrom([]rune("ccgbu")), 1, 3, -1).Draw(r, "more")
			painted = painted[:from] + s
			now := sensors.Instant(len(painted))
			j := judgment(from, s)
			j.Household = household
			must(t, l.WriteJudgments(t.Context(), []ledger.Judgment{j}, now))
			before := rowsOf(t, l, household)
			must(t, l.WriteJudgments(t.Context(), []ledger.Judgment{j}, now))
			if after := rowsOf(t, l, household); after != before {
				r.Fatalf("the same judgment again made %d rows of %d", after, before)
			}
			states = append(states, painted)
			rooms, err := l.Tiles(t.Context(), household, 0, ever)
			if got := stripOf(t, rooms, err); got != painted {
				r.Fatalf("got %s, want %s", got, painted)
			}
		}
		for _, want := range states {
			rooms, err := l.TilesKnownAt(t.Context(), household, 0, ever, sensors.Instant(len(want)))
			if got := stripOf(t, rooms, err); got != want {
				r.Fatalf("known at %d: %s, want %s", len(want), got, want)
			}
		}
	})
}

// rowsOf is how many rows of tiles there are of a household, superseded ones too.
func rowsOf(t testing.TB, l *ledger.Ledger, household string) int64 {
	return l.Query(t, "SELECT count(*) FROM tiles WHERE household = ?", household)
}

// A tick in which nothing changes but the time writes no tile.
func TestTimePassingWritesNoTile(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		must(t, l.WriteJudgments(t.Context(), []ledger.Judgment{judgment(0, "ccb")}, 100))
		before := rowsOf(t, l, "h1")
		for n := range 20 {
			must(t, l.WriteJudgments(t.Context(), []ledger.Judgment{judgment(0, "ccb"+strings.Repeat("b", n))}, sensors.Instant(200+n)))
		}
		if after := rowsOf(t, l, "h1"); after != before {
			t.Errorf("%d rows became %d", before, after)
		}
		rooms, err := l.Tiles(t.Context(), "h1", 0, ever)
		if got := stripOf(t, rooms, err); got != "ccb"+strings.Repeat("b", 19) {
			t.Errorf("got %s", got)
		}
	})
}

// The database itself refuses to change or to delete what was written down.
func TestNobodyRewritesHistory(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		j := judgment(0, "ccb")
		j.Episodes = []ledger.Episode{episode(2, 3, compliance.Suspected)}
		must(t, l.WriteJudgments(t.Context(), []ledger.Judgment{j}, 3))
		must(t, l.WriteJudgments(t.Context(), []ledger.Judgment{judgment(0, "cbb")}, 4))
		file(t, l, "t1", disputes.NoHeat, 0)
		for _, statement := range []string{
			"UPDATE tiles SET status = 'compliant' WHERE status = 'below'",
			"UPDATE tiles SET end_ns = end_ns - 1, superseded_at = 9 WHERE superseded_at IS NULL AND end_ns > 5",
			"UPDATE tiles SET superseded_at = NULL WHERE superseded_at IS NOT NULL",
			"UPDATE tiles SET superseded_at = 99 WHERE superseded_at IS NOT NULL",
			"DELETE FROM tiles WHERE status = 'below'",
			"UPDATE episodes SET superseded_at = 99 WHERE superseded_at IS NOT NULL",
			"DELETE FROM episodes",
			"UPDATE ticket_events SET at_ns = at_ns - 1",
			"DELETE FROM ticket_events",
		} {
			if err := l.Exec(t, statement); err == nil || !strings.Contains(err.Error(), "never") {
				t.Errorf("%s: %v", statement, err)
			}
		}
	})
}

// The whole of a tile that goes on turns out to be another: only its status changes, not its clause.
func TestATileThatWasAnotherAllAlong(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		must(t, l.WriteJudgments(t.Context(), []ledger.Judgment{judgment(0, "ggg")}, 3))
		must(t, l.WriteJudgments(t.Context(), []ledger.Judgment{judgment(0, "cccc")}, 4))
		rooms, err := l.Tiles(t.Context(), "h1", 0, ever)
		if got := stripOf(t, rooms, err); got != "cccc" {
			t.Errorf("got %s", got)
		}
	})
}
