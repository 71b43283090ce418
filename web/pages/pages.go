package pages

import (
	"context"
	"errors"
	"fmt"
	"html/template"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"
)

// Options are what the pages are made of.
type Options struct {
	// API is the handler of everything under /api/v1.
	API http.Handler
	// Changes is a number that grows with every event of the workflow and every judgment: pages that are open ask for it every
	// second and are told when it changed. Nil: nothing is told, and pages are as old as their last load.
	Changes func(context.Context) (int64, error)
	Logger  *slog.Logger
	Clock   func() time.Time // nil: time.Now
	Zone    *time.Location   // of times that the API gives in no zone of a home; nil: UTC
	Version string
	// Signed reports whether the evidence log has a checkpoint; nil: it has none. Without one no links lead there.
	Signed func() bool
	// Grafana is where dashboards are; empty: no links lead there.
	Grafana string
}

// Pages is the handler of all pages.
type Pages struct {
	options   Options
	engine    *gin.Engine
	messages  messages
	assets    *assets
	templates *template.Template
	live      *live
}

// page is one row of the table of pages: who it is for, and its handler. Whoever is not signed in is sent to sign in; whoever has another
// role is told so. What a page shows and does is narrowed by the API.
type page struct {
	method, pattern string
	public          bool
	who             []string // roles
	// most bounds what is sent, in bytes; 0: what a form without files may have. Nobody need be signed in to send something.
	most int64
	do   func(*request) error
}

// New makes the pages.
func New(o Options) (*Pages, error) {
	if o.API == nil || o.Logger == nil {
		return nil, errors.New("pages: Options.API or Options.Logger is missing")
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	s := &Pages{options: o}
	var err error
	if s.messages, err = readMessages(); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	if s.assets, err = readAssets(); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	if s.templates, err = s.parse(); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	s.live = newLive(o.Changes)
	gin.SetMode(gin.ReleaseMode)
	s.engine = gin.New()
	s.engine.HandleMethodNotAllowed = true
	s.engine.UseRawPath = true
	s.engine.MaxMultipartMemory = 1 << 20
	if err := s.engine.SetTrustedProxies(nil); err != nil {
		return nil, fmt.Errorf("pages: %w", err)
	}
	s.engine.Use(s.harden)
	s.engine.NoRoute(s.handler(page{public: true, do: func(*request) error { return &Problem{Status: http.StatusNotFound} }}))
	s.engine.NoMethod(s.handler(page{public: true, do: func(*request) error { return &Problem{Status: http.StatusMethodNotAllowed} }}))
	for _, p := range s.table() {
		s.engine.Handle(p.method, p.pattern, s.handler(p))
	}
	static := func(c *gin.Context) { s.assets.serve(c.Writer, c.Request) }
	s.engine.GET("/static/*path", static)
	s.engine.HEAD("/static/*path", static)
	return s, nil
}

// table is every page.
func (s *Pages) table() []page {
	return slices.Concat(
		signInPages(),
		residentPages(),
		deskPages(),
		testPages(),
		billingPages(),
		auditPages(),
		publishedPages(),
		linkPages(),
	)
}

// ServeHTTP implements http.Handler.
func (s *Pages) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.engine.ServeHTTP(w, r) }

// policy is the Content-Security-Policy: nothing from elsewhere, no inline script, no inline style.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// harden sets what holds for every answer, and catches panics.
func (s *Pages) harden(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(self), microphone=(self), geolocation=()")
	h.Set("Cache-Control", "no-store")
	defer func() {
		if reason := recover(); reason != nil {
			if err, ok := reason.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(reason)
			}
			s.options.Logger.Error("a page panicked", "page", c.FullPath(), "reason", reason)
			c.AbortWithStatus(http.StatusInternalServerError)
		}
	}()
	c.Next()
}
