package pages

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/gin-gonic/gin"
)

// Wherever a message leads, there is a page, and whom the message is for may open it.
func TestMessagesLeadToPages(t *testing.T) {
	all := (&Pages{}).table()
	gin.SetMode(gin.ReleaseMode)
	engine, met := gin.New(), page{}
	for _, p := range all {
		if p.method == http.MethodGet {
			engine.GET(p.pattern, func(*gin.Context) { met = p })
		}
	}
	// Those that have a number of the resident's own are for residents; what begins with /desk is for dispatchers.
	residents := regexp.MustCompile(`^/(home|tickets|tests)\b`)
	values := regexp.MustCompile(`\{[a-z_]+\}`)
	for _, file := range []string{"zh.json", "en.json"} {
		b, err := os.ReadFile("../../notify/messages/" + file)
		if err != nil {
			t.Fatal(err)
		}
		var messages map[string]struct{ Path string }
		if err := json.Unmarshal(b, &messages); err != nil || len(messages) < 20 {
			t.Fatal(len(messages), err)
		}
		for name, m := range messages {
			if m.Path == "" {
				continue
			}
			met = page{}
			engine.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, values.ReplaceAllString(m.Path, "X"), http.NoBody))
			who := "dispatcher"
			if residents.MatchString(m.Path) {
				who = "resident"
			}
			if met.do == nil || !met.public && !slices.Contains(met.who, who) {
				t.Errorf("%s: %s leads a %s to %q, which is for %v", file, name, who, met.pattern, met.who)
			}
		}
	}
}
