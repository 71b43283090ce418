package web

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
)

var update = flag.Bool("update", false, "write docs/rights.md anew from what the endpoints answer; read the difference")

// rightsTable is what every endpoint answered whom: by endpoint, then by caller.
type rightsTable map[string]map[string]bool

// note notes an answer. A caller is let if they are by token or by session: that both are let alike is tested beside.
func (r rightsTable) note(at gin.RouteInfo, caller string, let bool) {
	name := at.Path + " " + at.Method
	if r[name] == nil {
		r[name] = map[string]bool{}
	}
	r[name][caller] = r[name][caller] || let
}

// rightsColumns are the callers that the table shows, with what they are called there. What is asked is always about one household.
var rightsColumns = []struct{ caller, title string }{
	{"", "nobody"},
	{"resident", "resident, own"},
	{"neighbour", "resident, foreign"},
	{"former", "former resident"},
	{"delegate", "delegate"},
	{"reporter", "delegate who reports"},
	{"dispatcher", "dispatcher"},
	{"building2", "dispatcher, elsewhere"},
	{"billing", "billing"},
	{"tester", "tester, asked"},
	{"tester2", "tester, not asked"},
	{"mediator", "mediator, own"},
	{"mediator2", "mediator, elsewhere"},
	{"auditor", "auditor"},
	{"gateway", "device"},
	{"admin", "admin"},
}

const rightsHead = `# Who may call what

Generated from what every endpoint answered every caller, by token and by session: ` + "`go test ./web -run TestWhoMayCallWhat -update`" + `
writes it, and a test fails when it is not what the server does. What is asked is about one household: *own* is whoever lives there
now, or has to do with it; *foreign* and *elsewhere* is the same role without that. ● is answered; an empty cell is turned away: 401, 403,
or 404 where the id of a foreign thing must tell nothing.

An answer may still be narrower than the question. A resident sees the time in which their contract holds and no other; a former resident
that time only; a delegate what the resident sees, and changes nothing but reports, if they were let. A tester sees the readings of the
rooms that they were asked to test, from a day before they were asked until a day after the test was handed in. A list has what
its caller may see. See web/rights.go.

`

// compare compares the table with docs/rights.md, or writes that.
func (r rightsTable) compare(t *testing.T) {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(rightsHead)
	b.WriteString("| endpoint |")
	rule := "\n| --- |"
	for _, c := range rightsColumns {
		b.WriteString(" " + c.title + " |")
		rule += " :-: |"
	}
	b.WriteString(rule + "\n")
	names := make([]string, 0, len(r))
	for name := range r {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		path, method, _ := strings.Cut(name, " ")
		b.WriteString("| `" + method + " " + path + "` |")
		for _, c := range rightsColumns {
			if r[name][c.caller] {
				b.WriteString(" ● |")
			} else {
				b.WriteString("  |")
			}
		}
		b.WriteString("\n")
	}
	const file = "../docs/rights.md"
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	kept, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(kept, b.Bytes()) {
		t.Errorf("docs/rights.md is not what the endpoints answer (%v): go test ./web -run TestWhoMayCallWhat -update, and read the difference", err)
	}
}
