package blocks

import (
	"bytes"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/sensors"
)

const name = "temperature.celsius,device=d"

// aDay is a device's readings of one day at 0.01 °C every 15 min, received a second or two later.
func aDay(random *rand.Rand, day int64, receiptUnit time.Duration) []sensors.Sample {
	samples := make([]sensors.Sample, 96)
	celsius := 2050.0
	for i := range samples {
		celsius += math.Round(random.NormFloat64() * 8)
		at := dayStart(day).Add(time.Duration(i) * 15 * time.Minute)
		delay := (time.Second + time.Duration(random.Int64N(int64(time.Second)))).Truncate(receiptUnit)
		samples[i] = sensors.Sample{At: at, Received: at.Add(delay), Value: celsius / 100}
	}
	return samples
}

func same(a, b sensors.Sample) bool {
	return a.At == b.At && a.Received == b.Received && math.Float64bits(a.Value) == math.Float64bits(b.Value)
}

func unpack(block []byte, day int64) ([]sensors.Sample, error) {
	body, err := open(block, name, day)
	if err != nil {
		return nil, err
	}
	return new(decoder).decode(body, day, nil)
}

// values draws every kind of number that a device may send, and every kind that a codec may stumble over.
var values = rapid.OneOf(
	rapid.Map(rapid.IntRange(-5000, 5000), func(n int) float64 { return float64(n) / 100 }),
	rapid.Map(rapid.Int64Range(-1<<60, 1<<60), func(n int64) float64 { return float64(n) / 1e10 }),
	rapid.SampledFrom([]float64{
		0, math.Copysign(0, -1), 17.9967, 18, 0.1 + 0.2, 19.444444444444443, 1 << 53, 1<<53 + 2, -1 << 53,
		math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, 2.2250738585072009e-308, math.MaxFloat64, -math.MaxFloat64, 1e22, 1e-22,
	}),
	rapid.Float64(),
)

// days draws days that an Instant reaches whole.
var days = rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(-106751, 106750))

func samplesOf(day int64) *rapid.Generator[[]sensors.Sample] {
	return rapid.Custom(func(t *rapid.T) []sensors.Sample {
		unit := rapid.SampledFrom([]time.Duration{1, time.Millisecond, time.Second, 15 * time.Minute}).Draw(t, "unit")
		offsets := rapid.SliceOfNDistinct(rapid.Int64Range(0, int64(dayLength-1)/int64(unit)), 1, 100, rapid.ID).Draw(t, "offsets")
		slices.Sort(offsets)
		samples := make([]sensors.Sample, len(offsets))
		for i, o := range offsets {
			at := dayStart(day) + sensors.Instant(o*int64(unit))
			received := at + sensors.Instant(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "delay"))
			if odd := rapid.IntRange(0, 3).Draw(t, "odd receipt"); odd == 1 {
				received = 0
			} else if odd == 2 {
				received = sensors.Instant(rapid.Int64().Draw(t, "received"))
			}
			samples[i] = sensors.Sample{At: at, Received: received, Value: values.Draw(t, "value")}
		}
		return samples
	})
}

func TestABlockGivesBackEverySampleBitForBit(t *testing.T) {
	var e encoder
	var d decoder
	rapid.Check(t, func(t *rapid.T) {
		day := days.Draw(t, "day")
		want := samplesOf(day).Draw(t, "samples")
		block := e.encode(nil, name, day, want)
		body, err := open(block, name, day)
		if err != nil {
			t.Fatal(err)
		}
		before := sensors.Sample{At: 42}
		got, err := d.decode(body, day, []sensors.Sample{before})
		if err != nil {
			t.Fatal(err)
		}
		if got[0] != before || !slices.EqualFunc(got[1:], want, same) {
			t.Fatalf("got %v, want %v", got[1:], want)
		}
		summary, _, err := readSummary(body)
		if err != nil || summary != summarize(want) {
			t.Fatalf("header says %+v, %v; want %+v", summary, err, summarize(want))
		}
	})
}

func TestAHeaderTellsCountRangeAndLongestGap(t *testing.T) {
	at := func(minutes int) sensors.Instant { return sensors.Instant(time.Duration(minutes) * time.Minute) }
	samples := []sensors.Sample{{At: at(0), Value: 20}, {At: at(15), Value: -3.5}, {At: at(105), Value: 21.25}, {At: at(120), Value: 1}}
	want := Summary{Count: 4, Min: -3.5, Max: 21.25, LongestGap: 90 * time.Minute}
	if got := summarize(samples); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestEveryFlippedBitOfABlockIsFound(t *testing.T) {
	block := new(encoder).encode(nil, name, 17000, aDay(rand.New(rand.NewPCG(1, 1)), 17000, time.Millisecond))
	for i := range block {
		for bit := range 8 {
			flipped := bytes.Clone(block)
			flipped[i] ^= 1 << bit
			if _, err := unpack(flipped, 17000); err == nil {
				t.Fatalf("bit %d of byte %d was flipped and not found", bit, i)
			}
		}
	}
	if _, err := unpack(block, 17001); err == nil {
		t.Error("a block in the place of the next day's was not found")
	}
	if _, err := open(block, name+"2", 17000); err == nil {
		t.Error("a block in the place of another series' was not found")
	}
}

func TestAnyInt64ComesBackFromAColumn(t *testing.T) {
	numbers := rapid.SliceOfN(rapid.OneOf(rapid.Int64(), rapid.Int64Range(-100, 100), rapid.SampledFrom([]int64{math.MinInt64, math.MaxInt64})), 0, 100)
	rapid.Check(t, func(t *rapid.T) {
		want := numbers.Draw(t, "numbers")
		packed := append(appendColumn(nil, slices.Clone(want)), "after"...)
		var c column
		if err := c.open(packed, len(want)); err != nil {
			t.Fatal(err)
		}
		var got []int64
		for len(got) < len(want) {
			group, err := c.next()
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, group...)
		}
		if !slices.Equal(got, want) || string(c.src) != "after" {
			t.Fatalf("got %v and then %q, want %v", got, c.src, want)
		}
	})
}

// FuzzDecode gives the decoder bodies whose checksum was right: it must not panic, nor make more of them than a block may hold,
// and what it accepts must be what an encoder can store again.
func FuzzDecode(f *testing.F) {
	random := rand.New(rand.NewPCG(1, 1))
	block := new(encoder).encode(nil, name, 0, aDay(random, 0, time.Millisecond))
	f.Add(block[headerBytes:], int64(0))
	block = new(encoder).encode(nil, name, 0, []sensors.Sample{{Value: math.Copysign(0, -1)}, {At: 1, Value: math.Pi}})
	f.Add(block[headerBytes:], int64(0))
	f.Fuzz(func(t *testing.T, body []byte, day int64) {
		if day < -106752 || day > 106751 {
			return
		}
		got, err := new(decoder).decode(body, day, nil)
		if err != nil {
			if len(got) != 0 {
				t.Fatalf("%v, and yet %d samples", err, len(got))
			}
			return
		}
		if len(got) == 0 || len(got) > maxSamples {
			t.Fatalf("%d samples", len(got))
		}
		again, err := unpack(new(encoder).encode(nil, name, day, got), day)
		if err != nil || !slices.EqualFunc(again, got, same) {
			t.Fatalf("%d samples do not come back: %v", len(got), err)
		}
	})
}

// FuzzOpen gives whole blocks.
func FuzzOpen(f *testing.F) {
	f.Add(new(encoder).encode(nil, name, 0, aDay(rand.New(rand.NewPCG(1, 1)), 0, time.Millisecond)))
	f.Fuzz(func(t *testing.T, block []byte) {
		if samples, err := unpack(block, 0); err == nil && len(samples) == 0 {
			t.Fatal("no samples and no error")
		}
	})
}

func TestARegularDayTakesAtMostFourBytesASample(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for unit, most := range map[time.Duration]float64{time.Millisecond: 2.7, time.Microsecond: 4} {
		block := new(encoder).encode(nil, name, 17000, aDay(random, 17000, unit))
		if got := float64(len(block)) / 96; got > most {
			t.Errorf("receipts to %v: %.2f bytes a sample, want at most %.1f", unit, got, most)
		}
	}
}

func BenchmarkEncode(b *testing.B) {
	samples := aDay(rand.New(rand.NewPCG(1, 1)), 17000, time.Millisecond)
	var e encoder
	var block []byte
	for b.Loop() {
		block = e.encode(block[:0], name, 17000, samples)
	}
	b.ReportMetric(float64(len(block))/float64(len(samples)), "bytes/sample")
	b.ReportMetric(float64(b.N*len(samples))/b.Elapsed().Seconds()/1e6, "Msamples/s")
}

func BenchmarkDecode(b *testing.B) {
	samples := aDay(rand.New(rand.NewPCG(1, 1)), 17000, time.Millisecond)
	block := new(encoder).encode(nil, name, 17000, samples)
	var d decoder
	var out []sensors.Sample
	for b.Loop() {
		body, err := open(block, name, 17000)
		if err != nil {
			b.Fatal(err)
		}
		if out, err = d.decode(body, 17000, out[:0]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(samples))/b.Elapsed().Seconds()/1e6, "Msamples/s")
}
