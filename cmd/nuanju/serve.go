package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/nuanju/nuanju/configs"
)

type serveCommand struct {
	settingsFlag
	Roles       string `placeholder:"ROLES" help:"What this server does instead of what the settings say: some of web, ingest, checker."`
	PrintConfig bool   `help:"Print the annotated settings with their defaults, and stop."`
}

// Help is shown by nuanju serve --help.
func (serveCommand) Help() string {
	return `
Examples:
  nuanju serve
  nuanju serve --print-config > my.yaml
  nuanju serve --config my.yaml
  NUANJU_LISTEN=:8080 nuanju serve

It stops on SIGINT or SIGTERM: requests in progress are finished, and a last checkpoint is signed.`
}

// Run serves until the context ends.
func (c serveCommand) Run(a *app) error {
	if c.PrintConfig {
		_, err := a.stdout.Write(configs.Annotated)
		return err
	}
	ctx, stop := signal.NotifyContext(a.ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends a drain that takes too long
	settings, err := c.read()
	if err != nil {
		return err
	}
	if c.Roles != "" {
		if settings.Roles, err = configs.ParseRoles(c.Roles); err != nil {
			return errUsage{err}
		}
		if settings.Embedded() && !settings.Roles.All() {
			return errUsage{errors.New("--roles: with embedded stores one server does everything")}
		}
	}
	logger := newLogger(a.stderr, settings.LogLevel)
	s, err := newServer(ctx, settings, logger)
	if err != nil {
		return err
	}
	return s.run(ctx, func(address string) { fmt.Fprintf(a.stdout, "http://%s\n", address) })
}

func newLogger(w io.Writer, level string) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil { // settings have been checked
		l = slog.LevelInfo
	}
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: l}))
}

// run serves until ctx ends, then drains: no new connections, requests in progress are finished, the last entries of the
// outbox and a checkpoint are written, and the stores closed. Started is told the address that is listened on.
func (s *server) run(ctx context.Context, started func(address string)) error {
	listener, err := net.Listen("tcp", s.settings.Listen)
	if err != nil {
		return errors.Join(err, s.close())
	}
	metricsListener, err := s.listenForMetrics()
	if err != nil {
		return errors.Join(err, listener.Close(), s.close())
	}
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	if s.settings.Roles.Ingest {
		running.Go(func() { s.forward(background) })
	}
	clockwork := s.clockwork(background)
	clockwork.Start()
	for _, job := range clockwork.Entries() { // what the last stop left undone does not wait for the clock
		running.Go(job.WrappedJob.Run)
	}

	srv := &http.Server{
		Handler: s.handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute,
		IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10, ErrorLog: slog.NewLogLogger(s.logger.Handler(), slog.LevelWarn),
	}
	srv.RegisterOnShutdown(s.pages.Close)
	failed := make(chan error, 2)
	go func() { failed <- srv.Serve(listener) }()
	metrics := s.serveMetrics(metricsListener, failed)
	started(listener.Addr().String())
	s.logger.Info("serving", "address", listener.Addr().String(), "store", s.settings.Store.Kind, "roles", s.settings.Roles.String())

	select {
	case <-ctx.Done():
		err = nil
	case err = <-failed:
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.settings.Drain)
	defer cancel()
	err = errors.Join(err, s.shutdown(drain, srv))
	if metrics != nil {
		err = errors.Join(err, metrics.Shutdown(drain))
	}
	stop() // a tick that is interrupted changes nothing
	<-clockwork.Stop().Done()
	running.Wait()
	last, cancelLast := context.WithTimeout(context.WithoutCancel(ctx), finishing)
	defer cancelLast()
	return errors.Join(err, s.finish(last), s.close())
}

// finishing is how long the last entries of the outbox and the checkpoint may take, whatever is left of the drain.
const finishing = 20 * time.Second

// shutdown takes no new connections and waits for the requests in progress. Those that do not end in time are broken off:
// they were not acknowledged, so their senders have them still.
func (s *server) shutdown(drain context.Context, srv *http.Server) error {
	err := srv.Shutdown(drain)
	if !errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	s.logger.Warn("requests that did not end in time were broken off", "drain", s.settings.Drain.String())
	return srv.Close()
}

// listenForMetrics listens on the address that the settings give /metrics of its own; nil if they give none.
func (s *server) listenForMetrics() (net.Listener, error) {
	if s.settings.Metrics == "" {
		return nil, nil
	}
	return net.Listen("tcp", s.settings.Metrics)
}

// serveMetrics serves /metrics on its own listener, if it has one.
func (s *server) serveMetrics(l net.Listener, failed chan<- error) *http.Server {
	if l == nil {
		return nil
	}
	srv := &http.Server{Handler: s.metrics, ReadHeaderTimeout: 10 * time.Second}
	go func() { failed <- srv.Serve(l) }()
	s.logger.Info("serving metrics", "address", l.Addr().String())
	return srv
}

// clockwork does what is done by the clock. A job that is still running is not started again, and one that panics is
// logged and does not end the others.
func (s *server) clockwork(ctx context.Context) *cron.Cron {
	logger := cron.PrintfLogger(slog.NewLogLogger(s.logger.Handler(), slog.LevelError))
	c := cron.New(cron.WithLocation(s.zone), cron.WithLogger(logger),
		cron.WithChain(cron.Recover(logger), cron.SkipIfStillRunning(cron.DiscardLogger)))
	for _, job := range s.jobs() {
		_, err := c.AddFunc(job.when, func() {
			if err := job.do(ctx); err != nil && ctx.Err() == nil {
				s.logger.Error("a job failed and will be tried again", "job", job.what, "error", err)
			}
		})
		if err != nil { // newServer has parsed them
			s.logger.Error("a job cannot be scheduled", "job", job.what, "error", err)
		}
	}
	return c
}
