package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// tickBetween is a ledger of which, before the first reply is written, the minute's cron records a breach.
type tickBetween struct {
	*ledger.Ledger
	clock *handClock
	done  bool
}

func (l *tickBetween) SaveTicket(ctx context.Context, before, after disputes.Ticket, events []disputes.Event, dirty []ledger.Mark) error {
	if !l.done {
		l.done = true
		l.clock.add(2 * time.Second)
		if ticked, breaches := disputes.Breaches(before, sensors.At(l.clock.now())); len(breaches) > 0 {
			if err := l.Ledger.SaveTicket(ctx, before, ticked, breaches, nil); err != nil {
				return err
			}
		}
	}
	return l.Ledger.SaveTicket(ctx, before, after, events, dirty)
}

// A breach that is recorded between reading and writing costs nobody their reply; the reply then has the later time, at which
// it was too late.
func TestTickBetweenReadingAndWriting(t *testing.T) {
	h := open(t, nil)
	between := &tickBetween{Ledger: h.ledger, clock: h.clock}
	h.options.Ledger, h.options.Registry = between, prometheus.NewRegistry()
	h.start(t)
	id := h.report(t, "2015-12-01T11:00:01+08:00") // due at 12:00:01; it is 12:00:00
	want(t, h.ask("dispatcher", http.MethodPost, "/api/v1/tickets/"+id+"/reply", `{"text":"ok"}`), http.StatusOK)
	v := h.view(t, id)
	if !between.done || v.Version != 3 || v.Timeline[1].Event != disputes.BreachReply || v.Timeline[2].Event != disputes.Replied {
		t.Fatalf("%+v", v)
	}
	if reply := v.Clocks.Reply; reply.State != disputes.Breached || !reply.MetAt.Equal(noon.Add(2*time.Second)) {
		t.Errorf("%+v", reply)
	}
}

// A device that was carried to another home shows nobody there in the readings of the first, though nobody ended its assignment.
func TestReadingsOfACarriedDevice(t *testing.T) {
	registry := town()
	moved := sensors.At(noon.Add(-time.Hour))
	registry.Assignments = append(registry.Assignments, sensors.Assignment{
		Device: "d4", Target: sensors.InRoom(sensors.RoomID{Household: "h2", Room: "bed"}), From: moved, To: sensors.Forever,
	})
	h := openRegistry(t, registry, nil)
	_, err := h.store.Write(t.Context(), []sensors.Batch{{
		Series:  sensors.Series{Quantity: sensors.Temperature, Owner: "d4"},
		Samples: []sensors.Sample{{At: moved - 1, Value: 18.25}, {At: moved, Value: 21.75}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for resident, c := range map[string]struct{ home, has, not string }{
		"resident": {"h1", "18.25", "21.75"}, "neighbour": {"h2", "21.75", "18.25"},
	} {
		w := want(t, h.ask(resident, http.MethodGet, "/api/v1/households/"+c.home+"/readings?from=2015-12-01T00:00:00Z&to=2015-12-02T00:00:00Z", ""), http.StatusOK)
		if body := w.Body.String(); !strings.Contains(body, c.has) || strings.Contains(body, c.not) {
			t.Errorf("%s: %s", resident, body)
		}
	}
}
