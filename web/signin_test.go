package web

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/web/signin"
)

// send sends a request with the cookie that is given, as a browser does.
func (h *house) send(method, path, body, cookie string, headers ...string) *httptest.ResponseRecorder {
	if cookie != "" {
		headers = append(headers, "Cookie", cookie)
	}
	return h.ask("", method, path, body, headers...)
}

// cookieOf is the cookie that an answer sets, as a browser sends it back.
func cookieOf(t testing.TB, w *httptest.ResponseRecorder) (sent string, c *http.Cookie) {
	t.Helper()
	all := w.Result().Cookies()
	if len(all) != 1 {
		t.Fatalf("%d cookies: %v", len(all), w.Header())
	}
	return all[0].Name + "=" + all[0].Value, all[0]
}

const goodPassword = `{"name":"dispatcher","password":"correct horse"}`

// A member of the staff signs in, is known by the cookie, and signs out; what changes something needs the session's own CSRF token and a page
// of the same origin.
func TestSessionOfStaff(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		h.people(t)
		w := want(t, h.send("POST", "/api/v1/session", goodPassword, ""), http.StatusOK)
		cookie, c := cookieOf(t, w)
		if c.Name != "__Host-nuanju" || !c.HttpOnly || !c.Secure || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.Domain != "" {
			t.Errorf("the cookie is %v", c)
		}
		for header, value := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
			"Strict-Transport-Security": "max-age=31536000", "Cross-Origin-Opener-Policy": "same-origin",
		} {
			if w.Header().Get(header) != value {
				t.Errorf("%s: %q", header, w.Header().Get(header))
			}
		}
		csrf := signin.CSRF(c.Value)
		if !strings.Contains(w.Body.String(), csrf) || strings.Contains(w.Body.String(), c.Value) {
			t.Errorf("the answer is %s", w.Body)
		}
		const path, report = "/api/v1/tickets", `{"household":"h1","kind":"leak"}`
		for _, try := range []struct {
			status  int
			headers []string
		}{
			{http.StatusCreated, []string{"X-CSRF-Token", csrf}},
			{http.StatusCreated, []string{"X-CSRF-Token", csrf, "Sec-Fetch-Site", "same-origin", "Origin", "https://elsewhere.example"}},
			{http.StatusForbidden, nil},
			{http.StatusForbidden, []string{"X-CSRF-Token", csrf + "x"}},
			{http.StatusForbidden, []string{"X-CSRF-Token", signin.CSRF("another session")}},
			{http.StatusForbidden, []string{"X-CSRF-Token", csrf, "Sec-Fetch-Site", "cross-site"}},
			{http.StatusForbidden, []string{"X-CSRF-Token", csrf, "Sec-Fetch-Site", "same-site"}},
			{http.StatusForbidden, []string{"X-CSRF-Token", csrf, "Origin", "https://elsewhere.example"}},
		} {
			if w := h.send("POST", path, report, cookie, try.headers...); w.Code != try.status {
				t.Errorf("%v: %d, want %d: %s", try.headers, w.Code, try.status, w.Body)
			}
		}
		want(t, h.send("POST", "/api/v1/session", goodPassword, "", "Sec-Fetch-Site", "cross-site"), http.StatusForbidden)
		want(t, h.send("GET", "/api/v1/session", "", "nuanju="+c.Value), http.StatusUnauthorized) // where a secure cookie is due, a plain one is none
		want(t, h.send("GET", "/api/v1/session", "", cookie+"; "+cookie), http.StatusUnauthorized)
		w = want(t, h.send("DELETE", "/api/v1/session", "", cookie, "X-CSRF-Token", csrf), http.StatusNoContent)
		if _, gone := cookieOf(t, w); gone.MaxAge >= 0 || gone.Value != "" {
			t.Errorf("the cookie stays: %v", gone)
		}
		want(t, h.send("GET", "/api/v1/session", "", cookie), http.StatusUnauthorized)
	})
}

// Whoever signs in gets a session of their own making, never one that the browser brought; the one before ends. Signing out everywhere ends
// all, and so does another password.
func TestSessionsAreNotFixed(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		h.people(t)
		begin := func(cookie string) string {
			t.Helper()
			sent, _ := cookieOf(t, want(t, h.send("POST", "/api/v1/session", goodPassword, cookie), http.StatusOK))
			return sent
		}
		alive := func(cookie string, is bool) {
			t.Helper()
			if w := h.send("GET", "/api/v1/session", "", cookie); (w.Code == http.StatusOK) != is {
				t.Errorf("%d %s", w.Code, w.Body)
			}
		}
		planted := "__Host-nuanju=" + strings.Repeat("A", 43)
		first := begin(planted)
		alive(planted, false)
		second := begin(first)
		if second == first {
			t.Fatal("the session was kept")
		}
		alive(first, false)
		third := begin("")
		alive(second, true)
		_, secret, _ := strings.Cut(third, "=")
		want(t, h.send("DELETE", "/api/v1/session?everywhere=true", "", third, "X-CSRF-Token", signin.CSRF(secret)), http.StatusNoContent)
		alive(second, false)
		alive(third, false)

		fourth := begin("")
		encoded, err := signin.NewHasher(cheap).Hash(t.Context(), "another horse")
		if err != nil {
			t.Fatal(err)
		}
		if err := h.ledger.SetPassword(t.Context(), "dispatcher", encoded, sensors.At(h.clock.now())); err != nil {
			t.Fatal(err)
		}
		h.clock.add(3 * time.Second) // as long a session may be remembered
		alive(fourth, false)
		want(t, h.send("POST", "/api/v1/session", goodPassword, ""), http.StatusUnauthorized)
	})
}

// A session ends when it has not been used for two hours, and after twelve however much it was.
func TestSessionsEnd(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		h.people(t)
		start := h.clock.now()
		used, unused := h.another(t, "dispatcher"), h.another(t, "dispatcher")
		h.secrets["used"], h.secrets["unused"] = used, unused
		status := func(name string) int { return h.ask("session:"+name, "GET", "/api/v1/session", "").Code }
		for at := time.Hour; at < 12*time.Hour; at += time.Hour {
			h.clock.set(start.Add(at))
			if got := status("used"); got != http.StatusOK {
				t.Fatalf("after %s: %d", at, got)
			}
			if at == 2*time.Hour {
				if got := status("unused"); got != http.StatusUnauthorized {
					t.Errorf("unused for two hours: %d", got)
				}
			}
		}
		h.clock.set(start.Add(12 * time.Hour))
		if got := status("used"); got != http.StatusUnauthorized {
			t.Errorf("after twelve hours: %d", got)
		}
	})
}

// A name that nobody has, a wrong password, and a disabled account are answered alike, and each computes one hash of the same cost.
func TestNamesCannotBeProbed(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		h.people(t)
		if err := h.ledger.DisableAccount(t.Context(), "auditor", sensors.At(h.clock.now())); err != nil {
			t.Fatal(err)
		}
		answers := map[string]bool{}
		for _, body := range []string{
			`{"name":"nobody","password":"correct horse"}`, `{"name":"dispatcher","password":"wrong horse 1"}`, `{"name":"auditor","password":"correct horse"}`,
			`{"name":" ","password":"correct horse"}`, `{"challenge":"x","code":"123456"}`,
		} {
			w := want(t, h.send("POST", "/api/v1/session", body, ""), http.StatusUnauthorized)
			answers[w.Body.String()] = true
			if len(w.Result().Cookies()) > 0 {
				t.Errorf("%s sets a cookie", body)
			}
		}
		if len(answers) != 1 {
			t.Errorf("%d answers tell them apart: %v", len(answers), answers)
		}
	})
}

// Whether an account number and name exist cannot be learned by asking for a code: the answers differ by their challenge only, and each writes
// one row. Only whoever the contract names gets a code.
func TestAccountsCannotBeProbed(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		h.people(t)
		h.options.Door.Close()
		before := len(h.sent.list())
		size := func() int64 {
			sizes, err := h.ledger.Sizes(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return sizes["codes"]
		}
		shapes := map[string]bool{}
		for i, who := range [][2]string{{"A-resident", "张三"}, {"A-resident", "李四"}, {"A-nobody", "张三"}, {"A-resident", "' OR 1=1"}, {"A-former", "李四"}} {
			rows := size()
			w := want(t, h.send("POST", "/api/v1/session/code", fmt.Sprintf(`{"account":%q,"name":%q}`, who[0], who[1]), ""), http.StatusAccepted)
			challenge := challengeOf(t, w)
			shapes[strings.Replace(w.Body.String(), challenge, "", 1)] = true
			if size() != rows+1 {
				t.Errorf("%d: %d rows were written", i, size()-rows)
			}
			want(t, h.send("POST", "/api/v1/session", `{"challenge":"`+challenge+`","code":"notit"}`, ""), http.StatusUnauthorized)
		}
		h.options.Door.Close()
		if sent := h.sent.list()[before:]; len(shapes) != 1 || len(sent) != 2 {
			t.Errorf("%d kinds of answers, codes to %v", len(shapes), sent)
		}
	})
}

func challengeOf(t testing.TB, w *httptest.ResponseRecorder) string {
	t.Helper()
	_, rest, _ := strings.Cut(strings.ReplaceAll(w.Body.String(), `": "`, `":"`), `"challenge":"`)
	challenge, _, ok := strings.Cut(rest, `"`)
	if !ok {
		t.Fatal(w.Body)
	}
	return challenge
}

// A code is six digits, good for five tries, five minutes, and once.
func TestCodes(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		h.people(t)
		ask := func() (challenge, code string) {
			t.Helper()
			challenge = challengeOf(t, want(t, h.send("POST", "/api/v1/session/code", `{"account":"A-resident","name":"张三"}`, ""), http.StatusAccepted))
			h.options.Door.Close()
			sent := h.sent.list()
			last := sent[len(sent)-1]
			if len(last.code) != 6 || strings.Trim(last.code, "0123456789") != "" || last.phone != homePeople["resident"].phone {
				t.Fatalf("%v", last)
			}
			return challenge, last.code
		}
		try := func(challenge, code string) int {
			return h.send("POST", "/api/v1/session", `{"challenge":"`+challenge+`","code":"`+code+`"}`, "").Code
		}
		wrong := func(code string) string {
			if code == "000000" {
				return "000001"
			}
			return "000000"
		}
		challenge, code := ask()
		for range 4 {
			if got := try(challenge, wrong(code)); got != http.StatusUnauthorized {
				t.Fatal(got)
			}
		}
		if got := try(challenge, code); got != http.StatusOK {
			t.Errorf("the fifth try, which is right: %d", got)
		}
		if got := try(challenge, code); got != http.StatusUnauthorized {
			t.Errorf("a code that was used: %d", got)
		}
		challenge, code = ask()
		for range 5 {
			try(challenge, wrong(code))
		}
		if got := try(challenge, code); got != http.StatusUnauthorized {
			t.Errorf("the sixth try: %d", got)
		}
		challenge, code = ask()
		_, other := ask()
		if got := try(challenge, other); got != http.StatusUnauthorized && code != other {
			t.Errorf("another challenge's code: %d", got)
		}
		h.clock.add(5 * time.Minute)
		if got := try(challenge, code); got != http.StatusUnauthorized {
			t.Errorf("after five minutes: %d", got)
		}
		for _, secret := range []string{code, other, challenge, homePeople["resident"].phone} {
			if strings.Contains(h.logged.String(), secret) {
				t.Errorf("the log has %s", secret)
			}
		}
	})
}

// Tries are limited for each name and for each address; whoever has used theirs up is told when to come again, and others are not kept out.
func TestTriesAreLimited(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		h.people(t)
		h.options.Door = signin.NewDoor(signin.Options{Store: h.ledger, Clock: h.clock.now, Logger: h.options.Logger, Cost: cheap})
		h.options.Registry = newRegistry()
		h.start(t)
		statuses := map[int]int{}
		var last *httptest.ResponseRecorder
		for range 12 {
			last = h.send("POST", "/api/v1/session", `{"name":"dispatcher","password":"wrong horse 1"}`, "")
			statuses[last.Code]++
		}
		if statuses[401] != 10 || statuses[429] != 2 || last.Header().Get("Retry-After") != "30" {
			t.Errorf("%v, Retry-After %q", statuses, last.Header().Get("Retry-After"))
		}
		want(t, h.send("POST", "/api/v1/session", goodPassword, ""), http.StatusTooManyRequests)
		elsewhere := httptest.NewRequest("POST", "/api/v1/session", strings.NewReader(goodPassword))
		elsewhere.RemoteAddr = "198.51.100.7:5000"
		elsewhere.Header.Set("Content-Type", "application/json")
		elsewhere.Header.Set("X-Forwarded-For", "192.0.2.1") // not from a proxy, and not believed
		w := httptest.NewRecorder()
		h.engine.ServeHTTP(w, elsewhere)
		want(t, w, http.StatusOK)
		h.clock.add(31 * time.Second)
		want(t, h.send("POST", "/api/v1/session", goodPassword, ""), http.StatusOK)
	})
}

// A former resident sees their own time and nothing after it; whoever came after sees nothing before; a tester sees the room that they were asked
// to test, from a day before; a delegate sees what the resident sees until it is revoked.
func TestOwnTime(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		h.people(t)
		at := func(day, clock string) string { return "2015-11-" + day + "T" + clock + ":00+08:00" }
		csv := "time,device,celsius\n"
		for _, moment := range []string{at("13", "12:00"), at("14", "23:59"), at("15", "00:01"), at("29", "12:00"), at("30", "13:00")} {
			csv += moment + ",d3,18\n" + moment + ",d4,19\n"
		}
		want(t, h.ask("gateway", "POST", "/api/v1/readings", csv, "Content-Type", "text/csv"), http.StatusOK)
		h.forward(t)
		seen := func(who string) (times []string) {
			t.Helper()
			w := want(t, h.ask(who, "GET", "/api/v1/households/h1/readings?from=2015-11-01T00:00:00Z&to=2015-12-02T00:00:00Z", ""), http.StatusOK)
			for _, one := range strings.Split(w.Body.String(), `"room":"`)[1:] {
				room, rest, _ := strings.Cut(one, `"`)
				for _, reading := range strings.Split(rest, `"time":"`)[1:] {
					times = append(times, room+" "+reading[8:16])
				}
			}
			slices.Sort(times)
			return times
		}
		current := []string{"bed 15T00:01", "bed 29T12:00", "bed 30T13:00", "living 15T00:01", "living 29T12:00", "living 30T13:00"}
		for who, wanted := range map[string][]string{
			"session:former":   {"bed 13T12:00", "bed 14T23:59", "living 13T12:00", "living 14T23:59"},
			"session:resident": current,
			"session:delegate": current,
			"session:tester":   {"bed 30T13:00"},
			"tester":           {"bed 30T13:00"},
		} {
			if got := seen(who); !slices.Equal(got, wanted) {
				t.Errorf("%s sees %v, want %v", who, got, wanted)
			}
		}
		if got := seen("session:mediator"); len(got) != 10 {
			t.Errorf("the mediator sees %v", got)
		}
		want(t, h.ask("session:former", "POST", "/api/v1/tickets", `{"household":"h1","kind":"leak"}`), http.StatusForbidden)
		all, err := h.ledger.Delegations(t.Context(), "h1")
		if err != nil || len(all) != 2 {
			t.Fatal(all, err)
		}
		for _, d := range all {
			want(t, h.ask("session:resident", "DELETE", "/api/v1/households/h1/delegations/"+d.ID, ""), http.StatusOK)
		}
		want(t, h.ask("session:delegate", "GET", "/api/v1/session", ""), http.StatusUnauthorized)
	})
}

// What a delegate may not do they may not do for one home although they live in another.
func TestDelegateWithAHomeOfTheirOwn(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		h.people(t)
		neighbour, parent := homePeople["neighbour"], homePeople["resident"]
		if _, err := h.ledger.Delegate(t.Context(), ledger.Delegation{
			Household: "h1", Name: neighbour.name, Phone: neighbour.phone, ByName: parent.name, ByPhone: parent.phone,
		}, sensors.At(h.clock.now())); err != nil {
			t.Fatal(err)
		}
		h.clock.add(3 * time.Second)
		want(t, h.ask("session:neighbour", "GET", "/api/v1/tickets?household=h1", ""), http.StatusOK)
		want(t, h.ask("session:neighbour", "POST", "/api/v1/tickets", `{"household":"h2","kind":"leak"}`), http.StatusCreated)
		want(t, h.ask("session:neighbour", "POST", "/api/v1/tickets", `{"household":"h1","kind":"leak"}`), http.StatusForbidden)
	})
}
