package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"github.com/nuanju/nuanju/sensors"
)

// standing tells how the server stands: to those who restart it, who send it requests, and to InfluxDB's clients.
type standing struct {
	failing
	clock   clock
	checks  []check
	version string

	mu   sync.Mutex
	at   time.Time
	last readiness
}

type check struct {
	name string
	run  func(context.Context) error
}

// readiness is the answer of /readyz: for each check ok, or what is wrong in words that anybody may read.
type readiness struct {
	Ready  bool              `json:"ready"`
	Checks map[string]string `json:"checks"`
}

// checkedFor is how long an answer is given again: anybody may ask.
const checkedFor = time.Second

// stale is the checker's failure, which may be told as it is.
type stale struct{ error }

func newStanding(o Options) *standing {
	s := &standing{failing: failing{o.Logger}, clock: o.Clock, version: o.Version}
	s.checks = []check{
		{"ledger", o.Ledger.Ping},
		{"log", func(ctx context.Context) error {
			for _, err := range o.Log.Leaves(ctx, max(0, o.Log.Size()-1)) {
				return err
			}
			return ctx.Err()
		}},
		{"store", func(ctx context.Context) error {
			_, _, err := o.Store.Last(ctx, sensors.Series{Quantity: sensors.Temperature, Owner: "readyz"}, sensors.Latest)
			return err
		}},
	}
	if o.Ticks != nil {
		s.checks = append(s.checks, check{"checker", func(context.Context) error {
			switch good := o.Ticks().LastGood; {
			case good.IsZero():
				return stale{errors.New("has not judged everything yet")}
			case o.Clock().Sub(good) > o.StaleAfter:
				return stale{errors.New("judged everything last at " + good.UTC().Format(time.RFC3339))}
			}
			return nil
		}})
	}
	return s
}

// alive is /healthz: the process answers.
func (s *standing) alive(c *gin.Context) { c.String(http.StatusOK, "ok\n") }

// ready is /readyz: what the server needs is there.
func (s *standing) ready(c *gin.Context) {
	r := s.check(c.Request.Context())
	status := http.StatusOK
	if !r.Ready {
		status = http.StatusServiceUnavailable
	}
	c.JSON(status, r)
}

// check runs the checks unless it just has.
func (s *standing) check(ctx context.Context) readiness {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	if s.last.Checks != nil && !now.Before(s.at) && now.Sub(s.at) < checkedFor {
		return s.last
	}
	// The answer is for whoever asks in the next second too, so that it does not end with this caller.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	r := readiness{Ready: true, Checks: map[string]string{}}
	for _, c := range s.checks {
		r.Checks[c.name] = "ok"
		err := c.run(ctx)
		if err == nil {
			continue
		}
		r.Ready = false
		r.Checks[c.name] = "does not answer"
		if told, ok := errors.AsType[stale](err); ok {
			r.Checks[c.name] = told.Error()
		}
		s.logger.LogAttrs(ctx, slog.LevelWarn, "not ready", slog.String("check", c.name), slog.Any("err", err))
	}
	s.at, s.last = now, r
	return r
}

// influxHealth is /health as InfluxDB 2 has it, for clients that probe before they write.
func (s *standing) influxHealth(c *gin.Context) {
	status, word, message := http.StatusOK, "pass", "ready for writes"
	// The store may be away: readings are taken in all the same.
	if r := s.check(c.Request.Context()); r.Checks["log"] != "ok" || r.Checks["ledger"] != "ok" {
		status, word, message = http.StatusServiceUnavailable, "fail", "not ready for writes"
	}
	c.JSON(status, gin.H{"name": "nuanju", "message": message, "status": word, "checks": []string{}, "version": s.version, "commit": ""})
}

// influxPing is /ping as InfluxDB has it.
func (s *standing) influxPing(c *gin.Context) {
	c.Header("X-Influxdb-Build", "nuanju")
	c.Header("X-Influxdb-Version", s.version)
	c.Status(http.StatusNoContent)
}
