package browser_test

import (
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/nuanju/nuanju/test/towntest"
)

// institution is who the town's tester works for.
const institution = `{"id":"CTI","name":"华检检测","accredited":[{"from":"2024-01-01","to":"2040-01-01"}],
	"instruments":[{"serial":"T-88","certificate":"CAL-7","error_celsius":"0.2","valid":{"from":"2024-01-01","to":"2040-01-01"}}]}`

// staff gives each role an account of its name.
func staff(s *towntest.Town, roles ...string) {
	s.T.Helper()
	for _, role := range roles {
		if role == "tester" {
			s.Post("admin", "/api/v1/institutions", []byte(institution), "application/json")
			s.Account(role, role, "--institution", "CTI")
			continue
		}
		s.Account(role, role)
	}
}

// reports files a resident's report and gives the ticket's id.
func reports(s *towntest.Town, home string, fields url.Values) string {
	s.T.Helper()
	b := s.Resident(home).Open("/home/" + home + "/report")
	b.Send("/home/"+home+"/report", fields)
	path, _, _ := strings.Cut(b.At, "?")
	id := path[strings.LastIndex(path, "/")+1:]
	if b.Status != 200 || id == "report" {
		s.T.Fatalf("the report is not filed: %d at %s: %s", b.Status, b.At, b.Text())
	}
	return id
}

// press presses keys, one after the other. A key's letter comes with its press, as from a keyboard, so that a page that takes the key keeps it
// from being typed.
func (w *window) press(keys ...string) {
	w.t.Helper()
	for _, key := range strings.Join(keys, "") {
		events := kb.Encode(key)
		if len(events) == 3 {
			events[0].Text, events[0].UnmodifiedText = events[1].Text, events[1].UnmodifiedText
			events = []*input.DispatchKeyEventParams{events[0], events[2]}
		}
		for _, e := range events {
			call(w, input.DispatchKeyEvent, *e)
		}
	}
}

// leads waits for a page that has something, until its scripts have run.
func (w *window) leads(selector string) {
	w.t.Helper()
	w.do(chromedp.WaitReady(chromedp.CSS(selector)))
	w.until(`document.readyState === "complete"`)
}

// focused fails unless the focus is on what has an id.
func (w *window) focused(id string) {
	w.t.Helper()
	if at := read(w, chromedp.Evaluate[string](`document.activeElement.id`)); at != id {
		w.t.Errorf("the focus is on %q, not %q", at, id)
	}
}

// A dispatcher goes through the queue, opens a ticket and answers it without touching the mouse.
func TestQueueByKeyboard(t *testing.T) {
	s := towntest.New(t)
	staff(s, "dispatcher")
	leak := "open-" + reports(s, towntest.Unsensed, url.Values{"kind": {"leak"}, "text": {"漏水"}, "emergency": {"yes"}})
	id := reports(s, towntest.Sensed, url.Values{"kind": {"low_temperature"}, "text": {"卧室冷"}})
	cold := "open-" + id
	w := open(t, s.Staff("dispatcher").Lang("zh"), 1440)
	call(w, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
	w.visit("/desk")
	w.shows("漏水", "卧室冷")
	w.axe("queue")
	w.picture("desk-queue-zh")

	// The emergency comes first; the ends of the list hold.
	for _, step := range []struct{ key, at string }{{"j", leak}, {"k", leak}, {kb.ArrowDown, cold}, {"j", cold}, {kb.ArrowUp, leak}, {"j", cold}} {
		w.press(step.key)
		w.focused(step.at)
	}
	w.press("/", "j")
	w.focused("search")
	if typed := read(w, chromedp.Value(chromedp.CSS("#search"))); typed != "j" {
		t.Errorf("the search holds %q", typed)
	}
	w.press(kb.Tab, kb.Tab, kb.Tab, kb.Tab, kb.Tab, kb.Tab, "?") // on to the button, where letters are keys again
	if !read(w, chromedp.Evaluate[bool](`document.getElementById("keys").open`)) {
		t.Error("the keys are not explained")
	}
	w.press("j")
	w.focused(leak)
	w.press("j", kb.Enter)
	w.leads("#reply")
	w.shows(id, "卧室冷")
	w.press("q")
	w.leads("#queue")
	w.press("j", "j", "r")
	w.leads("#reply textarea:focus")
	w.press("just a quarter, ok?", kb.Tab, kb.Enter) // letters that are keys elsewhere
	w.leads("#reply:not([open])")
	w.shows(id, "just a quarter, ok?")
	w.press("u")
	w.leads("#update textarea:focus")
	w.silent()
}

// A report is in the queue of a dispatcher who does nothing soon after it was filed, and the page was not loaded again for it.
func TestReportAppears(t *testing.T) {
	s := towntest.New(t)
	staff(s, "dispatcher")
	resident := s.Resident(towntest.Unsensed).Open("/home/201/report")
	w := open(t, s.Staff("dispatcher").Lang("zh"), 1440)
	listens := make(chan struct{})
	var once sync.Once
	if err := chromedp.Listen(w.ctx, func(event any) {
		if e, ok := event.(*network.EventResponseReceived); ok && strings.HasSuffix(e.Response.URL, "/events") {
			once.Do(func() { close(listens) })
		}
	}); err != nil {
		t.Fatal(err)
	}
	w.visit("/desk")
	select {
	case <-listens:
	case <-w.ctx.Done():
		t.Fatal("the queue does not ask to be told of changes")
	}
	w.do(chromedp.Evaluate[chromedp.Void](`document.body.dataset.same = "yes"; 0`))
	if read(w, chromedp.Evaluate[bool](`document.querySelector("#queue a.open") !== null`)) {
		t.Fatal("the queue is not empty")
	}
	sent := time.Now()
	resident.Send("/home/201/report", url.Values{"kind": {"no_heat"}, "text": {"没有暖气"}})
	filed := time.Now()
	w.until(`document.querySelector("#queue a.open") !== null`)
	seen := time.Now()
	t.Logf("a report is in the queue %v after it was sent, %v after it was filed", seen.Sub(sent).Round(time.Millisecond), seen.Sub(filed).Round(time.Millisecond))
	w.shows("没有暖气")
	if !read(w, chromedp.Evaluate[bool](`document.body.dataset.same === "yes"`)) {
		t.Error("the page was loaded again")
	}
	w.silent()
}

// The first pages of all who work here, and the one that is for everybody: they fit a phone, everybody can use them, and nothing is wrong with
// them.
func TestFrontsOnPhone(t *testing.T) {
	s := towntest.New(t)
	roles := []string{"dispatcher", "tester", "auditor", "billing", "mediator", "admin"}
	fronts := map[string]string{
		"dispatcher": "/desk", "tester": "/tests", "auditor": "/audit", "billing": "/billing", "mediator": "/disputes", "admin": "/desk", "": "/published",
	}
	staff(s, roles...)
	ticket := reports(s, towntest.Sensed, url.Values{"kind": {"leak"}, "text": {"漏水"}, "emergency": {"yes"}})
	s.Post("admin", "/api/v1/tests/requests", []byte(`{"household":"101","room":"bedroom","institution":"CTI"}`), "application/json")
	shown := map[string]string{"dispatcher": "漏水", "admin": "漏水", "tester": "± 0.2 °C", "auditor": "beijing"}
	for _, lang := range []string{"zh", "en"} {
		t.Run(lang, func(t *testing.T) {
			for _, role := range append(roles, "") {
				t.Run("front "+role, func(t *testing.T) {
					b, path := s.Anonymous(), "/published"
					if role != "" {
						b, path = s.Staff(role), "/"
					}
					w := open(t, b.Lang(lang), 360)
					w.visit(path)
					if at := strings.TrimPrefix(read(w, chromedp.Location()), w.url); at != fronts[role] {
						t.Fatalf("the first page is %s", at)
					}
					w.shows(shown[role])
					w.fits(role)
					w.axe(role)
					w.silent()
					if name := map[string]string{"tester zh": "tester-zh", "auditor en": "audit-en"}[role+" "+lang]; name != "" {
						w.do(chromedp.EmulateViewport(1440, 800))
						w.picture(name)
					}
					if role == "dispatcher" {
						w.visit("/desk/tickets/" + ticket)
						w.fits("ticket")
						w.axe("ticket")
						w.silent()
						if lang == "en" {
							w.do(chromedp.EmulateViewport(1440, 800))
							w.picture("desk-ticket-en")
						}
					}
				})
			}
		})
	}
}
