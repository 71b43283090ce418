package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"github.com/nuanju/nuanju/web/signin"
)

// New makes the server's handler. It registers metrics with Options.Registry, and is an error if something is missing there, if a metric
// is registered already, or if a route has no row in the table of who may call what.
//
// It puts gin into its release mode, a setting of the whole process, which keeps it from writing to standard output.
func New(options Options) (http.Handler, error) {
	o, err := options.complete()
	if err != nil {
		return nil, err
	}
	engine, err := newEngine(o)
	if err != nil {
		return nil, err
	}
	return engine, nil
}

func newEngine(o Options) (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.RedirectTrailingSlash = false
	engine.UseRawPath = true // an id may have a slash, which is escaped in a path
	if err := engine.SetTrustedProxies(nil); err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	bodies := newBodies(o.MaxBody, o.MaxBodies)
	f := failing{o.Logger}
	m := newMetrics(bodies.inProgress)
	if err := errors.Join(m.register(o.Registry), o.Registry.Register(newVitals(o, f)), o.Registry.Register(newCensus(o, f))); err != nil {
		return nil, fmt.Errorf("web: registering metrics: %w", err)
	}
	g := &guard{
		failing: f, clock: o.Clock, tokens: newTokenCache(o.Ledger, o.Ledger, o.TokenTTL), sessions: newSessionCache(o.Door, o.Ledger, o.TokenTTL),
		door: o.Door, proxies: o.Proxies, rate: signin.NewLimit(o.Rate), rows: map[route]access{}, metrics: m,
	}
	for _, row := range accessTable() {
		if row.pattern != "/metrics" || !o.MetricsElsewhere {
			g.rows[route{row.method, row.pattern}] = row
		}
	}
	engine.Use(g.handle)
	engine.NoRoute(func(c *gin.Context) {
		reject(c, strings.HasPrefix(c.Request.URL.Path, "/api/v2/"), newProblem(http.StatusNotFound, "there is nothing at this path"))
	})
	engine.NoMethod(func(c *gin.Context) {
		reject(c, strings.HasPrefix(c.Request.URL.Path, "/api/v2/"), newProblem(http.StatusMethodNotAllowed, "this path does not know that method"))
	})
	if err := addRoutes(engine, o, f, bodies, g.sessions); err != nil {
		return nil, err
	}
	return engine, g.agrees(engine.Routes())
}

// addRoutes adds every route.
func addRoutes(engine *gin.Engine, o Options, f failing, bodies *bodies, known *tokenCache) error {
	addTestRoutes(engine, o, f)
	w := &writes{failing: f, clock: o.Clock, intake: o.Intake, bodies: bodies, decodings: newDecodings()}
	engine.POST("/api/v2/write", w.lineProtocol)
	engine.POST("/api/v1/readings", w.readings)

	api := humagin.New(engine, apiConfig(o.Version))
	for _, p := range parts(o, f) {
		p.register(api)
	}
	(&sessions{failing: f, door: o.Door, known: known, homes: o.Homes}).register(api)
	(&delegations{failing: f, clock: o.Clock, ledger: o.Ledger, homes: o.Homes, known: known}).register(api)
	describeWrites(api)
	addAttachmentRoutes(engine, api, o, f)
	addProofRoutes(engine, api, o, f)
	document, err := json.Marshal(api.OpenAPI())
	if err != nil {
		return fmt.Errorf("web: describing the API: %w", err)
	}
	engine.GET("/openapi.json", func(c *gin.Context) { c.Data(http.StatusOK, "application/openapi+json", document) })

	if !o.MetricsElsewhere {
		engine.GET("/metrics", gin.WrapH(Metrics(o.Registry)))
	}
	s := newStanding(o)
	engine.GET("/healthz", s.alive)
	engine.GET("/readyz", s.ready)
	engine.GET("/health", s.influxHealth)
	engine.GET("/ping", s.influxPing)
	engine.HEAD("/ping", s.influxPing)
	log := gin.WrapH(http.StripPrefix("/log", o.Log.Handler()))
	engine.GET("/log/*path", log)
	engine.HEAD("/log/*path", log)
	return nil
}

// part is some of the API's operations. Its rows in the table of who may call what stand in its file.
type part interface{ register(api huma.API) }

// parts are those of the API under /api/v1.
func parts(o Options, f failing) []part {
	return []part{
		&tickets{failing: f, clock: o.Clock, ledger: o.Ledger, homes: o.Homes, zone: o.Zone},
		&incidents{tickets{failing: f, clock: o.Clock, ledger: o.Ledger, homes: o.Homes, zone: o.Zone}},
		&vulnerable{failing: f, clock: o.Clock, ledger: o.Ledger, homes: o.Homes},
		&outages{newMatters(o, f)},
		&exemptions{newMatters(o, f)},
		&confirmations{newMatters(o, f), o.Ledger},
		&hearings{newMatters(o, f), o.Ledger},
		&samplings{newMatters(o, f)},
		&officialDays{newMatters(o, f), o.Ledger},
		&maintenance{failing: f, clock: o.Clock, declared: o.Ledger, homes: o.Homes},
		&households{failing: f, clock: o.Clock, verdicts: o.Ledger, store: o.Store, homes: o.Homes},
		&homePart{households{failing: f, clock: o.Clock, verdicts: o.Ledger, store: o.Store, homes: o.Homes}, o.Ledger},
		&contracts{failing: f, clock: o.Clock, ledger: o.Ledger, homes: o.Homes, policies: o.Policies},
		&published{f, o.Clock, o.Ledger, o.Ledger, o.Zone, o.Policies},
		&notices{newMatters(o, f), o.Ledger},
		&messages{failing: f, clock: o.Clock, ledger: o.Ledger, zone: o.Zone},
		&statements{failing: f, clock: o.Clock, ledger: o.Ledger, homes: o.Homes, zone: o.Zone},
		&settlements{statements{failing: f, clock: o.Clock, ledger: o.Ledger, homes: o.Homes, zone: o.Zone}, o.Settler},
		&institutions{failing: f, clock: o.Clock, ledger: o.Ledger, zone: o.Zone},
		&testRequests{newTestPart(o, f)},
		&thirdParty{newTestPart(o, f)},
		&calibrations{failing: f, clock: o.Clock, tests: o.Ledger, ledger: o.Ledger, homes: o.Homes, zone: o.Zone},
		&payments{statements{failing: f, clock: o.Clock, ledger: o.Ledger, homes: o.Homes, zone: o.Zone}, o.Channels},
		&billChecks{newMatters(o, f), o.Ledger},
		&suspensions{newMatters(o, f), o.Ledger, o.PaymentRules},
		&billingFacts{statements{failing: f, clock: o.Clock, ledger: o.Ledger, homes: o.Homes, zone: o.Zone}, o.PaymentRules},
		&homeList{f, o.Homes, o.Ledger},
		&seasonReport{f, o.Clock, o.Ledger, o.Zone, o.Policies},
		&quarantine{failing: f, lines: o.Ledger, homes: o.Homes, zone: o.Zone},
	}
}

// agrees is an error for each route without a row in the table, and for each row without a route.
func (g *guard) agrees(routes gin.RoutesInfo) error {
	var errs []error
	served := map[route]bool{}
	for _, r := range routes {
		at := route{r.Method, r.Path}
		served[at] = true
		if _, ok := g.rows[at]; !ok {
			errs = append(errs, fmt.Errorf("web: %s %s: nothing says who may call it", r.Method, r.Path))
		}
	}
	for at := range g.rows {
		if !served[at] {
			errs = append(errs, fmt.Errorf("web: %s %s: is not served", at.method, at.pattern))
		}
	}
	return errors.Join(errs...)
}

// apiConfig is the API's description: OpenAPI 3.1, JSON only, unknown parameters refused. The document is served by newEngine;
// nothing that would load anything from elsewhere is.
func apiConfig(version string) huma.Config {
	c := huma.DefaultConfig("nuanju", version)
	c.OpenAPIPath, c.DocsPath, c.SchemasPath = "", "", ""
	c.CreateHooks = nil
	c.Formats = map[string]huma.Format{"application/json": huma.DefaultJSONFormat, "json": huma.DefaultJSONFormat}
	c.RejectUnknownQueryParameters = true
	c.Transformers = []huma.Transformer{withoutWholeBody}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token":   {Type: "http", Scheme: "bearer", Description: "A token of `nuanju token create`."},
		"session": {Type: "apiKey", In: "cookie", Name: "__Host-nuanju", Description: "Of POST /api/v1/session. What changes something needs the header X-CSRF-Token as well."},
	}
	c.Security = []map[string][]string{{"token": {}}, {"session": {}}}
	return c
}

// withoutWholeBody keeps a problem from repeating the body that it complains of.
func withoutWholeBody(_ huma.Context, _ string, v any) (any, error) {
	if m, ok := v.(*huma.ErrorModel); ok {
		for _, e := range m.Errors {
			if e.Location == "body" {
				e.Value = nil
			}
			if words, ok := strings.CutPrefix(e.Message, "json: "); ok {
				e.Location, e.Message = notOurWords(e.Location, words)
			}
		}
	}
	return v, nil
}

// notOurWords says in ours what the decoder of JSON says in Go's: "cannot unmarshal number 1e300 into Go struct field .version of type
// int64", of what the schema lets through.
func notOurWords(location, words string) (at, message string) {
	_, field, named := strings.Cut(words, "Go struct field ")
	field, _, _ = strings.Cut(field, " ")
	if _, path, ok := strings.Cut(field, "."); named && ok && path != "" {
		return location + "." + path, "does not fit: the number is too large, or not whole"
	}
	return location, "does not fit what is expected there"
}

// errorsOf are the statuses of problems that an operation documents.
func errorsOf(more ...int) []int {
	return append([]int{http.StatusUnauthorized, http.StatusForbidden, http.StatusServiceUnavailable}, more...)
}
