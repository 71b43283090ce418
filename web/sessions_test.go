package web

import (
	"net/http"
	"strings"
	"testing"
)

func sessionTrials() map[string]trial {
	const all = "gateway sensor dispatcher building2 auditor admin resident neighbour nowhere billing tester mediator tester2 mediator2"
	return map[string]trial{
		"POST /api/v1/session":      {may: "anybody", ask: at("/api/v1/session", `{"challenge":"x"}`)}, // refused for its form, not for who asks
		"POST /api/v1/session/code": {may: "anybody", ask: at("/api/v1/session/code", `{"account":"A-nobody","name":"x"}`)},
		"GET /api/v1/session":       {may: all, former: true},
		"DELETE /api/v1/session":    {may: all, former: true, delegates: "delegate reporter"},
	}
}

func delegationTrials() map[string]trial {
	const path = "/api/v1/households/h1/delegations"
	return map[string]trial{
		"POST /api/v1/households/:id/delegations": {may: "", sessions: "resident", ask: at(path, `{"name":"外人","phone":"13900000000"}`)},
		"GET /api/v1/households/:id/delegations":  {may: "auditor admin resident", delegates: "delegate reporter", ask: at(path, "")},
		"DELETE /api/v1/households/:id/delegations/:delegation": {may: "admin resident", ask: func(t *testing.T, h *house) (string, string, []string) {
			w := want(t, h.ask("session:resident", http.MethodPost, path, `{"name":"另一人","phone":"13900000001"}`), http.StatusCreated)
			_, rest, _ := strings.Cut(w.Body.String(), `"id": "`)
			if rest == "" {
				_, rest, _ = strings.Cut(w.Body.String(), `"id":"`)
			}
			id, _, _ := strings.Cut(rest, `"`)
			return path + "/" + id, "", nil
		}},
	}
}
