package web

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// The scripts in testdata are what clients and the server say to each other:
//
//	# a comment, at the beginning of a line
//	@ 13:00:00          the server's clock, on 1 December 2015 in Beijing; or +1h; or forward, sign, judge, revoke NAME
//	> POST /path as NAME    a request by the token of that name; "as nobody" has none
//	> Header: value         gzip on a line of its own compresses the body, quoted means that it is a Go string
//	body
//	< 201               what is answered: the status,
//	< Header: value     the headers that matter (!Header: that one must not be there),
//	body                and the body: JSON however it is laid out, other text exactly; nothing: whatever it is
//
// {{name}} stands for a text that is not known beforehand; where the name comes again, the text must too, also
// in requests. {{}} is any text.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d scripts: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			everywhere(t, func(o *Options) { o.MaxBody = 64 << 10 }, func(t *testing.T, h *house) {
				s := &script{house: h, known: map[string]string{}}
				for i, line := range strings.Split(string(text), "\n") {
					if err := s.line(t, i+1, line); err != nil {
						t.Fatalf("%s:%d: %v", file, s.at, err)
					}
				}
				if err := s.compare(); err != nil {
					t.Fatalf("%s:%d: %v", file, s.at, err)
				}
			})
		})
	}
}

type script struct {
	*house
	known map[string]string
	at    int // line of the request that is under way

	request  []string // request line and headers
	sent     []string // its body
	answer   []string // status and headers
	expected []string
}

// line takes one line of a script in.
func (s *script) line(t *testing.T, n int, line string) error {
	mark, rest, _ := strings.Cut(line, " ")
	switch {
	case mark == "#":
		return nil
	case mark == "@":
		if err := s.compare(); err != nil {
			return err
		}
		s.at = n
		return s.command(t, rest)
	case mark == ">":
		if len(s.answer) > 0 {
			if err := s.compare(); err != nil {
				return err
			}
		}
		if len(s.request) == 0 {
			s.at = n
		}
		s.request = append(s.request, rest)
	case mark == "<":
		s.answer = append(s.answer, rest)
	case len(s.answer) > 0:
		s.expected = append(s.expected, line)
	case len(s.request) > 0:
		s.sent = append(s.sent, line)
	case line != "":
		return fmt.Errorf("%q belongs to no request", line)
	}
	return nil
}

func (s *script) command(t *testing.T, command string) error {
	word, argument, _ := strings.Cut(command, " ")
	if d, err := time.ParseDuration(word); err == nil {
		s.clock.add(d)
		return nil
	}
	if at, err := time.ParseInLocation("2006-01-02 15:04:05.999999999", "2015-12-01 "+word, noon.Location()); err == nil {
		s.clock.set(at)
		return nil
	}
	switch word {
	case "forward":
		s.forward(t)
		return nil
	case "sign":
		_, err := s.log.Sign(t.Context())
		return err
	case "judge":
		return s.judge(t)
	case "revoke":
		id := strings.Split(s.tokens[argument], "_")[1]
		return s.ledger.RevokeToken(t.Context(), id, sensors.At(s.clock.now()))
	}
	return fmt.Errorf("no command %q", command)
}

// judge writes down what a checker could have found of h1.
func (s *script) judge(t testing.TB) error {
	at := func(hour int) sensors.Instant { return sensors.At(noon.Add(time.Duration(hour-12) * time.Hour)) }
	because := json.RawMessage(`[{"clause":"A3","rule":"below","values":{"celsius":17.9},"sources":[]}]`)
	tiles := []ledger.Tile{
		{Start: at(0), End: at(6), Status: "ok", Clause: "A3"},
		{Start: at(6), End: at(10), Status: "below", Clause: "A3", Because: because},
		{Start: at(10), End: at(12), Status: "unknown", Clause: "I1", Provisional: true},
	}
	return s.ledger.WriteJudgments(t.Context(), []ledger.Judgment{{
		Household: "h1", From: at(0), Until: at(12), Settled: at(0), Digest: "sha256:abc",
		Rooms: []ledger.RoomTiles{{Room: "", Tiles: tiles}, {Room: "bed", Tiles: tiles}},
		Episodes: []ledger.Episode{{
			Room: "bed", Start: at(6), End: at(10), Status: compliance.EpisodeStatus("suspected"), Below: 4 * 3600e9, Because: because,
		}},
	}}, at(12))
}

// compare sends the request that is under way and compares its answer.
func (s *script) compare() error {
	if len(s.request) == 0 {
		return nil
	}
	defer func() { s.request, s.sent, s.answer, s.expected = nil, nil, nil, nil }()
	if len(s.answer) == 0 {
		return fmt.Errorf("nothing is expected of %s", s.request[0])
	}
	w, err := s.send()
	if err != nil {
		return err
	}
	got := fmt.Sprintf("%d %v\n%s", w.Code, w.Header(), w.Body)
	if strconv.Itoa(w.Code) != s.answer[0] {
		return fmt.Errorf("want %s, got %s", s.answer[0], got)
	}
	for _, header := range s.answer[1:] {
		name, value, _ := strings.Cut(header, ": ")
		if absent, ok := strings.CutPrefix(name, "!"); ok {
			if len(w.Header().Values(absent)) > 0 {
				return fmt.Errorf("want no header %s, got %s", absent, got)
			}
		} else if !s.matches(value, w.Header().Get(name)) {
			return fmt.Errorf("want %s, got %s", header, got)
		}
	}
	wanted, body := strings.TrimRight(strings.Join(s.expected, "\n"), "\n"), strings.TrimRight(w.Body.String(), "\n")
	if wanted == "" {
		return nil
	}
	if !s.matches(compact(wanted), compact(body)) {
		return fmt.Errorf("want %s\ngot %s", s.fill(indent(wanted)), indent(body))
	}
	return nil
}

func (s *script) send() (*httptest.ResponseRecorder, error) {
	line, who, ok := strings.Cut(s.fill(s.request[0]), " as ")
	method, path, ok2 := strings.Cut(line, " ")
	if !ok || !ok2 {
		return nil, fmt.Errorf("request line %q", s.request[0])
	}
	body := s.fill(strings.TrimRight(strings.Join(s.sent, "\n"), "\n"))
	r := httptest.NewRequest(method, path, nil)
	for _, header := range s.request[1:] {
		name, value, isHeader := strings.Cut(header, ": ")
		switch {
		case header == "gzip":
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = z.Write([]byte(body)) // to memory
			if err := z.Close(); err != nil {
				return nil, err
			}
			body = b.String()
			r.Header.Set("Content-Encoding", "gzip")
		case header == "quoted":
			plain, err := strconv.Unquote(body)
			if err != nil {
				return nil, fmt.Errorf("%w: %s", err, body)
			}
			body = plain
		case isHeader:
			r.Header.Set(name, value)
		default:
			return nil, fmt.Errorf("header %q", header)
		}
	}
	if who != "nobody" {
		if s.tokens[who] == "" {
			return nil, fmt.Errorf("no token of %q", who)
		}
		r.Header.Set("Authorization", "Token "+s.tokens[who])
	}
	r.Body, r.ContentLength = http.NoBody, 0
	if body != "" {
		r.Body, r.ContentLength = readCloser{strings.NewReader(body)}, int64(len(body))
	}
	w := httptest.NewRecorder()
	s.engine.ServeHTTP(w, r)
	return w, nil
}

type readCloser struct{ *strings.Reader }

func (readCloser) Close() error { return nil }

var placeholder = regexp.MustCompile(`\{\{([a-z0-9]*|\.\.\.)\}\}`)

// fill puts what is known into a text.
func (s *script) fill(text string) string {
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		if known, ok := s.known[p]; ok {
			return known
		}
		return p
	})
}

// matches compares a text with what is expected, and remembers what its placeholders stand for.
func (s *script) matches(expected, got string) bool {
	expected = s.fill(expected)
	var pattern strings.Builder
	var names []string
	from := 0
	for _, at := range placeholder.FindAllStringIndex(expected, -1) {
		name, any := expected[at[0]:at[1]], `([^"]*?)`
		if name == "{{...}}" {
			any = "(.*?)"
		}
		pattern.WriteString(regexp.QuoteMeta(expected[from:at[0]]) + any)
		names = append(names, name)
		from = at[1]
	}
	pattern.WriteString(regexp.QuoteMeta(expected[from:]))
	found := regexp.MustCompile("^(?s:" + pattern.String() + ")$").FindStringSubmatch(got)
	for i := range names {
		if found != nil && names[i] != "{{}}" && names[i] != "{{...}}" {
			s.known[names[i]] = found[i+1]
		}
	}
	return found != nil
}

// compact is JSON without the spaces between its tokens, also if it has placeholders in it; other text as it is.
func compact(text string) string {
	if !strings.HasPrefix(text, "{") && !strings.HasPrefix(text, "[") {
		return text
	}
	inside, escaped := false, false
	return strings.Map(func(r rune) rune {
		switch {
		case escaped:
			escaped = false
		case r == '\\':
			escaped = true
		case r == '"':
			inside = !inside
		case !inside && (r == ' ' || r == '\n'):
			return -1
		}
		return r
	}, text)
}

func indent(text string) string {
	var b bytes.Buffer
	if json.Indent(&b, []byte(text), "", " ") != nil {
		return text
	}
	return b.String()
}
