package web

import (
	"net/http"
	"slices"

	"github.com/nuanju/nuanju/disputes"
)

// access is one row of the table of who may call what.
type access struct {
	method, pattern string
	// public: anybody, without a token.
	public bool
	// who may call it, in whose scope it lies.
	who []disputes.Role
	// maxBody bounds the request's body, in bytes, which must be UTF-8; 0: there is none, or the handler bounds it itself.
	maxBody int64
	// anyText: a bounded body may be other than UTF-8; the handler knows its encoding and checks it.
	anyText bool
	// influx: errors are written as InfluxDB writes them, not as problems.
	influx bool
	// delegates: which of those whom residents let see their home may call it. It may be left out where nothing is changed.
	delegates delegates
	// quiet: a success is logged at debug level only; there are thousands a second, or a probe each few seconds.
	quiet bool
}

// delegates is which delegates may call what changes something.
type delegates int

const (
	noDelegates delegates = iota
	reporters             // those who may report as well
	allDelegates
)

// form bounds the bodies of requests that people fill in, in bytes.
const form = 64 << 10

// Who calls what: sets of roles that several rows have.
var (
	writers    = []disputes.Role{disputes.Device, disputes.Admin}
	dispatch   = []disputes.Role{disputes.Dispatcher, disputes.Admin}
	filers     = []disputes.Role{disputes.Resident, disputes.Dispatcher, disputes.Admin}
	homeReader = []disputes.Role{disputes.Resident, disputes.Dispatcher, disputes.Auditor, disputes.Admin}
	findReader = []disputes.Role{disputes.Resident, disputes.Dispatcher, disputes.Billing, disputes.Mediator, disputes.Auditor, disputes.Admin}
	readReader = []disputes.Role{disputes.Resident, disputes.Dispatcher, disputes.Tester, disputes.Mediator, disputes.Auditor, disputes.Admin}
	staff      = []disputes.Role{disputes.Dispatcher, disputes.Auditor, disputes.Admin}
	watchers   = []disputes.Role{disputes.Auditor, disputes.Admin}
	everyRole  = []disputes.Role{
		disputes.Resident, disputes.Dispatcher, disputes.Billing, disputes.Tester, disputes.Mediator, disputes.Auditor,
		disputes.Device, disputes.Admin,
	}
)

// accessTable is who may call what, each part's rows beside its handlers. A route without a row is not served, and a row without a
// route is an error.
//
// What a role may do is narrowed by its token's scope: a resident sees and reports for the households of the token only, a
// device writes for what the token names.
func accessTable() []access {
	return slices.Concat(
		writeAccess(),
		quarantineAccess(),
		homeListAccess(),
		seasonReportAccess(),
		ticketAccess(),
		ticketWorkAccess(),
		outageAccess(),
		exemptionAccess(),
		confirmationAccess(),
		hearingAccess(),
		samplingAccess(),
		officialDayAccess(),
		proofAccess(),
		maintenanceAccess(),
		householdAccess(),
		homePartAccess(),
		contractAccess(),
		messageAccess(),
		noticeAccess(),
		statementAccess(),
		settlementAccess(),
		publishedAccess(),
		institutionAccess(),
		testRequestAccess(),
		testAccess(),
		calibrationAccess(),
		paymentAccess(),
		billingFactAccess(),
		billCheckAccess(),
		suspensionAccess(),
		standingAccess(),
		sessionAccess(),
		delegationAccess(),
	)
}

// standingAccess is who may ask how the server stands, and who may read the evidence log.
func standingAccess() []access {
	return []access{
		{method: http.MethodGet, pattern: "/openapi.json", who: everyRole},
		{method: http.MethodGet, pattern: "/metrics", who: watchers, quiet: true},

		{method: http.MethodGet, pattern: "/healthz", public: true, quiet: true},
		{method: http.MethodGet, pattern: "/readyz", public: true, quiet: true},
		{method: http.MethodGet, pattern: "/health", public: true, quiet: true},
		{method: http.MethodGet, pattern: "/ping", public: true, quiet: true},
		{method: http.MethodHead, pattern: "/ping", public: true, quiet: true},
		{method: http.MethodGet, pattern: "/log/*path", public: true, quiet: true},
		{method: http.MethodHead, pattern: "/log/*path", public: true, quiet: true},
	}
}

// allows reports whether a role may call it.
func (a access) allows(role disputes.Role) bool { return a.public || slices.Contains(a.who, role) }
