package configs

import (
	"fmt"
	"slices"
	"strings"
)

// Roles are what a server does. Several servers of one ledger, log and store may share them.
type Roles struct {
	Web     bool // the API and the pages
	Ingest  bool // the write API, and the way from the log to the store
	Checker bool // what is done by the clock
}

// roleNames are all roles.
var roleNames = []string{"web", "ingest", "checker"}

// ParseRoles reads roles separated by commas.
func ParseRoles(text string) (Roles, error) {
	var r Roles
	for name := range strings.SplitSeq(text, ",") {
		switch name = strings.TrimSpace(name); {
		case !slices.Contains(roleNames, name):
			return Roles{}, fmt.Errorf("roles: want some of %s, separated by commas, got %q", strings.Join(roleNames, ", "), text)
		case name == "web":
			r.Web = true
		case name == "ingest":
			r.Ingest = true
		default:
			r.Checker = true
		}
	}
	return r, nil
}

// All reports whether a server does everything.
func (r Roles) All() bool { return r.Web && r.Ingest && r.Checker }

// String is the roles as they are written.
func (r Roles) String() string {
	var names []string
	for i, has := range []bool{r.Web, r.Ingest, r.Checker} {
		if has {
			names = append(names, roleNames[i])
		}
	}
	return strings.Join(names, ",")
}

// roles is those of the settings.
func (o *overrides) roles(v Value) Roles {
	r, err := ParseRoles(o.text(v, "ROLES"))
	if err != nil {
		o.doc.Report(0, "%v", err)
	}
	return r
}

// Embedded reports whether the log, the ledger or the readings are kept in files, which one server alone may use.
func (s *Settings) Embedded() bool {
	return strings.HasPrefix(s.Log, "sqlite:") || strings.HasPrefix(s.Ledger, "sqlite:") || s.Store.Kind == "blocks"
}

// checkRoles refuses what cannot work: with embedded stores there is one server, which has to do everything.
func (s *Settings) checkRoles(doc *Document) {
	if s.Embedded() && !s.Roles.All() {
		doc.Report(0, "roles %s: several servers need the log and the ledger in PostgreSQL and the readings in InfluxDB; with embedded stores one server does everything", s.Roles)
	}
}
