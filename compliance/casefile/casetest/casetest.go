// Package casetest runs scenarios: small cases as text that a lawyer or a billing clerk can read, with what must be
// found. The docs beside each scenario are its first lines.
//
// A scenario is a txtar archive. Its comment is a title, and "fires: yes" or "fires: no": whether it shows its clause
// firing. Its files are those of a case directory (case.md), or NAME.every, a short way to write a regular series, and
// last the file want.
//
// A line of readings.every is ROOM START STEP VALUES; of outdoor.every, meter.every and building_meter.every START
// STEP VALUES. A value is a number, 18x4 for four of them, 0+2x3 for 0 2 4 6, or - for nothing at that step. Times in
// .every and want are local to the policy, such as 2015-11-15T12:00.
//
// A line of want names what must be found. Of a kind that is mentioned everything must be listed, in order, except
// days, bill and because, where what is mentioned is compared:
//
//	tile ROOM START END STATUS [CLAUSE]     (ROOM * is the household)
//	day DATE MEAN|- SOURCE exempt|not
//	outage ID exempt|REASON
//	episode ROOM START END STATUS below=S confirmed=S dismissed=S [tests=A,B] [confirmations=A]
//	confirmed START END                     (or: confirmed none)
//	test ID FINDING [stands] [PAYER] [sensor_off]
//	usage METERED ZEROED BILLED
//	bill NAME YUAN                          (or: nobill, where no bill is made)
//	remedy DATE ROOM at=CELSIUS below=CELSIUS PERCENT% [YUAN]   (or: remedy none)
//	says RULE                               (a rule that is said of the remedy as a whole)
//	because ROOM TIME RULE [RULE …]         (the rules of the tile that holds the time)
package casetest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/casefile"
)

// found is what judging a scenario found.
type found struct {
	*compliance.Verdict
	policy *compliance.Policy
	usage  *billing.Usage
	bill   *billing.Bill
	remedy *billing.Remedy
}

// RunAll runs every scenario below the package's testdata, each named by its clause and file.
func RunAll(t *testing.T) {
	t.Helper()
	Run(t, "testdata/A*/*.txtar")
}

// Run runs the scenarios that the pattern names.
func Run(t *testing.T, pattern string) {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		name := strings.TrimPrefix(strings.TrimSuffix(filepath.ToSlash(file), ".txtar"), "testdata/")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			archive, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			f := run(t, archive)
			clause, _, _ := strings.Cut(name, "/")
			f.firesAsSaid(t, compliance.Clause(clause), archive)
		})
	}
}

// firesAsSaid holds a scenario of an exemption to its head: it fires if, and only if, the clause excuses some time. What
// the other clauses do is not one thing that could be looked for.
func (f *found) firesAsSaid(t *testing.T, clause compliance.Clause, archive []byte) {
	t.Helper()
	if clause < compliance.A7221 || clause > compliance.A7225 {
		return
	}
	fires := false
	for _, r := range f.Rooms {
		for _, tile := range r.Tiles {
			fires = fires || tile.Clause == clause
		}
	}
	if said := strings.Contains(string(archive), "\nfires: yes\n"); said != fires {
		t.Errorf("the scenario says that its clause fires: %t; it does: %t", said, fires)
	}
}

// run judges the scenario in the archive, reports every line of want that does not hold, and returns what it found.
func run(t *testing.T, archive []byte) *found {
	t.Helper()
	files := fstest.MapFS{}
	want := ""
	for _, f := range txtar.Parse(archive).Files {
		if f.Name == "want" {
			want = string(f.Data)
			continue
		}
		name, data := f.Name, f.Data
		if base, ok := strings.CutSuffix(f.Name, ".every"); ok {
			expanded, err := expand(base, string(f.Data))
			if err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
			name, data = base+".csv", expanded
		}
		files[name] = &fstest.MapFile{Data: data}
	}
	if strings.TrimSpace(want) == "" {
		t.Fatal("the scenario wants nothing")
	}
	c, err := casefile.Read(files, casefile.Options{})
	if err != nil {
		t.Fatalf("the case cannot be read:\n%v", err)
	}
	v, err := compliance.Judge(c.Policy, &c.Facts)
	if err != nil {
		t.Fatalf("the case cannot be judged: %v", err)
	}
	f := &found{Verdict: v, policy: c.Policy}
	charged := billing.Charge(c.Policy, &c.Billing, v)
	f.usage, f.bill, f.remedy = charged.Usage, charged.Bill, charged.Remedy
	for _, d := range f.compare(want) {
		t.Error(d)
	}
	return f
}

// compare returns a text for each kind of line whose wanted lines are not the found ones.
func (f *found) compare(want string) []string {
	groups := make(map[string][]string)
	var order []string
	for line := range strings.Lines(want) {
		line = strings.Join(strings.Fields(line), " ")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key := groupOf(line)
		if _, ok := groups[key]; !ok {
			order = append(order, key)
		}
		if line == key+" none" {
			groups[key] = []string{}
			continue
		}
		groups[key] = append(groups[key], line)
	}
	var bad []string
	for _, key := range order {
		got := f.lines(key)
		if w, g := strings.Join(groups[key], "\n"), strings.Join(got, "\n"); w != g {
			bad = append(bad, fmt.Sprintf("%s:\nwant\n%s\ngot\n%s", key, w, g))
		}
	}
	return bad
}

// groupOf is the part of a line that says which lines are compared with it.
func groupOf(line string) string {
	fields := strings.Fields(line)
	n := map[string]int{"tile": 2, "day": 2, "bill": 2, "because": 3}[fields[0]]
	return strings.Join(fields[:min(max(n, 1), len(fields))], " ")
}

// Shown reports an article that lacks a rule, words in both languages, or a scenario in which it fires or does not.
func Shown(t *testing.T, a compliance.Article) {
	t.Helper()
	if len(a.Rules) == 0 {
		t.Errorf("%s has no rule", a.Clause)
		return
	}
	if a.Title.ZH == "" || a.Title.EN == "" || a.Plain.ZH == "" || a.Plain.EN == "" {
		t.Errorf("%s lacks words in both languages", a.Clause)
	}
	scenarios, err := a.Scenarios()
	if err != nil {
		t.Errorf("%s: %v", a.Clause, err)
	}
	shown := map[bool]int{}
	for _, s := range scenarios {
		shown[s.Fires]++
	}
	if shown[true] == 0 || shown[false] == 0 {
		t.Errorf("%s has %d scenarios in which it fires and %d in which it does not; it wants both", a.Clause, shown[true], shown[false])
	}
}
