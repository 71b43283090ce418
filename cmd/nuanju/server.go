package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/robfig/cron/v3"

	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/evidence/files"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/notify"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/intake"
	"github.com/nuanju/nuanju/web"
	"github.com/nuanju/nuanju/web/pages"
	"github.com/nuanju/nuanju/web/signin"
)

// server is every part of the monitor, put together.
type server struct {
	settings *configs.Settings
	logger   *slog.Logger
	now      func() time.Time
	zone     *time.Location // of cron and of times that belong to no household

	log       *evidence.Log
	ledger    *ledger.Ledger
	store     sensors.Store
	town      *town
	forwarder *intake.Forwarder
	checker   *checker.Checker
	messages  *notify.Job
	files     *files.Folder
	weather   *weather
	shown     int64 // how many changes of the registry dashboards know
	door      *signin.Door
	ticks     atomic.Pointer[web.Ticks]
	signed    atomic.Pointer[time.Time] // when the log's size was last under a signature

	lock    *os.File // of the data folder, if this server has it alone
	pages   *pages.Pages
	handler http.Handler
	metrics http.Handler
}

// newServer opens the stores and puts the parts together. After an error nothing stays open.
func newServer(ctx context.Context, settings *configs.Settings, logger *slog.Logger) (*server, error) {
	return newServerAt(ctx, settings, logger, time.Now)
}

// newServerAt is newServer with another clock, by which everything is stamped: the demonstration's, which has a past.
func newServerAt(ctx context.Context, settings *configs.Settings, logger *slog.Logger, now func() time.Time) (_ *server, err error) {
	for _, spec := range []string{settings.TickCron, settings.ClockCron, settings.SignCron, settings.Findings.Cron, settings.NotifyCron} {
		if _, err := cron.ParseStandard(spec); err != nil {
			return nil, errUsage{fmt.Errorf("cron %q: %w", spec, err)}
		}
	}
	s := &server{settings: settings, logger: logger, now: now}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	if s.lock, err = takeFolder(settings); err != nil {
		return nil, err
	}
	if s.log, err = openLog(ctx, settings, evidence.Options{Logger: logger, Clock: receiptTime(now)}); err != nil {
		return nil, err
	}
	if s.ledger, err = openLedger(ctx, settings); err != nil {
		return nil, err
	}
	if s.store, err = openStore(ctx, settings); err != nil {
		return nil, err
	}
	if s.files, err = files.Open(filepath.Join(settings.Data, "files")); err != nil {
		return nil, err
	}
	policies, err := policyPacks()
	if err != nil {
		return nil, err
	}
	s.zone = policies[configs.DefaultPolicy].Zone
	if s.town, err = openTown(ctx, s.ledger, policies, s.now); err != nil {
		return nil, err
	}
	stats := new(intake.Stats)
	s.forwarder = s.forwarderOf(stats)
	if err := s.reconcile(ctx); err != nil {
		return nil, err
	}
	s.checker, err = checker.New(checker.Config{
		Ledger: s.verdicts(), Store: s.store, Registry: s.town, Events: s.ledger, Declared: s.ledger,
		Policies: policies, Clock: s.now,
	})
	if err != nil {
		return nil, err
	}
	show, _ := s.store.(shower)
	s.weather = &weather{ledger: s.ledger, store: s.store, policies: policies, show: show, now: s.now}
	return s, s.handle(stats)
}

// reconcile makes sure that log, ledger and store belong together before anything is judged. A log shorter than what was
// forwarded from it is refused. An embedded store that holds nothing, lost or put in another place, is filled again.
func (s *server) reconcile(ctx context.Context) error {
	forwarded, err := s.forwarder.Position(ctx)
	if err != nil || forwarded == 0 || s.settings.Store.Kind != "blocks" {
		return err // InfluxDB may be away for now, and must not keep the server from starting
	}
	if series, err := s.store.List(ctx); err != nil || len(series) > 0 {
		return err
	}
	s.logger.Warn("the store holds nothing and is filled again from the evidence log", "entries", forwarded)
	_, err = s.forwarder.Rebuild(ctx)
	return err
}

// forwarderOf is the way from the log to the store. Each kind of store has a watermark of its own.
func (s *server) forwarderOf(stats *intake.Stats) *intake.Forwarder {
	return intake.NewForwarder(s.log, s.store, s.ledger, s.town.places, stats, intake.Options{
		Name: "forward/" + s.settings.Store.Kind, Logger: s.logger, Clock: s.now,
	})
}

// verdicts is where the checker writes: the ledger, and with a store that dashboards read, that too.
func (s *server) verdicts() checker.Ledger {
	if show, ok := s.store.(shower); ok {
		return showing{s.ledger, show, s.logger}
	}
	return s.ledger
}

// outbox is where what happened to tickets goes: the evidence log, and with a store that dashboards read, that too.
func (s *server) outbox() ledger.EvidenceLog {
	log := ledger.ToEvidence(s.log)
	if show, ok := s.store.(shower); ok {
		return telling{log, show, s.logger}
	}
	return log
}

// handle makes the handlers of the API and of the metrics.
func (s *server) handle(stats *intake.Stats) error {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	s.door = s.openDoor()
	settler, _, err := s.settler(context.Background())
	if err != nil {
		return err
	}
	api, err := web.New(web.Options{
		Settler: settler, PaymentRules: configs.Payment, Channels: s.settings.Channels,
		Door: s.door, Proxies: s.settings.SignIn.Proxies,
		Ledger: s.ledger, Log: s.log, Store: s.store, Intake: intake.New(s.log, s.town.places, stats), Homes: s.town.directory, Files: s.files,
		Policies: s.town.policies, Answers: s.checker.Answers,
		Logger: s.logger, Registry: registry, Clock: s.now, Zone: s.zone, Stats: stats,
		Lag: s.lag(), Ticks: s.ticking(),
		Checkpoint: func() time.Time {
			if at := s.signed.Load(); at != nil {
				return *at
			}
			return time.Time{}
		},
		Outdoor: s.weather.days,
		Disk:    func() (web.Disk, error) { return diskOf(s.settings.Data) },
		MaxBody: int64(s.settings.MaxBody) << 20, MetricsElsewhere: s.settings.Metrics != "", Version: version,
	})
	if err != nil {
		return err
	}
	s.metrics = web.Metrics(registry)
	if s.messages, err = s.notifier(registry); err != nil {
		return err
	}
	s.pages, err = pages.New(pages.Options{
		API: api, Changes: s.ledger.Changes, Logger: s.logger, Clock: s.now, Zone: s.zone, Version: version, Grafana: s.settings.Grafana,
		Signed: func() bool {
			_, ok := s.log.Latest()
			return ok
		},
	})
	s.handler = byRole(s.settings.Roles, front{api, s.pages})
	return err
}

// tick takes a changed registry over and judges what has changed.
func (s *server) tick(ctx context.Context) error {
	refreshed := s.town.refresh(ctx, s.forwarder)
	s.showPlaces(ctx)
	report, err := s.checker.Tick(ctx)
	t := web.Ticks{Last: s.now(), Took: report.Duration, Dirty: report.Waiting}
	if good := s.checker.LastGood(); good != 0 {
		t.LastGood = good.Time()
	}
	s.ticks.Store(&t)
	for _, f := range report.Failures {
		s.logger.Warn("a household cannot be judged", "household", f.Household, "error", f.Err)
	}
	return errors.Join(refreshed, err)
}

// showPlaces tells dashboards which device measures what, when the registry has changed. What cannot be told now is told at the next tick.
func (s *server) showPlaces(ctx context.Context) {
	show, ok := s.store.(shower)
	if !ok {
		return
	}
	taken, registry := s.town.present()
	if taken == s.shown {
		return
	}
	if err := show.Show(ctx, placePoints(registry, sensors.At(s.now()))); err != nil {
		s.logger.Warn("places could not be shown to dashboards", "error", err)
		return
	}
	s.shown = taken
}

// sign signs a checkpoint of the evidence log.
func (s *server) sign(ctx context.Context) error {
	_, err := s.log.Sign(ctx)
	if err == nil {
		now := s.now()
		s.signed.Store(&now)
	}
	return err
}

// deliver brings what happened to tickets from the ledger's outbox to the evidence log.
func (s *server) deliver(ctx context.Context) error {
	const atOnce = 500
	for {
		n, err := s.ledger.Deliver(ctx, s.outbox(), atOnce)
		if err != nil || n < atOnce {
			return err
		}
	}
}

// finish writes what must not wait for the next start.
func (s *server) finish(ctx context.Context) error {
	if !s.settings.Roles.Checker {
		return nil
	}
	return errors.Join(s.alone("deliver", s.deliver)(ctx), s.sign(ctx))
}

// lag tells how far the store is behind; nil on a server that does not forward.
func (s *server) lag() func() web.Lag {
	if !s.settings.Roles.Ingest {
		return nil
	}
	return func() web.Lag {
		leaves, age := s.forwarder.Lag()
		return web.Lag{Leaves: leaves, Age: age}
	}
}

// ticking tells how the checker is doing; nil on a server that does not judge.
func (s *server) ticking() func() web.Ticks {
	if !s.settings.Roles.Checker {
		return nil
	}
	return func() web.Ticks {
		if t := s.ticks.Load(); t != nil {
			return *t
		}
		return web.Ticks{}
	}
}

// close closes what is open.
func (s *server) close() error {
	var errs []error
	if s.door != nil {
		s.door.Close()
	}
	if s.log != nil {
		errs = append(errs, s.log.Close())
	}
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	if s.ledger != nil {
		errs = append(errs, s.ledger.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}
