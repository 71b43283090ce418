package signin

import (
	"math"
	"sync"
	"time"
)

// Rate is how often something may be done: a number at once, and then one in each time.
type Rate struct {
	Burst int
	Every time.Duration
}

// maxKeys bounds the buckets of a Limit.
const maxKeys = 1 << 14

// Limit keeps each key to a rate. Its memory is bounded: keys that have not been seen for as long as their bucket takes to fill are
// forgotten, which changes nothing; when there are more than it can know, those that are new share one bucket, so that
// nobody can push out what is known of them by inventing others. Make it with NewLimit.
type Limit struct {
	rate Rate

	mu      sync.Mutex
	buckets map[string]bucket
	others  bucket
	swept   time.Time
}

// bucket is full at an instant; before it some are missing.
type bucket struct{ full time.Time }

// NewLimit makes a limit.
func NewLimit(rate Rate) *Limit { return &Limit{rate: rate, buckets: map[string]bucket{}} }

// Take counts one more for a key. It is 0 when that is within the rate, else how long it must wait, and then it is not counted.
func (l *Limit) Take(key string, now time.Time) time.Duration {
	if l.rate.Every <= 0 {
		return 0 // no limit
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	b, known := l.buckets[key]
	if !known && len(l.buckets) >= maxKeys && !l.sweep(now) {
		wait := l.rate.take(&l.others, now)
		return wait
	}
	wait := l.rate.take(&b, now)
	l.buckets[key] = b
	return wait
}

// take takes one out of a bucket. A bucket of which nothing is missing is full now.
func (r Rate) take(b *bucket, now time.Time) time.Duration {
	whole := time.Duration(r.Burst) * r.Every
	full := b.full
	if full.Before(now) || full.Sub(now) > whole { // the clock may have gone back
		full = now
	}
	full = full.Add(r.Every)
	if over := full.Sub(now) - whole; over > 0 {
		return over
	}
	b.full = full
	return 0
}

// sweep forgets the buckets that are full, not more than once a second, and reports whether there is room.
func (l *Limit) sweep(now time.Time) bool {
	if since := now.Sub(l.swept); since >= 0 && since < time.Second {
		return false
	}
	l.swept = now
	for key, b := range l.buckets {
		if !b.full.After(now) {
			delete(l.buckets, key)
		}
	}
	return len(l.buckets) < maxKeys
}

// Seconds is a wait in whole seconds, for Retry-After: at least 1.
func Seconds(wait time.Duration) int { return max(1, int(math.Ceil(wait.Seconds()))) }
