package intake_test

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
)

// A gateway's request: one reading of each of 5,000 rooms in 1,700 homes; the next one is 15 minutes later.
const (
	benchHomes = 1700
	benchLines = 5000
)

func benchRegistry() *sensors.Registry {
	var r sensors.Registry
	for i := range benchLines {
		h := fmt.Sprint("household-", i%benchHomes)
		if i < benchHomes {
			r.Households = append(r.Households, sensors.Household{ID: h})
		}
		room := sensors.RoomID{Household: h, Room: fmt.Sprint("room-", i/benchHomes)}
		d := fmt.Sprintf("dev-%06d", i)
		r.Rooms = append(r.Rooms, sensors.Room{RoomID: room, Kind: sensors.Bedroom})
		r.Devices = append(r.Devices, sensors.Device{ID: d})
		r.Assignments = append(r.Assignments, sensors.Assignment{Device: d, Target: sensors.InRoom(room), To: sensors.Forever})
	}
	return &r
}

// load makes requests; each caller has one.
type load struct {
	body   []byte
	stamps []int // where in the body the times are
	batch  ingest.Batch
	dec    *ingest.Decoder
}

func newLoad() *load {
	l := &load{dec: ingest.NewDecoder(ingest.DefaultBounds())}
	for i := range benchLines {
		l.body = fmt.Appendf(l.body, "temperature,device=dev-%06d celsius=%.2f ", i, 18+float64(i%300)/100)
		l.stamps = append(l.stamps, len(l.body))
		l.body = append(l.body, "0000000000000000000\n"...)
	}
	return l
}

// decode makes the body of the n-th request and decodes it.
func (l *load) decode(b testing.TB, n int64) *ingest.Batch {
	at := noon.Add(-10_000 * time.Hour).Add(time.Duration(n) * 15 * time.Minute)
	stamp := strconv.AppendInt(nil, int64(at), 10)
	for _, i := range l.stamps {
		copy(l.body[i:], stamp)
	}
	l.dec.LineProtocol(&l.batch, l.body, ingest.Nanosecond, noon)
	if len(l.batch.Records) != benchLines {
		b.Fatal(l.batch.Errors)
	}
	return &l.batch
}

func reportReadings(b *testing.B) {
	b.ReportMetric(float64(b.N)*benchLines/b.Elapsed().Seconds(), "readings/s")
}

// accept takes b.N requests in, from several callers.
func accept(b *testing.B, m *monitor) {
	var wg sync.WaitGroup
	const callers = 4
	next := make(chan int64)
	for range callers {
		wg.Go(func() {
			l := newLoad()
			for n := range next {
				if _, err := m.Accept(context.Background(), l.decode(b, n), &everything); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for n := range int64(b.N) {
		next <- n
	}
	close(next)
	wg.Wait()
}

// BenchmarkAccept is decoding, grouping and the synced append.
func BenchmarkAccept(b *testing.B) {
	m := open(b, benchRegistry())
	b.ReportAllocs()
	b.ResetTimer()
	accept(b, m)
	reportReadings(b)
}

// BenchmarkAcceptOne is 64 clients that each send one reading at a time, with the forwarder beside them.
func BenchmarkAcceptOne(b *testing.B) {
	m := open(b, benchRegistry())
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() { m.Run(ctx); close(done) }()
	b.ReportAllocs()
	b.ResetTimer()
	b.SetParallelism(64 / runtime.GOMAXPROCS(0))
	var next atomic.Int64
	b.RunParallel(func(pb *testing.PB) {
		decoder := ingest.NewDecoder(ingest.DefaultBounds())
		var batch ingest.Batch
		var body []byte
		for pb.Next() {
			n := next.Add(1)
			body = fmt.Appendf(body[:0], "temperature,device=dev-%06d celsius=20.5 %d\n", n%benchLines, int64(noon)-n*1e9)
			decoder.LineProtocol(&batch, body, ingest.Nanosecond, noon)
			if _, err := m.Accept(ctx, &batch, &everything); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
	stop()
	<-done
}

// BenchmarkForward is a backlog that is brought to the store and the ledger.
func BenchmarkForward(b *testing.B) {
	m := open(b, benchRegistry())
	accept(b, m)
	b.ReportAllocs()
	b.ResetTimer()
	if _, err := m.CatchUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	reportReadings(b)
}

// BenchmarkWay is both beside each other, as a server does it, until everything that was accepted is in the store.
func BenchmarkWay(b *testing.B) {
	m := open(b, benchRegistry())
	b.ReportAllocs()
	b.ResetTimer()
	ctx, stop := context.WithCancel(b.Context())
	done := make(chan struct{})
	go func() { m.Run(ctx); close(done) }()
	accept(b, m)
	accepted := b.Elapsed()
	lag, _ := m.Lag()
	stop()
	<-done
	if _, err := m.CatchUp(b.Context()); err != nil {
		b.Fatal(err)
	}
	reportReadings(b)
	b.ReportMetric(float64(b.N)*benchLines/accepted.Seconds(), "accepted/s")
	b.ReportMetric(float64(lag)/benchHomes*benchLines, "lag-readings")
	if n := m.stats.Forwarded.Load(); n != int64(b.N)*benchLines {
		b.Fatal(n, "forwarded")
	}
}

// BenchmarkStep is a step at a time: one reading of one device, as when little is sent.
func BenchmarkStep(b *testing.B) {
	m := open(b, benchRegistry())
	for i := range b.N {
		m.send(b, temperature("dev-000001", noon.Add(time.Duration(-i)*time.Second), 20))
		if _, err := m.Step(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}
