package billing_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/casefile"
)

// billed is a scenario's case and bill.
type billed struct {
	*casefile.Case
	bill billing.Bill
}

// bill reads, judges and bills the scenario in the file.
func bill(t *testing.T, file string) billed {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for _, f := range archive.Files {
		name, data := f.Name, f.Data
		if base, short := strings.CutSuffix(name, ".every"); short {
			name, data = base+".csv", expand(t, base, string(data))
		}
		files[name] = &fstest.MapFile{Data: data}
	}
	c, err := casefile.Read(files, casefile.Options{})
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	v, err := compliance.Judge(c.Policy, &c.Facts)
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return billedAs(c, v)
}

// billedAs is the bill of a case, its reasons those of a remedy in tiers first.
func billedAs(c *casefile.Case, v *compliance.Verdict) billed {
	charged := billing.Charge(c.Policy, &c.Billing, v)
	var b billing.Bill
	if charged.Bill != nil {
		b = *charged.Bill
	}
	if r := charged.Remedy; r != nil {
		because := slices.Clone(r.Because)
		for i := range r.Lines {
			because = append(because, r.Lines[i].Because...)
		}
		b.Because = append(because, b.Because...)
	}
	return billed{c, b}
}

// expand writes the CSV of a short form, as package casetest describes it.
func expand(t *testing.T, name, text string) []byte {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatalf("%s.every: %v", name, err)
		}
	}
	out := []byte(map[string]string{"readings": "time,room,celsius\n", "outdoor": "time,celsius\n"}[name])
	if len(out) == 0 {
		out = []byte("time,kwh\n")
	}
	for line := range strings.Lines(text) {
		room, fields := "", strings.Fields(line)
		if name == "readings" {
			room, fields = fields[0]+",", fields[1:]
		}
		at, err := time.Parse("2006-01-02T15:04", fields[0])
		must(err)
		step, err := time.ParseDuration(fields[1])
		must(err)
		for _, f := range fields[2:] {
			value, times, _ := strings.Cut(f, "x")
			from, rise, rises := strings.Cut(value, "+")
			n := 1
			if times != "" {
				n, err = strconv.Atoi(times)
				must(err)
			}
			v, err := strconv.ParseFloat(strings.Replace(from, "-", "NaN", 1), 64)
			must(err)
			add := 0.0
			if rises {
				n++
				add, err = strconv.ParseFloat(rise, 64)
				must(err)
			}
			for range n {
				if v == v {
					out = fmt.Appendf(out, "%s+08:00,%s%s\n", at.Format("2006-01-02T15:04:05"), room, strconv.FormatFloat(v, 'f', -1, 64))
				}
				at, v = at.Add(step), v+add
			}
		}
	}
	return out
}

func scenarios(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/A*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	packs, err := filepath.Glob("testdata/packs/*/*.txtar")
	if err != nil || len(packs) == 0 {
		t.Fatalf("no scenarios of packs: %v", err)
	}
	return append(files, packs...)
}

var placeholder = regexp.MustCompile(`\{([^}]*)\}`)

// Every reason of every scenario is a whole sentence in both languages: no value is missing, both languages tell the
// same values, and every sentence there is gets said by some scenario.
func TestEveryReasonIsAWholeSentence(t *testing.T) {
	words := billing.RuleWords()
	for rule, w := range words {
		zh, en := names(w.ZH), names(w.EN)
		if !maps.Equal(zh, en) {
			t.Errorf("%s: Chinese tells %v, English %v", rule, zh, en)
		}
	}
	said := saidOfValves(t) // a case directory has no valves
	for _, file := range scenarios(t) {
		b := bill(t, file)
		for _, s := range b.bill.Because {
			said[s.Rule] = true
			if _, ok := words[s.Rule]; !ok {
				t.Errorf("%s: %s has no words", file, s.Rule)
			}
			for _, lang := range []compliance.Lang{compliance.ZH, compliance.EN} {
				if text := s.Say(words, lang, b.Policy.Zone); strings.ContainsAny(text, "–{}") {
					t.Errorf("%s: %s lacks a value: %s", file, s.Rule, text)
				}
			}
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(words)) {
		if !said[rule] {
			t.Errorf("no scenario says %s", rule)
		}
	}
}

func names(text string) map[string]bool {
	out := make(map[string]bool)
	for _, m := range placeholder.FindAllStringSubmatch(text, -1) {
		out[m[1]] = true
	}
	return out
}

// Every reason names a clause that has words, and every amount of the bill that is not 0 has its reason.
func TestEveryReasonNamesItsClause(t *testing.T) {
	clauses := make(map[compliance.Clause]bool)
	for _, a := range append(compliance.Articles(), billing.Articles()...) {
		clauses[a.Clause] = true
	}
	for _, file := range scenarios(t) {
		b := bill(t, file).bill
		told := make(map[string]bool)
		for _, s := range b.Because {
			if !clauses[s.Clause] {
				t.Errorf("%s: %s names clause %q", file, s.Rule, s.Clause)
			}
			for _, v := range s.Values {
				told[v.Text] = true
			}
		}
		for _, f := range []billing.Fen{
			b.AreaFee, b.BaseFee, b.HeatFee, b.FaultFee, b.Payable, b.Prepaid, max(b.Settlement, -b.Settlement), b.RemedyValue,
			b.LateSupplyRefund, b.LateSupplyPenalty, b.LateInterest,
		} {
			if f != 0 && !told[f.String()] {
				t.Errorf("%s: nothing tells where %s yuan are from", file, f)
			}
		}
	}
}

// The reasons of a few whole bills, as a clerk reads them: testdata/statements has a file for each, with the scenario
// that it is of, every sentence in both languages, and the rows that it rests on.
func TestStatements(t *testing.T) {
	files, err := filepath.Glob("testdata/statements/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no statements: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		scenario, want, _ := strings.Cut(string(text), "\n")
		b := bill(t, filepath.Join("testdata", scenario))
		if got := statement(b); got != want {
			t.Errorf("%s: want\n%s\ngot\n%s", file, want, got)
		}
	}
}

func statement(b billed) string {
	var out strings.Builder
	for _, s := range b.bill.Because {
		fmt.Fprintf(&out, "\n%s\n", s.Clause)
		for _, lang := range []compliance.Lang{compliance.ZH, compliance.EN} {
			fmt.Fprintf(&out, "  %s\n", s.Say(billing.RuleWords(), lang, b.Policy.Zone))
		}
		for _, src := range s.Sources {
			at := src.ID
			if src.At != 0 {
				at = src.At.Time().In(b.Policy.Zone).Format("2006-01-02 15:04")
			}
			fmt.Fprintf(&out, "  ← %s %s\n", src.Kind, at)
		}
	}
	return out.String()
}

// The order of rows changes no byte of a reason.
func TestReasonsDoNotDependOnTheOrderOfRows(t *testing.T) {
	for _, file := range scenarios(t) {
		b := bill(t, file)
		v, err := compliance.Judge(b.Policy, &b.Facts)
		if err != nil {
			t.Fatal(err)
		}
		f := b.Billing
		again := *b.Case
		for _, reverse := range []func(){
			func() { slices.Reverse(f.Meter.Registers) }, func() { slices.Reverse(f.Meter.Changes) },
			func() { slices.Reverse(f.Faults) }, func() { slices.Reverse(f.UnsuppliedDays) }, func() { slices.Reverse(f.Payments) },
		} {
			reverse()
		}
		again.Billing = f
		if got, want := statement(billedAs(&again, v)), statement(b); got != want {
			t.Errorf("%s: want\n%s\ngot\n%s", file, want, got)
		}
	}
}
