package checker

import (
	"context"
	"maps"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// markDue marks the households that time alone has made due, and those that were not judged since the start. The mark reaches back no
// further than the moment: it changes nothing of where judging begins.
func (c *Checker) markDue(ctx context.Context) error {
	homes, err := c.Registry.Homes(ctx)
	if err != nil {
		return err
	}
	now := sensors.At(c.Clock())
	var due []string
	for _, id := range homes.ids {
		if c.due[id] <= now {
			due = append(due, id)
		}
	}
	for id := range c.due {
		if homes.byID[id] == nil {
			delete(c.due, id)
		}
	}
	if len(due) == 0 {
		return nil
	}
	later, err := c.Ledger.MarkDue(ctx, due, !c.begun, now)
	if err != nil {
		return err
	}
	c.begun = true
	maps.Copy(c.due, later) // another server has judged them
	return nil
}

// dueAfter is when a household that was judged at j.asOf is to be judged again if no fact comes: the next local midnight, when
// its day settles or a season begins; in season sooner, when a reading stops to hold or Refresh is over.
func (c *Checker) dueAfter(j *job, rooms []compliance.Room) sensors.Instant {
	due := j.policy.nextMidnight(j.asOf)
	if !j.season.In(j.policy.Zone).Contains(j.asOf) {
		return due
	}
	due = min(due, j.asOf.Add(c.Refresh))
	for i := range rooms {
		n := readingsBefore(rooms[i].Readings, j.asOf)
		if n == 0 || !rooms[i].Kind.Judged() {
			continue
		}
		at := rooms[i].Readings[n-1].At
		if held := at.Add(j.policy.EditionAt(at).ReadingMaxGap); held >= j.asOf {
			due = min(due, held+1) // up to and at held, nothing is unknown yet
		}
	}
	return due
}
