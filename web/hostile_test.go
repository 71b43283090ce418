package web

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/nuanju/nuanju/evidence"
)

// Random bytes, and valid requests with bytes changed, at every endpoint by those who may call it: never a 5xx, never a
// panic, never a word of what is inside.
func TestRandomRequests(t *testing.T) {
	h := open(t, nil)
	const each = 150
	r := rand.New(rand.NewPCG(1, 2))
	for _, at := range h.engine.Routes() {
		for i := range each {
			req := hostile(r, at, i)
			for _, token := range []string{"admin", "gateway", "resident"} {
				again := req.Clone(t.Context())
				body, err := io.ReadAll(req.Body)
				if err != nil {
					t.Fatal(err)
				}
				req.Body, again.Body = io.NopCloser(bytes.NewReader(body)), io.NopCloser(bytes.NewReader(body))
				again.Header.Set("Authorization", "Token "+h.tokens[token])
				w := httptest.NewRecorder()
				h.engine.ServeHTTP(w, again)
				if w.Code >= 500 {
					t.Fatalf("%s %s %q by %s: %d %s\n%s", req.Method, req.URL, body, token, w.Code, w.Body, h.logged)
				}
				if word := internal(w.Body.String()); word != "" {
					t.Fatalf("%s %s %q: the answer has %q: %s", req.Method, req.URL, body, word, w.Body)
				}
			}
		}
	}
	if strings.Contains(h.logged.String(), "panicked") {
		t.Fatal(h.logged)
	}
	h.forward(t) // whatever was accepted can be brought into the store
}

// internal is a word in an answer that is of our insides, or nothing.
func internal(text string) string {
	for _, word := range []string{"sqlite", "SQL", "goroutine", ".go:", "*huma", "Go struct", "Go value", "reflect", "/tmp", "ledger:", "evidence:", "intake:"} {
		if strings.Contains(text, word) {
			return word
		}
	}
	return ""
}

// hostile makes a request to a route.
func hostile(r *rand.Rand, at gin.RouteInfo, i int) *http.Request {
	noise := func(most int) string {
		b := make([]byte, r.IntN(most))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return string(b)
	}
	good := []string{
		`{"household":"h1","kind":"leak","text":"x","reported_at":"2015-12-01T08:00:00+08:00"}`,
		`{"text":"done","version":1}`, "temperature,device=d2 celsius=18 1448938800000000000\n",
		"time,device,celsius\n2015-12-01T08:00:00+08:00,d2,18\n", `[{"time":"2015-12-01T08:00:00+08:00","device":"d2","celsius":18}]`, "",
	}
	body := good[r.IntN(len(good))]
	switch i % 3 {
	case 0:
		body = noise(300)
	case 1:
		if b := []byte(body); len(b) > 0 {
			for range 1 + r.IntN(4) {
				b[r.IntN(len(b))] = byte(r.Uint32())
			}
			body = string(b)
		}
	}
	path := strings.NewReplacer(":id", url.PathEscape(pick(r, "h1", "h2", "T1", noise(40)+"x")), "*path", url.PathEscape(pick(r, "checkpoint", noise(20)))).Replace(at.Path)
	query := url.Values{}
	for _, name := range []string{"from", "to", "state", "breached", "household", "cursor", "limit", "q", "queue", "reason", "device", "precision", "because", noise(5)} {
		if r.IntN(4) == 0 {
			query.Set(name, pick(r, "2015-12-01T08:00:00Z", "2015-12-01T09:00:00Z", "1", "-1", "true", "open", "MTIzIHQx", "1.2", "h1", noise(20)))
		}
	}
	req := httptest.NewRequest(at.Method, "http://x/", strings.NewReader(body))
	if u, err := url.Parse(path); err == nil {
		req.URL = u
	}
	req.URL.RawQuery = pick(r, query.Encode(), query.Encode(), noise(30))
	req.Header.Set("Content-Type", pick(r, "application/json", "text/csv", "text/plain", noise(10)))
	req.Header.Set("Content-Encoding", pick(r, "", "", "gzip", noise(5)))
	req.Header.Set("Accept", pick(r, "application/json", "*/*", noise(10)))
	req.Header.Set("Idempotency-Key", pick(r, "", "k", noise(300)))
	return req
}

func pick(r *rand.Rand, from ...string) string { return from[r.IntN(len(from))] }

// zipped is n zero bytes' line protocol comment, compressed a thousandfold.
func zipped(t testing.TB, n int) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(bytes.Repeat([]byte{'#'}, n)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// However small a body is when it arrives, no more than the bound is decompressed, and nothing is held afterwards.
func TestBodiesAreBounded(t *testing.T) {
	const most = 1 << 20
	h := open(t, func(o *Options) { o.MaxBody = most })
	for _, c := range []struct {
		name, body, encoding string
		want                 int
	}{
		{"at the bound", strings.Repeat("#", most), "", 204},
		{"over the bound", strings.Repeat("#", most+1), "", 413},
		{"unzips to the bound", zipped(t, most), "gzip", 204},
		{"unzips over the bound", zipped(t, most+1), "gzip", 413},
		{"a bomb", zipped(t, 200<<20), "gzip", 413},
		{"a bomb cut off", zipped(t, 1<<18)[:100], "gzip", 400},
		{"members of nothing", strings.Repeat(zipped(t, 0), 1<<15), "gzip", 400},
	} {
		w := h.ask("gateway", http.MethodPost, "/api/v2/write", c.body, "Content-Encoding", c.encoding)
		if w.Code != c.want {
			t.Errorf("%s: %d %s", c.name, w.Code, w.Body)
		}
	}
	w := h.ask("dispatcher", http.MethodPost, "/api/v1/tickets", `{"household":"h1","kind":"leak","text":"`+strings.Repeat("x", 64<<10)+`"}`)
	want(t, w, http.StatusRequestEntityTooLarge)
	if held := h.metric(t, "nuanju_write_bodies_bytes"); held != "0" {
		t.Errorf("%s bytes are held", held)
	}
}

// Many large bodies at once are turned away before they fill the memory.
func TestBodiesTogetherAreBounded(t *testing.T) {
	h := open(t, func(o *Options) { o.MaxBody, o.MaxBodies = 1<<20, 2<<20 })
	blocked, release := make(chan struct{}), make(chan struct{})
	slow := func() *http.Request {
		body := io.MultiReader(strings.NewReader(strings.Repeat("#", 1<<19)), signal{blocked, release})
		r := httptest.NewRequest(http.MethodPost, "/api/v2/write", body)
		r.ContentLength = 1 << 20
		r.Header.Set("Authorization", "Token "+h.tokens["gateway"])
		return r
	}
	done := make(chan int)
	go func() {
		w := httptest.NewRecorder()
		h.engine.ServeHTTP(w, slow())
		done <- w.Code
	}()
	<-blocked
	w := want(t, h.ask("gateway", http.MethodPost, "/api/v2/write", strings.Repeat("#", 1<<20)), http.StatusTooManyRequests)
	if w.Header().Get("Retry-After") != "1" {
		t.Error(w.Header())
	}
	want(t, h.ask("gateway", http.MethodPost, "/api/v2/write", "temperature,device=d2 celsius=18"), http.StatusNoContent)
	close(release)
	if code := <-done; code != http.StatusNoContent {
		t.Error(code)
	}
}

// signal is a body that tells when it is read, and ends when it is let.
type signal struct{ reached, release chan struct{} }

func (s signal) Read([]byte) (int, error) {
	close(s.reached)
	<-s.release
	return 0, io.EOF
}

// Any body in any encoding is an answer of InfluxDB's, and what was accepted can be brought into the store.
func FuzzWrite(f *testing.F) {
	f.Add([]byte("temperature,device=d2 celsius=18 1448938800\nheating,household=h1 on=true\n"), "s", "")
	f.Add([]byte("temperature,device=d2 celsius=18"), "", "gzip")
	f.Add([]byte(zipped(f, 100)), "ns", "gzip")
	h := open(f, nil)
	f.Fuzz(func(t *testing.T, body []byte, precision, encoding string) {
		w := h.ask("gateway", http.MethodPost, "/api/v2/write?precision="+url.QueryEscape(precision), string(body), "Content-Encoding", encoding)
		switch w.Code {
		case http.StatusNoContent, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType:
		default:
			t.Fatal(w.Code, w.Body)
		}
		if word := internal(w.Body.String()); word != "" && !bytes.Contains(body, []byte(word)) {
			t.Fatalf("the answer has %q: %s", word, w.Body)
		}
	})
	h.forward(f)
}

// A log that takes nothing costs no reading: the sender is told to send it again, in words that say nothing.
func TestNothingAcknowledged(t *testing.T) {
	for _, c := range []struct {
		err   error
		code  int
		after string
	}{
		{evidence.ErrBusy, 429, "1"},
		{evidence.ErrClosed, 503, "5"},
		{fmt.Errorf("evidence: append: database or disk is full (13)"), 503, "10"},
	} {
		h := open(t, func(o *Options) { o.Intake = brokenIntake{c.err} })
		for _, path := range []string{"/api/v2/write", "/api/v1/readings"} {
			w := h.ask("gateway", http.MethodPost, path, `[{"time":"2015-12-01T08:00:00+08:00","device":"d2","celsius":18}]`, "Content-Type", "application/json")
			if path == "/api/v2/write" {
				w = h.ask("gateway", http.MethodPost, path, "temperature,device=d2 celsius=18")
			}
			if w.Code != c.code || w.Header().Get("Retry-After") != c.after || strings.Contains(w.Body.String(), "disk") {
				t.Errorf("%v at %s: %d %v %s", c.err, path, w.Code, w.Header(), w.Body)
			}
		}
		if !strings.Contains(h.logged.String(), c.err.Error()) {
			t.Errorf("%v is not in the log", c.err)
		}
	}
}
