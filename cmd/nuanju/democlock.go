package main

import (
	"sync/atomic"
	"time"
)

// stageClock is the clock of the demonstration: it stands where it was set, as long as the past is made, and then goes on with the
// time that passes. It may be used concurrently.
type stageClock struct {
	stands atomic.Pointer[time.Time]     // nil: it goes
	ahead  atomic.Pointer[time.Duration] // of the machine's clock, once it goes
}

func (c *stageClock) now() time.Time {
	if at := c.stands.Load(); at != nil {
		return *at
	}
	if d := c.ahead.Load(); d != nil {
		return time.Now().Add(*d)
	}
	return time.Now()
}

func (c *stageClock) set(at time.Time) { c.stands.Store(&at) }

// goOn lets the clock go. It goes with the machine's, unless the start lies elsewhere, as in tests: then it goes on from there.
func (c *stageClock) goOn(start time.Time) {
	var d time.Duration
	if late := time.Since(start); late < 0 || late > time.Hour {
		d = -late
	}
	c.ahead.Store(&d)
	c.stands.Store(nil)
}
