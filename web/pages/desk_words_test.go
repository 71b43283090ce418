package pages

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/nuanju/nuanju/disputes"
)

// What the API names has a text at the desk: every state, event and kind in the tables of transitions, and every verb, field and choice of
// the desk's forms.
func TestTheDeskHasWords(t *testing.T) {
	all, err := readMessages()
	if err != nil {
		t.Fatal(err)
	}
	has := func(key string) {
		t.Helper()
		if all[ZH][key] == "" {
			t.Errorf("nobody wrote %s", key)
		}
	}
	for _, row := range disputes.Transitions() {
		has("desk.event." + string(row.Event))
		has("desk.state." + string(row.To))
	}
	for _, m := range disputes.Machines() {
		for _, s := range m.Rows {
			has("desk.event." + string(s.Event))
			has("desk.state." + string(s.To))
			for _, role := range s.Who {
				has("desk.role." + string(role))
			}
		}
	}
	for _, k := range disputes.Kinds() {
		has("desk.kind." + string(k.Kind))
	}
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	c.Request = httptest.NewRequest(http.MethodGet, "/", nil)
	r := &request{Context: c, pages: &Pages{messages: all, options: Options{Zone: time.UTC}}, lang: ZH}
	fields := func(some []field) {
		for _, f := range some {
			if f.kind != hiddenField {
				has("desk.field." + f.name)
			}
			for _, o := range f.options {
				has("desk.option." + o)
			}
		}
	}
	for _, v := range ticketDeeds() {
		has("desk.verb." + v.verb)
		fields(v.fields)
	}
	for _, k := range matterKinds() {
		has("desk.page." + k.name)
		has("desk.one." + k.name)
		for _, a := range k.about {
			has("desk.about." + a)
		}
		for _, s := range k.states {
			has("desk.state." + s)
		}
		if k.open != nil {
			has("desk.verb." + k.open.verb)
			fields(k.open.fields(r))
		}
		for _, v := range k.verbs {
			has("desk.verb." + v.verb)
			if v.verb != "record" || k.name != "samplings" { // its fields are a home's rooms
				fields(v.fields(r, &deskMatter{}))
			}
		}
	}
	fields(r.callFields())
	fields(incidentFields(r))
	fields(calibrationFields(r))
	fields(dayFields(r))
	for _, p := range subPages() {
		has("desk.page." + p.Name)
	}
	for _, p := range places {
		has("desk.place." + p)
	}
}
