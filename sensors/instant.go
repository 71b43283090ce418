// Package sensors is what was measured: instants, samples, series and the promise that a store of them keeps.
// It knows nothing of the contract.
package sensors

import "time"

// Instant is a moment in nanoseconds since 1970-01-01T00:00:00Z. It is what readings are kept and compared in:
// eight bytes, ordered by <, without a zone that could be mistaken. It reaches from 1678 to 2262.
type Instant int64

// At is the instant of t, whatever zone t is written in.
func At(t time.Time) Instant { return Instant(t.UnixNano()) }

// Time is the instant as a time.Time in UTC.
func (i Instant) Time() time.Time { return time.Unix(0, int64(i)).UTC() }

// Add is the instant d later. It adds physical time; calendar days are added with time.Date in the policy's zone.
func (i Instant) Add(d time.Duration) Instant { return i + Instant(d) }

// Sub is the physical time from j to i.
func (i Instant) Sub(j Instant) time.Duration { return time.Duration(i - j) }
