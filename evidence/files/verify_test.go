package files_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/evidence/files"
)

// A flipped bit, a missing file and a stray one are named, each alone; a whole folder and one that is not there have nothing wrong.
func TestVerify(t *testing.T) {
	root := filepath.Join(t.TempDir(), "files")
	if faults, err := files.Verify(t.Context(), root, nil); err != nil || len(faults) > 0 {
		t.Fatalf("a folder that is not there: %v %v", faults, err)
	}
	folder, err := files.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	var digests []string
	for _, text := range []string{"%PDF-1.7 one", "%PDF-1.7 two", "%PDF-1.7 three"} {
		f, err := folder.Put(bytes.NewReader([]byte(text)), 1<<10)
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, f.Digest)
	}
	faults := func() []string {
		t.Helper()
		found, err := files.Verify(t.Context(), root, digests)
		if err != nil {
			t.Fatal(err)
		}
		out := make([]string, len(found))
		for i, f := range found {
			out[i] = f.String()
		}
		slices.Sort(out)
		return out
	}
	if got := faults(); len(got) > 0 {
		t.Fatalf("nothing is wrong, and it says %v", got)
	}
	at := func(digest string) string { return filepath.Join(root, digest[:2], digest) }
	if err := os.WriteFile(at(digests[0]), []byte("%PDF-1.7 onf"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(at(digests[1])); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "notes.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(faults(), "\n")
	want := []string{
		digests[0] + ": the file is not what its digest says", digests[1] + ": it is named in the ledger and is missing", "/notes.txt: no file belongs here",
	}
	slices.Sort(want)
	if got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
}
