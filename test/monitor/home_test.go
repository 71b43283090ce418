package monitor_test

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance/casefile"
	"github.com/nuanju/nuanju/test/servertest"
)

// line is one entry of line protocol, without its timestamp.
type line struct {
	text string
	at   time.Time
}

// said is the lines of one source at one instant, in the order in which they were given: order counts among them, and
// nowhere else.
type said []line

// home is a case as a town's household with its devices: one in each room, named after it.
type home struct {
	dir, household string
	area           string
	rooms          []room
	from, to       time.Time // of the season
	season         string    // as the registry has it: its first and last day
	sent           []said
	wanted         verdict
	// settled is where the case's verdict ends to be final: the season's end, or the last midnight before the moment of judging.
	settled time.Time
}

type room struct{ name, kind string }

// device is the device of a room.
func (h *home) device(room string) string { return h.household + "-" + room }

// readHome reads a case directory as the home of a household. Wanted is left empty.
func readHome(t testing.TB, dir, household string) *home {
	t.Helper()
	read, err := casefile.Read(os.DirFS(dir), casefile.Options{})
	if err != nil {
		t.Fatal(err)
	}
	f := &read.Facts
	zone := read.Policy.Zone
	span := f.Season.In(zone)
	h := &home{dir: dir, household: household, area: "89.5", from: span.Start.Time().In(zone), to: span.End.Time().In(zone)}
	h.settled = h.to
	if f.AsOf != 0 {
		at := f.AsOf.Time().In(zone)
		h.settled = time.Date(at.Year(), at.Month(), at.Day(), 0, 0, 0, 0, zone)
	}
	h.season = f.Season.Start.String() + "/" + f.Season.End.String()
	for _, r := range f.Rooms {
		h.rooms = append(h.rooms, room{r.ID, string(r.Kind)})
	}
	h.readSent(t)
	return h
}

// readSent makes line protocol of what was measured and switched. The numbers are sent as they are written.
func (h *home) readSent(t testing.TB) {
	t.Helper()
	table(t, h.dir, "readings.csv", []string{"time", "room", "celsius"}, func(v []string) {
		h.say(v[0], "temperature,device="+h.device(v[1])+" celsius="+v[2])
	})
	table(t, h.dir, "outdoor.csv", []string{"time", "celsius"}, func(v []string) {
		h.say(v[0], "outdoor,station=beijing celsius="+v[1])
	})
	table(t, h.dir, "heating.csv", []string{"time", "state"}, func(v []string) {
		h.say(v[0], fmt.Sprintf("heating,household=%s on=%t", h.household, v[1] == "on"))
	})
	table(t, h.dir, "setpoints.csv", []string{"time", "room", "celsius"}, func(v []string) {
		of := h.household
		if v[1] != "" {
			of += ",room=" + v[1]
		}
		h.say(v[0], "setpoint,household="+of+" celsius="+v[2])
	})
}

// say adds a line, after those that were said at the same instant in the same kind of entry.
func (h *home) say(at, text string) {
	when, err := time.Parse(time.RFC3339, at)
	if err != nil {
		panic(err) // casefile has read it
	}
	l := line{text, when}
	kind, _, _ := strings.Cut(text, ",")
	if n := len(h.sent); n > 0 && kind != "temperature" {
		if last := h.sent[n-1]; last[0].at.Equal(when) && strings.HasPrefix(last[0].text, kind+",") {
			h.sent[n-1] = append(last, l)
			return
		}
	}
	h.sent = append(h.sent, said{l})
}

// table reads the rows of a file of a case, if there is one, which must have these columns and no others.
func table(t testing.TB, dir, file string, columns []string, row func([]string)) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, file))
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) == 0 || !slices.Equal(rows[0], columns) {
		t.Fatalf("%s: want columns %v (%v)", f.Name(), columns, err)
	}
	for _, r := range rows[1:] {
		row(r)
	}
}

// register imports a registry of homes into the server's ledger.
func (s *server) register(homes ...*home) {
	s.T.Helper()
	files := map[string]*strings.Builder{}
	add := func(file, header, format string, args ...any) {
		if files[file] == nil {
			files[file] = &strings.Builder{}
			files[file].WriteString(header + "\n")
		}
		fmt.Fprintf(files[file], format+"\n", args...)
	}
	add("buildings.csv", "id,substation,name,address", "b1,,,")
	add("stations.csv", "id,name", "beijing,")
	for _, h := range homes {
		add("households.csv", "id,building,area_m2,policy,season", "%s,b1,%s,beijing-metered,%s", h.household, h.area, h.season)
		for _, r := range h.rooms {
			add("rooms.csv", "household,room,kind", "%s,%s,%s", h.household, r.name, r.kind)
			add("devices.csv", "id", "%s", h.device(r.name))
			add("assignments.csv", "device,target,id,room,from", "%s,room,%s,%s,%s",
				h.device(r.name), h.household, r.name, h.from.AddDate(0, 0, -1).Format(time.RFC3339))
		}
	}
	dir := s.T.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text.String()), 0o600); err != nil {
			s.T.Fatal(err)
		}
	}
	s.Must("import", "registry", dir)
}

// example is the case that comes with the program, judged by the program: what `nuanju check` says, the server must say too.
func example(t testing.TB) *home {
	t.Helper()
	dir := filepath.Join("..", "..", "docs", "examples", "cold-bedroom")
	h := readHome(t, dir, "3-2-601")
	stdout, stderr, status := servertest.Run(t, servertest.Environment(), "check", dir, "--json")
	if status != 0 {
		t.Fatalf("nuanju check: %s", stderr)
	}
	decode(t, []byte(stdout), &h.wanted)
	return h
}

// wrongVerdict lists where a verdict is not as the home's is wanted, as far as that is settled.
func (h *home) wrongVerdict(got verdict) (wrong []string) {
	compare := func(what string, want, got any) {
		if w, g := asJSON(want), asJSON(got); w != g {
			wrong = append(wrong, fmt.Sprintf("%s:\n want %s\n  got %s", what, w, g))
		}
	}
	lists := func(what string, want, got []tile) {
		if len(want) != len(got) {
			compare(what+", number of tiles", len(want), len(got))
		}
		for i := range min(len(want), len(got)) {
			compare(fmt.Sprintf("%s, tile %d", what, i), want[i], got[i])
		}
	}
	lists("household", h.clip(h.wanted.Tiles), h.clip(got.Tiles))
	rooms := map[string]roomTiles{}
	for _, r := range got.Rooms {
		rooms[r.Room] = r
	}
	for _, r := range h.wanted.Rooms {
		lists("room "+r.Room, h.clip(r.Tiles), h.clip(rooms[r.Room].Tiles))
		delete(rooms, r.Room)
	}
	for name, r := range rooms {
		compare("room "+name, nil, r)
	}
	compare("episodes", h.ended(h.wanted.Episodes), h.ended(got.Episodes))
	return wrong
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// clip is the settled part of tiles, in UTC.
func (h *home) clip(tiles []tile) []tile {
	var out []tile
	for _, t := range tiles {
		if t.End.After(h.settled) {
			t.End = h.settled
		}
		if t.Start.Before(t.End) {
			out = append(out, tile{t.Start.UTC(), t.End.UTC(), t.Status, t.Clause})
		}
	}
	return out
}

// ended is the episodes that nothing after the settled part can join: 3 h lie between [I8]. In UTC, by room.
func (h *home) ended(all []episode) []episode {
	var out []episode
	for _, e := range all {
		if !e.End.After(h.settled.Add(-3*time.Hour)) || h.settled.Equal(h.to) {
			out = append(out, episode{e.Room, e.Start.UTC(), e.End.UTC(), e.Below})
		}
	}
	slices.SortFunc(out, func(a, b episode) int {
		if c := strings.Compare(a.Room, b.Room); c != 0 {
			return c
		}
		return a.Start.Compare(b.Start)
	})
	return out
}
