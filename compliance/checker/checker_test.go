package checker_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/sensors"
)

var bed = compliance.Room{ID: "bed", Kind: compliance.Bedroom}

// readEvery stores readings of a room, 15 minutes apart.
func (w *town) readEvery(household, room, from, to string, celsius float64) {
	w.t.Helper()
	for at := w.local(from); at < w.local(to); at = at.Add(15 * time.Minute) {
		w.read(household, room, at, celsius)
	}
}

// A sensor falls silent. Ninety minutes after its last reading its room is unknown, and goes on being unknown to within a quarter of an hour
// of now, without a fact coming; also when the process was started anew meanwhile.
func TestASilentRoomTurnsUnknownByItself(t *testing.T) {
	w := newTown(t)
	w.home("h", "", bed)
	w.now = w.local("2015-11-15T13:10")
	w.readEvery("h", "bed", "2015-11-15T12:00", "2015-11-15T13:01", 20)
	w.at("2015-11-15T13:10")
	w.wantTiles("h", "", "11-15T00:00:00 11-15T12:00:00 grace A3", "11-15T12:00:00 11-15T13:10:00 compliant")
	if r := w.at("2015-11-15T13:20"); r.Households != 0 {
		t.Errorf("nothing has come and %d households were judged", r.Households)
	}
	w.at("2015-11-15T14:30")
	w.wantTiles("h", "", "11-15T00:00:00 11-15T12:00:00 grace A3", "11-15T12:00:00 11-15T14:30:00 compliant")
	w.at("2015-11-15T14:31")
	known := []string{"11-15T00:00:00 11-15T12:00:00 grace A3", "11-15T12:00:00 11-15T14:30:00 compliant"}
	w.wantTiles("h", "bed", append(known, "11-15T14:30:00 11-15T14:31:00 unknown")...)
	w.at("2015-11-15T14:45")
	w.wantTiles("h", "bed", append(known, "11-15T14:30:00 11-15T14:31:00 unknown")...)
	w.at("2015-11-15T14:46")
	w.wantTiles("h", "bed", append(known, "11-15T14:30:00 11-15T14:46:00 unknown")...)
	w.start(checker.Config{})
	w.at("2015-11-20T00:00")
	w.wantTiles("h", "bed", append(known, "11-15T14:30:00 11-20T00:00:00 unknown")...)
}

// Days later, when the last reading lies before what is judged again, the reason of the silence still names it.
func TestTheReasonOfSilenceNamesTheLastReading(t *testing.T) {
	w := newTown(t)
	w.home("h", "", bed)
	w.now = w.local("2015-11-15T13:10")
	w.readEvery("h", "bed", "2015-11-15T12:00", "2015-11-15T13:01", 20)
	for day := 15; day < 20; day++ {
		w.at(fmt.Sprintf("2015-11-%dT13:10", day))
	}
	all, err := w.ledger.Tiles(t.Context(), "h", w.local("2015-11-19T00:00"), w.now)
	must(t, err)
	for _, r := range all {
		if r.Room == "bed" && !strings.Contains(string(r.Tiles[0].Because), `"last":"2015-11-15T13:00:00+08:00"`) {
			t.Errorf("because %s", r.Tiles[0].Because)
		}
	}
	if len(all) != 2 {
		t.Errorf("%d rooms", len(all))
	}
}

// It is cold outside all day. What is below is provisionally so until the day has ended and its mean is known, and
// then exempt, without another fact coming (A7.2.2④).
func TestADaySettlesWhenItHasEnded(t *testing.T) {
	w := newTown(t)
	w.home("h", "", bed)
	w.now = w.local("2015-11-15T22:00")
	w.readEvery("h", "bed", "2015-11-15T12:00", "2015-11-15T22:00", 17)
	for _, at := range []string{"2015-11-15T02:00", "2015-11-15T08:00", "2015-11-15T14:00", "2015-11-15T20:00"} {
		w.observe(w.local(at), -9)
	}
	w.at("2015-11-15T22:00")
	w.wantTiles("h", "", "11-15T00:00:00 11-15T12:00:00 grace A3", "11-15T12:00:00 11-15T22:00:00 below A7.2.2 provisional")
	w.at("2015-11-16T00:00")
	w.wantTiles("h", "", "11-15T00:00:00 11-15T12:00:00 grace A3", "11-15T12:00:00 11-15T23:15:00 exempt A7.2.2.4",
		"11-15T23:15:00 11-16T00:00:00 unknown")
	episodes, err := w.ledger.Episodes(t.Context(), "h", sensors.Earliest, sensors.Latest)
	if err != nil || len(episodes) > 0 {
		t.Errorf("episodes %+v, %v", episodes, err)
	}
}

// A tick reads no more than it must: not the season, but what came after the day that has settled, and all of the season if a
// reading comes from before that.
func TestATickReadsWhatIsNotSettled(t *testing.T) {
	w := newTown(t)
	w.home("h", "", bed)
	w.now = w.local("2015-11-25T13:10")
	w.readEvery("h", "bed", "2015-11-15T00:00", "2015-11-25T13:01", 20)
	const day = 96
	if r := w.at("2015-11-25T13:10"); r.Readings != 10*day+53 {
		t.Errorf("%d readings at first", r.Readings)
	}
	w.read("h", "bed", w.local("2015-11-25T13:15"), 20)
	if r := w.at("2015-11-25T13:20"); r.Readings != 54 {
		t.Errorf("%d readings since midnight", r.Readings)
	}
	w.read("h", "bed", w.local("2015-11-25T23:50"), 20)
	if r := w.at("2015-11-26T11:59"); r.Readings != 55 {
		t.Errorf("%d readings since the midnight before", r.Readings)
	}
	w.read("h", "bed", w.local("2015-11-24T23:55"), 20)
	if r := w.at("2015-11-26T12:00"); r.Readings != 10*day+56 {
		t.Errorf("%d readings after a late one", r.Readings)
	}
}

// The process was away from February to December. The winter that it missed is judged to its end, then the new one begins. A reading that
// comes a year late changes its own winter and leaves the other as it is.
func TestAWinterThatWasMissedIsJudgedToItsEnd(t *testing.T) {
	w := newTown(t)
	w.home("h", "", bed)
	w.now = w.local("2016-02-01T10:00")
	w.readEvery("h", "bed", "2016-02-01T08:00", "2016-02-01T10:00", 17)
	w.at("2016-02-01T10:00")
	w.start(checker.Config{})
	w.now = w.local("2016-12-01T10:00")
	w.readEvery("h", "bed", "2016-12-01T08:00", "2016-12-01T10:00", 20)
	w.at("2016-12-01T10:00")
	old := []string{"11-15T00:00:00 11-15T12:00:00 grace A3", "11-15T12:00:00 02-01T08:00:00 unknown", "02-01T08:00:00 02-01T11:15:00 below A7.2.2"}
	recent := []string{"11-15T00:00:00 11-15T12:00:00 grace A3", "11-15T12:00:00 12-01T08:00:00 unknown", "12-01T08:00:00 12-01T10:00:00 compliant"}
	w.wantTiles("h", "", slices.Concat(old, []string{"02-01T11:15:00 03-16T00:00:00 unknown"}, recent)...)
	w.read("h", "bed", w.local("2016-03-01T00:00"), 17)
	w.tick()
	w.wantTiles("h", "", slices.Concat(old, []string{
		"02-01T11:15:00 03-01T00:00:00 unknown", "03-01T00:00:00 03-01T01:30:00 below A7.2.2",
		"03-01T01:30:00 03-16T00:00:00 unknown",
	}, recent)...)
	episodes, err := w.ledger.Episodes(t.Context(), "h", sensors.Earliest, sensors.Latest)
	if err != nil || len(episodes) != 2 {
		t.Errorf("episodes %+v, %v", episodes, err)
	}
}

// The program comes back with other numbers in its policy. All that it judged is judged by them, also the winter before.
func TestAnotherPolicyJudgesEverythingAgain(t *testing.T) {
	w := newTown(t)
	w.home("h", "", bed)
	w.home("moved in", "", bed)
	w.registry.Assignments[1].From = w.local("2016-11-18T00:00")
	w.now = w.local("2016-12-01T10:00")
	w.readEvery("moved in", "bed", "2016-11-20T08:00", "2016-11-20T08:01", 17)
	w.readEvery("h", "bed", "2016-02-01T08:00", "2016-02-01T08:01", 17)
	w.readEvery("h", "bed", "2016-11-20T08:00", "2016-11-20T08:01", 17)
	w.at("2016-12-01T10:00")
	tiles := func(status string) []string {
		return []string{
			"11-15T00:00:00 11-15T12:00:00 grace A3", "11-15T12:00:00 02-01T08:00:00 unknown", "02-01T08:00:00 02-01T09:30:00 " + status,
			"02-01T09:30:00 03-16T00:00:00 unknown", "11-15T00:00:00 11-15T12:00:00 grace A3", "11-15T12:00:00 11-20T08:00:00 unknown",
			"11-20T08:00:00 11-20T09:30:00 " + status, "11-20T09:30:00 12-01T10:00:00 unknown",
		}
	}
	w.wantTiles("h", "", tiles("below A7.2.2")...)
	w.wantTiles("moved in", "", tiles("below A7.2.2")[4:]...)
	lower := *w.policy
	lower.Editions = slices.Clone(w.policy.Editions)
	lower.Editions[0].Standard = 16
	w.policy = &lower
	w.start(checker.Config{})
	w.tick()
	w.wantTiles("h", "", tiles("compliant")...)
	w.wantTiles("moved in", "", tiles("compliant")[4:]...)
}

// A home that is registered in summer has had no winter yet, and its first one begins at its midnight.
func TestAHomeHasNoWinterBeforeItsFirstReading(t *testing.T) {
	w := newTown(t)
	w.home("h", "", bed)
	w.now = w.local("2015-07-01T00:00")
	w.mark("h", sensors.Earliest)
	w.at("2015-07-01T00:00")
	w.wantTiles("h", "")
	w.at("2015-11-15T00:00")
	w.at("2015-11-15T00:16")
	w.wantTiles("h", "", "11-15T00:00:00 11-15T00:16:00 grace A3")
}

// The clock was wrong for a while. What was judged by it is judged again, and nothing of it stays.
func TestAClockThatWasAheadLeavesNothing(t *testing.T) {
	w := newTown(t)
	w.home("h", "", bed)
	w.now = w.local("2015-11-15T13:10")
	w.readEvery("h", "bed", "2015-11-15T12:00", "2015-11-15T13:01", 17)
	w.at("2016-01-15T13:10")
	w.now = w.local("2015-11-15T13:20")
	w.read("h", "bed", w.now.Add(-time.Minute), 17)
	w.tick()
	w.wantTiles("h", "", "11-15T00:00:00 11-15T12:00:00 grace A3", "11-15T12:00:00 11-15T13:20:00 below A7.2.2 provisional")
}

// unreadable is a store in which one series is damaged.
type unreadable struct {
	checker.Store
	device string
}

func (u unreadable) ReadMany(ctx context.Context, spans []sensors.Span, visit func(int, []sensors.Sample) error) error {
	for _, s := range spans {
		if s.Series.Owner == u.device {
			return errors.New("the block of " + u.device + " is damaged")
		}
	}
	return u.Store.ReadMany(ctx, spans, visit)
}

// Households that cannot be judged are told with their reasons and do not keep the others waiting. One whose facts are damaged stays
// marked; one of which the registry says nothing to judge waits for the registry.
func TestOneBrokenHomeDoesNotKeepTheOthersWaiting(t *testing.T) {
	w := newTown(t)
	for _, id := range []string{"a", "damaged", "z"} {
		w.home(id, "", bed)
	}
	w.home("kitchen only", "", compliance.Room{ID: "k", Kind: compliance.Kitchen})
	w.home("no season", "winter", bed)
	w.home("no policy", "", bed)
	w.registry.Households[5].Policy = "nobody's"
	w.start(checker.Config{Store: unreadable{w.store, "damaged-bed"}})
	w.now = w.local("2015-11-15T13:00")
	w.mark("gone", w.now)
	w.forward()
	for range 3 {
		r, err := w.checker.Tick(t.Context())
		must(t, err)
		if r.Failed != 1 || r.Waiting != 1 {
			t.Errorf("report %+v", r)
		}
		w.now = w.now.Add(time.Minute)
	}
	w.now = w.now.Add(time.Hour)
	r, err := w.checker.Tick(t.Context())
	must(t, err)
	var told []string
	for _, f := range r.Failures {
		told = append(told, f.Err.Error())
	}
	want := []string{
		"the block of damaged-bed is damaged", "household kitchen only has no bedroom or living room to judge",
		`household no policy has policy "nobody's", which is not known`, `household no season: "winter" is not a season such as 2015-11-15/2016-03-15`,
	}
	if !slices.Equal(told, want) || r.Failed != 1 || r.Unjudged != 3 || r.Households != 2 {
		t.Errorf("%+v\ngot  %q\nwant %q", r, told, want)
	}
	w.wantTiles("z", "", "11-15T00:00:00 11-15T12:00:00 grace A3", "11-15T12:00:00 11-15T14:03:00 unknown")
	w.wantTiles("damaged", "")
	w.start(checker.Config{})
	w.registry.Households = w.registry.Households[:3]
	w.tick()
	w.wantTiles("damaged", "", "11-15T00:00:00 11-15T12:00:00 grace A3", "11-15T12:00:00 11-15T14:03:00 unknown")
}

// A store that does not answer is an error of the tick, after which everything is still marked.
func TestAStoreThatIsAwayLosesNothing(t *testing.T) {
	w := newTown(t)
	for i := range 20 {
		w.home(fmt.Sprint("h", i), "", bed)
	}
	s := &story{town: w, breaking: "read"}
	s.restart()
	w.now = w.local("2015-11-15T13:00")
	if _, err := w.checker.Tick(t.Context()); !errors.Is(err, errBroken) {
		t.Fatalf("error %v", err)
	}
	if w.checker.LastGood() != 0 {
		t.Error("it was called good")
	}
	s.breaking = ""
	if r := w.tick(); r.Households != 20 || w.checker.LastGood() != w.now {
		t.Errorf("report %+v", r)
	}
}

// Ticks that are called at once wait for each other.
func TestTicksAtOnce(t *testing.T) {
	w := newTown(t)
	for i := range 300 {
		w.home(fmt.Sprint("h", i), "", bed)
	}
	w.now = w.local("2015-11-15T13:00")
	w.start(checker.Config{Workers: 4})
	var ticks sync.WaitGroup
	var all [4]checker.Report
	for i := range all {
		ticks.Go(func() {
			var err error
			if all[i], err = w.checker.Tick(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	ticks.Wait()
	judged := 0
	for _, r := range all {
		judged += r.Households
	}
	if judged != 300 {
		t.Errorf("%d households were judged", judged)
	}
}

func TestParseSeason(t *testing.T) {
	s, err := checker.ParseSeason("2015-11-15/2016-03-15")
	if err != nil || s.Start.String() != "2015-11-15" || s.End.String() != "2016-03-15" || !s.Agreed {
		t.Errorf("%+v, %v", s, err)
	}
	for _, label := range []string{
		"", "/", "2015-11-15", "2015-11-15/", "2015-11-15/2016-02-30", "2016-03-15/2015-11-15", "2015-11-15/2016-11-15",
		"2015-11-15 / 2016-03-15", "2015-11-15/2016-03-15/", "2015-11-15/2016-03-15\n", "15.11.2015/15.3.2016",
	} {
		if s, err := checker.ParseSeason(label); err == nil {
			t.Errorf("%q was read as %+v", label, s)
		}
	}
}

func TestNewNeedsItsParts(t *testing.T) {
	if _, err := checker.New(checker.Config{}); err == nil {
		t.Error("a checker without a ledger")
	}
	w := newTown(t)
	if _, err := checker.New(checker.Config{
		Ledger: w.ledger, Store: w.store, Registry: w, Policies: map[string]*compliance.Policy{"p": {}},
	}); err == nil {
		t.Error("a checker with an empty policy")
	}
}
