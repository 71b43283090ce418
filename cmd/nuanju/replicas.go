package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/nuanju/nuanju/configs"
)

// standbyEvery is how often a server that does not forward asks whether it should.
const standbyEvery = time.Second

// forward brings what is in the log to the store, for as long as no other server does. Whoever takes that over first takes over what
// the registry says now, and releases what it has mended: the one before may have been killed between the two.
func (s *server) forward(ctx context.Context) {
	failing := false
	for ctx.Err() == nil {
		done, err := s.ledger.Alone(ctx, "forward", func(ctx context.Context) error {
			s.takeOver(ctx)
			s.forwarder.Run(ctx)
			return nil
		})
		if err == nil && !done {
			err = s.forwarder.Follow(ctx)
		}
		if failed := err != nil && ctx.Err() == nil; failed != failing {
			failing = failed
			if failing {
				s.logger.Warn("whether another server forwards is not known", "error", err)
			}
		}
		pause := time.NewTimer(standbyEvery)
		select {
		case <-ctx.Done():
		case <-pause.C:
		}
		pause.Stop()
	}
}

// takeOver brings the forwarder up to what the registry says, and looks at what a change of it before has mended.
func (s *server) takeOver(ctx context.Context) {
	err := s.town.refresh(ctx, s.forwarder)
	if err == nil {
		var n int
		if n, err = s.forwarder.Release(ctx, "the server has started"); n > 0 {
			s.logger.Info("lines were released from quarantine", "lines", n)
		}
	}
	if err != nil && ctx.Err() == nil {
		s.logger.Warn("lines in quarantine could not be looked at", "error", err)
	}
}

// registry takes a changed registry over, on a server that does not judge: a tick does the same.
func (s *server) registry(ctx context.Context) error { return s.town.refresh(ctx, s.forwarder) }

// alone is a job that one of several servers does at a time; the others leave it to that one.
func (s *server) alone(name string, do func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := s.ledger.Alone(ctx, name, do)
		return err
	}
}

// job is something that is done by the clock.
type job struct {
	when, what string
	do         func(context.Context) error
}

// jobs is what this server does by the clock. What has an effect that is there once is done alone; the others do the same wherever
// they are done, or share the work.
func (s *server) jobs() []job {
	if !s.settings.Roles.Checker {
		return []job{{s.settings.TickCron, "registry", s.registry}}
	}
	return []job{
		{s.settings.TickCron, "tick", s.tick},
		{s.settings.ClockCron, "clocks", s.alone("clocks", s.clocks)},
		{s.settings.Findings.Cron, "findings", s.alone("findings", s.findings)},
		{s.settings.SignCron, "sign", s.sign},
		{"@every 5s", "deliver", s.alone("deliver", s.deliver)},
		{s.settings.NotifyCron, "notify", s.alone("notify", s.messages.Run)},
		{"@every 1m", "weather", s.weather.look},
		{"@every 1m", "stoppages", s.alone("stoppages", s.showStoppages)},
	}
}

// writePaths are where readings are taken in.
var writePaths = []string{"/api/v2/write", "/api/v1/readings"}

// byRole serves what a server's roles cover, and says of the rest where it is.
func byRole(roles configs.Roles, all http.Handler) http.Handler {
	if roles.Web && roles.Ingest {
		return all
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		writing := false
		for _, p := range writePaths {
			writing = writing || r.URL.Path == p
		}
		for _, p := range []string{"/healthz", "/readyz", "/health", "/ping", "/metrics"} {
			if r.URL.Path == p {
				all.ServeHTTP(w, r)
				return
			}
		}
		if writing && roles.Ingest || !writing && roles.Web {
			all.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusNotFound)
		role := "web"
		if writing {
			role = "ingest"
		}
		body, _ := json.Marshal(map[string]any{ // strings and a number can be marshalled
			"title": http.StatusText(http.StatusNotFound), "status": http.StatusNotFound,
			"detail": "this server has the roles " + strings.ReplaceAll(roles.String(), ",", ", ") + "; ask one with the role " + role,
		})
		_, _ = w.Write(body) // a caller that went away needs none
	})
}
