package nuanju_test

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// A layer is a domain package. It imports the standard library and the packages to its left, nothing else: what a
// verdict says must not depend on how it was stored, asked for or shown.
type layer struct {
	dir  string
	left []string
}

var layers = []layer{
	{"sensors", nil},
	{"compliance", []string{"sensors"}},
	{"billing", []string{"sensors", "compliance"}},
	{"disputes", []string{"sensors", "compliance"}},
}

// A ban keeps some imports out of some folders. Patterns are Go's: "web" is that package, "web/..." it and all below,
// "..." everything.
type ban struct {
	imports []string
	in      []string // the folders it governs
	except  []string // the folders among them where the import belongs
	tests   bool     // whether tests and the packages that serve them must keep to it too
	why     string
}

var bans = []ban{
	{
		imports: []string{"github.com/gin-gonic/gin/...", "github.com/danielgtaylor/huma/v2/..."},
		in:      []string{"..."}, except: []string{"web/..."}, tests: true,
		why: "HTTP is one way to ask; rules, log and ledger must work without it",
	}, {
		imports: []string{"github.com/robfig/cron/v3/..."},
		in:      []string{"..."}, except: []string{"cmd/..."}, tests: true,
		why: "a tick only means \"catch up\"; what it calls is told the time and can be tested at any instant",
	}, {
		imports: []string{"github.com/influxdata/influxdb-client-go/v2/..."},
		in:      []string{"..."}, except: []string{"sensors/influx/..."},
		why: "InfluxDB is one of several stores behind sensors.Store; tests of the write API speak to it as its clients do",
	}, {
		imports: []string{
			"github.com/goccy/go-yaml/...", "go.yaml.in/...", "sigs.k8s.io/yaml/...",
			"gopkg.in/yaml.v2/...", "gopkg.in/yaml.v3/...",
		},
		in: []string{"..."}, except: []string{"configs/..."}, tests: true,
		why: "one strict parser: a second one would read the same policy differently",
	}, {
		imports: []string{
			"database/sql/...", "github.com/jackc/pgx/v5/...", "modernc.org/sqlite/...", "github.com/pressly/goose/v3/...",
		},
		in: []string{"..."}, except: []string{"ledger/...", "evidence/...", "sensors/blocks/...", "test/..."}, tests: true,
		why: "only these (and tests that damage what they wrote) write things down; the others declare the few methods they need",
	}, {
		imports: []string{module + "/sensors/blocks/...", module + "/sensors/influx/..."},
		in:      []string{"..."}, except: []string{"sensors/blocks/...", "sensors/influx/...", "cmd/..."},
		why: "cmd/nuanju/open.go holds the only switch on store URLs; the others take a sensors.Store",
	}, {
		imports: []string{module + "/web/..."},
		in:      []string{"..."}, except: []string{"web/...", "cmd/...", "test/..."}, tests: true,
		why: "the pages show the domain; nothing below may know of them",
	}, {
		imports: []string{
			module + "/compliance/...", module + "/billing/...", module + "/disputes/...", module + "/ledger/...",
		},
		in:  []string{"sensors/..."},
		why: "what was measured does not know what the contract says of it",
	}, {
		imports: []string{module + "/compliance/oracle/..."},
		in:      []string{"..."}, except: []string{"compliance/oracle/..."},
		why: "the oracle is the slow second opinion that tests hold the judge to; a verdict never comes from it",
	}, {
		imports: []string{"testing/...", "pgregory.net/rapid/...", "github.com/rogpeppe/go-internal/..."},
		in:      []string{"..."},
		why:     "test libraries stay in _test.go files and in packages named after what they test (storetest)",
	}, {
		imports: []string{"math/rand/..."},
		in:      []string{"compliance", "billing"}, tests: false,
		why: "equal inputs give byte-equal verdicts and bills",
	}, {
		imports: []string{"os/...", "io/ioutil", "net/...", "database/sql/...", "syscall/...", "log/..."},
		in:      []string{"compliance", "billing"},
		why:     "rules are pure functions over values: an arbitrator must get the server's verdict from files alone",
	}, {
		imports: []string{"context"},
		in:      []string{"compliance", "billing"},
		why:     "nothing in the rules waits or can be cancelled half-way",
	}, {
		imports: []string{"C"},
		in:      []string{"..."}, tests: true,
		why: "the binary is built with CGO_ENABLED=0 and runs on any machine",
	}, {
		imports: []string{"github.com/prometheus/client_golang/prometheus/promauto/..."},
		in:      []string{"..."}, tests: true,
		why: "metrics are registered with the registry that was passed in; there are no globals",
	}, {
		imports: []string{"github.com/xuri/excelize/v2/..."},
		in:      []string{"..."}, except: []string{"disputes/measured/sheet/...", "billing/sheet/..."}, tests: false,
		why: "spreadsheets are one format of two; what is measured and what is owed does not know them",
	}, {
		imports: []string{"github.com/wneessen/go-mail/..."},
		in:      []string{"..."}, except: []string{"notify/smtp/..."}, tests: true,
		why: "mail is one channel of several behind notify",
	}, {
		imports: []string{"golang.org/x/crypto/argon2/..."},
		in:      []string{"..."}, except: []string{"web/signin/..."}, tests: true,
		why: "passwords are hashed in one place, few at a time",
	}, {
		imports: []string{"github.com/chromedp/...", "github.com/compose-spec/compose-go/v2/..."},
		in:      []string{"..."}, except: []string{"test/...", "dashboards/..."}, tests: true,
		why: "browsers and compose files are for tests",
	}, {
		imports: []string{module + "/simulate/..."},
		in:      []string{"..."}, except: []string{"simulate/...", "cmd/...", "test/..."}, tests: true,
		why: "a simulated town comes in by the same doors as a real one",
	}, {
		imports: []string{"gorm.io/...", "entgo.io/...", "xorm.io/...", "github.com/uptrace/bun/..."},
		in:      []string{"..."}, tests: true,
		why: "no ORM: the ledger's SQL is read by auditors",
	}, {
		imports: []string{"go.uber.org/fx/...", "go.uber.org/dig/...", "github.com/google/wire/..."},
		in:      []string{"..."}, tests: true,
		why: "no container: main opens what is needed and passes it on",
	}, {
		imports: []string{"go.uber.org/mock/...", "github.com/golang/mock/...", "github.com/stretchr/testify/mock/..."},
		in:      []string{"..."}, tests: true,
		why: "no mocks where the real thing starts in milliseconds",
	},
}

// clockReaders are the names in package time that read the machine's clock or zone, or wait.
var clockReaders = []string{
	"Now", "Since", "Until", "Local", "LoadLocation", "After", "AfterFunc", "Tick", "NewTicker", "NewTimer", "Sleep",
}

// clockless are the packages that are told every instant and zone by their caller.
var clockless = []string{"compliance", "billing"}

// vagueNames say nothing of what a package holds, so anything ends up in it.
var vagueNames = []string{
	"util", "utils", "common", "models", "model", "services", "service", "manager", "managers", "helpers", "helper",
	"misc", "shared", "lib",
}

func TestDomainImportsOnlyWhatIsToItsLeft(t *testing.T) { report(t, brokenLayers(sources(t))) }

func TestImportsKeepToTheirRooms(t *testing.T) { report(t, brokenBans(sources(t))) }

func TestRulesNeverReadTheClock(t *testing.T) { report(t, clockReads(sources(t))) }

func TestPackagesAreNamedAfterWhatTheyHold(t *testing.T) { report(t, vaguelyNamed(sources(t))) }

func brokenLayers(files []sourceFile) (broken []string) {
	for _, f := range files {
		i := slices.IndexFunc(layers, func(l layer) bool { return l.dir == f.dir() })
		if i < 0 || f.isTest {
			continue
		}
		for _, spec := range f.ast.Imports {
			p := imported(spec)
			own, inModule := strings.CutPrefix(p, module+"/")
			if isStandard(p) || inModule && slices.Contains(layers[i].left, own) {
				continue
			}
			may := slices.Concat([]string{"the standard library"}, layers[i].left)
			broken = append(broken, fmt.Sprintf("%s: imports %q: domain package %s may import only %s (heat flows one way)",
				f.at(spec), p, layers[i].dir, strings.Join(may, ", ")))
		}
	}
	return broken
}

func brokenBans(files []sourceFile) (broken []string) {
	for _, f := range files {
		for _, b := range bans {
			if !matchesAny(b.in, f.dir()) || matchesAny(b.except, f.dir()) || f.testOnly() && !b.tests {
				continue
			}
			for _, spec := range f.ast.Imports {
				if p := imported(spec); matchesAny(b.imports, p) {
					broken = append(broken, fmt.Sprintf("%s: imports %q%s: %s", f.at(spec), p, belongs(b), b.why))
				}
			}
		}
	}
	return broken
}

// belongs says where a banned import would be at home.
func belongs(b ban) string {
	if len(b.except) == 0 {
		return ""
	}
	return ", which belongs only in " + strings.ReplaceAll(strings.Join(b.except, ", "), "/...", "")
}

func clockReads(files []sourceFile) (broken []string) {
	for _, f := range files {
		if f.isTest || !slices.Contains(clockless, f.dir()) {
			continue
		}
		timeName := f.importName("time")
		ast.Inspect(f.ast, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == timeName && slices.Contains(clockReaders, n.Sel.Name) {
					broken = append(broken, fmt.Sprintf(
						"%s: uses time.%s: %s is told every instant and zone by its caller, so that a verdict can be had again "+
							"years later, on any machine", f.at(n), n.Sel.Name, f.dir()))
				}
			case *ast.CallExpr:
				if sel, ok := n.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Local" && len(n.Args) == 0 {
					broken = append(broken, fmt.Sprintf(
						"%s: calls Local(): the calendar is the policy's, not the machine's", f.at(n)))
				}
			}
			return true
		})
	}
	return broken
}

func vaguelyNamed(files []sourceFile) (broken []string) {
	for _, f := range files {
		for name := range strings.SplitSeq(f.dir()+"/"+f.pkg, "/") {
			if slices.Contains(vagueNames, name) {
				broken = append(broken, fmt.Sprintf("%s: in a package or folder called %q: name it after what it holds", f.path, name))
				break
			}
		}
	}
	return broken
}

// isStandard says whether p is in the standard library: only there the first element of a path has no dot.
func isStandard(p string) bool {
	first, _, _ := strings.Cut(p, "/")
	return !strings.Contains(first, ".")
}

// matches says whether p is what a pattern names; see ban.
func matches(pattern, p string) bool {
	if pattern == "..." {
		return true
	}
	if under, ok := strings.CutSuffix(pattern, "/..."); ok {
		return p == under || strings.HasPrefix(p, under+"/")
	}
	return p == pattern
}

func matchesAny(patterns []string, p string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, p) })
}
