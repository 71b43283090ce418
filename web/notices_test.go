package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

// drafted drafts a notice of h1 and returns its path.
func (h *house) draftedNotice(t testing.TB) string {
	t.Helper()
	w := want(t, h.ask("dispatcher", http.MethodPost, "/api/v1/notices",
		`{"place":{"kind":"household","id":"h1"},"kind":"hazard","found_at":"2015-12-01T08:00:00+08:00","text":"私接阀门"}`), http.StatusCreated)
	return w.Header().Get("Location")
}

func noticeTrials() map[string]trial {
	const write = "dispatcher admin"
	on := func(send bool, verb, body string) func(*testing.T, *house) (string, string, []string) {
		return func(t *testing.T, h *house) (string, string, []string) {
			path := h.draftedNotice(t)
			if send {
				want(t, h.ask("dispatcher", http.MethodPost, path+"/send", `{"address":"东四 1 号"}`), http.StatusOK)
			}
			return path + verb, body, nil
		}
	}
	return map[string]trial{
		"POST /api/v1/notices": {may: write, ask: at("/api/v1/notices",
			`{"place":{"kind":"household","id":"h1"},"kind":"other","text":"x"}`)},
		"GET /api/v1/notices":              {may: "dispatcher auditor admin resident", ask: at("/api/v1/notices?household=h1", "")},
		"GET /api/v1/notices/:id":          {may: "dispatcher auditor admin resident", hidden: true, ask: on(true, "", "")},
		"POST /api/v1/notices/:id/send":    {may: write, hidden: true, ask: on(false, "/send", `{"address":"东四 1 号"}`)},
		"POST /api/v1/notices/:id/deliver": {may: write, hidden: true, ask: on(true, "/deliver", `{"text":"签收"}`)},
		"POST /api/v1/notices/:id/return":  {may: write, hidden: true, ask: on(true, "/return", `{"text":"无人签收"}`)},
		"POST /api/v1/notices/:id/cancel":  {may: write, hidden: true, ask: on(false, "/cancel", `{"text":"误拟"}`)},
	}
}

// A notice goes to the address of the contract, is late after its third day, and counts as delivered on the day that it came back.
func TestANoticesLife(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		path := h.draftedNotice(t)
		want(t, h.ask("resident", http.MethodGet, path, ""), http.StatusNotFound)
		want(t, h.ask("dispatcher", http.MethodPost, path+"/send", `{}`), http.StatusUnprocessableEntity) // no contract says where to
		h.contracted(t)
		h.clock.set(time.Date(2015, 12, 5, 0, 0, 0, 0, noon.Location()))
		want(t, h.ask("dispatcher", http.MethodPost, path+"/send", `{"address":"elsewhere"}`), http.StatusOK)
		want(t, h.ask("dispatcher", http.MethodPost, path+"/send", `{}`), http.StatusConflict)
		h.clock.set(time.Date(2015, 12, 9, 9, 0, 0, 0, noon.Location()))
		want(t, h.ask("dispatcher", http.MethodPost, path+"/return", `{"text":"退回","on":"2015-12-04"}`), http.StatusUnprocessableEntity)
		want(t, h.ask("dispatcher", http.MethodPost, path+"/return", `{"text":"退回","on":"2015-12-08"}`), http.StatusOK)
		var got printedNotice
		if err := json.Unmarshal(want(t, h.ask("resident", http.MethodGet, path, ""), http.StatusOK).Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		n := got.Notice
		if n.State != "returned" || n.About.DeliveredOn != "2015-12-08" || !n.About.Late || n.About.Address != "东四十条 1 号" ||
			n.About.Due.Format(time.RFC3339) != "2015-12-05T00:00:00+08:00" {
			t.Errorf("got %+v", n)
		}
		if !strings.Contains(got.ZH, "隐患或违规告知书（A6.3）") || !strings.Contains(got.ZH, "私接阀门") || !strings.Contains(got.EN, "Sent: 5 December 2015, 00:00") {
			t.Errorf("printed\n%s\n%s", got.ZH, got.EN)
		}
		alerts, err := h.ledger.Alerts(t.Context(), 10)
		if err != nil || len(alerts) != 1 || alerts[0].Message != "notice_sent" {
			t.Errorf("told %+v, %v", alerts, err)
		}
		entries, err := h.ledger.Outbox(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		events := 0
		for _, e := range entries {
			if strings.HasPrefix(e.Key, "matter/notice/") {
				events++
			}
			if strings.Contains(string(e.Content), "东四十条") {
				t.Errorf("the log would have the address: %s", e.Content)
			}
		}
		if events != 3 {
			t.Errorf("%d events for the evidence log", events)
		}
		w := want(t, h.ask("dispatcher", http.MethodPost, "/api/v1/notices", `{"place":{"kind":"household","id":"h1"},"kind":"filling","found_at":"x","text":" "}`), http.StatusUnprocessableEntity)
		for _, field := range []string{"found_at", "planned_at", "text"} {
			if !strings.Contains(w.Body.String(), `"body.`+field+`"`) {
				t.Errorf("nothing of %s in %s", field, w.Body)
			}
		}
	})
}
