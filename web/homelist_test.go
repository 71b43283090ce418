package web

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

func homeListTrials() map[string]trial {
	return map[string]trial{
		"GET /api/v1/homes": {may: "dispatcher building2 billing mediator mediator2 auditor admin"}, // each gets what they have rights to
	}
}

// Homes are found by their ids and by a search, and everybody gets those only that they have rights to. Telephone numbers are for
// those who call.
func TestWhereHomesAre(t *testing.T) {
	h := open(t, nil)
	list := func(who, query string) (ids string, phones int) {
		t.Helper()
		w := want(t, h.ask(who, http.MethodGet, "/api/v1/homes"+query, ""), http.StatusOK)
		var got struct{ Homes []homeListed }
		if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		var all []string
		for _, one := range got.Homes {
			all = append(all, one.ID)
			if one.Phone != "" {
				phones++
			}
		}
		return strings.Join(all, " "), phones
	}
	for _, c := range []struct{ who, query, ids string }{
		{"dispatcher", "", ""},
		{"dispatcher", "?id=h2&id=h1&id=h1&id=nobody", "h1 h2"},
		{"building2", "?id=b2/h3&id=h1", "b2/h3"},
		{"dispatcher", "?q=h1", "h1"},
		{"building2", "?q=h1", ""},
		{"auditor", "?q=h2&id=h1", "h1 h2"},
	} {
		ids, phones := list(c.who, c.query)
		if ids != c.ids {
			t.Errorf("%s asks for %s and gets %q, want %q", c.who, c.query, ids, c.ids)
		}
		if c.who == "auditor" && phones > 0 {
			t.Errorf("%s is told telephone numbers", c.who)
		}
	}
}
