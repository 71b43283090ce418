package blocks

import (
	"encoding/binary"
	"math"
	"slices"

	"github.com/nuanju/nuanju/sensors"
)

// decoder unpacks blocks. It keeps its scratch space between them.
type decoder struct{ col column }

// decode appends the samples of a body, as open returned it, to into. It takes nothing on trust: any bytes give samples
// that are ordered and of that day, or an error and into as it was.
func (d *decoder) decode(body []byte, day int64, into []sensors.Sample) ([]sensors.Sample, error) {
	summary, rest, err := readSummary(body)
	if err != nil {
		return into, err
	}
	if len(rest) == 0 {
		return into, errCut
	}
	flags := rest[0]
	if flags&^flagsKnown != 0 {
		return into, errForm
	}
	kept := len(into)
	into = slices.Grow(into, summary.Count)[:kept+summary.Count]
	samples := into[kept:]
	rest, err = d.times(rest[1:], dayStart(day), samples)
	if err == nil {
		rest, err = d.receipts(rest, flags&flagReceiptsOnly != 0, samples)
	}
	if err == nil && flags&flagBits != 0 {
		rest, err = d.bits(rest, samples)
	} else if err == nil {
		rest, err = d.decimals(rest, powers[flags&flagExponent], samples)
	}
	if err == nil && len(rest) > 0 {
		err = errForm
	}
	if err != nil {
		return into[:kept], err
	}
	return into, nil
}

func (d *decoder) times(src []byte, start sensors.Instant, samples []sensors.Sample) ([]byte, error) {
	first, n := binary.Uvarint(src)
	if n <= 0 {
		return nil, errCut
	}
	if first >= uint64(dayLength) {
		return nil, errForm
	}
	offset := sensors.Instant(first)
	samples[0].At = start + offset
	samples = samples[1:]
	if err := d.col.open(src[n:], len(samples)); err != nil {
		return nil, err
	}
	for len(samples) > 0 {
		steps, err := d.col.next()
		if err != nil {
			return nil, err
		}
		for i, step := range steps {
			if step <= 0 || step >= int64(dayLength) {
				return nil, errForm
			}
			offset += sensors.Instant(step)
			samples[i].At = start + offset
		}
		if offset >= dayLength { // 32 steps of less than a day do not overflow
			return nil, errForm
		}
		samples = samples[len(steps):]
	}
	return d.col.src, nil
}

func (d *decoder) receipts(src []byte, absolute bool, samples []sensors.Sample) ([]byte, error) {
	if err := d.col.open(src, len(samples)); err != nil {
		return nil, err
	}
	for len(samples) > 0 {
		numbers, err := d.col.next()
		if err != nil {
			return nil, err
		}
		if absolute {
			for i, n := range numbers {
				samples[i].Received = sensors.Instant(n)
			}
		} else {
			for i, n := range numbers {
				samples[i].Received = samples[i].At + sensors.Instant(n)
			}
		}
		samples = samples[len(numbers):]
	}
	return d.col.src, nil
}

func (d *decoder) decimals(src []byte, power float64, samples []sensors.Sample) ([]byte, error) {
	at, n := binary.Varint(src)
	if n <= 0 {
		return nil, errCut
	}
	samples[0].Value = float64(at) / power
	samples = samples[1:]
	if err := d.col.open(src[n:], len(samples)); err != nil {
		return nil, err
	}
	for len(samples) > 0 {
		steps, err := d.col.next()
		if err != nil {
			return nil, err
		}
		for i, step := range steps {
			at += step
			samples[i].Value = float64(at) / power
		}
		samples = samples[len(steps):]
	}
	return d.col.src, nil
}

func (d *decoder) bits(src []byte, samples []sensors.Sample) ([]byte, error) {
	last, n := binary.Uvarint(src)
	if n <= 0 {
		return nil, errCut
	}
	samples[0].Value = math.Float64frombits(last)
	samples = samples[1:]
	if err := d.col.open(src[n:], len(samples)); err != nil {
		return nil, err
	}
	for len(samples) > 0 {
		changes, err := d.col.next()
		if err != nil {
			return nil, err
		}
		for i, change := range changes {
			last ^= uint64(change)
			samples[i].Value = math.Float64frombits(last)
		}
		samples = samples[len(changes):]
	}
	return d.col.src, nil
}
