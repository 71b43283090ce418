package configs

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var write = flag.Bool("write", false, "write testdata/*.bad.txt anew from what is reported; read the difference")

// Every testdata/X.bad.yaml is refused with exactly the messages of testdata/X.bad.txt.
func TestBadPoliciesAreRefusedWithExactMessages(t *testing.T) {
	files, err := filepath.Glob("testdata/*.bad.yaml")
	if err != nil || len(files) < 40 {
		t.Fatalf("%d bad policies, error %v; the folder has lost some", len(files), err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(strings.TrimSuffix(name, ".bad.yaml"), func(t *testing.T) {
			b := readFile(t, file)
			messages := strings.TrimSuffix(file, ".yaml") + ".txt"
			policy, problems := ParsePolicy(name, b)
			if policy != nil || problems == nil {
				t.Fatal("accepted")
			}
			got := problems.Error() + "\n"
			if *write {
				if err := os.WriteFile(messages, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if want := string(readFile(t, messages)); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			// A file that was saved on Windows has the same errors on the same lines.
			crlf := append([]byte("\ufeff"), bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n"))...)
			if _, again := ParsePolicy(name, crlf); again.Error()+"\n" != got {
				t.Errorf("with BOM and CRLF\n%s\nwant\n%s", again.Error(), got)
			}
		})
	}
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
