package intake

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// Stats counts what went through, since the process started. One Stats serves an Intake and a Forwarder. Its fields may be read
// at any time.
type Stats struct {
	Accepted  atomic.Int64 // lines in the log, acknowledged
	Refused   atomic.Int64 // lines that could not be read or that their token may not write
	Busy      atomic.Int64 // requests turned away because the log's queue was full
	Forwarded atomic.Int64 // lines that went from the log to the store and the ledger
	Entries   atomic.Int64 // entries of the log that did, whatever they hold
	Released  atomic.Int64 // lines let out of quarantine
	Retries   atomic.Int64 // steps that failed and will be tried again

	quarantined [len(reasons)]atomic.Int64
	watermark   atomic.Int64
	oldest      atomic.Int64 // receipt of the first entry that a step is at work on; 0: none is
	failure     atomic.Pointer[Failure]
}

// Failure is why the last step did not succeed.
type Failure struct {
	At  sensors.Instant
	Err error
}

// Quarantined is how many lines were set aside, by reason; every reason is there.
func (s *Stats) Quarantined() map[string]int64 {
	all := make(map[string]int64, len(reasons))
	for i, reason := range reasons {
		all[reason] = s.quarantined[i].Load()
	}
	return all
}

// Failure is why the last step failed; nil when it succeeded.
func (s *Stats) Failure() *Failure { return s.failure.Load() }

func (s *Stats) countQuarantined(lines []Quarantined) {
	for i := range lines {
		if at := slices.Index(reasons[:], lines[i].Reason); at >= 0 {
			s.quarantined[at].Add(1)
		}
	}
}

// Lag is how far the store is behind the log: in entries, and how long ago the oldest of them was received that a step is
// or was at work on. Both are 0 when nothing waits.
func (f *Forwarder) Lag() (entries int64, age time.Duration) {
	entries = max(0, f.log.Size()-f.stats.watermark.Load())
	if oldest := f.stats.oldest.Load(); oldest != 0 && entries > 0 {
		age = max(0, f.now().Sub(sensors.Instant(oldest)))
	}
	return entries, age
}
