package casefile

import (
	"bytes"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/nuanju/nuanju/configs"
)

var write = flag.Bool("write", false, "write testdata/*.bad/want.txt anew from what is reported; read the difference")

// Every testdata/NAME.bad is refused with exactly the messages of its want.txt, each of them once.
func TestBadCasesAreRefusedWithExactMessages(t *testing.T) {
	dirs, err := filepath.Glob("testdata/*.bad")
	if err != nil || len(dirs) < 70 {
		t.Fatalf("%d bad cases, error %v; the folder has lost some", len(dirs), err)
	}
	for _, dir := range dirs {
		t.Run(strings.TrimSuffix(filepath.Base(dir), ".bad"), func(t *testing.T) {
			got := refusal(t, os.DirFS(dir))
			want := filepath.Join(dir, "want.txt")
			if *write {
				if err := os.WriteFile(want, []byte(got+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			b, err := os.ReadFile(want)
			if err != nil {
				t.Fatal(err)
			}
			if len(bytes.TrimSpace(b)) == 0 {
				t.Error("want.txt is empty")
			}
			if got+"\n" != string(b) {
				t.Errorf("got\n%s\nwant\n%s", got, b)
			}
			seen := make(map[string]bool)
			for line := range strings.SplitSeq(got, "\n") {
				if seen[line] {
					t.Errorf("told twice: %s", line)
				}
				seen[line] = true
			}
			if again := refusal(t, asWindowsSaves(t, dir)); again != got {
				t.Errorf("with BOM and CRLF\n%s\nwithout\n%s", again, got)
			}
		})
	}
}

// refusal is what Read says of a case that it must refuse.
func refusal(t *testing.T, fsys fs.FS) string {
	t.Helper()
	c, err := Read(fsys, Options{})
	if err == nil || c != nil {
		t.Fatal("accepted")
	}
	var problems configs.Problems
	if !errors.As(err, &problems) {
		t.Fatalf("%T is not configs.Problems: %v", err, err)
	}
	for _, p := range problems {
		if p.File == "" || p.Line < 1 || strings.ContainsFunc(p.Text, func(c rune) bool { return c < ' ' || c == '\u202e' }) {
			t.Errorf("a problem without a place, or that would upset a terminal: %q", p)
		}
	}
	return err.Error()
}

// asWindowsSaves is the directory with a byte order mark before each file and CRLF behind each line. Errors have to
// stay on their lines.
func asWindowsSaves(t *testing.T, dir string) fs.FS {
	t.Helper()
	out := make(fstest.MapFS)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			continue
		}
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if utf16 := bytes.HasPrefix(b, []byte{0xff, 0xfe}); !utf16 && !bytes.HasPrefix(b, []byte("\ufeff")) {
			b = append([]byte("\ufeff"), bytes.ReplaceAll(bytes.ReplaceAll(b, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))...)
		}
		out[e.Name()] = &fstest.MapFile{Data: b}
	}
	return out
}
