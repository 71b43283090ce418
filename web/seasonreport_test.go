package web

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func seasonReportTrials() map[string]trial {
	return map[string]trial{
		"GET /api/v1/season-report": {may: "auditor admin", ask: at("/api/v1/season-report?from=2015-11-15T00:00:00%2B08:00&to=2016-03-16T00:00:00%2B08:00", "")},
	}
}

// An auditor sees a season in numbers, without a household's name, and where outdoor means come from.
func TestSeasonReport(t *testing.T) {
	h := open(t, nil)
	h.report(t, "")
	h.clock.set(noon.Add(time.Hour))
	const path = "/api/v1/season-report?from=2015-11-15T00:00:00%2B08:00&to="
	w := want(t, h.ask("auditor", http.MethodGet, path+"2016-03-16T00:00:00%2B08:00", ""), http.StatusOK)
	for _, part := range []string{`"tickets":1`, `"station":"beijing"`, `"method":"four_observations"`, `"times":[`} {
		if !strings.Contains(w.Body.String(), part) {
			t.Errorf("%s is not in %s", part, w.Body)
		}
	}
	if strings.Contains(w.Body.String(), "h1") {
		t.Errorf("a household is named: %s", w.Body)
	}
	want(t, h.ask("auditor", http.MethodGet, path+"2014-03-16T00:00:00%2B08:00", ""), http.StatusUnprocessableEntity)
}
