package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/notify"
	"github.com/nuanju/nuanju/sensors"
)

// packs are all policies that come with the program.
func packs(t testing.TB) map[string]*compliance.Policy {
	t.Helper()
	all := map[string]*compliance.Policy{}
	for _, name := range configs.Policies() {
		p, err := configs.Policy(name)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = p
	}
	return all
}

// paper is a contract as a clerk writes it, with more fields or others at its end.
func paper(household, from string, more string) string {
	return fmt.Sprintf(`{"number":"京热 1","household":%q,"account":"A-1","residents":[{"name":"李四","phone":"13800001234","email":"li@heating.example"}],
		"supplier":{"name":"热力公司","phone":"96069"},"address":"东四十条 1 号","signed":"2015-10-01","from":%q,"policy":"beijing-metered",
		"commission":"北京仲裁委员会","settle_within_days":30%s}`, household, from, more)
}

// contracted writes a contract of h1 that is in force, once, and returns its id.
func (h *house) contracted(t testing.TB) string {
	t.Helper()
	if k, err := h.ledger.ContractAt(t.Context(), "h1", sensors.At(h.clock.now())); err == nil {
		return k.ID
	}
	w := want(t, h.ask("admin", http.MethodPost, "/api/v1/contracts", paper("h1", "2015-11-01", ""), "Idempotency-Key", "once"), http.StatusCreated)
	return strings.TrimPrefix(w.Header().Get("Location"), "/api/v1/contracts/")
}

func contractTrials() map[string]trial {
	const read, write = "dispatcher auditor admin resident billing", "admin billing"
	one := func(rest string) func(*testing.T, *house) (string, string, []string) {
		return func(t *testing.T, h *house) (string, string, []string) {
			return "/api/v1/contracts/" + h.contracted(t) + rest, "", nil
		}
	}
	return map[string]trial{
		"POST /api/v1/contracts":             {may: write, ask: at("/api/v1/contracts", paper("h1", "2014-01-01", `,"until":"2014-12-31"`))},
		"GET /api/v1/contracts":              {may: read, ask: at("/api/v1/contracts?household=h1", "")},
		"GET /api/v1/contracts/:id":          {may: read, hidden: true, ask: one("")},
		"GET /api/v1/contracts/:id/versions": {may: read, hidden: true, ask: one("/versions")},
		"PUT /api/v1/contracts/:id": {may: write, hidden: true, ask: func(t *testing.T, h *house) (string, string, []string) {
			return "/api/v1/contracts/" + h.contracted(t), paper("h1", "2015-11-01", `,"note":"x","version":9`), nil
		}},
	}
}

func messageTrials() map[string]trial {
	return map[string]trial{
		"GET /api/v1/notifications": {may: "auditor admin"},
		"POST /api/v1/notifications/:id/retry": {may: "admin", ask: func(t *testing.T, h *house) (string, string, []string) {
			return fmt.Sprintf("/api/v1/notifications/%d/retry", h.givenUp(t)), "", nil
		}},
	}
}

// givenUp is a notification that was given up.
func (h *house) givenUp(t testing.TB) int64 {
	t.Helper()
	ctx, now := t.Context(), sensors.At(h.clock.now())
	alert := notify.Alert{
		Key: fmt.Sprint("k", len(h.logged.String())), To: notify.Audience{Kind: notify.Phone, ID: "13800001234"}, Message: notify.StatementReady,
		Values: map[string]string{"statement": "s1", "season": "2015"},
	}
	if err := h.ledger.Notify(ctx, []notify.Alert{alert}, now); err != nil {
		t.Fatal(err)
	}
	alerts, err := h.ledger.Alerts(ctx, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range alerts {
		var to []notify.Recipient
		if a.Key == alert.Key {
			to = []notify.Recipient{{Channel: notify.SMS, Address: a.To.ID, Language: "zh"}}
		}
		if err := h.ledger.MakeNotifications(ctx, a, to, now); err != nil {
			t.Fatal(err)
		}
	}
	all, err := h.ledger.ClaimNotifications(ctx, []notify.Channel{notify.SMS}, now, notify.Lease, 1)
	if err != nil || len(all) != 1 {
		t.Fatal(all, err)
	}
	n := all[0]
	n.State, n.Error, n.DoneAt = notify.GivenUp, "the gateway cannot be reached", now
	if err := h.ledger.SettleNotification(ctx, n); err != nil {
		t.Fatal(err)
	}
	return n.ID
}

// Everything that is wrong with a contract is told at once.
func TestEveryErrorOfAContractAtOnce(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		w := want(t, h.ask("admin", http.MethodPost, "/api/v1/contracts", `{"number":" ","household":"h1","account":"A\\","residents":[{"name":"","phone":"call me","email":"x"}],
		"supplier":{"name":""},"address":"a\nb","signed":"2015-02-30","from":"2015-11-01","until":"2015-10-31","policy":"beijing-metered","settle_within_days":30}`), http.StatusUnprocessableEntity)
		for _, field := range []string{"number", "account", "residents[0].name", "residents[0].phone", "residents[0].email", "supplier.name", "address", "signed", "until"} {
			if !strings.Contains(w.Body.String(), `"body.`+field+`"`) {
				t.Errorf("nothing of %s in %s", field, w.Body)
			}
		}
		w = want(t, h.ask("admin", http.MethodPost, "/api/v1/contracts", strings.Replace(paper("h9", "2015-11-01", `,"season":"winter"`), "beijing-metered", "no-pack", 1)), http.StatusUnprocessableEntity)
		for _, field := range []string{"household", "policy", "season"} {
			if !strings.Contains(w.Body.String(), `"body.`+field+`"`) {
				t.Errorf("nothing of %s in %s", field, w.Body)
			}
		}
		if n := strings.Count(h.logged.String(), "13800001234"); n != 0 {
			t.Errorf("the log has the phone %d times", n)
		}
	})
}

// A contract over the API: made once however often it is sent, changed by the version that was seen, ended; the next one begins on the
// day after. Who may see phones sees them.
func TestAContractsLife(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		id := h.contracted(t)
		again := want(t, h.ask("admin", http.MethodPost, "/api/v1/contracts", paper("h1", "2015-11-01", ""), "Idempotency-Key", "once"), http.StatusCreated)
		if again.Header().Get("Location") != "/api/v1/contracts/"+id {
			t.Errorf("sent again it is %s", again.Header().Get("Location"))
		}
		other := h.ask("admin", http.MethodPost, "/api/v1/contracts", paper("h1", "2015-11-02", ""), "Idempotency-Key", "once")
		if other.Code != http.StatusUnprocessableEntity {
			t.Errorf("another one under the key: %d %s", other.Code, other.Body)
		}
		path := "/api/v1/contracts/" + id
		want(t, h.ask("admin", http.MethodPost, "/api/v1/contracts", paper("h1", "2016-05-01", "")), http.StatusConflict)
		want(t, h.ask("billing", http.MethodPut, path, paper("h1", "2015-11-01", `,"until":"2016-04-30","version":1`)), http.StatusUnprocessableEntity) // without a note
		want(t, h.ask("billing", http.MethodPut, path, paper("h2", "2015-11-01", `,"until":"2016-04-30","version":1,"note":"x"`)), http.StatusUnprocessableEntity)
		want(t, h.ask("billing", http.MethodPut, path, paper("h1", "2015-11-01", `,"until":"2016-04-30","version":1,"note":"搬走"`)), http.StatusOK)
		want(t, h.ask("billing", http.MethodPut, path, paper("h1", "2015-11-01", `,"until":"2016-04-29","version":1,"note":"搬走"`)), http.StatusConflict)
		want(t, h.ask("admin", http.MethodPost, "/api/v1/contracts", paper("h1", "2016-05-01", "")), http.StatusCreated)

		var list struct{ Contracts []contractView }
		read := func(who, path string) {
			t.Helper()
			list.Contracts = nil
			if err := json.Unmarshal(want(t, h.ask(who, http.MethodGet, path, ""), http.StatusOK).Body.Bytes(), &list); err != nil {
				t.Fatal(err)
			}
		}
		read("billing", path+"/versions")
		if len(list.Contracts) != 2 || list.Contracts[0].Until != "" || list.Contracts[0].SupersededAt == nil || list.Contracts[1].Note != "搬走" || !list.Contracts[1].InForce {
			t.Errorf("versions %+v", list.Contracts)
		}
		read("resident", "/api/v1/contracts")
		if len(list.Contracts) != 1 || list.Contracts[0].ID != id || list.Contracts[0].Residents[0].Phone != "13800001234" || strings.Join(list.Contracts[0].Differs, " ") != "account" {
			t.Errorf("the resident sees %+v", list.Contracts)
		}
		read("dispatcher", "/api/v1/contracts?limit=1")
		if len(list.Contracts) != 1 {
			t.Errorf("a page %+v", list.Contracts)
		}
		read("auditor", "/api/v1/contracts?household=h1&in_force=true")
		if len(list.Contracts) != 1 || list.Contracts[0].Residents[0].Phone != "…1234" || list.Contracts[0].Residents[0].Email != "" || list.Contracts[0].Address != "" {
			t.Errorf("the auditor sees %+v", list.Contracts)
		}
	})
}

// What could not be sent is shown without whole numbers, and sent again when an administrator says so, once.
func TestNotificationsOverTheAPI(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		id := h.givenUp(t)
		w := want(t, h.ask("auditor", http.MethodGet, "/api/v1/notifications?state=given_up", ""), http.StatusOK)
		if body := w.Body.String(); !strings.Contains(body, `"to":"…1234"`) || strings.Contains(body, "1380000") || !strings.Contains(body, "cannot be reached") {
			t.Errorf("listed %s", body)
		}
		again := fmt.Sprintf("/api/v1/notifications/%d/retry", id)
		want(t, h.ask("admin", http.MethodPost, again, ""), http.StatusOK)
		want(t, h.ask("admin", http.MethodPost, again, ""), http.StatusConflict)
		want(t, h.ask("admin", http.MethodPost, "/api/v1/notifications/999999/retry", ""), http.StatusNotFound)
		want(t, h.ask("admin", http.MethodGet, "/api/v1/notifications?cursor=x", ""), http.StatusUnprocessableEntity)
		h.givenUp(t)
		w = want(t, h.ask("admin", http.MethodGet, "/api/v1/notifications?limit=1", ""), http.StatusOK)
		var first, second messagesOutput
		if err := json.Unmarshal(w.Body.Bytes(), &first.Body); err != nil || first.Body.Next == "" {
			t.Fatal(err, w.Body)
		}
		w = want(t, h.ask("admin", http.MethodGet, "/api/v1/notifications?limit=1&cursor="+first.Body.Next, ""), http.StatusOK)
		if err := json.Unmarshal(w.Body.Bytes(), &second.Body); err != nil || second.Body.Next != "" || len(second.Body.Notifications) != 1 || second.Body.Notifications[0].ID != id {
			t.Errorf("%v %s", err, w.Body)
		}
	})
}
