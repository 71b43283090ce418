package blocks

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// A block is the samples of one series on one UTC day, ordered by time, one a time:
//
//	version   1 byte
//	checksum  4 bytes   CRC-32C of the series' name, the day and all that follows: a block in the wrong place is found too
//	count     uvarint
//	min, max  8 bytes each, float64
//	gap       uvarint   the longest time between two consecutive samples of the block, ns
//	flags     1 byte
//	times     uvarint   of the first, ns since the day began; then a column of the steps
//	receipts  a column  of receipt − measurement or, if that is shorter (an import), of receipts
//	values    varint    of the first as an integer, the value times a power of ten; then a column of the steps to the others;
//	                    else uvarint of its bits and a column of the others' XORs with the bits before
//
// Numbers are little endian. Values are only stored as decimals when each comes back bit for bit.
const (
	version     = 1
	headerBytes = 1 + 4
	dayLength   = sensors.Instant(24 * time.Hour)

	flagExponent     = 0x0f // the power of ten
	flagBits         = 0x10 // values are bits, not decimals
	flagReceiptsOnly = 0x20 // receipts are absolute
	flagsKnown       = flagExponent | flagBits | flagReceiptsOnly

	// maxSamples bounds a block: twelve samples a second, all day. A decoder never makes more than 24 MB of one.
	maxSamples = 1 << 20
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// powers are exact in float64.
var powers = [flagExponent + 1]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// day numbers the UTC day of an instant, from 1970-01-01 = 0.
func day(t sensors.Instant) int64 {
	d := int64(t / dayLength)
	if t%dayLength < 0 {
		d--
	}
	return d
}

// dayStart is when a day begins. For the first day that an Instant reaches into it wraps around, and so does every
// offset from it: their sum is right.
func dayStart(day int64) sensors.Instant { return sensors.Instant(day) * dayLength }

// Summary is what a block says of itself without being unpacked.
type Summary struct {
	Count      int
	Min, Max   float64       // of the values
	LongestGap time.Duration // between consecutive samples of the day; 0 when there is only one
}

func checksum(name string, day int64, body []byte) uint32 {
	var d [8]byte
	binary.LittleEndian.PutUint64(d[:], uint64(day))
	sum := crc32.Update(0, castagnoli, []byte(name))
	sum = crc32.Update(sum, castagnoli, d[:])
	return crc32.Update(sum, castagnoli, body)
}

// encoder packs blocks. It keeps its scratch space between them.
type encoder struct{ numbers, receipts []int64 }

// encode appends the block of samples, which are of one day, ordered, one a time, and at least one.
func (e *encoder) encode(dst []byte, name string, day int64, samples []sensors.Sample) []byte {
	start := len(dst)
	dst = append(dst, version, 0, 0, 0, 0)
	dst = appendSummary(dst, summarize(samples))
	flagsAt := len(dst)
	dst = append(dst, 0)

	dst = binary.AppendUvarint(dst, uint64(samples[0].At-dayStart(day)))
	e.numbers = e.numbers[:0]
	for i := 1; i < len(samples); i++ {
		e.numbers = append(e.numbers, int64(samples[i].At-samples[i-1].At))
	}
	dst = appendColumn(dst, e.numbers)

	dst, flags := e.appendReceipts(dst, samples)
	dst, form := e.appendValues(dst, samples)
	dst[flagsAt] = flags | form
	binary.LittleEndian.PutUint32(dst[start+1:], checksum(name, day, dst[start+headerBytes:]))
	return dst
}

func summarize(samples []sensors.Sample) Summary {
	s := Summary{Count: len(samples), Min: samples[0].Value, Max: samples[0].Value}
	for i, x := range samples {
		s.Min, s.Max = min(s.Min, x.Value), max(s.Max, x.Value)
		if i > 0 {
			s.LongestGap = max(s.LongestGap, x.At.Sub(samples[i-1].At))
		}
	}
	return s
}

func appendSummary(dst []byte, s Summary) []byte {
	dst = binary.AppendUvarint(dst, uint64(s.Count))
	dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(s.Min))
	dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(s.Max))
	return binary.AppendUvarint(dst, uint64(s.LongestGap))
}

// appendReceipts packs the times of receipt in the shorter of two ways: as delays, or as they are.
func (e *encoder) appendReceipts(dst []byte, samples []sensors.Sample) ([]byte, byte) {
	e.numbers, e.receipts = e.numbers[:0], e.receipts[:0]
	for _, s := range samples {
		e.numbers = append(e.numbers, int64(s.Received-s.At))
		e.receipts = append(e.receipts, int64(s.Received))
	}
	if len(samples) > 1 && spread(e.receipts) < spread(e.numbers) {
		return appendColumn(dst, e.receipts), flagReceiptsOnly
	}
	return appendColumn(dst, e.numbers), 0
}

func spread(numbers []int64) uint64 {
	least, most := numbers[0], numbers[0]
	for _, n := range numbers {
		least, most = min(least, n), max(most, n)
	}
	return uint64(most) - uint64(least)
}

// appendValues packs the values as decimals if it can, else as bits, and says which.
func (e *encoder) appendValues(dst []byte, samples []sensors.Sample) ([]byte, byte) {
	if exponent, ok := e.decimals(samples); ok {
		dst = binary.AppendVarint(dst, e.numbers[0])
		return appendColumn(dst, e.numbers[1:]), byte(exponent)
	}
	last := math.Float64bits(samples[0].Value)
	dst = binary.AppendUvarint(dst, last)
	e.numbers = e.numbers[:0]
	for _, s := range samples[1:] {
		b := math.Float64bits(s.Value)
		e.numbers = append(e.numbers, int64(b^last))
		last = b
	}
	return appendColumn(dst, e.numbers), flagBits
}

// decimals fills e.numbers with the first of the values and the steps to the others, times the least power of ten that
// makes them integers each of which gives its value back exactly; false if there is none.
func (e *encoder) decimals(samples []sensors.Sample) (exponent int, ok bool) {
	for _, s := range samples {
		for !exact(s.Value, exponent) {
			if exponent++; exponent >= len(powers) {
				return 0, false
			}
		}
	}
	e.numbers = e.numbers[:0]
	last := int64(0)
	for _, s := range samples {
		if !exact(s.Value, exponent) { // an early value may be too great for a power that a later one needs
			return 0, false
		}
		n := int64(math.RoundToEven(s.Value * powers[exponent]))
		e.numbers = append(e.numbers, n-last)
		last = n
	}
	return exponent, true
}

// exact reports whether v is an integer below 2⁵³ divided by a power of ten, to the last bit; -0 is not.
func exact(v float64, exponent int) bool {
	const most = 1 << 53
	n := math.RoundToEven(v * powers[exponent])
	if !(math.Abs(n) <= most) {
		return false
	}
	return math.Float64bits(float64(int64(n))/powers[exponent]) == math.Float64bits(v)
}

var (
	errVersion  = errors.New("is of an unknown version")
	errChecksum = errors.New("does not match its checksum: it was changed or belongs elsewhere")
	errForm     = errors.New("cannot be unpacked")
)

// open checks a block's version and checksum and returns its body.
func open(block []byte, name string, day int64) ([]byte, error) {
	switch {
	case len(block) < headerBytes:
		return nil, errCut
	case block[0] != version:
		return nil, errVersion
	case binary.LittleEndian.Uint32(block[1:]) != checksum(name, day, block[headerBytes:]):
		return nil, errChecksum
	}
	return block[headerBytes:], nil
}

// readSummary reads the header of a body and returns what follows it.
func readSummary(body []byte) (Summary, []byte, error) {
	count, n := binary.Uvarint(body)
	if n <= 0 || len(body) < n+16 {
		return Summary{}, nil, errCut
	}
	if count == 0 || count > maxSamples {
		return Summary{}, nil, fmt.Errorf("%w: %d samples", errForm, count)
	}
	body = body[n:]
	s := Summary{
		Count: int(count),
		Min:   math.Float64frombits(binary.LittleEndian.Uint64(body)),
		Max:   math.Float64frombits(binary.LittleEndian.Uint64(body[8:])),
	}
	gap, n := binary.Uvarint(body[16:])
	if n <= 0 {
		return Summary{}, nil, errCut
	}
	if gap >= uint64(dayLength) {
		return Summary{}, nil, errForm
	}
	s.LongestGap = time.Duration(gap)
	return s, body[16+n:], nil
}
