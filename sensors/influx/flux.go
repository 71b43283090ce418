package influx

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/influxdata/influxdb-client-go/v2/api"

	"github.com/nuanju/nuanju/sensors"
)

// receivedField is the field with the times of receipt of a quantity.
func receivedField(q sensors.Quantity) string { return q.Field() + "_received" }

// text is s as a Flux string literal. Every byte that is not plainly harmless is written as its number, so that nothing
// in an id can end the literal or begin an interpolation.
func text(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_', c == '-', c == '.', c == '/':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\x%02x`, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}

func instant(t sensors.Instant) string { return t.Time().Format(time.RFC3339Nano) }

// oneOf is a regular expression that matches each of the ids, and perhaps others: what is not plainly harmless in an id
// becomes a dot. A chain of comparisons would say it exactly, but 1.8 takes seconds to compile one of a thousand.
func oneOf(ids []string) string {
	var b strings.Builder
	b.WriteString("/^(?:")
	for i, id := range ids {
		if i > 0 {
			b.WriteByte('|')
		}
		for _, c := range id {
			if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' {
				b.WriteRune(c)
			} else {
				b.WriteByte('.')
			}
		}
	}
	b.WriteString(")$/")
	return b.String()
}

// question is a query for the samples of series of one quantity. Its answer may have a sample of the very instant to,
// which 1.8 counts in and 2.x does not: who asks leaves it out.
type question struct {
	quantity sensors.Quantity
	owners   []string
	from, to sensors.Instant
	last     bool // only the last sample of each series
}

func (q question) flux(bucket string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "from(bucket: %s)\n|> range(start: %s, stop: %s)\n", text(bucket), instant(q.from), instant(q.to))
	fmt.Fprintf(&b, "|> filter(fn: (r) => r._measurement == %s and (r._field == %s or r._field == %s) and r.%s ",
		text(q.quantity.Measurement()), text(q.quantity.Field()), text(receivedField(q.quantity)), q.quantity.OwnerTag())
	if len(q.owners) == 1 {
		b.WriteString("== " + text(q.owners[0]))
	} else {
		b.WriteString("=~ " + oneOf(q.owners))
	}
	b.WriteString(")\n")
	if q.last {
		b.WriteString("|> last()\n")
	}
	fmt.Fprintf(&b, `|> keep(columns: ["_time", "_value", "_field", "%s", "room"])`, q.quantity.OwnerTag())
	return b.String()
}

// answer is the samples of each series, ordered by time.
type answer map[sensors.Series][]sensors.Sample

// ask runs a question and reads the answer as it comes.
func (s *Store) ask(ctx context.Context, q question) (answer, error) {
	if q.from = max(q.from, sensors.Earliest); q.from >= q.to || len(q.owners) == 0 {
		return nil, nil
	}
	slices.Sort(q.owners)
	q.owners = slices.Compact(q.owners)
	result, err := s.run(ctx, q.flux(s.config.Bucket))
	if err != nil {
		return nil, err
	}
	defer result.Close() // what is wrong with the rest does not matter any more
	return read(result, q)
}

// halves are the two fields of a series as they arrive: one after the other.
type halves struct{ values, receipts []sensors.Sample }

func read(result *api.QueryTableResult, asked question) (answer, error) {
	q, others := asked.quantity, new(halves)
	all := make(map[sensors.Series]*halves)
	var series sensors.Series
	var current *halves // of series; most rows are of the series of the row before
	ownerTag, received := q.OwnerTag(), receivedField(q)
	for result.Next() {
		values := result.Record().Values()
		owner, _ := values[ownerTag].(string)
		room, _ := values["room"].(string)
		if current == nil || series.Owner != owner || series.Room != room {
			series = sensors.Series{Quantity: q, Owner: owner, Room: room}
			if current = all[series]; current == nil {
				current = others
				if _, wanted := slices.BinarySearch(asked.owners, owner); wanted {
					current = new(halves)
					all[series] = current
				}
			}
		}
		if current == others {
			continue
		}
		at, ok := values["_time"].(time.Time)
		if !ok {
			return nil, errors.New("the answer has a row without a time")
		}
		switch value := values["_value"].(type) {
		case float64:
			current.values = append(current.values, sensors.Sample{At: sensors.At(at), Value: value})
		case int64:
			if values["_field"] != received {
				return nil, fmt.Errorf("%v has an integer where the value should be", series)
			}
			current.receipts = append(current.receipts, sensors.Sample{At: sensors.At(at), Received: sensors.Instant(value)})
		default:
			return nil, fmt.Errorf("%v has a %T where a number should be", series, value)
		}
	}
	if err := result.Err(); err != nil {
		return nil, err
	}
	out := make(answer, len(all))
	for series, h := range all {
		if len(h.values) > 0 {
			out[series] = h.join()
		}
	}
	return out, nil
}

// join gives each value its time of receipt.
func (h *halves) join() []sensors.Sample {
	for _, half := range [][]sensors.Sample{h.values, h.receipts} {
		if !slices.IsSortedFunc(half, byTime) {
			slices.SortFunc(half, byTime)
		}
	}
	receipts := h.receipts
	for i := range h.values {
		v := &h.values[i]
		for len(receipts) > 0 && receipts[0].At < v.At {
			receipts = receipts[1:]
		}
		if len(receipts) > 0 && receipts[0].At == v.At {
			v.Received = receipts[0].Received
		}
	}
	return h.values
}
