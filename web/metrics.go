package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/nuanju/nuanju/sensors/intake"
)

// metrics counts what passes through the server. Labels have few values that are known beforehand; none names a home.
type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	bodies   prometheus.GaugeFunc
}

func newMetrics(inProgress func() float64) *metrics {
	return &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "nuanju_http_requests_total", Help: "Requests answered, by route, method and status.",
		}, []string{"route", "method", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "nuanju_http_request_seconds", Help: "How long requests took, by route.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route"}),
		bodies: prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "nuanju_write_bodies_bytes", Help: "Bytes of the bodies of writes in progress.",
		}, inProgress),
	}
}

func (m *metrics) register(r *prometheus.Registry) error {
	return errors.Join(r.Register(m.requests), r.Register(m.duration), r.Register(m.bodies))
}

// request counts one request. Those of no route are counted together: their methods and paths are the callers' choice.
func (m *metrics) request(row access, known bool, status int, took time.Duration) {
	if !known {
		m.requests.WithLabelValues("none", "", strconv.Itoa(status)).Inc()
		return
	}
	m.requests.WithLabelValues(row.pattern, row.method, statusText(status)).Inc()
	m.duration.WithLabelValues(row.pattern).Observe(took.Seconds())
}

// statusText spares the common answers an allocation.
func statusText(status int) string {
	switch status {
	case http.StatusOK:
		return "200"
	case http.StatusNoContent:
		return "204"
	}
	return strconv.Itoa(status)
}

// vitals reads, each time that metrics are asked for, what the ledger and the parts beside the server know.
type vitals struct {
	failing
	quarantine Quarantine
	tickets    Tickets
	clock      clock
	stats      *intake.Stats
	lag        func() Lag
	ticks      func() Ticks
	leaves     func() int64

	held, open, breached, size, lagLeaves, lagSeconds, last, lastGood, took, dirty, failed,
	readings, busy, forwarded, entries, set, released, retries *prometheus.Desc
}

func newVitals(o Options, f failing) *vitals {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("nuanju_"+name, help, labels, nil)
	}
	return &vitals{
		failing: f, quarantine: o.Ledger, tickets: o.Ledger, clock: o.Clock, stats: o.Stats, lag: o.Lag, ticks: o.Ticks, leaves: o.Log.Size,
		held:       desc("quarantine_lines", "Lines held in quarantine, by reason.", "reason"),
		open:       desc("tickets_open", "Open tickets."),
		breached:   desc("tickets_breached", "Open tickets of which a clock was breached (A6.6)."),
		size:       desc("log_leaves", "Leaves of the evidence log."),
		lagLeaves:  desc("forwarder_lag_leaves", "Leaves of the evidence log that are not in the store yet."),
		lagSeconds: desc("forwarder_lag_seconds", "Age of the oldest leaf that is not in the store yet."),
		last:       desc("checker_last_tick_timestamp_seconds", "When the checker's last tick ended."),
		lastGood:   desc("checker_last_good_tick_timestamp_seconds", "When the last tick ended that judged everything."),
		took:       desc("checker_tick_seconds", "How long the checker's last tick took."),
		dirty:      desc("checker_dirty_households", "Households that wait to be judged."),
		failed:     desc("metrics_unreadable", "1 while the ledger cannot be read for these metrics."),
		readings: desc("readings_total", "Readings received, by what became of them: accepted (durable in the evidence log) or "+
			"refused (unreadable or outside the token's scope; the sender was told).", "result"),
		busy:      desc("log_busy_total", "Writes turned away because the evidence log's queue was full."),
		forwarded: desc("forwarder_readings_total", "Readings that went from the evidence log to the store and the ledger."),
		entries:   desc("forwarder_leaves_total", "Leaves of the evidence log that were forwarded."),
		set:       desc("quarantined_total", "Readings that were set aside, by reason.", "reason"),
		released:  desc("quarantine_released_total", "Readings let out of quarantine."),
		retries:   desc("forwarder_retries_total", "Steps of the forwarder that failed and were tried again."),
	}
}

// Describe implements prometheus.Collector.
func (v *vitals) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		v.held, v.open, v.breached, v.size, v.lagLeaves, v.lagSeconds, v.last, v.lastGood, v.took, v.dirty, v.failed,
		v.readings, v.busy, v.forwarded, v.entries, v.set, v.released, v.retries,
	} {
		to <- d
	}
}

// Collect implements prometheus.Collector. What cannot be read is left out and nuanju_metrics_unreadable says so.
func (v *vitals) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	held, err := v.quarantine.CountQuarantine(ctx)
	for reason, n := range held {
		gauge(v.held, float64(n), reason)
	}
	open, breached, err2 := v.tickets.CountTickets(ctx, v.clock.now())
	if err2 == nil {
		gauge(v.open, float64(open))
		gauge(v.breached, float64(breached))
	}
	failed := 0.0
	if err := errors.Join(err, err2); err != nil {
		failed = 1
		v.logger.LogAttrs(ctx, slog.LevelError, "reading the ledger for metrics", slog.Any("err", err))
	}
	gauge(v.failed, failed)
	gauge(v.size, float64(v.leaves()))
	v.counts(to)
	if v.lag != nil {
		l := v.lag()
		gauge(v.lagLeaves, float64(l.Leaves))
		gauge(v.lagSeconds, l.Age.Seconds())
	}
	if v.ticks != nil {
		t := v.ticks()
		gauge(v.last, seconds(t.Last))
		gauge(v.lastGood, seconds(t.LastGood))
		gauge(v.took, t.Took.Seconds())
		gauge(v.dirty, float64(t.Dirty))
	}
}

// counts is what went through the intake and the forwarder since the process started.
func (v *vitals) counts(to chan<- prometheus.Metric) {
	if v.stats == nil {
		return
	}
	count := func(d *prometheus.Desc, n int64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	count(v.readings, v.stats.Accepted.Load(), "accepted")
	count(v.readings, v.stats.Refused.Load(), "refused")
	count(v.busy, v.stats.Busy.Load())
	count(v.forwarded, v.stats.Forwarded.Load())
	count(v.entries, v.stats.Entries.Load())
	count(v.released, v.stats.Released.Load())
	count(v.retries, v.stats.Retries.Load())
	for reason, n := range v.stats.Quarantined() {
		count(v.set, n, reason)
	}
}

// seconds is a time as Prometheus has it; 0 for none.
func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixNano()) / 1e9
}

// Metrics serves what is registered, in Prometheus' formats, for a listener of its own.
func Metrics(r *prometheus.Registry) http.Handler {
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4})
}
