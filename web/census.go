package web

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Counter counts the town for dashboards; see the methods of ledger.Ledger.
type Counter interface {
	Census(ctx context.Context, since, now sensors.Instant) (ledger.Census, error)
	CountOutbox(ctx context.Context) (n int, since sensors.Instant, err error)
}

// OutdoorDay is the outdoor daily mean of yesterday, as a policy takes it (A7.2.2.4).
type OutdoorDay struct {
	Policy string
	Known  bool    // an observation that is missing leaves the day undetermined
	Mean   float64 // °C
	Exempt bool
}

// Disk is the room on the disk that the data folder is on, in bytes.
type Disk struct{ Free, Size uint64 }

const (
	// countedFor is how long a count is shown again: it reads a row for each room, and whoever scrapes may do so every second.
	countedFor = 10 * time.Second
	// winter is how far back episodes and answers are counted.
	winter = 200 * 24 * time.Hour
)

// census shows how the town stands: homes by building, clocks by what is left, hours of cold. No label names a home.
type census struct {
	failing
	clock      clock
	counter    Counter
	checkpoint func() time.Time
	disk       func() (Disk, error)
	outdoor    func() []OutdoorDay

	mu   sync.Mutex
	at   time.Time
	last ledger.Census
	wait int
	old  time.Duration

	homes, rooms, episodes, cold, clocks, answers, waiting, waited, signed, free, size, mean, frost, running, longest, planned, kwh, yuan *prometheus.Desc
}

func newCensus(o Options, f failing) *census {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("nuanju_"+name, help, labels, nil)
	}
	return &census{
		failing: f, clock: o.Clock, counter: o.Ledger, checkpoint: o.Checkpoint, disk: o.Disk, outdoor: o.Outdoor,
		homes:    desc("homes", "Homes as they stand now, by building (section 4).", "substation", "building", "status", "clause"),
		rooms:    desc("rooms", "Judged rooms as they stand now; unknown: no reading holds.", "substation", "building", "status", "clause"),
		episodes: desc("episodes", "Episodes of cold this winter, by status (section 6).", "status"),
		cold:     desc("cold_seconds", "Time of this winter's episodes, of all rooms together: below, and what of it was confirmed or dismissed.", "part"),
		clocks:   desc("ticket_clocks", "Open tickets with a clock that nobody answered yet, by what is left of it (A6.6).", "clock", "left"),
		answers:  desc("ticket_answer_seconds", "How long this winter's tickets waited for an answer, by clock (A6.6).", "clock"),
		waiting:  desc("outbox_entries", "Entries of the workflow that the evidence log does not have yet."),
		waited:   desc("outbox_age_seconds", "How long the first of them has waited."),
		signed:   desc("log_checkpoint_timestamp_seconds", "When the evidence log's last checkpoint was signed."),
		free:     desc("disk_free_bytes", "Room left on the disk of the data folder."),
		size:     desc("disk_size_bytes", "Size of the disk of the data folder."),
		mean:     desc("outdoor_daily_mean_celsius", "Yesterday's outdoor daily mean as the policy takes it; absent while undetermined (A7.2.2.4).", "policy"),
		frost:    desc("outdoor_day_exempt", "1 if yesterday was exempt by its outdoor daily mean (A7.2.2.4).", "policy"),
		running:  desc("stoppages_running", "Stoppages that are going on (A7.2.2.5)."),
		longest:  desc("stoppage_longest_seconds", "How long the longest of them has lasted."),
		kwh:      desc("statement_kwh", "Heat in this winter's statements: metered, and zeroed in confirmed cold (A7.2.2).", "item"),
		yuan:     desc("statement_yuan", "What this winter's statements come to, by item (section 7).", "item"),
		planned:  desc("stoppages_season", "Planned stoppages this winter that touched a building; of each home the first three may be exempt (A7.2.2.5).", "building"),
	}
}

// Describe implements prometheus.Collector.
func (c *census) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		c.homes, c.rooms, c.episodes, c.cold, c.clocks, c.answers, c.waiting, c.waited, c.signed, c.free, c.size,
		c.mean, c.frost, c.running, c.longest, c.planned, c.kwh, c.yuan,
	} {
		to <- d
	}
}

// Collect implements prometheus.Collector. What cannot be read is left out; nuanju_metrics_unreadable says that the ledger cannot.
func (c *census) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	if c.checkpoint != nil {
		gauge(c.signed, seconds(c.checkpoint()))
	}
	if c.disk != nil {
		if d, err := c.disk(); err == nil {
			gauge(c.free, float64(d.Free))
			gauge(c.size, float64(d.Size))
		}
	}
	if c.outdoor != nil {
		for _, d := range c.outdoor() {
			if d.Known {
				gauge(c.mean, d.Mean, d.Policy)
				gauge(c.frost, float64(asInt(d.Exempt)), d.Policy)
			}
		}
	}
	town, waiting, old, ok := c.count()
	if !ok {
		return
	}
	gauge(c.waiting, float64(waiting))
	gauge(c.waited, old.Seconds())
	gauge(c.running, float64(town.Stoppages))
	gauge(c.longest, town.Longest.Seconds())
	for _, m := range town.Money {
		if m.Item == billing.ItemMetered || m.Item == billing.ItemZeroed {
			gauge(c.kwh, m.KWh, string(m.Item))
			continue
		}
		gauge(c.yuan, float64(m.Fen)/100, string(m.Item))
	}
	for building, n := range town.Planned {
		gauge(c.planned, float64(n), building)
	}
	for at, n := range standingOf(town.Standing) {
		d := c.homes
		if at.rooms {
			d = c.rooms
		}
		gauge(d, float64(n), at.substation, at.building, at.status, at.clause)
	}
	var below, confirmed, dismissed time.Duration
	for _, h := range town.Hours {
		gauge(c.episodes, float64(h.Episodes), string(h.Status))
		below, confirmed, dismissed = below+h.Below, confirmed+h.Confirmed, dismissed+h.Dismissed
	}
	gauge(c.cold, below.Seconds(), "below")
	gauge(c.cold, confirmed.Seconds(), "confirmed")
	gauge(c.cold, dismissed.Seconds(), "dismissed")
	for _, k := range town.Clocks {
		gauge(c.clocks, float64(k.Count), string(k.Clock), string(k.Left))
	}
	for _, a := range town.Answers {
		buckets := make(map[float64]uint64, len(a.Within))
		for i, bound := range ledger.AnswerBounds() {
			buckets[bound.Seconds()] = uint64(a.Within[i])
		}
		to <- prometheus.MustNewConstHistogram(c.answers, uint64(a.Count), a.Sum.Seconds(), buckets, string(a.Clock))
	}
}

// place is the labels of a count of homes or rooms.
type place struct {
	rooms                                bool
	substation, building, status, clause string
}

// standingOf is the counts by their labels: only of an exemption is the clause told.
func standingOf(all []ledger.Standing) map[place]int {
	counts := make(map[place]int, len(all))
	for _, s := range all {
		at := place{rooms: s.Rooms, substation: s.Substation, building: s.Building, status: string(s.Status)}
		if s.Status == compliance.Exempt {
			at.clause = string(s.Clause)
		}
		counts[at] += s.Count
	}
	return counts
}

// count is the town as it was counted last, or a new count if that was a while ago.
func (c *census) count() (town ledger.Census, waiting int, old time.Duration, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at := c.clock(); c.at.IsZero() || at.Before(c.at) || at.Sub(c.at) >= countedFor {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		now := sensors.At(at)
		counted, err := c.counter.Census(ctx, now.Add(-winter), now)
		if err == nil {
			var since sensors.Instant
			if c.wait, since, err = c.counter.CountOutbox(ctx); err == nil {
				c.old = 0
				if since != 0 {
					c.old = max(0, now.Sub(since))
				}
				c.last, c.at = counted, at
			}
		}
		if err != nil {
			c.logger.LogAttrs(ctx, slog.LevelError, "counting homes for metrics", slog.Any("err", err))
			return ledger.Census{}, 0, 0, false
		}
	}
	return c.last, c.wait, c.old, true
}

func asInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
