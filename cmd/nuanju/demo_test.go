package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
)

// pastOf makes the past of a demonstration that starts at a time.
func pastOf(t *testing.T, start time.Time) *demo {
	t.Helper()
	d, err := newDemo(t.Context(), t.TempDir(), "127.0.0.1:0", start, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.past(t.Context()); err != nil {
		t.Fatal(err, d.s.close())
	}
	return d
}

// count is how many things of a list, asked for as an auditor, have each value of a field.
func (s *story) count(t *testing.T, path, list, field string) map[string]int {
	t.Helper()
	found := map[string]int{}
	for cursor := ""; ; {
		var page map[string]json.RawMessage
		query := url.Values{"limit": {"200"}}
		if cursor != "" {
			query.Set("cursor", cursor)
		}
		s.reads(s.auditor, path, query, &page)
		var all []map[string]any
		if err := json.Unmarshal(page[list], &all); s.err != nil || err != nil {
			t.Fatal(s.err, err)
		}
		for _, one := range all {
			value, _ := one[field].(string)
			found[value]++
		}
		cursor = ""
		if page["next"] != nil {
			_ = json.Unmarshal(page["next"], &cursor)
		}
		if cursor == "" {
			return found
		}
	}
}

// showsEveryState holds the demonstration to what there is to see: everything has a state that there is, and what the monitor was shown it
// has found.
func (s *story) showsEveryState(t *testing.T) {
	t.Helper()
	for _, of := range []struct {
		path, list, field string
		want              []string
	}{
		{"/tickets", "tickets", "state", []string{"open", "resolved", "cancelled"}},
		{"/tickets", "tickets", "kind", []string{"low_temperature", "no_heat", "leak", "other", "finding"}},
		{"/incidents", "incidents", "state", []string{"open", "resolved"}},
		{"/outages", "items", "state", []string{"announced", "recorded", "contested"}},
		{"/exemptions", "items", "state", []string{"claimed", "proved", "contested", "withdrawn"}},
		{"/confirmations", "items", "state", []string{"confirmed", "contested"}},
		{"/disputes", "items", "state", []string{"mediation"}},
		{"/samplings", "items", "state", []string{"requested", "sampled"}},
		{"/notices", "items", "state", []string{"delivered", "returned", "drafted"}},
	} {
		got := s.count(t, of.path, of.list, of.field)
		for _, want := range of.want {
			if got[want] == 0 {
				t.Errorf("%s: none is %s, they are %v", of.path, want, got)
			}
		}
	}
	var tests struct {
		Items []struct {
			About struct {
				By      string `json:"commissioned_by"`
				Finding struct {
					Finding, Payer string
					Stands         bool
				}
			}
		}
	}
	s.reads(s.auditor, "/tests", url.Values{"household": {homeTested}}, &tests)
	var found []string
	for _, one := range tests.Items {
		f := one.About.Finding
		found = append(found, fmt.Sprintf("%s: %s %t, %s pays", one.About.By, f.Finding, f.Stands, f.Payer))
	}
	slices.Sort(found)
	if want := []string{"resident: noncompliant true, supplier pays", "supplier: compliant false, supplier pays"}; !slices.Equal(found, want) {
		t.Errorf("the tests of %s: %q, want %q", homeTested, found, want)
	}
}

// Whatever the day and the hour are in which somebody looks, also outside the heating season, there is something of everything.
func TestDemoInSummer(t *testing.T) {
	d := pastOf(t, time.Date(2031, time.July, 9, 2, 17, 31, 0, time.FixedZone("", 8*3600)))
	d.story.showsEveryState(t)
	if err := d.s.close(); err != nil {
		t.Error(err)
	}
}

var demoLink = regexp.MustCompile(`http://[0-9.:]+/demo/[A-Z0-9]+`)

// Every link signs in once, as whom it says, and whatever that one sees leads somewhere; the data is removed when it ends; what it prints is what the READMEs say.
func TestDemoLinks(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	read, stdout := io.Pipe()
	printed := make(chan string, 1000)
	go func() {
		for lines := bufio.NewScanner(read); lines.Scan(); {
			printed <- lines.Text()
		}
	}()
	a := &app{ctx: ctx, stdout: stdout, stderr: stdout, lang: "en"}
	began := time.Now()
	d, err := newDemo(ctx, t.TempDir(), "127.0.0.1:0", began, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.past(ctx); err != nil {
		t.Fatal(err)
	}
	d.story.showsEveryState(t)
	ended := make(chan error, 1)
	go func() { ended <- d.serve(ctx, a, began) }()
	var found []string
	for line := ""; !strings.Contains(line, "Ctrl-C"); found = append(found, demoLink.FindAllString(line, -1)...) {
		line = <-printed
	}
	if len(found) != len(d.story.people()) {
		t.Fatalf("%d links", len(found))
	}
	visitors := map[string]func(*testing.T){}
	for i, p := range d.story.people() {
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		for _, want := range []int{http.StatusSeeOther, http.StatusGone} {
			if got := fetch(t, client, found[i], nil); got != want {
				t.Errorf("%s: %d, want %d", p.en, got, want)
			}
		}
		if line := <-printed; !demoLink.MatchString(line) || strings.Contains(line, found[i]) || !strings.Contains(line, p.en) {
			t.Errorf("no new link for the one that was used: %s", line)
		}
		var who struct{ Role, Name string }
		base := found[i][:strings.Index(found[i], "/demo/")]
		if got := fetch(t, client, base+"/api/v1/session", &who); got != http.StatusOK || who.Role != string(p.role) || who.Name != p.name {
			t.Errorf("%s: %d %+v", p.en, got, who)
		}
		client.CheckRedirect = nil
		visitors[p.en] = func(t *testing.T) {
			t.Parallel()
			crawl(t, client, base, p.en)
		}
	}
	t.Run("crawl", func(t *testing.T) { // until all have been everywhere
		for who, visit := range visitors {
			t.Run(who, visit)
		}
	})
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for file, lang := range map[string]compliance.Lang{"../../README.md": compliance.EN, "../../README.zh.md": compliance.ZH} {
		var out bytes.Buffer
		newLinks(d, &app{stdout: &out, lang: lang}).announce("http://127.0.0.1:8080", time.Second)
		readme, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(varying(string(readme)), varying(out.String())) {
			t.Errorf("%s does not show what is printed:\n%s", file, &out)
		}
	}
}

var varies = regexp.MustCompile(`\d{4}-\d\d-\d\d|\d+\.\d (s|秒)|/demo/[A-Z0-9…]+`)

// varying is a text without what is another on every run: dates, the time that it took, and what links have.
func varying(s string) string { return varies.ReplaceAllString(s, "-") }

// A link is nobody's from another machine or under another name, and the demonstration listens for no other machine.
func TestDemoIsForThisMachineOnly(t *testing.T) {
	for _, c := range []struct {
		from, host string
		want       bool
	}{
		{"127.0.0.1:4711", "127.0.0.1:8080", true},
		{"[::1]:4711", "localhost:8080", true},
		{"192.168.1.4:4711", "127.0.0.1:8080", false},
		{"127.0.0.1:4711", "demo.example:8080", false},
		{"127.0.0.1:4711", "", false},
	} {
		if got := fromHere(&http.Request{RemoteAddr: c.from, Host: c.host}); got != c.want {
			t.Errorf("from %s to %q: %t", c.from, c.host, got)
		}
	}
	for _, listen := range []string{"0.0.0.0:8080", ":8080", "192.168.1.4:8080", "8080"} {
		if out := nuanju(t, exitUsage, "demo", "--listen", listen); !strings.Contains(out, "--listen") {
			t.Errorf("%s: %s", listen, out)
		}
	}
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if out := nuanju(t, exitUsage, "demo", "--data", full); !strings.Contains(out, "not an empty folder") {
		t.Error(out)
	}
}

// A demonstration that is interrupted leaves nothing.
func TestDemoLeavesNothing(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	var out bytes.Buffer
	if status := run(ctx, []string{"demo", "--listen", "127.0.0.1:0"}, strings.NewReader(""), &out, &out); status != exitOK {
		t.Errorf("status %d: %s", status, &out)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Error(left, err)
	}
}

// fetch asks for a page and reads JSON if it is to be read.
func fetch(t *testing.T, client *http.Client, at string, into any) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if into != nil {
		if err := json.NewDecoder(answer.Body).Decode(into); err != nil {
			t.Error(err)
		}
	}
	return answer.StatusCode
}
