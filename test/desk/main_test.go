package desk_test

import (
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

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }

// town is a real server with two homes, one above the other, and people who sign in.
type town struct {
	*servertest.Server
	passwords map[string]string
}

func newTown(t testing.TB) *town {
	t.Helper()
	s := &town{servertest.New(t), map[string]string{}}
	now := time.Now()
	season := now.AddDate(0, 0, -30).Format(time.DateOnly) + "/" + now.AddDate(0, 0, 30).Format(time.DateOnly)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"buildings.csv":   "id,substation,name,address\nb1,s1,1号楼,暖据里\n",
		"substations.csv": "id,name\ns1,\n",
		"risers.csv":      "id,building\nr1,b1\n",
		"stations.csv":    "id,name\nbeijing,\n",
		"households.csv": "id,building,riser,area_m2,policy,season,account,phone\n" +
			"101,b1,r1,89.5,beijing-metered," + season + ",A-101,13800000101\n201,b1,r1,89.5,beijing-metered," + season + ",A-201,13800000201\n",
		"rooms.csv": "household,room,kind\n101,bedroom,bedroom\n201,bedroom,bedroom\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.Must("import", "registry", dir)
	return s
}

// account makes an account of a role.
func (s *town) account(name, role string, flags ...string) {
	s.T.Helper()
	s.passwords[name] = strings.TrimSpace(s.Must(append([]string{"account", "add", name, "--role", role}, flags...)...))
}

// anyStatus is for what is not asked about.
const anyStatus = 0

// browser is somebody's browser without scripts: it follows links, keeps cookies and sends forms.
type browser struct {
	t      testing.TB
	town   *town
	client *http.Client
	page   string // what it shows
	status int
	at     string // the path of that
}

// enter signs somebody in through the form.
func (s *town) enter(name string) *browser {
	s.T.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.T.Fatal(err)
	}
	b := &browser{t: s.T, town: s, client: &http.Client{Jar: jar, Timeout: servertest.Patience}}
	b.open("/sign-in", http.StatusOK)
	b.send("/sign-in", url.Values{"name": {name}, "password": {s.passwords[name]}, "next": {"/lang/zh?next=/sign-in"}}, anyStatus)
	if !strings.Contains(b.page, name) {
		s.T.Fatalf("%s is not signed in: %d %s", name, b.status, b.text())
	}
	return b
}

func (b *browser) take(resp *http.Response, err error, status int) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	b.page, b.status, b.at = string(text), resp.StatusCode, resp.Request.URL.RequestURI()
	if b.status != status && status != anyStatus {
		b.t.Fatalf("%s: %d, want %d\n%s\n%s", b.at, b.status, status, b.text(), b.town.Stderr)
	}
}

// open opens a page.
func (b *browser) open(path string, status int) {
	b.t.Helper()
	resp, err := b.client.Get(b.town.Address() + path)
	b.take(resp, err, status)
}

// send sends a form with the token of the page that is open, and follows where it leads.
func (b *browser) send(path string, fields url.Values, status int) {
	b.t.Helper()
	if token := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(b.page); token != nil {
		fields.Set("csrf", token[1])
	}
	resp, err := b.client.PostForm(b.town.Address()+path, fields)
	b.take(resp, err, status)
}

// text is the page without its markup.
func (b *browser) text() string {
	text := regexp.MustCompile(`(?s)<[^>]*>`).ReplaceAllString(b.page, " ")
	return strings.Join(strings.Fields(text), " ")
}

// shows fails unless the page shows all of some texts.
func (b *browser) shows(texts ...string) {
	b.t.Helper()
	text := b.text()
	for _, want := range texts {
		if !strings.Contains(text, want) {
			b.t.Errorf("%s does not show %q: %s", b.at, want, text)
		}
	}
}

// hides fails if the page shows any of some texts.
func (b *browser) hides(texts ...string) {
	b.t.Helper()
	text := b.text()
	for _, not := range texts {
		if strings.Contains(text, not) {
			b.t.Errorf("%s shows %q: %s", b.at, not, text)
		}
	}
}

// local is a time as a form's field has it, in the town's zone.
func local(at time.Time) string {
	return at.In(time.FixedZone("", 8*60*60)).Format("2006-01-02T15:04")
}

// missing are the texts on a page that are keys of messages, which nobody wrote.
func (b *browser) missing() (keys []string) {
	for _, key := range regexp.MustCompile(`\b(?:desk|tests|audit|billing|published)\.[a-z_]+(?:\.[a-z_0-9]+)+\b`).FindAllString(b.text(), -1) {
		keys = append(keys, fmt.Sprintf("%s: %s", b.at, key))
	}
	return keys
}
