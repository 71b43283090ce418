package pages

import (
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Every text is in both languages under the same keys, and every key that a template or a handler asks for is there.
func TestMessages(t *testing.T) {
	all, err := readMessages()
	if err != nil {
		t.Fatal(err)
	}
	for key, zh := range all[ZH] {
		en, ok := all[EN][key]
		if !ok {
			t.Errorf("%s is not in English", key)
			continue
		}
		holes := regexp.MustCompile(`\{\d\}`)
		a, b := holes.FindAllString(zh, -1), holes.FindAllString(en, -1)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(slices.Compact(a), slices.Compact(b)) {
			t.Errorf("%s: %q and %q say different things", key, zh, en)
		}
		if zh == "" || en == "" {
			t.Errorf("%s says nothing", key)
		}
	}
	for key := range all[EN] {
		if _, ok := all[ZH][key]; !ok {
			t.Errorf("%s is not in Chinese", key)
		}
	}
	asked := regexp.MustCompile(`\.T "([\w.]+)"`)
	err = fs.WalkDir(templateFiles, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := templateFiles.ReadFile(name)
		for _, m := range asked.FindAllStringSubmatch(string(text), -1) {
			if _, ok := all[ZH][m[1]]; !ok {
				t.Errorf("%s asks for %q", name, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestNobodyIsSentElsewhere(t *testing.T) {
	for path, want := range map[string]string{
		"/home": "/home", "/home?a=b": "/home?a=b", "": "/", "//evil.example": "/", "https://evil.example/": "/", `/\evil.example`: "/",
		"javascript:alert(1)": "/", "home": "/",
	} {
		if got := here(path, "/"); got != want {
			t.Errorf("%q leads to %q, want %q", path, got, want)
		}
	}
}

// zeros is a body without end; it counts what is read of it.
type zeros struct{ read int }

func (z *zeros) Read(p []byte) (int, error) {
	z.read += len(p)
	return len(p), nil
}

// Whoever sends more than a form has is turned away before it is read, or as soon as it is seen, signed in or not: what a form
// with files has would else go to the disk.
func TestFormsAreBounded(t *testing.T) {
	nobody := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	s, err := New(Options{API: nobody, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	const form = "multipart/form-data; boundary=x"
	for _, kind := range []string{form, "application/x-www-form-urlencoded"} {
		for _, p := range s.table() {
			if p.method != http.MethodPost {
				continue
			}
			for _, said := range []int64{1 << 40, -1} {
				body := &zeros{}
				r := httptest.NewRequest(http.MethodPost, p.pattern, io.MultiReader(strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n"), body))
				r.ContentLength = said
				r.Header.Set("Content-Type", kind)
				w := httptest.NewRecorder()
				s.ServeHTTP(w, r)
				if said > 0 && (w.Code != http.StatusRequestEntityTooLarge || body.read > 0) || body.read > maxForm+1<<16 {
					t.Errorf("%s of %s, said to have %d: %d, %d bytes read", p.pattern, kind, said, w.Code, body.read)
				}
			}
		}
	}
}
