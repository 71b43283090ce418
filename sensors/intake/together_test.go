package intake_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
	"github.com/nuanju/nuanju/sensors/intake"
)

// While many send and the forwarder runs, a device is registered: in the end no line of it is held, its home is to be judged
// from its first reading, and every reading is there.
func TestADeviceIsRegisteredWhileItSends(t *testing.T) {
	m := open(t, home("h1"))
	f := m.forwarder(m.store, m.books, intake.Options{Linger: time.Millisecond, Lines: 50})
	ctx, stop := context.WithCancel(t.Context())
	var running, senders sync.WaitGroup
	running.Go(func() { f.Run(ctx) })
	const callers, requests = 8, 40
	half := make(chan struct{}, callers*requests)
	for caller := range callers {
		senders.Go(func() {
			for i := range requests {
				at := noon.Add(time.Duration(-caller*requests-i) * time.Second)
				if _, err := m.Accept(ctx, decode(temperature("new", at, 20)+temperature("d1", at, 20), noon), &everything); err != nil {
					t.Error(err)
				}
				half <- struct{}{}
			}
		})
	}
	for range callers * requests / 2 {
		<-half
	}
	r := home("h1", "h2")
	r.Devices = append(r.Devices, sensors.Device{ID: "new"})
	r.Assignments = append(r.Assignments, sensors.Assignment{Device: "new", Target: r.Assignments[1].Target, From: noon.Add(-time.Hour), To: sensors.Forever})
	if _, err := f.Renew(ctx, places(r), "registered"); err != nil {
		t.Fatal(err)
	}
	senders.Wait()
	_, err := f.CatchUp(ctx)
	must(t, err)
	stop()
	running.Wait()
	m.wantHeld(t)
	first := noon.Add(-(callers*requests - 1) * time.Second)
	if got := m.dirty(t); got["h1"] != first || got["h2"] > first {
		t.Errorf("dirty %v, want from %d", got, first)
	}
	for _, device := range []string{"d1", "new"} {
		samples, err := m.store.Read(t.Context(), room(device), sensors.Earliest, sensors.Latest, nil)
		must(t, err)
		if len(samples) != callers*requests {
			t.Errorf("%s: %d readings", device, len(samples))
		}
	}
	if n := m.stats.Forwarded.Load(); n != 2*callers*requests {
		t.Errorf("%d lines were forwarded", n)
	}
}

// However a reading was written, it comes out of the log as it went in.
func TestEveryFormatGoesTheSameWay(t *testing.T) {
	m := open(t, home("h1", "h2"))
	at := noon.Time().Format(time.RFC3339)
	decoder := ingest.NewDecoder(ingest.DefaultBounds())
	bodies := map[string]func(*ingest.Batch){
		"line": func(b *ingest.Batch) {
			decoder.LineProtocol(b, []byte(fmt.Sprintf("temperature,device=d1 celsius=17.9967 %d", noon/1e9)), ingest.Second, 0)
		},
		"json": func(b *ingest.Batch) {
			decoder.JSON(b, []byte(`{"readings": [{"device": "d1", "time": "`+at+`", "celsius": 17.9967}]}`))
		},
		"csv": func(b *ingest.Batch) { decoder.CSV(b, []byte("celsius,time,device\n17.9967,"+at+",d1\n")) },
	}
	for name, decode := range bodies {
		var b ingest.Batch
		decode(&b)
		receipt, err := m.Accept(t.Context(), &b, &everything)
		if err != nil || receipt.Accepted != 1 {
			t.Fatal(name, err, b.Errors)
		}
	}
	m.forward(t)
	m.wantHeld(t)
	wantSamples(t, m.store, room("d1"), sensors.Sample{At: noon, Received: noon, Value: 17.9967})
}
