package compliance_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/casefile/casetest"
)

// Every scenario below testdata is judged and found to be as it says.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/A*/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.ToSlash(strings.TrimPrefix(file, "testdata"+string(filepath.Separator))), ".txtar")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			archive, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			casetest.Run(t, archive)
		})
	}
}

// Every clause has a rule, a scenario in which it fires and one in which it does not; a clause without a rule says why.
func TestEveryClauseIsShown(t *testing.T) {
	for _, a := range compliance.Articles() {
		casetest.Shown(t, a)
	}
	for _, a := range compliance.Duties() {
		if len(a.Rules) != 0 || a.Uncomputed.ZH == "" || a.Uncomputed.EN == "" {
			t.Errorf("%s: a duty has no rules and says why in both languages", a.Clause)
		}
	}
}
