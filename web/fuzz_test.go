package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/ledger/pgtest"
)

// fuzzFor is how long each database is asked: NUANJU_FUZZ, or less than make test's patience.
func fuzzFor(t *testing.T) time.Duration {
	t.Helper()
	text := os.Getenv("NUANJU_FUZZ")
	if text == "" {
		return 5 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("NUANJU_FUZZ: %v", err)
	}
	return d / 2
}

// Every endpoint is asked by everybody, in turn, what nobody would ask: bodies, paths, queries and headers made from the OpenAPI document and then
// spoilt, and random bytes. Never a 5xx, a panic, or a word of what is inside; and nothing is half-written: what was turned away
// leaves the ledger as it was, and every step of a ticket or matter has its event, and every event its entry for the evidence log.
// An endpoint that is added is asked as well.
func TestEveryEndpointStandsWhateverItIsAsked(t *testing.T) {
	for _, db := range []struct {
		name string
		url  func(testing.TB) string
	}{
		{"sqlite", func(t testing.TB) string { return "sqlite://" + filepath.Join(t.TempDir(), "fuzzed.db") }},
		{"postgres", pgtest.Start},
	} {
		t.Run(db.name, func(t *testing.T) {
			h := open(t, func(o *Options) {
				l, err := ledger.Open(t.Context(), db.url(t))
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					if err := l.Close(); err != nil {
						t.Error(err)
					}
				})
				o.Ledger = l
			})
			h.useLedger(t)
			f := &fuzzer{house: h, r: rand.New(rand.NewPCG(20261122, 7))}
			f.learn(t)
			f.run(t, fuzzFor(t))
		})
	}
}

// useLedger makes the house's ledger that of its options, with tokens and people of its own.
func (h *house) useLedger(t *testing.T) {
	t.Helper()
	l, ok := h.options.Ledger.(*ledger.Ledger)
	if !ok {
		t.Fatal("the options have no ledger")
	}
	// The one that was made first is closed here, where the test's end would have closed it.
	if err := h.ledger.Close(); err != nil {
		t.Fatal(err)
	}
	h.ledger = l
	o := h.options
	o.Door, o.Registry = nil, newRegistry()
	h.options = o
	h.options.Door = doorOf(h)
	h.start(t)
	h.addTokens(t)
	h.people(t)
}

// fuzzer asks a house.
type fuzzer struct {
	*house
	r         *rand.Rand
	asked     []operation
	schemas   map[string]any
	ids       []string // that answers had, by which things can be found again
	requests  int
	answered  map[int]int
	succeeded map[string]bool
}

// operation is a route, and what the document says of it; nothing of those outside the API.
type operation struct {
	method, pattern, path string
	described             map[string]any
}

func (f *fuzzer) learn(t *testing.T) {
	t.Helper()
	var document struct {
		Paths      map[string]map[string]map[string]any
		Components struct{ Schemas map[string]any }
	}
	w := f.ask("admin", http.MethodGet, "/openapi.json", "")
	if err := json.Unmarshal(w.Body.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	f.schemas, f.answered, f.succeeded = document.Components.Schemas, map[int]int{}, map[string]bool{}
	parameter := regexp.MustCompile(`[:*](\w+)`)
	for _, r := range f.engine.Routes() {
		path := parameter.ReplaceAllString(r.Path, "{$1}")
		f.asked = append(f.asked, operation{r.Method, r.Path, path, document.Paths[path][strings.ToLower(r.Method)]})
	}
	f.ids = []string{"h1", "h2", "b2/h3", "B1", "S1", "nothing", "d4", "CTI", "D-h1", "Q-h1"}
}

func (f *fuzzer) run(t *testing.T, length time.Duration) {
	t.Helper()
	who := append([]string{""}, slices.Sorted(maps.Keys(f.tokens))...)
	for _, name := range sessionCallers {
		who = append(who, "session:"+name)
	}
	// Mostly those ask who may. The first rounds are whole, however slow the machine is; then time counts.
	may := trials()
	began := time.Now()
	for round := 0; round < 2 || time.Since(began) < length; round++ {
		for _, o := range f.asked {
			caller := who[f.r.IntN(len(who))]
			if let := strings.Fields(may[o.method+" "+o.pattern].may); len(let) > 0 && let[0] != "anybody" && f.r.IntN(4) > 0 {
				caller = pick(f.r, let...)
				if _, ok := f.secrets[caller]; ok && f.r.IntN(3) == 0 {
					caller = "session:" + caller
				}
			}
			f.one(t, o, caller)
		}
		if round%5 == 0 {
			f.consistent(t)
		}
	}
	f.consistent(t)
	if strings.Contains(f.logged.String(), "panicked") {
		t.Errorf("a handler panicked: %s", lines(f.logged.String(), "panicked"))
	}
	t.Logf("%d requests at %d endpoints in %s: %v; %d endpoints did what they were asked", f.requests, len(f.asked), time.Since(began).Round(time.Second), f.answered, len(f.succeeded))
	if len(f.succeeded) < 15 { // on a slow machine two rounds are all there is
		t.Errorf("only %d of %d endpoints ever did what they were asked: requests are refused before they reach anything", len(f.succeeded), len(f.asked))
	}
}

// one asks an operation once.
func (f *fuzzer) one(t *testing.T, o operation, caller string) {
	t.Helper()
	request := f.request(o)
	body, err := io.ReadAll(request.Body)
	if err != nil {
		t.Fatal(err)
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	if person, ok := strings.CutPrefix(caller, "session:"); ok {
		f.showSession(request, person)
	} else if caller != "" {
		request.Header.Set("Authorization", "Bearer "+f.tokens[caller])
	}
	before := f.written(t)
	w := httptest.NewRecorder()
	f.engine.ServeHTTP(w, request)
	f.requests++
	f.answered[w.Code]++
	name := o.method + " " + o.path
	told := func(what string) {
		t.Fatalf("%s by %q: %s\n%s %q\n%d %s\n%s", name, caller, what, request.URL, body, w.Code, w.Body, lines(f.logged.String(), w.Header().Get("X-Request-Id")))
	}
	if w.Code >= 500 {
		told("failed")
	}
	if word := internal(w.Body.String()); word != "" && !strings.Contains(request.URL.String()+string(body), word) && o.path != "/openapi.json" {
		told("tells " + word)
	}
	switch {
	case w.Code < 300:
		f.succeeded[name] = true
		f.remember(w)
		if o.method == http.MethodDelete && strings.HasSuffix(o.path, "/session") && strings.HasPrefix(caller, "session:") {
			person := strings.TrimPrefix(caller, "session:")
			f.secrets[person] = f.another(t, person)
		}
	case w.Code >= 400 && !leavesTraces(o):
		if after := f.written(t); after != before {
			told("was refused, and wrote: " + before + " became " + after)
		}
	}
}

// leavesTraces are the operations that write also when they refuse: tries of codes are counted, readings are kept line by line.
func leavesTraces(o operation) bool {
	return strings.HasPrefix(o.path, "/api/v1/session") || o.path == "/api/v2/write" || o.path == "/api/v1/readings"
}

var identifier = regexp.MustCompile(`"(?:id|digest|version|seq)"\s*:\s*"?([A-Za-z0-9:~_/-]{1,200})"?`)

// remember keeps ids that an answer has.
func (f *fuzzer) remember(w *httptest.ResponseRecorder) {
	for _, m := range identifier.FindAllStringSubmatch(w.Body.String(), 5) {
		if len(f.ids) < 60 {
			f.ids = append(f.ids, m[1])
		} else {
			f.ids[10+f.r.IntN(50)] = m[1]
		}
	}
}

// request makes a request of an operation: as the document says, then spoilt more or less.
func (f *fuzzer) request(o operation) *http.Request {
	spoil := f.r.IntN(3) // 0: as the document says; 1: some of it spoilt; 2: much
	path := regexp.MustCompile(`\{\w+\}`).ReplaceAllStringFunc(o.path, func(string) string {
		id := f.ids[f.r.IntN(len(f.ids))]
		if spoil == 2 && f.r.IntN(2) == 0 {
			id = f.text()
		}
		return url.PathEscape(id)
	})
	query, headers := url.Values{}, http.Header{}
	for _, p := range list(o.described["parameters"]) {
		p, _ := p.(map[string]any)
		if p == nil || p["in"] == "path" || p["required"] != true && f.r.IntN(3) == 0 {
			continue
		}
		value := fmt.Sprint(f.value(p["schema"], 0, spoil))
		if name, _ := p["name"].(string); p["in"] == "header" {
			headers.Set(name, value)
		} else {
			query.Set(name, value)
		}
	}
	if spoil == 2 {
		query.Set(f.text(), f.text())
	}
	body, kind := f.body(o, spoil)
	r := httptest.NewRequest(o.method, "/", bytes.NewReader(body))
	if u, err := url.Parse(path); err == nil {
		r.URL = u
	}
	r.URL.RawQuery = query.Encode()
	if spoil == 2 && f.r.IntN(4) == 0 {
		r.URL.RawQuery = string(f.noise(40))
	}
	for name := range headers {
		if value := headers.Get(name); !strings.ContainsAny(value, "\r\n\x00") {
			r.Header.Set(name, value)
		}
	}
	r.Header.Set("Content-Type", kind)
	if spoil == 2 && f.r.IntN(4) == 0 {
		r.Header.Set(pick(f.r, "Content-Type", "Accept", "Content-Encoding", "X-Forwarded-For", "Idempotency-Key", "If-Match"), pick(f.r, "a;b", "gzip", "multipart/form-data", string(f.noise(30))))
	}
	return r
}

// body is the body of a request and its type.
func (f *fuzzer) body(o operation, spoil int) ([]byte, string) {
	described, _ := o.described["requestBody"].(map[string]any)
	content, _ := described["content"].(map[string]any)
	if len(content) == 0 || spoil == 2 && f.r.IntN(4) == 0 {
		if f.r.IntN(2) == 0 {
			return nil, "application/json"
		}
		return f.noise(400), pick(f.r, "application/json", "text/csv", "text/plain", "multipart/form-data; boundary=x")
	}
	kinds := slices.Sorted(maps.Keys(content))
	kind := kinds[f.r.IntN(len(kinds))]
	media, _ := content[kind].(map[string]any)
	value := f.value(media["schema"], 0, spoil)
	if kind == "multipart/form-data" {
		return f.form(value)
	}
	if kind != "application/json" {
		return []byte(pick(f.r, "temperature,device=d4 celsius=18", "time,device,celsius\n2015-12-01T12:00:00+08:00,d4,18\n", string(f.noise(200)))), kind
	}
	text, err := json.Marshal(value)
	if err != nil {
		text = []byte("{}")
	}
	if spoil == 2 && len(text) > 0 { // bytes of it are others
		for range 1 + f.r.IntN(3) {
			text[f.r.IntN(len(text))] = byte(f.r.Uint32())
		}
	}
	return text, kind
}

// form writes a value as a form with files.
func (f *fuzzer) form(value any) ([]byte, string) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	fields, _ := value.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		part, err := w.CreateFormField(name)
		if f.r.IntN(2) == 0 {
			part, err = w.CreateFormFile(name, pick(f.r, "a.csv", "b.pdf", "c.xlsx", "../../d"))
		}
		if err == nil {
			_, err = fmt.Fprint(part, pick(f.r, fmt.Sprint(fields[name]), "%PDF-1.7\n", "PK\x03\x04", "\xff\xd8\xff\xe0", string(f.noise(200))))
		}
		if err != nil {
			return nil, "multipart/form-data"
		}
	}
	if err := w.Close(); err != nil {
		return nil, "multipart/form-data"
	}
	return b.Bytes(), w.FormDataContentType()
}

func list(v any) []any {
	all, _ := v.([]any)
	return all
}

// lines are those of a log that have a word.
func lines(log, word string) string {
	var b strings.Builder
	for line := range strings.Lines(log) {
		if word != "" && strings.Contains(line, word) {
			b.WriteString(line)
		}
	}
	return b.String()
}
