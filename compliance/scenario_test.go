package compliance_test

import (
	"testing"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/casefile/casetest"
)

// Every scenario below testdata is judged and found to be as it says.
func TestScenarios(t *testing.T) { casetest.RunAll(t) }

// Every clause has a rule, a scenario in which it fires and one in which it does not.
func TestEveryClauseIsShown(t *testing.T) {
	for _, a := range compliance.Articles() {
		casetest.Shown(t, a)
	}
}

// A clause that nothing computes says why, in both languages.
func TestDutiesSayWhyNothingComputesThem(t *testing.T) {
	for _, a := range compliance.Duties() {
		if len(a.Rules) != 0 || a.Uncomputed.ZH == "" || a.Uncomputed.EN == "" {
			t.Errorf("%s: a duty has no rules and says why in both languages", a.Clause)
		}
	}
}
