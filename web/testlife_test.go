package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// tick takes the registry over as it now is and judges until nobody waits, as the server does.
func (h *house) tick(t testing.TB) {
	t.Helper()
	ctx := t.Context()
	r, err := h.ledger.Registry(ctx, sensors.At(h.clock.now()))
	if err != nil {
		t.Fatal(err)
	}
	if h.options.Homes, err = NewDirectory(&r.Registry, configs.Policy); err != nil {
		t.Fatal(err)
	}
	checker := h.judge(t, &r.Registry)
	h.options.Answers, h.options.Registry = checker.Answers, prometheus.NewRegistry()
	h.start(t)
	for range 5 {
		if _, err := checker.Tick(ctx); err != nil {
			t.Fatal(err)
		}
		if n, _, err := h.ledger.CountDirty(ctx); err != nil || n == 0 {
			return
		}
	}
	t.Fatal("households are still to be judged")
}

// seen is a test as an administrator sees it.
func (h *house) seen(t *testing.T, id string) matterView[testView] {
	t.Helper()
	var v struct{ Test matterView[testView] }
	h.read(t, testsPath+"/"+id, &v)
	return v.Test
}

// alerted is the keys of alerts that begin with a text, and to whom they are.
func (h *house) alerted(t *testing.T, prefix string) (keys []string) {
	t.Helper()
	all, err := h.ledger.Alerts(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range all {
		if strings.HasPrefix(a.Key, prefix) {
			keys = append(keys, a.Key+" to "+a.To.ID)
		}
	}
	return keys
}

// below is how long h1's bedroom was below, by the episodes that the server shows.
func (h *house) below(t *testing.T) (seconds float64) {
	t.Helper()
	var out struct {
		Episodes []struct {
			Room  string
			Below float64 `json:"below_seconds"`
		}
	}
	q := url.Values{"from": {"2015-12-01T00:00:00+08:00"}, "to": {"2015-12-02T00:00:00+08:00"}}
	h.read(t, "/api/v1/households/h1/episodes?"+q.Encode(), &out)
	for _, e := range out.Episodes {
		if e.Room == "bed" {
			seconds += e.Below
		}
	}
	return seconds
}

// A sensor that a test finds more than 0.5 °C off is listed for calibration. Calibrated, what it said since is judged again: what was
// below no longer is, and the sensor agrees with the test.
func TestACalibrationChangesAVerdict(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		h.measure(t, 16.75) // d2 is calibrated by 0.25: judged 17
		id := h.requested(t, "resident", true)
		a := answerOf(t, want(t, h.handIn(t, "tester", "", rows("11:00", 18.2), fieldsOf(id)), http.StatusCreated))
		if a.Finding != "compliant" || a.Payer != "resident" || a.Sensor == nil || a.Sensor.Agrees || len(a.Dismisses) != 1 {
			t.Fatalf("%+v", a)
		}
		h.tick(t)
		if f := h.seen(t, a.ID).About.Finding; f == nil || !f.SensorOff || h.below(t) < 4*3600 {
			t.Errorf("%+v, below for %v s", f, h.below(t))
		}
		var due struct{ Items []dueView }
		h.read(t, "/api/v1/calibrations/due", &due)
		if len(due.Items) != 1 || due.Items[0].Device != "d2" || due.Items[0].Test != a.ID || due.Items[0].Difference < 1.19 || due.Items[0].Difference > 1.21 {
			t.Errorf("due: %+v", due)
		}
		const path, calibration = "/api/v1/devices/d2/calibrations", `{"from":"2015-11-30T13:00:00+08:00","offset_celsius":1.45,"certificate":"C2"}`
		w := want(t, h.ask("dispatcher", http.MethodPost, path, calibration), http.StatusCreated)
		if !strings.Contains(w.Body.String(), `"changed":true,"households":["h1"]`) {
			t.Errorf("%s", w.Body)
		}
		if w := want(t, h.ask("dispatcher", http.MethodPost, path, calibration), http.StatusCreated); !strings.Contains(w.Body.String(), `"changed":false`) {
			t.Errorf("again: %s", w.Body)
		}
		h.tick(t)
		if f := h.seen(t, a.ID).About.Finding; f == nil || f.SensorOff || f.Finding != "compliant" || h.below(t) != 0 {
			t.Errorf("calibrated: %+v, below for %v s", f, h.below(t))
		}
		if told := h.alerted(t, "test/"); !slices.Equal(told, []string{"test/" + a.ID + "/finding/compliant to h1"}) { // once: it is the same finding
			t.Errorf("told: %v", told)
		}
		h.read(t, "/api/v1/calibrations/due", &due)
		if len(due.Items) != 0 {
			t.Errorf("calibrated and still due: %+v", due)
		}
	})
}

// A joint test is proposed by one side and agreed to by the other, whichever begins; only then can the institution accept it, and
// either side cancels it.
func TestAJointTest(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		h.institution(t)
		const proposal = `{"household":"h1","room":"bed","institution":"CTI","joint":true}`
		for _, sides := range [][2]string{{"resident", "dispatcher"}, {"dispatcher", "resident"}} {
			one := requestsPath + "/" + h.post(t, sides[0], requestsPath, proposal)
			want(t, h.ask("tester", http.MethodPost, one+"/accept", `{"text":""}`), http.StatusConflict)
			want(t, h.ask(sides[0], http.MethodPost, one+"/agree", `{"text":""}`), http.StatusForbidden)
			want(t, h.ask(sides[1], http.MethodPost, one+"/agree", `{"text":""}`), http.StatusOK)
			want(t, h.ask(sides[1], http.MethodPost, one+"/agree", `{"text":""}`), http.StatusConflict)
			want(t, h.ask("tester", http.MethodPost, one+"/accept", `{"text":""}`), http.StatusOK)
			if sides[0] == "resident" {
				want(t, h.ask(sides[1], http.MethodPost, one+"/cancel", `{"text":"moved away"}`), http.StatusOK)
				continue
			}
			fields := fieldsOf(strings.TrimPrefix(one, requestsPath+"/"))
			fields["commissioned_by"] = "supplier" // which the request does not say
			want(t, h.handIn(t, "tester", "", rows("11:00", 17), fields), http.StatusUnprocessableEntity)
			fields["commissioned_by"] = "joint"
			a := answerOf(t, want(t, h.handIn(t, "tester", "", rows("11:00", 17), fields), http.StatusCreated))
			if a.Side != "joint" || a.Finding != "noncompliant" || a.Payer != "supplier" {
				t.Errorf("%+v", a)
			}
		}
	})
}

// A contested test counts until it is decided; rejected it counts no longer, and upheld after all it does again.
func TestAContestedTest(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		h.involve(t)
		h.measure(t, 16.75)
		id := h.tested(t)
		counts := func(state string, wanted bool) {
			t.Helper()
			h.tick(t)
			if v := h.seen(t, id); string(v.State) != state || (v.About.Finding != nil) != wanted {
				t.Errorf("%s, finding %+v, want %s and %t", v.State, v.About.Finding, state, wanted)
			}
		}
		counts("submitted", true)
		one := testsPath + "/" + id
		want(t, h.ask("dispatcher", http.MethodPost, one+"/contest", `{"text":"a window was open"}`), http.StatusOK)
		counts("contested", true)
		want(t, h.ask("tester", http.MethodPost, one+"/withdraw", `{"text":"a slip"}`), http.StatusConflict)
		decided := together(20, func(i int) int {
			verb := []string{"/uphold", "/reject"}[i%2]
			return h.ask("mediator", http.MethodPost, one+verb, `{"text":"seen","version":2}`).Code
		})
		if decided[200] != 1 || decided[409] != 19 {
			t.Fatal(decided)
		}
		if h.seen(t, id).State == "upheld" {
			counts("upheld", true)
			want(t, h.ask("mediator", http.MethodPost, one+"/reject", `{"text":"seen again"}`), http.StatusOK)
		}
		counts("rejected", false)
		want(t, h.ask("mediator", http.MethodPost, one+"/uphold", `{"text":"after all"}`), http.StatusOK)
		counts("upheld", true)
	})
}

// What a dispute comes to may be about a test, also one that nobody contested: it is then rejected in the transaction that settles.
func TestADisputesOutcomeRejectsATest(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		id := h.tested(t)
		d := "/api/v1/disputes/" + h.post(t, "dispatcher", "/api/v1/disputes", `{"household":"h1","about":{"kind":"test","id":"`+id+`"},"text":"not still"}`)
		h.post(t, "dispatcher", d+"/offer", `{"text":"without it","reject":[{"kind":"test","id":"`+id+`"}]}`)
		if v := h.seen(t, id); v.State != "submitted" {
			t.Fatalf("an offer alone has made it %s", v.State)
		}
		h.post(t, "resident", d+"/accept", `{"version":2}`)
		v := h.seen(t, id)
		if last := v.Timeline[len(v.Timeline)-1]; v.State != "rejected" || last.Role != "monitor" || !strings.Contains(last.Text, strings.TrimPrefix(d, "/api/v1/disputes/")) {
			t.Errorf("%+v", v)
		}
		h.tick(t)
		if f := h.seen(t, id).About.Finding; f != nil {
			t.Errorf("it still counts: %+v", f)
		}
	})
}

// A tester sees readings of the room that their institution was asked to test while it is, and of tests and requests their institution's
// own; another institution's are as if they were not.
func TestTestersSeeTheirOwn(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		h.measure(t, 16.75)
		request := h.requested(t, "resident", true)
		const readings = "/api/v1/households/h1/readings?from=2015-12-01T00:00:00Z&to=2015-12-02T00:00:00Z"
		want(t, h.ask("gateway", http.MethodPost, "/api/v2/write", "temperature,device=d4 celsius=18.5"), http.StatusNoContent)
		h.forward(t)
		h.clock.add(time.Minute)
		both := want(t, h.ask("resident", http.MethodGet, readings, ""), http.StatusOK).Body.String()
		if w := want(t, h.ask("tester", http.MethodGet, readings, ""), http.StatusOK); !strings.Contains(both, "living") || !strings.Contains(both, "bed") ||
			!strings.Contains(w.Body.String(), "bed") || strings.Contains(w.Body.String(), "living") {
			t.Errorf("the resident sees %s, the tester %s", both, w.Body)
		}
		want(t, h.ask("tester2", http.MethodGet, readings, ""), http.StatusForbidden)
		want(t, h.ask("tester", http.MethodGet, "/api/v1/households/h1/episodes?from=2015-12-01T00:00:00Z&to=2015-12-02T00:00:00Z", ""), http.StatusForbidden)

		w := want(t, h.handIn(t, "tester2", "", rows("11:00", 17), fieldsOf(request)), http.StatusUnprocessableEntity)
		if !strings.Contains(w.Body.String(), `"form.request"`) {
			t.Errorf("handing in for another institution: %s", w.Body)
		}
		a := answerOf(t, want(t, h.handIn(t, "tester", "", rows("11:00", 17), fieldsOf(request)), http.StatusCreated))
		for _, path := range []string{testsPath + "/" + a.ID, testsPath + "/" + a.ID + "/report", requestsPath + "/" + request} {
			want(t, h.ask("tester", http.MethodGet, path, ""), http.StatusOK)
			want(t, h.ask("tester2", http.MethodGet, path, ""), http.StatusNotFound)
		}
		want(t, h.ask("tester2", http.MethodPost, testsPath+"/"+a.ID+"/withdraw", `{"text":"mine"}`), http.StatusNotFound)
		for _, path := range []string{testsPath, requestsPath} {
			if w := want(t, h.ask("tester2", http.MethodGet, path, ""), http.StatusOK); strings.Contains(w.Body.String(), `"id"`) {
				t.Errorf("%s shows another institution %s", path, w.Body)
			}
			want(t, h.ask("tester2", http.MethodGet, path+"?institution=CTI", ""), http.StatusForbidden)
		}
	})
}

// The resident's tester comes first (A7.2.2): what the resident asked for is handed in by its institution, never by the other side.
func TestTheSupplierHandsInItsOwn(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		h.measure(t, 16.75)
		fields := fieldsOf(h.requested(t, "resident", true))
		for _, caller := range []string{"dispatcher", "admin"} {
			for _, query := range []string{"", "?dry_run=true"} {
				want(t, h.handIn(t, caller, query, rows("11:00", 19), fields), http.StatusForbidden)
			}
		}
		want(t, h.handIn(t, "tester", "", rows("11:00", 17), fields), http.StatusCreated)
		want(t, h.handIn(t, "dispatcher", "", rows("10:00", 19), fieldsOf(h.requested(t, "dispatcher", true))), http.StatusCreated)
	})
}

// What the contract does not judge is taken as well, and decides nothing: the contract says so, and not the endpoint.
func TestTestsThatAreNotApplicable(t *testing.T) {
	for name, c := range map[string]struct {
		room, institution, says string
		measured                string // line protocol
	}{
		"a kitchen":       {room: "kitchen"},
		"not accredited":  {room: "bed", institution: `"accredited":[{"from":"2012-01-01","to":"2015-11-30"}]`},
		"switched off":    {room: "bed", measured: "heating,household=h1 on=false 1448899200000000000"},                                                                         // 00:00
		"just heating up": {room: "bed", measured: "heating,household=h1 on=false 1448899200000000000\nheating,household=h1 on=true 1448928000000000000"},                       // 08:00
		"heated up":       {room: "bed", measured: "heating,household=h1 on=false 1448812800000000000\nheating,household=h1 on=true 1448892000000000000", says: "noncompliant"}, // 22:00 before
	} {
		t.Run(name, func(t *testing.T) {
			r := town()
			r.Rooms = append(r.Rooms, sensors.Room{RoomID: sensors.RoomID{Household: "h1", Room: "kitchen"}, Kind: "kitchen"})
			h := openRegistry(t, r, nil)
			body := cti
			if c.institution != "" {
				body = strings.Replace(cti, `"accredited":[{"from":"2012-01-01"}]`, c.institution, 1)
			}
			want(t, h.ask("admin", http.MethodPost, "/api/v1/institutions", body), http.StatusCreated)
			if c.measured != "" {
				want(t, h.ask("gateway", http.MethodPost, "/api/v2/write?precision=ns", c.measured), http.StatusNoContent)
				h.forward(t)
			}
			id := h.post(t, "resident", requestsPath, `{"household":"h1","room":"`+c.room+`","institution":"CTI"}`)
			want(t, h.ask("tester", http.MethodPost, requestsPath+"/"+id+"/accept", `{"text":""}`), http.StatusOK)
			dry := want(t, h.handIn(t, "tester", "?dry_run=true", rows("11:00", 15), fieldsOf(id)), http.StatusOK)
			a := answerOf(t, want(t, h.handIn(t, "tester", "", rows("11:00", 15), fieldsOf(id)), http.StatusCreated))
			if finding := map[bool]string{true: "not_applicable", false: c.says}[c.says == ""]; a.Finding != finding || a.Finding == "not_applicable" &&
				(a.Stands || a.Payer != "" || len(a.Confirms)+len(a.Dismisses) > 0) || answerOf(t, dry).Finding != finding {
				t.Errorf("%+v", a)
			}
		})
	}
}

// The list of what is due for calibration goes on where its page ended, each sensor's test once; whoever serves a part of the homes sees that
// part.
func TestPagesOfWhatIsDue(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		season := compliance.Interval{Start: sensors.At(noon.AddDate(0, 0, -16)), End: sensors.At(noon.AddDate(0, 3, 0))}
		var all []ledger.Judgment
		var wanted []string
		for i, place := range [][3]string{{"h1", "bed", "d2"}, {"h1", "living", "d4"}, {"h2", "bed", "d5"}, {"b2/h3", "bed", "d6"}} {
			if i == 0 || all[len(all)-1].Household != place[0] {
				all = append(all, ledger.Judgment{Household: place[0], Season: season, From: season.Start, Until: sensors.At(noon), Settled: season.Start, Digest: "sha256:abc"})
			}
			for k := range 3 { // at equal times too
				id := fmt.Sprintf("X%d%d", i, k)
				all[len(all)-1].Tests = append(all[len(all)-1].Tests, ledger.TestFinding{
					Test: id, Room: place[1], Start: sensors.At(noon.Add(-time.Duration(k) * time.Hour)), Finding: "compliant", Stands: true,
					Payer: compliance.Resident, SensorOff: true, Difference: -0.6,
				})
				wanted = append(wanted, place[2]+" "+id)
			}
		}
		if err := h.ledger.WriteJudgments(t.Context(), all, sensors.At(noon)); err != nil {
			t.Fatal(err)
		}
		listed := func(who string, limit int) (found []string) {
			t.Helper()
			cursor := ""
			for range len(wanted) + 1 {
				var page struct {
					Items []dueView
					Next  string
				}
				w := want(t, h.ask(who, http.MethodGet, fmt.Sprintf("/api/v1/calibrations/due?limit=%d&cursor=%s", limit, cursor), ""), http.StatusOK)
				decode(t, w, &page)
				if len(page.Items) > limit {
					t.Fatalf("%d on a page of %d", len(page.Items), limit)
				}
				for _, x := range page.Items {
					found = append(found, x.Device+" "+x.Test)
				}
				if cursor = page.Next; cursor == "" {
					return found
				}
			}
			t.Fatal("the list does not end")
			return nil
		}
		whole := listed("dispatcher", 200)
		if sorted := slices.Sorted(slices.Values(whole)); !slices.Equal(sorted, slices.Sorted(slices.Values(wanted))) {
			t.Errorf("got %v, want %v", sorted, wanted)
		}
		for _, limit := range []int{1, 2, 5, 12} {
			if got := listed("dispatcher", limit); !slices.Equal(got, whole) {
				t.Errorf("by %d: %v, want %v", limit, got, whole)
			}
		}
		if got := listed("building2", 1); len(got) != 3 || slices.ContainsFunc(got, func(s string) bool { return !strings.HasPrefix(s, "d6 ") }) {
			t.Errorf("building 2 sees %v", got)
		}
	})
}

// decode reads an answer's body.
func decode(t *testing.T, w *httptest.ResponseRecorder, into any) {
	t.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		t.Fatal(err, w.Body)
	}
}

// The desk is told of an incident when it is opened, once.
func TestTheDeskIsToldOfAnIncident(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		w := want(t, h.ask("dispatcher", http.MethodPost, "/api/v1/incidents", `{"place":{"kind":"building","id":"B1"},"text":"a pump"}`), http.StatusCreated)
		var out struct{ Incident incidentView }
		decode(t, w, &out)
		one := "/api/v1/incidents/" + out.Incident.ID
		want(t, h.ask("dispatcher", http.MethodPost, one+"/reply", `{"text":"we know"}`), http.StatusOK)
		if told := h.alerted(t, "incident/"); !slices.Equal(told, []string{"incident/" + out.Incident.ID + "/1/desk to desk"}) {
			t.Errorf("told: %v", told)
		}
	})
}
