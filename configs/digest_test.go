package configs

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/goccy/go-yaml/token"
	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/compliance"
)

// Comments, blank lines, the order of keys, quotes, brackets and the spelling of numbers change no digest.
func TestDigestKnowsValuesNotTheirSpelling(t *testing.T) {
	for _, source := range digestSources(t)[:5] { // metered, by area, and three packs; the others are written alike
		want := digests(t, source)
		rapid.Check(t, func(t *rapid.T) {
			var w writer
			w.pick = func(what string, n int) int { return rapid.IntRange(0, n-1).Draw(t, what) }
			w.block(tree(t, source), 0)
			if got := digests(t, w.String()); got != want {
				t.Fatalf("other digests:\n%s", w.String())
			}
		})
	}
}

// Every value of a pack is in its digest: each is changed in turn, and each change must show. What no verdict
// depends on is named here.
func TestDigestChangesWithEveryValue(t *testing.T) {
	notInDigest := map[string]bool{"title.zh": true, "title.en": true}
	// Of these no other value fits what stands around it.
	onlyOneValue := regexp.MustCompile(`^editions\[\d\]\.(remedy|outdoor=none|money\.lpr\[0\]\.from|money\.(area|base|heat)_price=(none|unknown))$`)
	seam := map[string]bool{"editions[0].until": true, "editions[1].from": true} // one cannot move without the other
	for _, source := range digestSources(t) {
		want, changed := digests(t, source), 0
		for i, leaf := range leaves(tree(t, source)) {
			text := map[bool]string{true: "=" + leaf.text}[leaf.text == "none" || leaf.text == "unknown"]
			if onlyOneValue.MatchString(leaf.path) || onlyOneValue.MatchString(leaf.path+text) ||
				seam[leaf.path] && strings.Contains(source, "\n  - from: 2021-10-29\n") ||
				strings.HasSuffix(leaf.path, "base_fee_first") && strings.Contains(source, "base_price: none") {
				continue
			}
			root := tree(t, source)
			l := leaves(root)[i]
			l.text = another(l)
			var w writer
			w.block(root, 0)
			if got := digests(t, w.String()); (got == want) != notInDigest[leaf.path] {
				t.Errorf("%s from %s to %s: digest changed %v", leaf.path, leaf.text, l.text, got != want)
			}
			changed++
		}
		if changed < 40 {
			t.Errorf("only %d values were changed", changed)
		}
	}
}

// digestSources are the packs and the policy that has every key.
func digestSources(t *testing.T) []string {
	sources := []string{string(readFile(t, "testdata/full.yaml")), string(readFile(t, "testdata/full_area.yaml"))}
	for _, name := range Policies() {
		b, err := packs.ReadFile("policies/" + name + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		source, payment, _ := strings.Cut(string(b), "\npayment:\n")
		sources = append(sources, source+"\n")
		if payment != "" && digests(t, string(b)) != digests(t, source) {
			t.Errorf("%s: how it is paid for is in its digest", name)
		}
	}
	return sources
}

type failer interface {
	Helper()
	Fatal(args ...any)
}

func digests(t failer, source string) string {
	t.Helper()
	p, problems := ParsePolicy("p.yaml", []byte(source))
	if problems != nil {
		t.Fatal(problems.Error() + "\n" + source)
	}
	var all []string
	for i := range p.Editions {
		all = append(all, p.Digest(&p.Editions[i]))
	}
	return strings.Join(all, " ")
}

func tree(t failer, source string) *node {
	t.Helper()
	root, problems := parse("p.yaml", []byte(source))
	if problems != nil {
		t.Fatal(problems)
	}
	return root
}

func leaves(n *node) []*node {
	if n.kind == scalar {
		return []*node{n}
	}
	var all []*node
	for _, p := range n.pairs {
		all = append(all, leaves(p.value)...)
	}
	for _, item := range n.items {
		all = append(all, leaves(item)...)
	}
	return all
}

// another is a value near the leaf's that a policy may have in its place.
func another(leaf *node) string {
	if other, ok := map[string]string{
		"true": "false", "report": "window", "four_observations": "hourly_24", "all": "qualifying", "none": "first",
		"always": "2000-01-01", "M": "L", "H": "M", "L": "M", "never": "24h", "100": "99", "usable": "built", "built": "usable",
		"heilongjiang": "tianjin", "Asia/Shanghai": "Asia/Hong_Kong",
	}[leaf.text]; ok {
		return other
	}
	if d, err := strconv.Atoi(strings.TrimRight(leaf.text, "hms")); err == nil { // also a duration
		return fmt.Sprint(d+1) + strings.TrimLeft(leaf.text, "0123456789")
	}
	if hour, minute, ok := strings.Cut(leaf.text, ":"); ok && len(hour)+len(minute) == 4 { // a time of the day
		return hour + ":3" + minute[1:]
	}
	last := leaf.text[len(leaf.text)-1]
	if _, err := compliance.ParseDecimal(strings.ReplaceAll(leaf.text, "-", "")); err != nil || last < '0' || last > '9' {
		return leaf.text + "x"
	}
	if last == '0' { // a decimal or a date
		return leaf.text[:len(leaf.text)-1] + "1"
	}
	return leaf.text[:len(leaf.text)-1] + string(last-1)
}

// writer writes a tree as YAML again. With pick it chooses among spellings, without it is plain.
type writer struct {
	strings.Builder
	pick func(what string, n int) int
}

func (w *writer) choose(what string, n int) int {
	if w.pick == nil {
		return 0
	}
	return w.pick(what, n)
}

func (w *writer) block(n *node, indent int) {
	margin := strings.Repeat(" ", indent)
	for _, p := range w.shuffled(n.pairs) {
		w.WriteString([]string{"", "\n", margin + "# why: \"{[\n"}[w.choose("comment", 3)])
		switch {
		case p.value.kind == scalar:
			w.WriteString(margin + p.key + ": " + w.scalar(p.value) + []string{"", "  # sic"}[w.choose("remark", 2)] + "\n")
		case w.choose("flow", 4) == 1:
			w.WriteString(margin + p.key + ": ")
			w.flow(p.value)
			w.WriteString("\n")
		case p.value.kind == mapping:
			w.WriteString(margin + p.key + ":\n")
			w.block(p.value, indent+2)
		default:
			w.WriteString(margin + p.key + ":\n")
			for _, item := range p.value.items {
				w.WriteString(margin + "  -\n")
				w.block(item, indent+4)
			}
		}
	}
}

func (w *writer) flow(n *node) {
	switch n.kind {
	case scalar:
		w.WriteString(w.scalar(n))
	case mapping:
		w.WriteString("{")
		for i, p := range w.shuffled(n.pairs) {
			w.WriteString([]string{"", ", "}[min(i, 1)] + strconv.Quote(p.key) + ": ")
			w.flow(p.value)
		}
		w.WriteString("}")
	case sequence:
		w.WriteString("[")
		for i, item := range n.items {
			w.WriteString([]string{"", ", "}[min(i, 1)])
			w.flow(item)
		}
		w.WriteString("]")
	}
}

func (w *writer) shuffled(pairs []pair) []pair {
	out := append([]pair(nil), pairs...)
	for i := len(out) - 1; i > 0; i-- {
		j := i - w.choose("order", i+1)
		out[i], out[j] = out[j], out[i]
	}
	return out
}

func (w *writer) scalar(n *node) string {
	switch n.typ {
	case token.StringType:
		return strconv.Quote(n.text)
	case token.IntegerType:
		return n.text + []string{"", ".0", ".00"}[w.choose("zeros", 3)]
	case token.FloatType:
		return n.text + []string{"", "0"}[w.choose("zeros", 2)]
	}
	return n.text
}

// The digests of the packs are in verdicts that people hold. One that changes without a new edition would leave them
// without the words that judged them: change a number by adding an edition.
func TestThePacksKeepTheirDigests(t *testing.T) {
	want := map[string]string{
		"beijing-area always":           "sha256:084a57d68a06fa9712142606c3b5f77bb542d34c1c6c975d7b308509be06398c",
		"beijing-metered always":        "sha256:fa6445f1fdeabeab419f11241f54e362de4b5d17826f7ef205f152a82a2faa19",
		"beijing-metered-boiler always": "sha256:5894277fb9dc5971b4d0f5880fe5e133681d5b97265baaa29e5e3afb5f8f0638",
		"heilongjiang always":           "sha256:8e599a2ce6e7338c22eeba323bbce0774124a570763cf92173ade05484560a40",
		"heilongjiang 2021-10-29":       "sha256:24cb0e687f18ce4b3ff329ec234fdded758db3caa62db362623712493460ab8c",
		"qingdao always":                "sha256:44536023ff99338c7e38b8f3389f864f56c4d4bcb7d4c46741892d388a6e6ce5",
		"tianjin always":                "sha256:12f5eacf83038f2293d53bb08ff7636e08d313f458e5402156554501dc332498",
		"weihai always":                 "sha256:a71dda80c745fb4a1f9c305794d03044a7f6ec6f3b212b66f9be4c390c4f3cda",
		"xian always":                   "sha256:7fde06a3f462da0025fff18e53480e161173154151938f9656bcfee0497d45ae",
	}
	for _, name := range Policies() {
		p := pack(t, name)
		for i := range p.Editions {
			key := name + " " + date(p.Editions[i].From)
			if got := p.Digest(&p.Editions[i]); got != want[key] {
				t.Errorf("%s: %s, in verdicts it is %q", key, got, want[key])
			}
			delete(want, key)
		}
	}
	for key := range want {
		t.Errorf("%s: verdicts have it, and it is gone", key)
	}
}
