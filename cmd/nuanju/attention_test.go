package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// workday is in the season.
var workday = time.Date(2015, 12, 1, 8, 0, 0, 0, time.FixedZone("", 8*3600))

// replica is a server's clockwork on a ledger, at a time of its own.
func replica(t *testing.T, l *ledger.Ledger, now *time.Time) *server {
	t.Helper()
	settings, problems := configs.DefaultSettings(nil)
	must(t, problems.Err())
	return &server{settings: settings, ledger: l, now: func() time.Time { return *now }}
}

func emptyLedger(t *testing.T) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "ledger.db"))
	must(t, err)
	t.Cleanup(func() { must(t, l.Close()) })
	return l
}

func timeline(t *testing.T, l *ledger.Ledger, id string) string {
	t.Helper()
	_, events, err := l.Ticket(t.Context(), id)
	must(t, err)
	var lines []string
	for _, e := range events {
		line := e.At.Time().In(workday.Location()).Format("15:04:05 ") + string(e.Event)
		if e.Facts.To != "" {
			line += fmt.Sprint(" ", e.Facts.Clock, " ", e.Facts.To)
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// Two servers look each minute, at once, for three hours; each warning, breach and step of the settings is in the timeline once.
func TestTwoServersDrawAttentionOnce(t *testing.T) {
	l, now := emptyLedger(t), workday
	a, b := replica(t, l, &now), replica(t, l, &now)
	always := func(sensors.Instant) bool { return true }
	ticket, events, err := disputes.File(disputes.Filing{
		ID: "t1", Household: "h1", Kind: disputes.Other, Actor: disputes.Actor{Role: disputes.Resident, ID: "r"},
	}, disputes.ContractDuties(always), sensors.At(now))
	must(t, err)
	must(t, l.FileTicket(t.Context(), ticket, events, nil))
	for range 200 {
		var both sync.WaitGroup
		for _, s := range []*server{a, b} {
			both.Go(func() {
				if err := s.clocks(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		now = now.Add(time.Minute)
	}
	want := `08:00:00 filed
08:45:00 warn_reply
09:00:00 breach_reply
09:01:00 escalate reply shift_lead
09:31:00 escalate reply duty_manager
11:01:00 escalate reply director`
	if got := timeline(t, l, "t1"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if due, err := l.AlertTickets(t.Context(), sensors.Forever, 10); err != nil || len(due) != 0 {
		t.Errorf("%d tickets are still looked at (%v)", len(due), err)
	}
}
