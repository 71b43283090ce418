package billing_test

import (
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/casefile/casetest"
	"github.com/nuanju/nuanju/configs"
)

// Every scenario of every pack is judged and found to be as it says.
func TestPackScenarios(t *testing.T) { casetest.Run(t, "testdata/packs/*/*.txtar") }

// shownLine is a line of a remedy that some scenario wants, and that TestPackScenarios holds to what is computed.
type shownLine struct {
	date    compliance.Date
	at, by  *big.Rat
	percent string
}

var remedyLine = regexp.MustCompile(`(?m)^remedy (\d{4}-\d{2}-\d{2}) \S+ at=(\S+) below=(\S+) (\S+)%`)

// shownLines is the lines that the scenarios of the pack want.
func shownLines(t *testing.T, pack string) (out []shownLine) {
	t.Helper()
	files, err := filepath.Glob("testdata/packs/" + pack + "/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), "\npolicy: "+pack+"\n") {
			t.Errorf("%s is not judged by %s", file, pack)
		}
		for _, m := range remedyLine.FindAllStringSubmatch(string(text), -1) {
			d, err := compliance.ParseDate(m[1])
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, shownLine{d, ratOf(t, m[2]), ratOf(t, m[3]), m[4]})
		}
	}
	return out
}

func ratOf(t *testing.T, s string) *big.Rat {
	t.Helper()
	r, ok := new(big.Rat).SetString(s)
	if !ok {
		t.Fatalf("%q is no number", s)
	}
	return r
}

// near is how far from an edge the example beside it may lie, °C.
var near = big.NewRat(1, 10)

// Every tier of every edition of every pack is shown on both sides of its edges: by a temperature that lies exactly at
// the edge, one at most 0.1 °C beside it, on the other side, and, of the mildest tier, one at most 0.1 °C below the standard.
func TestEveryTierIsShownOnBothSidesOfItsEdges(t *testing.T) {
	edges := 0
	for _, name := range configs.Policies() {
		p, err := configs.Policy(name)
		if err != nil {
			t.Fatal(err)
		}
		lines := shownLines(t, name)
		for i := range p.Editions {
			e := &p.Editions[i]
			if e.Tiers == nil {
				continue
			}
			has := func(what string, percent compliance.Decimal, fits func(l shownLine) bool) {
				t.Helper()
				for _, l := range lines {
					if p.EditionOn(l.date) == e && l.percent == percent.String() && fits(l) {
						return
					}
				}
				t.Errorf("%s, edition from %s: no example of %s %% for a temperature %s", name, e.From, percent, what)
			}
			has("just below the standard", e.Tiers.Ladder[0].Percent, func(l shownLine) bool {
				return l.by.Sign() > 0 && l.by.Cmp(near) <= 0
			})
			for k, tier := range e.Tiers.Ladder[:len(e.Tiers.Ladder)-1] {
				edges++
				edge, next := tier.Edge.Rat(), e.Tiers.Ladder[k+1]
				at, beside := tier, next // whose percentage the edge has, and its neighbour
				if tier.Bound == compliance.LessThan || tier.Bound == compliance.Above {
					at, beside = next, tier
				}
				measure := func(l shownLine) *big.Rat {
					if tier.Bound.Absolute() {
						return l.at
					}
					return l.by
				}
				has(fmt.Sprintf("exactly at the edge, %s", tier.Edge), at.Percent, func(l shownLine) bool { return measure(l).Cmp(edge) == 0 })
				has(fmt.Sprintf("beside the edge, %s", tier.Edge), beside.Percent, func(l shownLine) bool {
					distance := new(big.Rat).Sub(measure(l), edge)
					return distance.Sign() != 0 && distance.Abs(distance).Cmp(near) <= 0
				})
			}
		}
	}
	if edges < 9 { // 2 of Beijing, 1 + 2 of Heilongjiang, 2 of Tianjin, 2 of Xi'an
		t.Errorf("only %d edges; the packs have lost some", edges)
	}
}

// section7 is what section 7 of the rules computes: the clause, and the line of a scenario that shows it.
var section7 = []struct{ clause, rule, line string }{
	{"A4.2.1", "area fee = area price × charged area", "bill area_fee"},
	{"A4.2.1", "base fee = base price × area", "bill base_fee"},
	{"A4.2.1", "heat fee = heat price × billed usage", "bill heat_fee"},
	{"A4.1", "payable = min(area fee, metered total)", "bill payable"},
	{"A4.1", "what was prepaid above it is returned", "bill settlement"},
	{"A1.3", "allocated by charged area", "usage"},
	{"A4.2.1", "usage between two register values is linear in time", "usage"},
	{"A1.3", "zeroing, after allocation", "bill remedy_value"},
	{"A4.1", "the value of the remedy, under the cap", "bill remedy_value"},
	{"A4.2.2", "an agreed season: base price / 121 × days × area", "bill base_fee"},
	{"A4.4", "meter fault: (area price − base price) / days × area", "bill fault_fee"},
	{"A4.4", "confirmed time takes its share of the day off", "bill remedy_value"},
	{"A7.2.1", "not supplied: area fee / statutory days × days", "bill late_supply_refund"},
	{"A7.2.1", "an equal penalty", "bill late_supply_penalty"},
	{"A7.1.1", "paid late: outstanding × LPR / 365 × days", "bill late_payment_interest"},
	{"A8", "suspended: 30 % of the area fee", "bill payable"},
	{"packs/*", "area-billed contracts have tiers", "bill remedy_value"},
}

// Every line of section 7 has an example with its arithmetic beside it: a comment that works out, with an equals sign, the very
// amount that is wanted and that is not 0.
func TestEveryLineOfSection7IsWorkedOutByHand(t *testing.T) {
	for _, s := range section7 {
		files, err := filepath.Glob("testdata/" + s.clause + "/*.txtar")
		if err != nil || len(files) == 0 {
			t.Errorf("%s: no examples: %v", s.clause, err)
		}
		shown := false
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			shown = shown || workedOut(string(text), s.line)
		}
		if !shown {
			t.Errorf("%s: no example works out by hand that %s (%s)", s.clause, s.rule, s.line)
		}
	}
	for _, a := range billing.Articles() {
		found := false
		for _, s := range section7 {
			found = found || s.clause == string(a.Clause)
		}
		if !found {
			t.Errorf("%s is not among the lines of section 7 that are to have an example", a.Clause)
		}
	}
}

var amount = regexp.MustCompile(`\d+(\.\d+)?`)

// workedOut reports whether the scenario wants the line with an amount other than 0 that its words or comments arrive at,
// behind an equals sign.
func workedOut(text, line string) bool {
	head, want, ok := strings.Cut(text, "\n-- want --\n")
	if !ok {
		return false
	}
	words, _, _ := strings.Cut(head, "\n-- ")
	results := map[string]bool{}
	wanted := map[string]bool{}
	for l := range strings.Lines(words + "\n" + want) {
		if rest, ok := strings.CutPrefix(l, line+" "); ok {
			for _, n := range amount.FindAllString(rest, -1) {
				wanted[exactly(n)] = true
			}
			continue
		}
		for _, after := range afterEquals(l) {
			for _, n := range amount.FindAllString(after, -1) {
				results[exactly(n)] = true
			}
		}
	}
	delete(wanted, "0")
	for n := range wanted {
		if results[n] {
			return true
		}
	}
	return false
}

// exactly is the number in a form that equal numbers share.
func exactly(n string) string {
	r, _ := new(big.Rat).SetString(n)
	return r.RatString()
}

// afterEquals is what stands behind the first equals sign of a comment, or nothing.
func afterEquals(line string) []string {
	_, after, found := strings.Cut(line, "=")
	if !found || strings.HasPrefix(line, "remedy ") {
		return nil
	}
	return []string{after}
}
