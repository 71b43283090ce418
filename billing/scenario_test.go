package billing_test

import (
	"testing"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance/casefile/casetest"
)

// Every scenario below testdata is judged and found to be as it says.
func TestScenarios(t *testing.T) { casetest.RunAll(t) }

// Every clause has a rule, a scenario in which it fires and one in which it does not.
func TestEveryClauseIsShown(t *testing.T) {
	for _, a := range billing.Articles() {
		casetest.Shown(t, a)
	}
}
