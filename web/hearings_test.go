package web

import (
	"net/http"
	"strings"
	"testing"
)

// bedEpisode is the id of the episode that a script's judge has found of h1.
const bedEpisode = "aDEKYmVkCjE0NDg5MjA4MDAwMDAwMDAwMDA"

// judged finds an episode of h1.
func judged(t testing.TB, h *house) {
	t.Helper()
	if err := (&script{house: h}).judge(t); err != nil {
		t.Fatal(err)
	}
}

func confirmationTrials() map[string]trial {
	const base = "/api/v1/confirmations"
	episode := func(verb, body string) func(*testing.T, *house) (string, string, []string) {
		return func(t *testing.T, h *house) (string, string, []string) {
			judged(t, h)
			return "/api/v1/episodes/" + bedEpisode + "/" + verb, body, nil
		}
	}
	made := func(verb, body string) func(*testing.T, *house) (string, string, []string) {
		return func(t *testing.T, h *house) (string, string, []string) {
			judged(t, h)
			w := h.ask("resident", http.MethodPost, "/api/v1/episodes/"+bedEpisode+"/confirm", `{}`)
			if w.Code != http.StatusOK && w.Code != http.StatusConflict {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			var list matterList[confirmationView]
			h.read(t, base, &list.Body)
			return base + "/" + list.Body.Items[0].ID + verb, body, nil
		}
	}
	return map[string]trial{
		"POST /api/v1/episodes/:id/confirm": {may: "dispatcher admin resident", hidden: true, ask: episode("confirm", `{}`)},
		"POST /api/v1/episodes/:id/contest": {may: "dispatcher admin resident", hidden: true, ask: episode("contest", words)},
		"POST /api/v1/confirmations": {may: "dispatcher admin resident", ask: at(base,
			`{"household":"h1","start":"2015-12-01T08:00:00+08:00","end":"2015-12-01T09:00:00+08:00"}`)},
		"GET /api/v1/confirmations":     {may: "dispatcher building2 auditor admin resident neighbour nowhere mediator mediator2", former: true},
		"GET /api/v1/confirmations/:id": {may: "dispatcher auditor admin resident mediator", hidden: true, ask: made("", "")},
		// All may ask; what only the other side takes back is a conflict of its state.
		"POST /api/v1/confirmations/:id/withdraw": {may: "dispatcher admin resident", hidden: true, ask: made("/withdraw", `{"version":99}`)},
	}
}

const quarrel = `{"household":"h1","about":{"kind":"other"},"text":"cold"}`

func hearingTrials() map[string]trial {
	const base, one = "/api/v1/disputes", "POST /api/v1/disputes/:id/"
	begun := func(t testing.TB, h *house) string { return h.post(t, "dispatcher", base, quarrel) }
	in := func(steps int) func(testing.TB, *house) string {
		return func(t testing.TB, h *house) string {
			id := begun(t, h)
			for range steps {
				h.post(t, "resident", base+"/"+id+"/escalate", `{"text":"on","commission":"北京仲裁委员会"}`)
			}
			return id
		}
	}
	return map[string]trial{
		"POST /api/v1/disputes":    {may: "dispatcher admin resident", ask: at(base, quarrel)},
		"GET /api/v1/disputes":     {may: "dispatcher building2 auditor admin resident neighbour nowhere mediator mediator2", former: true},
		"GET /api/v1/disputes/:id": {may: "dispatcher auditor admin resident mediator", hidden: true, ask: after(base, begun, "", "")},
		one + "say":                {may: "dispatcher admin resident mediator", hidden: true, ask: after(base, in(1), "/say", words)},
		one + "offer":              {may: "dispatcher admin resident", hidden: true, ask: after(base, begun, "/offer", words)},
		one + "accept":             {may: "dispatcher admin resident", hidden: true, ask: after(base, begun, "/accept", `{"version":1}`)},
		one + "escalate":           {may: "dispatcher admin resident", hidden: true, ask: after(base, begun, "/escalate", words)},
		one + "settle":             {may: "mediator", hidden: true, ask: after(base, in(2), "/settle", words)},
		one + "withdraw":           {may: "dispatcher admin", hidden: true, ask: after(base, begun, "/withdraw", words)}, // the supplier opened it
	}
}

func samplingTrials() map[string]trial {
	const base, one = "/api/v1/samplings", "POST /api/v1/samplings/:id/"
	const request, visit = `{"household":"h1"}`, `{"from":"2015-12-01T14:00:00+08:00","until":"2015-12-01T15:00:00+08:00"}`
	requested := func(t testing.TB, h *house) string { return h.post(t, "dispatcher", base, request) }
	appointed := func(t testing.TB, h *house) string {
		id := requested(t, h)
		h.post(t, "dispatcher", base+"/"+id+"/appoint", visit)
		return id
	}
	return map[string]trial{
		"POST /api/v1/samplings":    {may: "dispatcher admin resident", ask: at(base, request)},
		"GET /api/v1/samplings":     {may: "dispatcher building2 auditor admin resident neighbour nowhere", former: true},
		"GET /api/v1/samplings/:id": {may: "dispatcher auditor admin resident", hidden: true, ask: after(base, requested, "", "")},
		one + "appoint":             {may: "dispatcher admin", hidden: true, ask: after(base, requested, "/appoint", visit)},
		one + "record":              {may: "dispatcher admin", hidden: true, ask: after(base, appointed, "/record", `{"measured":[{"room":"bed","celsius":17}]}`)},
		one + "decline":             {may: "dispatcher admin", hidden: true, ask: after(base, requested, "/decline", words)},
		one + "cancel":              {may: "resident", hidden: true, ask: after(base, requested, "/cancel", words)},
	}
}

// Both sides confirm one interval at once, fifty clients each: it ends confirmed by both, with one event a side, and the judge has it once.
func TestBothSidesConfirmAtOnce(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		judged(t, h)
		counts := together(50, func(i int) int {
			who := []string{"resident", "dispatcher"}[i%2]
			return h.ask(who, http.MethodPost, "/api/v1/episodes/"+bedEpisode+"/confirm", `{}`).Code
		})
		var list matterList[confirmationView]
		h.read(t, "/api/v1/confirmations", &list.Body)
		if counts[200] != 2 || counts[409] != 48 || len(list.Body.Items) != 1 || list.Body.Items[0].State != "confirmed" || len(list.Body.Items[0].Timeline) != 2 {
			t.Fatalf("%v %+v", counts, list.Body)
		}
		if declared, _ := h.facts(t); strings.Count(declared, `"Resident":true,"Supplier":true`) != 1 {
			t.Errorf("declared %s", declared)
		}
	})
}

// An offer that is accepted is carried out with the acceptance, or not at all: a rejected exemption that was withdrawn meanwhile keeps
// the dispute where it is.
func TestAnOutcomeIsWhole(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		x := h.proved(t)
		d := h.post(t, "resident", "/api/v1/disputes", quarrel)
		h.post(t, "dispatcher", "/api/v1/disputes/"+d+"/offer",
			`{"text":"both","reject":[{"kind":"exemption","id":"`+x+`"}],"confirm":[{"start":"2015-12-01T08:00:00+08:00","end":"2015-12-01T09:00:00+08:00"}]}`)
		h.post(t, "dispatcher", "/api/v1/exemptions/"+x+"/withdraw", words)
		want(t, h.ask("resident", http.MethodPost, "/api/v1/disputes/"+d+"/accept", `{"version":2}`), http.StatusConflict)
		var v matterView[disputeView]
		h.read(t, "/api/v1/disputes/"+d, &v)
		var list matterList[confirmationView]
		h.read(t, "/api/v1/confirmations", &list.Body)
		if v.State != "negotiation" || len(list.Body.Items) != 0 {
			t.Fatalf("%+v %+v", v, list.Body)
		}
		if open, err := h.ledger.OpenDisputes(t.Context(), []string{"h1", "h2"}); err != nil || len(open) != 1 || len(open["h1"]) != 1 || open["h1"][0] != d {
			t.Errorf("open: %v %v", open, err)
		}
		h.post(t, "dispatcher", "/api/v1/disputes/"+d+"/offer", `{"text":"one hour","confirm":[{"start":"2015-12-01T08:00:00+08:00","end":"2015-12-01T09:00:00+08:00"}]}`)
		h.facts(t)
		h.post(t, "resident", "/api/v1/disputes/"+d+"/accept", `{"version":3}`)
		if declared, marked := h.facts(t); !strings.Contains(declared, `"Resident":true,"Supplier":true`) || marked == 0 {
			t.Errorf("declared %s, marked %v", declared, marked)
		}
		if open, err := h.ledger.OpenDisputes(t.Context(), []string{"h1"}); err != nil || len(open) != 0 {
			t.Errorf("open: %v %v", open, err)
		}
	})
}
