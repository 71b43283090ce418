package web

import (
	"net/http"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/compliance"
)

const coldDays = `{"station":"beijing","days":[{"date":"2015-11-26","celsius":-7.61},{"date":"2015-11-25","celsius":-7.6}],"source":"北京市气象局"}`

func officialDayTrials() map[string]trial {
	return map[string]trial{
		"POST /api/v1/official-days": {may: "dispatcher admin", ask: at("/api/v1/official-days", coldDays)},
		"GET /api/v1/official-days": {
			may: "dispatcher building2 auditor admin resident neighbour nowhere mediator mediator2", former: true,
			ask: at("/api/v1/official-days?station=beijing&from=2015-11-01&to=2015-12-01", ""),
		},
	}
}

// Published means are kept, have every home that is judged by their station judged again from the first of them on, and are told to the
// evidence log; sent again they change nothing.
func TestOfficialDaysAreJudged(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		for _, changed := range []string{"2", "0"} {
			w := want(t, h.ask("dispatcher", http.MethodPost, "/api/v1/official-days", coldDays), http.StatusOK)
			if !strings.Contains(w.Body.String(), `"changed":`+changed) {
				t.Errorf("%s, want %s", w.Body, changed)
			}
			dirty, err := h.ledger.TakeDirty(t.Context(), 10)
			if err != nil || (len(dirty) == 3) != (changed == "2") {
				t.Errorf("marked %v %v", dirty, err)
			}
			for _, d := range dirty {
				if d.From != compliance.DateOf(2015, 11, 25).Start(noon.Location()) {
					t.Errorf("%s from %s", d.Household, d.From.Time())
				}
			}
			if err := h.ledger.CompleteDirty(t.Context(), dirty); err != nil {
				t.Fatal(err)
			}
		}
		var got struct{ Days []dayView }
		h.read(t, "/api/v1/official-days?station=beijing&from=2015-11-25&to=2015-11-26", &got)
		if len(got.Days) != 2 || got.Days[0] != (dayView{"2015-11-25", -7.6}) || got.Days[1] != (dayView{"2015-11-26", -7.61}) {
			t.Errorf("%+v", got)
		}
		told, err := h.told(t)
		if err != nil || len(told) != 1 || !strings.Contains(string(told[0].Content), `"source":"北京市气象局"`) {
			t.Errorf("%+v %v", told, err)
		}
		// Of a station that judges nobody, nobody is marked.
		want(t, h.ask("admin", http.MethodPost, "/api/v1/official-days", strings.Replace(coldDays, "beijing", "nowhere", 1)), http.StatusOK)
		if n, _, err := h.ledger.CountDirty(t.Context()); n != 0 || err != nil {
			t.Errorf("%d marked, %v", n, err)
		}
	})
}

func TestEveryErrorOfOfficialDaysAtOnce(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		w := want(t, h.ask("admin", http.MethodPost, "/api/v1/official-days",
			`{"station":"a\u0001","days":[{"date":"2015-02-30","celsius":1},{"date":"2015-02-01","celsius":99},{"date":"2015-02-01","celsius":1}],"source":" "}`), http.StatusUnprocessableEntity)
		for _, said := range []string{"body.station", "body.days[0].date", "body.days[1].celsius", "body.days[2].date", "body.source"} {
			if !strings.Contains(w.Body.String(), said) {
				t.Errorf("nothing is said of %s: %s", said, w.Body)
			}
		}
		w = want(t, h.ask("admin", http.MethodPost, "/api/v1/official-days", strings.Replace(coldDays, "2015-11-26", "2015-12-03", 1)), http.StatusUnprocessableEntity)
		if !strings.Contains(w.Body.String(), "has not begun") {
			t.Error(w.Body)
		}
	})
}
