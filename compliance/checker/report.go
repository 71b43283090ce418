package checker

import (
	"cmp"
	"slices"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// Report is what a tick did.
type Report struct {
	At         sensors.Instant // when it began
	Duration   time.Duration
	Households int           // that were judged
	Readings   int           // room readings that were read for it
	Waiting    int           // households that are marked now; 0 after a tick with an error
	OldestWait time.Duration // since the mark of the one that waits longest
	Failed     int           // households of which a fact is broken or cannot be read: they stay marked
	Unjudged   int           // households that the registry gives nothing to judge: they wait for it to change
	// Failures are the first of both, by household.
	Failures []Failure
}

// maxFailures bounds what a report lists.
const maxFailures = 100

// Failure is why a household was not judged.
type Failure struct {
	Household string
	Err       error
}

func (r *Report) fail(household string, err error) {
	r.Failures = append(r.Failures, Failure{household, err})
	slices.SortStableFunc(r.Failures, func(a, b Failure) int { return cmp.Compare(a.Household, b.Household) })
	r.Failures = r.Failures[:min(len(r.Failures), maxFailures)]
}
