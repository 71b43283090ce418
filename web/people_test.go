package web

import (
	"context"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/web/signin"
)

// sentCodes is a sender that keeps what it sends.
type sentCodes struct {
	mu  sync.Mutex
	all []sentCode
}

type sentCode struct{ phone, code string }

func (s *sentCodes) SendCode(_ context.Context, phone, code string, _ time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, sentCode{phone, code})
	return nil
}

func (s *sentCodes) list() []sentCode {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]sentCode(nil), s.all...)
}

// cheap is a cost of passwords for tests.
var cheap = signin.Cost{Memory: 8, Passes: 1, Threads: 1}

// door is what the house's door is made of, with no limits worth the name.
func (h *house) door() signin.Options {
	free := signin.Rate{Burst: 1 << 20, Every: time.Microsecond}
	return signin.Options{
		Store: h.ledger, Sender: h.sent, Clock: h.clock.now, Logger: h.options.Logger, Cost: cheap,
		Rates: signin.Rates{PerName: free, PerAddress: free, PerAccount: free, PerPhone: free},
	}
}

// The staff of the tests, each the same as the token of that name.
var staffAccounts = map[string]ledger.StaffAccount{
	"dispatcher": {Role: disputes.Dispatcher},
	"building2":  {Role: disputes.Dispatcher, Scope: ledger.Scope{Buildings: []string{"B2"}}},
	"auditor":    {Role: disputes.Auditor},
	"admin":      {Role: disputes.Admin},
	"billing":    {Role: disputes.Billing},
	"tester":     {Role: disputes.Tester, Scope: ledger.Scope{Institution: "CTI"}},
	"tester2":    {Role: disputes.Tester, Scope: ledger.Scope{Institution: "SGS"}},
	"mediator":   {Role: disputes.Mediator},
	"mediator2":  {Role: disputes.Mediator, Scope: ledger.Scope{Buildings: []string{"B2"}}},
}

// homePeople are the residents of the tests by the name that their sessions are called by; the first two are the same as the tokens of that name. The delegate
// may see h1, the reporter see it and report for it; the former resident left it when November ended.
var homePeople = map[string]struct{ household, name, phone, from, until string }{
	"resident":  {"h1", "张三", "13800000001", "2015-11-15", ""},
	"neighbour": {"h2", "王五", "13800000002", "2014-10-01", ""},
	"former":    {"h1", "李四", "13800000003", "2014-10-01", "2015-11-14"},
	"delegate":  {"", "张小妹", "13800000004", "", ""},
	"reporter":  {"", "张大姐", "13800000005", "", ""},
}

// involve makes a dispute about h1 that has come to mediation, and a request to CTI for a test of its bedroom.
func (h *house) involve(t testing.TB) {
	t.Helper()
	now := sensors.At(h.clock.now())
	at := disputes.Place{Kind: disputes.AtHousehold, ID: "h1"}
	resident, tester := disputes.Actor{Role: disputes.Resident, ID: "张三"}, disputes.Actor{Role: disputes.Tester, ID: "李测"}
	save := func(m disputes.Matter, events ...disputes.MatterEvent) {
		t.Helper()
		m.Place, m.Opened, m.Updated, m.Version = at, now, now, int64(len(events))
		for i := range events {
			events[i].Seq, events[i].At = int64(i+1), now
		}
		m.State = events[len(events)-1].To
		if err := h.ledger.SaveMatters(t.Context(), ledger.MatterWrite{Changes: []ledger.MatterChange{{After: m, Events: events}}}, now); err != nil {
			t.Fatal(err)
		}
	}
	save(disputes.Matter{Kind: disputes.DisputeMatter, ID: "D-h1", Body: []byte(`{}`)},
		disputes.MatterEvent{Event: disputes.DisputeOpened, Actor: resident, Text: "冷", From: disputes.None, To: disputes.StateNegotiation},
		disputes.MatterEvent{Event: disputes.Escalated, Actor: resident, Text: "调解", From: disputes.StateNegotiation, To: disputes.StateMediation})
	save(disputes.Matter{Kind: disputes.TestRequestMatter, ID: "Q-h1", Body: []byte(`{"household":"h1","room":"bed","institution":"CTI","commissioned_by":"resident"}`)},
		disputes.MatterEvent{Event: disputes.Requested, Actor: resident, From: disputes.None, To: disputes.StateRequested},
		disputes.MatterEvent{Event: disputes.Accepted, Actor: tester, From: disputes.StateRequested, To: disputes.StateAccepted})
}

// people makes everybody's accounts and contracts, and signs them all in; the mediator and the tester get something to do with h1.
func (h *house) people(t testing.TB) {
	t.Helper()
	h.involve(t)
	now := sensors.At(h.clock.now())
	encoded, err := signin.NewHasher(cheap).Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range staffAccounts {
		a.Name = name
		if _, err := h.ledger.CreateAccount(t.Context(), a, encoded, now); err != nil {
			t.Fatal(err)
		}
		secret, err := h.options.Door.Staff(t.Context(), name, "correct horse", "test")
		if err != nil {
			t.Fatal(err)
		}
		h.secrets[name] = secret
	}
	for name, r := range homePeople {
		if r.household != "" {
			h.contract(t, "C-"+name, r.household, "A-"+name, r.name, r.phone, r.from, r.until)
		}
	}
	parent := homePeople["resident"]
	for _, name := range []string{"delegate", "reporter"} {
		d := homePeople[name]
		if _, err := h.ledger.Delegate(t.Context(), ledger.Delegation{
			Household: "h1", Name: d.name, Phone: d.phone, MayReport: name == "reporter", ByName: parent.name, ByPhone: parent.phone,
		}, now); err != nil {
			t.Fatal(err)
		}
	}
	for name, r := range homePeople {
		account := "A-" + name
		if r.household == "" {
			account = "A-resident"
		}
		h.secrets[name] = h.signInByCode(t, account, r.name)
	}
}

// contract makes a contract of one resident.
func (h *house) contract(t testing.TB, id, household, account, name, phone, from, until string) {
	t.Helper()
	date := func(s string) (d compliance.Date) {
		if s != "" {
			var err error
			if d, err = compliance.ParseDate(s); err != nil {
				t.Fatal(err)
			}
		}
		return d
	}
	c := disputes.Contract{
		ID: id, Version: 1, Number: id, Household: household, Account: account, Address: "东四 1 号",
		Residents: []disputes.Person{{Name: name, Phone: phone, Language: "zh"}}, Supplier: disputes.Supplier{Name: "热力公司", Phone: "96069"},
		Signed: date("2014-09-01"), From: date(from), Until: date(until), Policy: "beijing-metered", SettleWithin: 60,
	}
	if _, err := h.ledger.PutContract(t.Context(), c, noon.Location(), disputes.Actor{Role: disputes.Billing, ID: "clerk"}, sensors.At(h.clock.now())); err != nil {
		t.Fatal(err)
	}
}

// signInByCode signs in with the code that is sent.
func (h *house) signInByCode(t testing.TB, account, name string) string {
	t.Helper()
	before := len(h.sent.list())
	challenge, err := h.options.Door.Ask(t.Context(), account, name, "test")
	if err != nil {
		t.Fatal(err)
	}
	h.options.Door.Close() // what is on its way has been sent
	sent := h.sent.list()
	if len(sent) != before+1 {
		t.Fatalf("%s of %s: %d codes were sent", name, account, len(sent)-before)
	}
	secret, err := h.options.Door.Answer(t.Context(), challenge, sent[before].code, "test")
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// showSession gives a request the cookie of somebody's session, and what a page sends with it.
func (h *house) showSession(r *http.Request, person string) {
	secret, ok := h.secrets[person]
	if !ok {
		panic("nobody signed " + person + " in")
	}
	r.AddCookie(h.options.Door.Cookie(r, secret))
	r.Header.Set("X-CSRF-Token", signin.CSRF(secret))
	r.Header.Set("Sec-Fetch-Site", "same-origin")
}

// another is another session of somebody who is signed in.
func (h *house) another(t testing.TB, person string) string {
	t.Helper()
	if _, ok := staffAccounts[person]; ok {
		secret, err := h.options.Door.Staff(t.Context(), person, "correct horse", "test")
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	account := "A-" + person
	if homePeople[person].household == "" {
		account = "A-resident"
	}
	return h.signInByCode(t, account, homePeople[person].name)
}
