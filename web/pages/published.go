package pages

import (
	"net/http"
	"time"
)

func publishedPages() []page {
	return []page{{method: http.MethodGet, pattern: "/published", public: true, do: published}}
}

// publishedData is what the supplier tells everybody (A6.7, A6.8).
type publishedData struct {
	Items []struct {
		Item   string
		From   time.Time
		ZH, EN string
	}
	Prices []struct {
		Policy    string
		Title     words2
		AreaPrice string `json:"area_price"`
		BasePrice string `json:"base_price"`
		HeatPrice string `json:"heat_price"`
		Source    string
		Certainty string
	}
	Stoppages []struct {
		Place      struct{ Kind, ID string }
		State      string
		Start, End time.Time
		Restored   *time.Time
	}
}

// published is for everybody, signed in or not.
func published(r *request) error {
	var data publishedData
	if err := r.get("/api/v1/published", &data); err != nil {
		return err
	}
	return r.show("published.html", r.say("nav.published"), data)
}
