package monitor_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuanju/nuanju/test/servertest"
)

// newHome is a home that nothing has been said of yet, with rooms of one device each, in the winter of 2015.
func newHome(household string, rooms int) *home {
	from := time.Date(2015, 11, 15, 0, 0, 0, 0, time.FixedZone("", 8*3600))
	h := &home{household: household, area: "89.5", from: from, to: from.AddDate(0, 0, 122), season: "2015-11-15/2016-03-15"}
	for i := range rooms {
		h.rooms = append(h.rooms, room{fmt.Sprintf("bed%d", i+1), "bedroom"})
	}
	return h
}

// sensor is a device that sends what it measured, again and again until it is acknowledged, as gateways do.
type sensor struct {
	device string
	random *rand.Rand
	next   time.Time
	step   time.Duration
	acked  []said
}

// measure is the next n readings.
func (d *sensor) measure(n int) (body string, lines []said) {
	var b strings.Builder
	for range n {
		l := line{fmt.Sprintf("temperature,device=%s celsius=%.2f", d.device, 15+8*d.random.Float64()), d.next}
		fmt.Fprintf(&b, "%s %d\n", l.text, l.at.Unix())
		lines = append(lines, said{l})
		d.next = d.next.Add(d.step)
	}
	return b.String(), lines
}

// deliver sends up to most readings until they are acknowledged. False: they never were, for ctx has ended.
func (d *sensor) deliver(ctx context.Context, s *server, most int) bool {
	body, lines := d.measure(1 + d.random.IntN(most))
	retry := time.NewTicker(5 * time.Millisecond)
	defer retry.Stop()
	for s.Write("?precision=s", body) != nil {
		select {
		case <-retry.C:
		case <-ctx.Done():
			return false
		}
	}
	d.acked = append(d.acked, lines...)
	return true
}

// The server is killed with kill -9 in the middle of a load, twenty times. What it had acknowledged is there, once, and
// the log and the store verify.
func TestKill(t *testing.T) {
	t.Parallel()
	const kills = 20
	random := seeded(t, 20)
	h := newHome("3-2-601", 4)
	s := newServer(t)
	s.register(h)
	s.Token("device")
	s.Start()

	ctx, giveUp := context.WithTimeout(t.Context(), servertest.Patience)
	defer giveUp()
	var stop atomic.Bool
	acked := make(chan struct{}, 8)
	done := make(chan *sensor)
	for i, r := range h.rooms {
		d := &sensor{h.device(r.name), rand.New(rand.NewPCG(20, uint64(i))), h.from, 10 * time.Second, nil}
		go func() {
			for !stop.Load() && d.deliver(ctx, s, 40) {
				select {
				case acked <- struct{}{}:
				case <-ctx.Done():
				}
			}
			done <- d
		}()
	}
	wait := func(n int) {
		for range n {
			select {
			case <-acked:
			case <-ctx.Done():
				t.Errorf("nothing is acknowledged any more: %s", s.Stderr)
				return
			}
		}
	}
	for range kills {
		wait(1 + random.IntN(30))
		<-time.After(time.Duration(random.IntN(3000)) * time.Microsecond) // in the middle of something
		s.Kill()
		s.Start()
	}
	wait(len(h.rooms))
	stop.Store(true)
	for range h.rooms {
		for waiting := true; waiting; {
			select {
			case <-acked:
			case d := <-done:
				h.sent = append(h.sent, d.acked...)
				waiting = false
			}
		}
	}
	s.settle()
	report(t, h.wrongReadings(s.readings(h.household, h.from, h.to)))
	s.Stop()
	if out := s.Must("verify"); out != "ok\n" {
		t.Errorf("verify says %q", out)
	}
	t.Logf("%d readings acknowledged between %d kills", len(h.sent), kills)
}

// What happened at a home comes in while the server is killed again and again, in the middle of forwarding and of judging. The
// verdict is that of a server that nothing happened to.
func TestKillWhileJudging(t *testing.T) {
	t.Parallel()
	const kills = 8
	random := seeded(t, 8)
	h := example(t)
	s := newServer(t)
	s.register(h)
	s.Must("import", "case", h.dir, "--household", h.household)
	s.Token("device")
	s.Token("auditor")
	s.Start()
	all := requests(random, h)
	for round := range kills + 1 {
		s.send(all[round*len(all)/(kills+1) : (round+1)*len(all)/(kills+1)])
		if round < kills {
			// From before it is forwarded to after it is judged: a second lies between two ticks.
			<-time.After(time.Duration(random.IntN(1500)) * time.Millisecond)
			s.Kill()
			s.Start()
		}
	}
	s.settle()
	s.holds(h)
	s.Stop()
	if out := s.Must("verify"); out != "ok\n" {
		t.Errorf("verify says %q", out)
	}
}
