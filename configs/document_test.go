package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
)

func TestADocumentIsReadKeyByKey(t *testing.T) {
	doc := Read("home.yaml", []byte(`
id: "12"
area: 89.50
since: 2015-11-15
seen: 2016-01-23T08:00:00.5+08:00
wait: 1h30m
every: 11-15
empty: false
rooms:
  - {id: living, kind: living_room}
  - id: bed1
    kind: bedroom
why: >
  one
  line
`))
	top := doc.Root()
	rooms := top.Need("rooms").Maps()
	if len(rooms) != 2 {
		t.Fatalf("%d rooms", len(rooms))
	}
	bed := rooms[1]
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"text", top.Need("id").Text(), "12"},
		{"decimal", top.Need("area").Decimal().String(), "89.5"},
		{"date", top.Need("since").Date(), compliance.DateOf(2015, 11, 15)},
		{"time", top.Need("seen").Time().Time(), time.Date(2016, 1, 23, 0, 0, 0, 5e8, time.UTC)},
		{"duration", top.Need("wait").Duration(0, 2*time.Hour), 90 * time.Minute},
		{"day of the year", top.Need("every").MonthDay(), compliance.MonthDay{Month: 11, Day: 15}},
		{"bool", top.Need("empty").Bool(), false},
		{"word", OneOf(bed.Need("kind"), compliance.LivingRoom, compliance.Bedroom), compliance.Bedroom},
		{"id in a list", bed.Need("id").Text(), "bed1"},
		{"line in a list", bed.Line(), 11},
		{"line of a value", bed.May("kind").Line(), 12},
		{"absent", top.May("nothing").Given(), false},
		{"absent text", top.May("nothing").Text(), ""},
		{"absent mapping's key", top.May("nothing").Map().Need("more").Int(1, 9), 0},
		{"folded", top.Need("why").Text(), "one line"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %v, want %v", c.what, c.got, c.want)
		}
	}
	if OneOf(rooms[0].Need("kind"), compliance.LivingRoom) == "" || rooms[0].Need("id").Text() == "" {
		t.Error("the first room was not read")
	}
	if problems := doc.Problems(); problems != nil {
		t.Error(problems)
	}
}

func TestAKeyNobodyAskedForIsUnknown(t *testing.T) {
	doc := Read("f", []byte("a: {x: 1, other: 2}\nb: 1\nreadings_max_gap: 1\n"))
	doc.Root().May("reading_max_gap").Int(0, 9)
	doc.Root().Need("a").Map().Need("x").Int(0, 9)
	want := `f:1: a: unknown key "other"; known here: x
f:2: unknown key "b"; did you mean "a"?
f:3: unknown key "readings_max_gap"; did you mean "reading_max_gap"?`
	if got := doc.Problems().Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// What was read in vain is not compared with anything.
func TestOKIsWhatNothingIsWrongWith(t *testing.T) {
	doc := Read("f", []byte(`
right: {start: 2015-11-15}
wrong: {start: tomorrow}
missing: {stop: 2015-11-15}
twice: {start: 2015-11-15, start: 2015-11-16}
list: [{start: 2015-11-15}, {start: soon}]
`))
	top := doc.Root()
	for _, item := range top.Need("list").Maps() {
		item.Need("start").Date()
	}
	for key, want := range map[string]bool{"right": true, "wrong": false, "missing": false, "twice": false, "absent": false} {
		v := top.May(key)
		start := v.Map().Need("start")
		if start.Date(); v.OK() != want {
			t.Errorf("%s: OK is %v", key, v.OK())
		}
		if wantStart := want || key == "twice"; start.OK() != wantStart {
			t.Errorf("%s.start: OK is %v", key, start.OK())
		}
	}
	if top.May("list").OK() {
		t.Error("a list with a faulty item is OK")
	}
	right := top.May("right")
	right.Report("it is not, after all")
	if right.OK() || !strings.Contains(doc.Problems().Error(), "f:2: right: it is not, after all") {
		t.Errorf("a reader's own problem: OK is %v, of\n%v", right.OK(), doc.Problems())
	}
}

func TestTimes(t *testing.T) {
	for text, ok := range map[string]bool{
		"2016-01-23T08:00:00+08:00":   true,
		`"2016-01-23T00:00:00Z"`:      true,
		"2016-01-23T08:00:00":         false, // no offset: whose eight o'clock?
		"2016-01-23 08:00:00+08:00":   false,
		"2016-01-23":                  false,
		"2016-02-30T08:00:00+08:00":   false,
		"0001-01-01T00:00:00Z":        false, // not an Instant
		"9999-01-01T00:00:00Z":        false,
		"1453536000":                  false,
		"[2016-01-23T08:00:00+08:00]": false,
	} {
		doc := Read("f", []byte("t: "+text+"\n"))
		at := doc.Root().Need("t").Time()
		if got := doc.Problems() == nil; got != ok {
			t.Errorf("%s: accepted %v, want %v", text, got, ok)
		} else if ok && at.Time() != time.Date(2016, 1, 23, 0, 0, 0, 0, time.UTC) {
			t.Errorf("%s: got %v", text, at.Time())
		}
	}
}

func TestSyntaxThatIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ src, want string }{
		"nothing":          {"", "f:1: the file is empty"},
		"only a comment":   {"# c\n", "f:1: the file is empty"},
		"a list":           {"- 1\n", "f:1: want a mapping of keys to values at the top"},
		"a word":           {"word", "f:1: want a mapping of keys to values at the top"},
		"two documents":    {"a: 1\n---\nb: 2\n", "f:2: several documents in one file"},
		"ended twice":      {"a: 1\n...\nb: 2\n", "f:1: several documents in one file"},
		"an open bracket":  {"a: [1\nb: 2\n", "f:2: not YAML: ',' or ']' must be specified"},
		"colons":           {"a: b: c\n", "f:1: not YAML: mapping value is not allowed in this context"},
		"an escape":        {`a: "\u202e"`, "f:1: a: character U+202E is not allowed"},
		"an escaped line":  {`a: "x\ny"`, "f:1: a: character U+000A is not allowed"},
		"an escaped key":   {`"\e[1m": {a: 1, a: 1}`, "f:1: top level: \"\\x1b[1m\" is not a word for a key"},
		"a long key":       {strings.Repeat("k", 101) + ": 1", "f:1: top level: \"" + strings.Repeat("k", 60) + "…\" is not a word for a key"},
		"a key twice":      {"a: 1\n\"a\": 2\n", "f:1: a: want a text, got 1: put it in quotes\nf:2: top level: key \"a\" again (first on line 1)"},
		"twice in JSON":    {"{\"a\": \"1\",\n\"a\": 2}", "f:2: top level: key \"a\" again (first on line 1)"},
		"a carriage alone": {"a: x\rb: y\n", "f:1: character U+000D is not allowed"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := Read("f", []byte(c.src))
			doc.Root().May("a").Text()
			if got := doc.Problems().Error(); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// What a small file could do to a parser: none of it gets as far as the part that recurses or compares all with all.
func TestHostileDocumentsAreRefusedBeforeTheyCost(t *testing.T) {
	const deep, large, many = "nested more than 20 deep", "longer than 1 MiB", "more than 20000 words and signs"
	for name, c := range map[string]struct{ src, want string }{
		"brackets":        {strings.Repeat("[", 19_999), deep},
		"braces":          {strings.Repeat("{a: ", 6_000), deep},
		"dashes":          {strings.Repeat("- ", 19_999), deep},
		"question marks":  {strings.Repeat("? ", 19_999), deep},
		"stairs":          {stairs(200), deep},
		"21 levels":       {stairs(21), deep},
		"a mebibyte":      {"a: " + strings.Repeat("x", 1<<20), large},
		"keys":            {strings.Repeat("a: 1\n", 100_000), many},
		"a million lists": {"a: [" + strings.Repeat("[],", 300_000) + "]", many},
		"laughs":          {"a: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\n", "anchors (&) are not allowed; write the value where it is used"},
	} {
		t.Run(name, func(t *testing.T) {
			doc := Read("f", []byte(c.src))
			problems := doc.Problems()
			if len(problems) == 0 || problems[0].Text != c.want {
				t.Errorf("got %v, want %s", problems, c.want)
			}
		})
	}
	doc := Read("f", []byte(stairs(20)))
	for m := doc.Root(); m != nil; m = m.May("a").Map() {
		continue
	}
	if problems := doc.Problems(); len(problems) != 1 || !strings.Contains(problems[0].Text, "want a mapping, got x") {
		t.Errorf("20 levels: got %v", problems)
	}
}

// stairs is a mapping in a mapping, n keys deep.
func stairs(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	return b.String() + strings.Repeat(" ", n) + "x\n"
}

// The shared cases are JSON by the name of case.yaml.
func TestJSONIsYAML(t *testing.T) {
	files, err := filepath.Glob("../../shared/cases/*/case.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("../../shared"); err != nil {
		t.Skip("../shared is absent: its cases are not read")
	}
	if len(files) == 0 {
		t.Fatal("no shared case found")
	}
	for _, file := range files {
		doc := Read(file, readFile(t, file))
		top := doc.Root()
		season, home := top.Need("season").Map(), top.Need("household").Map()
		if top.Need("policy").Text() != DefaultPolicy || home.Need("id").Text() == "" {
			t.Errorf("%s: not read", file)
		}
		if start, end := season.Need("start").Date(), season.Need("end").Date(); start >= end {
			t.Errorf("%s: season %s to %s", file, start, end)
		}
		if home.Need("area_m2").Decimal().String() != "89.5" {
			t.Errorf("%s: area %s", file, home.May("area_m2").Decimal())
		}
		top.May("as_of").Time()
		home.May("building_area_m2").Decimal()
		for _, room := range home.Need("rooms").Maps() {
			room.Need("id").Text()
			OneOf(room.Need("kind"), compliance.Bedroom, compliance.LivingRoom, compliance.Kitchen)
		}
		if problems := doc.Problems(); problems != nil {
			t.Error(problems)
		}
	}
}
