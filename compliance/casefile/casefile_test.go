package casefile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

const sharedCases = "../../../shared/cases"

// The cases that come with the requirements are read without a problem, and nothing of them is lost.
func TestReadsTheSharedCases(t *testing.T) {
	if _, err := os.Stat(sharedCases); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s: ../shared is absent", sharedCases)
	}
	dirs, err := filepath.Glob(sharedCases + "/*/" + caseYAML)
	if err != nil || len(dirs) == 0 {
		t.Fatalf("no case in %s (%v)", sharedCases, err)
	}
	for _, yaml := range dirs {
		t.Run(filepath.Base(filepath.Dir(yaml)), func(t *testing.T) {
			c, err := Read(os.DirFS(filepath.Dir(yaml)), Options{})
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for _, r := range c.Facts.Rooms {
				n += len(r.Readings)
			}
			t.Log(n, len(c.Facts.Outdoor), len(c.Billing.Meter.Registers), c.Facts.Tests, c.Files, c.Billing.Meter.Share)
		})
	}
}
