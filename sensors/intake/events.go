package intake

import (
	"cmp"
	"slices"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
)

// InForce is the events in the order in which they hold, so that of two at one time the last counts: by time, and of one
// time the one given later, that is later in the log. An event that was delivered more than once was given once, where it
// came first: what a sender repeats because an answer was lost must not undo what was said in between. The order of the
// argument does not matter, and it is not changed.
func InForce(events []Event) []Event {
	all := slices.Clone(events)
	slices.SortFunc(all, func(a, b Event) int { return compareKeys(a.LineKey, b.LineKey) })
	type said struct {
		kind                             ingest.Kind
		household, room, source, consent string
		at                               sensors.Instant
		on                               bool
		celsius                          float64
	}
	seen := make(map[said]bool, len(all))
	all = slices.DeleteFunc(all, func(e Event) bool {
		s := said{e.Kind, e.Household, e.Room, e.Source, e.Consent, e.At, e.On, e.Celsius}
		again := seen[s]
		seen[s] = true
		return again
	})
	slices.SortStableFunc(all, func(a, b Event) int { return cmp.Compare(a.At, b.At) })
	return all
}

func compareKeys(a, b LineKey) int {
	return cmp.Or(cmp.Compare(a.Leaf, b.Leaf), cmp.Compare(a.Line, b.Line))
}
