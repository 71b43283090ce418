package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

func publishedTrials() map[string]trial {
	return map[string]trial{
		"GET /api/v1/published":  {may: "anybody"},
		"POST /api/v1/published": {may: "admin", ask: at("/api/v1/published", `{"item":"numbers","zh":"96069","en":"96069"}`)},
	}
}

// Anybody reads what is published: what is in force and what will be, prices with their source, stoppages by building and none of a
// household; and is told when nothing has changed.
func TestPublishedInformation(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		publish := func(body string, status int) {
			t.Helper()
			want(t, h.ask("admin", http.MethodPost, "/api/v1/published", body), status)
		}
		publish(`{"item":"numbers","zh":"96069","en":"96069"}`, http.StatusCreated)
		publish(`{"item":"numbers","from":"2016-01-01T00:00:00+08:00","zh":"96070","en":"96070"}`, http.StatusCreated)
		publish(`{"item":"numbers","zh":"96069","en":"96069"}`, http.StatusCreated) // sent again: it is the same
		publish(`{"item":"numbers","from":"2014-01-01T00:00:00+08:00","zh":"1","en":"1"}`, http.StatusUnprocessableEntity)
		publish(`{"item":"numbers","from":"x","zh":" ","en":""}`, http.StatusUnprocessableEntity)
		for _, place := range []string{`{"kind":"building","id":"B1"}`, `{"kind":"household","id":"h1"}`} {
			want(t, h.ask("dispatcher", http.MethodPost, "/api/v1/outages",
				`{"place":`+place+`,"start":"2015-12-02T08:00:00+08:00","end":"2015-12-02T12:00:00+08:00","reason":"检修"}`), http.StatusCreated)
		}
		w := want(t, h.ask("", http.MethodGet, "/api/v1/published", ""), http.StatusOK)
		var got publishedBody
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Items) != 2 || got.Items[0].ZH != "96069" || got.Items[1].ZH != "96070" || len(got.Prices) < 2 || got.Prices[0].Certainty == "" ||
			len(got.Stoppages) != 1 || got.Stoppages[0].Place.ID != "B1" || strings.Contains(w.Body.String(), "h1") {
			t.Errorf("got %s", w.Body)
		}
		tag := w.Header().Get("ETag")
		again := h.ask("", http.MethodGet, "/api/v1/published", "", "If-None-Match", `"other", W/`+tag)
		if again.Code != http.StatusNotModified || again.Body.Len() != 0 || again.Header().Get("ETag") != tag {
			t.Errorf("unchanged: %d %s %v", again.Code, again.Body, again.Header())
		}
		h.clock.set(time.Date(2016, 1, 1, 0, 0, 0, 0, noon.Location()))
		w = want(t, h.ask("", http.MethodGet, "/api/v1/published", "", "If-None-Match", tag), http.StatusOK)
		got = publishedBody{}
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || len(got.Items) != 1 || got.Items[0].ZH != "96070" || len(got.Stoppages) != 0 {
			t.Errorf("in the new year: %v %s", err, w.Body)
		}
	})
}
