package sensors

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Sample is one value of a series.
type Sample struct {
	At       Instant // of measurement, by the device's clock
	Received Instant // by the server's clock; 0 when it was not recorded
	Value    float64 // exactly as received, in the unit of the series' quantity
}

// The first and the last instant that a sample may have. To InfluxDB 1.8 a query that begins or ends before 1970 has no
// beginning or no end, and all versions keep the last instants of 2262 for themselves.
const (
	Earliest Instant = 0                         // 1970-01-01T00:00:00Z
	Latest   Instant = 9_214_646_399_999_999_999 // 2261-12-31T23:59:59.999999999Z
)

// Check says what is wrong with the sample, or nil: its time lies in [Earliest, Latest] and its value is a number.
func (s Sample) Check() error {
	if s.At < Earliest || s.At > Latest {
		return fmt.Errorf("its time %s is not between the years 1970 and 2261", s.At.Time().Format(time.RFC3339Nano))
	}
	if s.Received < Earliest || s.Received > Latest {
		return fmt.Errorf("its time of receipt %s is not between the years 1970 and 2261", s.Received.Time().Format(time.RFC3339Nano))
	}
	if math.IsNaN(s.Value) || math.IsInf(s.Value, 0) {
		return fmt.Errorf("%v is not a number", s.Value)
	}
	return nil
}

// Batch is samples of one series, in any order.
type Batch struct {
	Series  Series
	Samples []Sample
}

// Conflict is two different values of one series for one time. The first received stands and is what the store returns;
// the later one is not in the store (section 2 of the contract).
type Conflict struct {
	Series Series
	Stands Sample
	Later  Sample
}

// Span is the part of a series in [From, To).
type Span struct {
	Series Series
	From   Instant
	To     Instant
}

// BatchError names the batch that a store refused. No sample of the call was written; without that batch the others
// can be.
type BatchError struct {
	Index  int // of the batch in the call
	Series Series
	Err    error
}

// Error names the series and what is wrong with its batch.
func (e *BatchError) Error() string { return fmt.Sprintf("%v: %v", e.Series, e.Err) }

// Unwrap is what is wrong.
func (e *BatchError) Unwrap() error { return e.Err }

// CheckBatches is nil or a join of one *BatchError for each batch with a series or a sample that no store takes.
func CheckBatches(batches []Batch) error {
	var all batchErrors
	for i, b := range batches {
		if err := b.check(); err != nil {
			all = append(all, &BatchError{Index: i, Series: b.Series, Err: err})
		}
	}
	if all == nil {
		return nil
	}
	return all
}

func (b Batch) check() error {
	if err := b.Series.Check(); err != nil {
		return err
	}
	for _, s := range b.Samples {
		if err := s.Check(); err != nil {
			return err
		}
	}
	return nil
}

// batchErrors prints at most a few of its errors: a call may hold thousands of batches.
type batchErrors []error

func (e batchErrors) Error() string {
	const shown = 5
	text := e[0].Error()
	for i := 1; i < min(len(e), shown); i++ {
		text += "; " + e[i].Error()
	}
	if len(e) > shown {
		text += fmt.Sprintf("; and %d more", len(e)-shown)
	}
	return text
}

func (e batchErrors) Unwrap() []error { return e }

// Settle says which of two samples of one series and time stands: the one first received, and of two received at once
// the one that was written first. With equal values (0 and -0 are equal) they are one sample and there is no conflict.
func Settle(written, next Sample) (stands Sample, c Conflict, conflict bool) {
	stands, later := written, next
	if next.Received < written.Received {
		stands, later = next, written
	}
	return stands, Conflict{Stands: stands, Later: later}, stands.Value != later.Value
}

// Store keeps samples. What it holds is a function of the samples that were written: neither their order nor how often
// each was written matters, except that of samples with the same time of receipt the first written stands. It is an
// index of the evidence log, from which it can be rebuilt, and the only owner of what it writes to: one process at a
// time has a store open for writing.
//
// Every method may be called concurrently, by many callers. A ctx that ends makes a method return soon with
// its error. Errors name the store and, where there is one, the series. A method called after Close returns an error.
type Store interface {
	// Write adds the samples of all batches. When it returns without an error they are durable: a crash of the process or of
	// the machine does not lose them. A *BatchError (found with errors.As) means that a batch can never be written
	// and none was; after any other error some may have been written, and the same call can be made again.
	//
	// A sample is written once however often it is given: the same series, time and value is one sample, with
	// the earliest of its times of receipt (0 and -0 are the same value). Of different values for a series and time the
	// first received stands, and each other is returned as a Conflict and not kept; a replay returns it again. A
	// sample may be older than others that are there. One series may occur in several batches of a call.
	Write(ctx context.Context, batches []Batch) ([]Conflict, error)

	// Read appends to into the samples of a series in [from, to), ordered by time, and returns it. Values come back bit for
	// bit. A series that nothing was written to has no samples; that is not an error.
	Read(ctx context.Context, series Series, from, to Instant, into []Sample) ([]Sample, error)

	// ReadMany reads many spans, far faster than a Read of each. It calls visit once for each span, one call at
	// a time, in the order of spans, with its index and samples as Read gives them; the slice is only valid during the
	// call. An error of visit ends the reading and is returned. visit may call the store's other methods but Close. A
	// series that is written to meanwhile may be seen with or without what is being written.
	ReadMany(ctx context.Context, spans []Span, visit func(i int, samples []Sample) error) error

	// Last is the latest sample of a series before an instant; false when there is none.
	Last(ctx context.Context, series Series, before Instant) (Sample, bool, error)

	// List is every series that something was written to, in no particular order.
	List(ctx context.Context) ([]Series, error)

	// Close waits for calls in progress and releases what the store holds. A second Close does nothing.
	Close() error
}
