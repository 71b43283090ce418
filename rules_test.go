package nuanju_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A rule that cannot fail holds nothing. Each case is one made-up file and what the rules must say of it; the message
// begins with file and line and names the import and the reason.
func TestRulesCatchWhatTheyForbid(t *testing.T) {
	const doc = "// Package p is made up.\npackage p\n"
	check := map[string]func([]sourceFile) []string{
		"layers": brokenLayers, "bans": brokenBans, "clock": clockReads, "names": vaguelyNamed,
		"comment": withoutPackageComment, "exported": undocumented, "skips": skips, "sleeps": sleeps,
		"long": func(files []sourceFile) []string { return tooLong(files, nil) },
	}
	for _, c := range []struct {
		rule, path, text string
		want             string // the message's beginning; "" when the file keeps to the rule
	}{
		{"layers", "sensors/a.go", doc + `import "github.com/nuanju/nuanju/compliance"`, `sensors/a.go:3: imports "github.com/nuanju/nuanju/compliance": domain package sensors may import only the standard library (heat flows one way)`},
		{"layers", "billing/a.go", doc + `import "github.com/nuanju/nuanju/compliance"`, ""},
		{"layers", "billing/a.go", doc + `import "github.com/nuanju/nuanju/disputes"`, `billing/a.go:3: imports "github.com/nuanju/nuanju/disputes": domain package billing may import only the standard library, sensors, compliance (heat`},
		{"layers", "compliance/a.go", doc + `import "golang.org/x/text/language"`, `compliance/a.go:3: imports "golang.org/x/text/language"`},
		{"layers", "compliance/a_test.go", doc + `import "pgregory.net/rapid"`, ""},
		{"layers", "compliance/casefile/a.go", doc + `import "golang.org/x/text/encoding"`, ""},

		{"bans", "ledger/a.go", doc + `import "github.com/gin-gonic/gin/binding"`, `ledger/a.go:3: imports "github.com/gin-gonic/gin/binding", which belongs only in web: HTTP is one way to ask`},
		{"bans", "web/a.go", doc + `import "github.com/gin-gonic/gin"`, ""},
		{"bans", "web/pages/a.go", doc + `import "database/sql"`, `web/pages/a.go:3: imports "database/sql", which belongs only in ledger, evidence, sensors/blocks, test: only these (and tests that damage what they wrote) write things down`},
		{"bans", "sensors/blocks/a_test.go", doc + `import "database/sql"`, ""},
		{"bans", "compliance/casefile/a.go", doc + `import "github.com/goccy/go-yaml"`, `compliance/casefile/a.go:3: imports "github.com/goccy/go-yaml", which belongs only in configs: one strict parser`},
		{"bans", "web/a.go", doc + `import "github.com/nuanju/nuanju/sensors/blocks"`, `web/a.go:3: imports "github.com/nuanju/nuanju/sensors/blocks", which belongs only in sensors/blocks, sensors/influx, cmd: cmd/nuanju/open.go`},
		{"bans", "web/a_test.go", doc + `import "github.com/nuanju/nuanju/sensors/blocks"`, ""},
		{"bans", "compliance/checker/a.go", doc + `import "github.com/nuanju/nuanju/compliance/oracle"`, `compliance/checker/a.go:3: imports "github.com/nuanju/nuanju/compliance/oracle", which belongs only in compliance/oracle: the oracle`},
		{"bans", "compliance/a_test.go", doc + `import "github.com/nuanju/nuanju/compliance/oracle"`, ""},
		{"bans", "ledger/a.go", doc + `import "pgregory.net/rapid"`, `ledger/a.go:3: imports "pgregory.net/rapid": test libraries stay in _test.go files`},
		{"bans", "sensors/storetest/a.go", "package storetest\n" + `import "testing"`, ""},
		{"bans", "compliance/a.go", doc + `import "os/exec"`, `compliance/a.go:3: imports "os/exec": rules are pure functions over values`},
		{"bans", "compliance/casefile/a.go", doc + `import "os"`, ""},
		{"bans", "billing/a.go", doc + `import r "math/rand/v2"`, `billing/a.go:3: imports "math/rand/v2": equal inputs`},

		{"clock", "compliance/a.go", doc + "import \"time\"\nvar now = time.Now", `compliance/a.go:4: uses time.Now`},
		{"clock", "billing/a.go", doc + "import clock \"time\"\nvar zone = clock.Local", `billing/a.go:4: uses time.Local`},
		{"clock", "billing/a.go", doc + "func f(t interface{ Local() }) { t.Local() }", `billing/a.go:3: calls Local()`},
		{"clock", "ledger/a.go", doc + "import \"time\"\nvar now = time.Now", ""},
		{"clock", "compliance/a.go", doc + "import \"time\"\nvar day = time.Date", ""},

		{"names", "web/util/a.go", doc, `web/util/a.go: in a package or folder called "util"`},
		{"names", "web/a.go", "package helpers\n", `web/a.go: in a package or folder called "helpers"`},
		{"names", "ledger/a.go", "package ledger\n", ""},

		{"comment", "web/a.go", "package web\n", "web: no file has a package comment"},
		{"comment", "web/a.go", doc, ""},
		{"comment", "web/a_test.go", "package web\n", ""},

		{"exported", "web/a.go", doc + "func Serve() {}", "web/a.go:3: Serve is exported and has no doc comment"},
		{"exported", "web/a.go", doc + "type t struct{}\nfunc (t) Serve() {}", ""},
		{"exported", "web/a.go", doc + "// T is made up.\ntype T[E any] struct{}\nfunc (*T[E]) Serve() {}", "web/a.go:5: T.Serve is"},
		{"exported", "web/a.go", doc + "type (\n\tA int // A is made up.\n\tB int\n)", "web/a.go:5: B is"},
		{"exported", "web/a.go", doc + "// These are made up.\nconst (\n\tA = 1\n\tB = 2\n)", ""},
		{"exported", "web/a.go", doc + "const (\n\t// A and B are made up.\n\tA = 1\n\tB = 2\n\tC = 3\n)", "web/a.go:7: C is"},
		{"exported", "web/a.go", doc + "var a, B = 1, 2", "web/a.go:3: B is"},

		{"skips", "web/a_test.go", doc + `func f(t *testing.T) { t.Skip("no database") }`, "web/a_test.go:3: t.Skip: only absent ../shared data"},
		{"skips", "web/a_test.go", doc + `func f(t *testing.T) { t.Skipf("%s: ../shared is absent", "x") }`, ""},
		{"skips", "web/webtest/a.go", "package webtest\n" + `func f(tb testing.TB) { tb.SkipNow() }`, "web/webtest/a.go:2: tb.SkipNow"},

		{"sleeps", "web/a_test.go", doc + "import \"time\"\nfunc f() { time.Sleep(1) }", "web/a_test.go:4: time.Sleep: wait for what must happen"},
		{"sleeps", "web/a.go", doc + "import \"time\"\nfunc f() { time.Sleep(1) }", ""},

		{"long", "web/a.go", doc + strings.Repeat("// line\n", maxLines-1), "web/a.go: 401 lines"},
		{"long", "web/a.go", doc + strings.Repeat("// line\n", maxLines-2), ""},
		{"long", "web/a_test.go", doc + strings.Repeat("// line\n", maxLines), ""},
	} {
		t.Run(c.rule+" "+c.path, func(t *testing.T) {
			got := check[c.rule]([]sourceFile{mustParse(t, c.path, c.text)})
			if c.want == "" && len(got) == 0 {
				return
			}
			if c.want == "" || len(got) != 1 || !strings.HasPrefix(got[0], c.want) {
				t.Errorf("file:\n%.200s\n  got %q\n want %q", c.text, got, c.want)
			}
		})
	}
}

// Every ban must catch each of its imports somewhere, or a slip in a pattern would lift it unseen; and it must say why.
func TestEveryBanBites(t *testing.T) {
	for _, b := range bans {
		if b.why == "" {
			t.Errorf("%v: no reason", b.imports)
		}
		for _, pattern := range b.imports {
			p := strings.TrimSuffix(pattern, "/...")
			for _, in := range b.in {
				file := strings.TrimSuffix(strings.ReplaceAll(in, "...", "disputes/forbidden"), "/") + "/a.go"
				f := mustParse(t, file, "package a\nimport "+strconv.Quote(p))
				if !slices.ContainsFunc(brokenBans([]sourceFile{f}), func(msg string) bool { return strings.Contains(msg, b.why) }) {
					t.Errorf("%s may import %q, though %s", file, p, b.why)
				}
			}
		}
	}
}

func TestLongFilesListIsNotStale(t *testing.T) {
	f := mustParse(t, "web/a.go", "package web\n")
	got := tooLong([]sourceFile{f}, map[string]string{"web/a.go": "generated from the standard"})
	if want := "web/a.go: listed in longFiles, but it is not longer than 400 lines"; !slices.Equal(got, []string{want}) {
		t.Errorf("got %q, want %q", got, want)
	}
}
