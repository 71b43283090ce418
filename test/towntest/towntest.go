// Package towntest is a small town on a real server for tests of pages: a home with sensors that had a cold night, one without any, and people who
// sign in. All times are relative to now, in a season that was agreed to cover them.
package towntest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/test/servertest"
)

// Town is a real server with homes and people.
type Town struct {
	*servertest.Server
	passwords map[string]string
	// Cold is when the cold night of home 101's bedroom began.
	Cold time.Time
}

// Home 101 has sensors in its bedroom and living room, home 201 has none. Their residents are those of contracts.
const (
	Sensed, Unsensed = "101", "201"
)

// residents are those of the town: the account and the name that they sign in with.
var residents = map[string]struct{ account, name, phone string }{
	Sensed:   {"A-101", "张三", "13800000101"},
	Unsensed: {"A-201", "李四", "13800000201"},
}

// New starts a town and waits until its homes were judged.
func New(t testing.TB) *Town {
	t.Helper()
	s := &Town{Server: servertest.New(t, "SIGN_IN_PRINT_CODES=true", "SIGN_IN_PLAIN_HTTP=true"), passwords: map[string]string{}}
	now := time.Now()
	first, last := now.AddDate(0, 0, -14), now.AddDate(0, 0, 60)
	season := first.Format(time.DateOnly) + "/" + last.Format(time.DateOnly)
	from := first.AddDate(0, 0, -1).UTC().Format(time.RFC3339)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"substations.csv": "id,name\ns1,\n",
		"buildings.csv":   "id,substation,name,address\nb1,s1,1号楼,暖据里\n",
		"risers.csv":      "id,building\nr1,b1\n",
		"stations.csv":    "id,name\nbeijing,\n",
		"households.csv": "id,building,riser,area_m2,policy,season,account,phone\n101,b1,r1,89.5,beijing-metered," + season +
			",A-101,13800000101\n201,b1,r1,89.5,beijing-metered," + season + ",A-201,13800000201\n",
		"rooms.csv":       "household,room,kind\n101,bedroom,bedroom\n101,living,living_room\n201,bedroom,bedroom\n",
		"devices.csv":     "id\nd1\nd2\n",
		"assignments.csv": "device,target,id,room,from\nd1,room,101,bedroom," + from + "\nd2,room,101,living," + from + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.Must("import", "registry", dir)
	s.Token("admin")
	s.Token("device")
	s.Start()
	for home, r := range residents {
		s.contract(home, r.account, r.name, r.phone, season, first)
	}
	s.measure(now)
	return s
}

// contract writes a home's contract down.
func (s *Town) contract(home, account, name, phone, season string, first time.Time) {
	s.T.Helper()
	body, err := json.Marshal(map[string]any{
		"number": "HT-" + home, "household": home, "account": account, "residents": []map[string]string{{"name": name, "phone": phone}},
		"supplier": map[string]string{"name": "暖据供热"}, "address": "暖据里 1号楼 " + home, "signed": first.Format(time.DateOnly), "from": first.Format(time.DateOnly),
		"policy": "beijing-metered", "season": season,
	})
	if err != nil {
		s.T.Fatal(err)
	}
	s.Post("admin", "/api/v1/contracts", body, "application/json")
}

// Post sends what has to be taken.
func (s *Town) Post(role, path string, body []byte, contentType string) []byte {
	s.T.Helper()
	status, answer, err := s.Do(role, http.MethodPost, path, body, map[string]string{"Content-Type": contentType})
	if err != nil || status >= 300 {
		s.T.Fatalf("POST %s: %d %s (%v)", path, status, answer, err)
	}
	return answer
}

// measure sends the readings of ten days, each half hour, with one cold night in the bedroom, and waits for the verdict.
func (s *Town) measure(now time.Time) {
	s.T.Helper()
	s.Cold = now.Add(-20 * time.Hour).Truncate(30 * time.Minute)
	var lines strings.Builder
	for at := now.AddDate(0, 0, -10).Truncate(30 * time.Minute); at.Before(now); at = at.Add(30 * time.Minute) {
		warm := 20.3 + float64(at.Hour()%5)/10
		bed := warm
		if !at.Before(s.Cold) && at.Before(s.Cold.Add(5*time.Hour)) {
			bed = 16.4
		}
		fmt.Fprintf(&lines, "temperature,device=d1 celsius=%.2f %d\ntemperature,device=d2 celsius=%.2f %d\n", bed, at.Unix(), warm+0.8, at.Unix())
		fmt.Fprintf(&lines, "outdoor,station=beijing celsius=%.1f %d\n", -2-float64(at.Hour()%7)/2, at.Unix())
	}
	if err := s.Write("?precision=s", lines.String()); err != nil {
		s.T.Fatal(err)
	}
	path := "/api/v1/households/101/episodes?because=false&" + url.Values{
		"from": {now.AddDate(0, 0, -10).UTC().Format(time.RFC3339)}, "to": {now.UTC().Format(time.RFC3339)},
	}.Encode()
	servertest.Until(s.T, "the cold night is found", func() bool { return strings.Contains(string(s.Get("admin", path)), "suspected") })
}

// Account makes an account of the staff.
func (s *Town) Account(name, role string, flags ...string) {
	s.T.Helper()
	s.passwords[name] = strings.TrimSpace(s.Must(append([]string{"account", "add", name, "--role", role}, flags...)...))
}

var (
	printedCode = regexp.MustCompile(`"?code"?[=:]"?(\d{6})`)
	challenge   = regexp.MustCompile(`name="challenge" value="([^"]+)"`)
	token       = regexp.MustCompile(`name="csrf" value="([^"]+)"`)
)

// Browser is somebody's browser without scripts: it keeps cookies, follows where it is sent, and sends forms with the token of the page
// that it shows.
type Browser struct {
	Town   *Town
	Client *http.Client
	Page   string // what it shows
	Status int
	At     string // the path of that
}

// Anonymous is a browser of nobody.
func (s *Town) Anonymous() *Browser {
	s.T.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.T.Fatal(err)
	}
	return &Browser{Town: s, Client: &http.Client{Jar: jar, Timeout: servertest.Patience}}
}

// Resident signs the resident of a home in, with the code that the server prints.
func (s *Town) Resident(home string) *Browser {
	s.T.Helper()
	who := residents[home]
	b := s.Anonymous()
	b.Open("/sign-in")
	before := len(printedCode.FindAllString(s.Stderr.String(), -1))
	b.Send("/sign-in/code", url.Values{"account": {who.account}, "name": {who.name}, "next": {"/home"}})
	asked := challenge.FindStringSubmatch(b.Page)
	if asked == nil {
		s.T.Fatalf("no code is asked for: %d %s", b.Status, b.Text())
	}
	var code string
	servertest.Until(s.T, "a code is printed", func() bool {
		all := printedCode.FindAllStringSubmatch(s.Stderr.String(), -1)
		if len(all) > before || len(all) > 0 && before > 4 {
			code = all[len(all)-1][1]
		}
		return code != ""
	})
	b.Send("/sign-in", url.Values{"challenge": {asked[1]}, "code": {code}, "next": {"/home"}})
	if b.Status != http.StatusOK || !strings.HasPrefix(b.At, "/home") {
		s.T.Fatalf("%s is not signed in: %d at %s: %s", who.name, b.Status, b.At, b.Text())
	}
	return b
}

// Staff signs in whoever has an account.
func (s *Town) Staff(name string) *Browser {
	s.T.Helper()
	b := s.Anonymous()
	b.Open("/sign-in")
	b.Send("/sign-in", url.Values{"name": {name}, "password": {s.passwords[name]}, "next": {"/"}})
	if strings.HasPrefix(b.At, "/sign-in") {
		s.T.Fatalf("%s is not signed in: %d %s", name, b.Status, b.Text())
	}
	return b
}

func (b *Browser) take(resp *http.Response, err error) {
	b.Town.T.Helper()
	if err != nil {
		b.Town.T.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.Town.T.Fatal(err)
	}
	b.Page, b.Status, b.At = string(text), resp.StatusCode, resp.Request.URL.RequestURI()
}

// Open opens a page.
func (b *Browser) Open(path string) *Browser {
	b.Town.T.Helper()
	resp, err := b.Client.Get(b.Town.Address() + path)
	b.take(resp, err)
	return b
}

// Send sends a form with the token of the page that is shown.
func (b *Browser) Send(path string, fields url.Values) *Browser {
	b.Town.T.Helper()
	fields.Set("csrf", b.Token())
	resp, err := b.Client.PostForm(b.Town.Address()+path, fields)
	b.take(resp, err)
	return b
}

// SendBody sends a form that was made elsewhere, such as one with files.
func (b *Browser) SendBody(path, contentType string, body io.Reader) *Browser {
	b.Town.T.Helper()
	resp, err := b.Client.Post(b.Town.Address()+path, contentType, body)
	b.take(resp, err)
	return b
}

// Token is the token of the page that is shown; empty without one.
func (b *Browser) Token() string {
	if found := token.FindStringSubmatch(b.Page); found != nil {
		return found[1]
	}
	return ""
}

// Lang chooses a language.
func (b *Browser) Lang(lang string) *Browser { return b.Open("/lang/" + lang + "?next=/published") }

// Text is the page without its markup.
func (b *Browser) Text() string {
	text := regexp.MustCompile(`(?s)<style>.*?</style>|<[^>]*>`).ReplaceAllString(b.Page, " ")
	return strings.Join(strings.Fields(text), " ")
}

// Cookies are those that the browser has for the town.
func (b *Browser) Cookies() []*http.Cookie {
	at, err := url.Parse(b.Town.Address())
	if err != nil {
		b.Town.T.Fatal(err)
	}
	return b.Client.Jar.Cookies(at)
}
