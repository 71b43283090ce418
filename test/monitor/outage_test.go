package monitor_test

import (
	"context"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/nuanju/nuanju/sensors/influx/influxtest"
	"github.com/nuanju/nuanju/test/servertest"
)

// outage is how long InfluxDB is away: 10 s, or what the environment says. The figure of the requirements is
//
//	NUANJU_OUTAGE=60s go test ./test/monitor -run InfluxDBAway -v
func outage(t *testing.T) time.Duration {
	text := os.Getenv("NUANJU_OUTAGE")
	if text == "" {
		return 10 * time.Second
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("NUANJU_OUTAGE: %v", err)
	}
	return d
}

// InfluxDB is stopped in the middle of a load. Readings are acknowledged as before, each at the first attempt; the server says
// that its store is away and is itself there. When InfluxDB is back, the lag goes to zero and everything is in it, once.
func TestInfluxDBAway(t *testing.T) {
	t.Parallel()
	random := seeded(t, 60)
	away := outage(t)
	flux := influxtest.Start(t)
	h := newHome("3-2-601", 4)
	s := newServer(t, onInflux(t, flux)...)
	s.register(h)
	s.Token("device")
	s.Start()

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var g errgroup.Group
	sensors := make([]*sensor, len(h.rooms))
	for i, r := range h.rooms {
		d := &sensor{h.device(r.name), rand.New(rand.NewPCG(random.Uint64(), 0)), h.from, time.Second, nil}
		sensors[i] = d
		g.Go(func() error { return d.load(ctx, s) })
	}
	stored := func() bool { return s.metric("nuanju_forwarder_readings_total") > 0 }
	servertest.Until(t, "readings come into InfluxDB", stored)
	flux.Stop(t)
	stopped := time.Now()
	servertest.Until(t, "the server says that its store is away", func() bool {
		ready, checks := s.ready()
		return !ready && checks["store"] != "ok" && checks["log"] == "ok" && checks["ledger"] == "ok"
	})
	s.Get("", "/health") // as InfluxDB's clients ask: ready for writes
	<-time.After(away - time.Since(stopped))
	lag := s.metric("nuanju_forwarder_lag_leaves")
	if lag == 0 {
		t.Error("there is no lag although InfluxDB is away")
	}
	flux.Start(t)
	servertest.Until(t, "some of the lag is caught up under load", func() bool { return s.metric("nuanju_forwarder_lag_seconds") < away.Seconds()/2 })
	stop()
	if err := g.Wait(); err != nil {
		t.Fatalf("a write was not acknowledged: %v\n%s", err, s.Stderr)
	}
	s.settle()
	for _, d := range sensors {
		h.sent = append(h.sent, d.acked...)
	}
	report(t, h.wrongReadings(s.readings(h.household, h.from, h.to)))
	if ready, checks := s.ready(); !ready {
		t.Errorf("not ready again: %v", checks)
	}
	t.Logf("%d readings acknowledged; %v leaves lagged after %v", len(h.sent), lag, away)
}

// load sends twenty times a second until ctx ends. An error is the first write that was not acknowledged at once.
func (d *sensor) load(ctx context.Context, s *server) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		body, lines := d.measure(1 + d.random.IntN(100))
		if err := s.Write("?precision=s", body); err != nil {
			return err
		}
		d.acked = append(d.acked, lines...)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}
