package web

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/nuanju/nuanju/web/signin"
)

// caller is who a request is from. It is in the request's context.
type caller struct {
	request string // the request's id
	token   *token // nil on public routes
	http    *http.Request
	address string // what its rates are counted for
	secret  string // of the session's cookie; empty with a token
}

type callerKey struct{}

// callerOf is who a request is from; the zero caller outside of one.
func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller)
	return c
}

func requestID(ctx context.Context) string { return callerOf(ctx).request }

// guard is what every request passes: it gives it an id, asks who it is from and whether they may, bounds its body, catches
// panics, counts and logs.
type guard struct {
	failing
	clock    clock
	tokens   *tokenCache
	sessions *tokenCache
	door     *signin.Door
	proxies  []netip.Prefix
	rate     *signin.Limit // of each caller
	rows     map[route]access
	metrics  *metrics
}

type route struct{ method, pattern string }

// handle is the middleware.
func (g *guard) handle(c *gin.Context) {
	began := time.Now() // how long it took is not the clock's affair
	row, known := g.rows[route{c.Request.Method, c.FullPath()}]
	who := caller{request: newRequestID(c.Request), http: c.Request, address: signin.Address(c.Request, g.proxies)}
	c.Header("X-Request-Id", who.request)
	g.harden(c)
	defer func() { g.done(c, row, who, known, time.Since(began)) }()
	defer func() { g.recovered(c, row, who, recover()) }()
	if !known {
		c.Next() // no route: gin answers 404 or 405
		return
	}
	p := g.admit(c.Request, row, &who)
	if p == nil && !row.quiet {
		p = g.within(&who)
	}
	if p != nil {
		reject(c, row.influx, p)
		return
	}
	if !row.public {
		c.Header("Cache-Control", "no-store")
	}
	if strings.HasPrefix(row.pattern, "/api/v1/") {
		c.Request.Header.Del("Accept") // the API speaks JSON to everybody, and huma panics on some ("a;q, b")
	}
	ctx := context.WithValue(c.Request.Context(), callerKey{}, who)
	if who.token != nil && who.secret != "" {
		ctx = signin.With(ctx, signin.Who{SignedIn: *who.token.session, CSRF: signin.CSRF(who.secret)})
	}
	c.Request = c.Request.WithContext(ctx)
	if row.maxBody > 0 {
		if p := boundBody(c.Request, row.maxBody, row.anyText); p != nil {
			reject(c, row.influx, p)
			return
		}
	}
	c.Next()
}

// boundBody reads a body that must be short, and UTF-8 unless it may be any text, and puts what it read in its place.
func boundBody(r *http.Request, most int64, anyText bool) *problem {
	if r.Header.Get("Content-Encoding") != "" {
		return newProblem(http.StatusUnsupportedMediaType, "the body must not be encoded")
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	switch {
	case err != nil:
		return newProblem(http.StatusBadRequest, "the body could not be read to its end")
	case int64(len(body)) > most:
		return newProblem(http.StatusRequestEntityTooLarge, "the body is longer than "+strconv.FormatInt(most, 10)+" bytes")
	case !anyText && !utf8.Valid(body): // encoding/json would put U+FFFD there and say nothing
		return newProblem(http.StatusBadRequest, "the body is not UTF-8")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	return nil
}

// recovered answers a request whose handler panicked.
func (g *guard) recovered(c *gin.Context, row access, who caller, reason any) {
	if reason == nil {
		return
	}
	if err, ok := reason.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(reason) // net/http's own way to break a connection off
	}
	if c.Request.Context().Err() != nil {
		c.Abort()
		return // the client left while it was being answered
	}
	g.logger.LogAttrs(c.Request.Context(), slog.LevelError, "a handler panicked", slog.String("request", who.request),
		slog.String("route", row.pattern), slog.Any("reason", reason), slog.String("stack", string(debug.Stack())))
	if c.Writer.Written() {
		c.Abort()
		return
	}
	reject(c, row.influx, problemOf(errors.New("panic")))
}

// done counts and logs a request. The log has no query, body, token or path: paths name homes.
func (g *guard) done(c *gin.Context, row access, who caller, known bool, took time.Duration) {
	status := c.Writer.Status()
	g.metrics.request(row, known, status, took)
	level := slog.LevelInfo
	if row.quiet && status < http.StatusBadRequest || !known {
		level = slog.LevelDebug
	}
	if !g.logger.Enabled(c.Request.Context(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request", who.request), slog.String("method", c.Request.Method), slog.String("route", row.pattern),
		slog.Int("status", status), slog.Duration("took", took), slog.Int("bytes", max(0, c.Writer.Size())),
		slog.String("from", c.Request.RemoteAddr),
	}
	if who.token != nil {
		attrs = append(attrs, slog.String("token", who.token.ID), slog.String("role", string(who.token.Role)))
	}
	g.logger.LogAttrs(c.Request.Context(), level, "request", attrs...)
}

// newRequestID is the id that a proxy gave a request, if it looks like one, or a random one.
func newRequestID(r *http.Request) string {
	if id := r.Header.Get("X-Request-Id"); id != "" && len(id) <= 64 && isPlain(id) {
		return id
	}
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// isPlain reports whether a text has only letters and digits of ASCII, - and _.
func isPlain(s string) bool {
	for i := range len(s) {
		switch b := s[i]; {
		case b >= '0' && b <= '9', b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b == '-', b == '_':
		default:
			return false
		}
	}
	return true
}

// reject ends a request with a problem, in InfluxDB's words or as RFC 9457 says.
func reject(c *gin.Context, influx bool, p *problem) {
	if p.Status == http.StatusUnauthorized {
		c.Header("WWW-Authenticate", `Bearer realm="nuanju"`)
	}
	if influx {
		writeInflux(c, p.Status, p.Detail, p.retryAfter)
		return
	}
	for k, v := range p.GetHeaders() {
		c.Writer.Header()[k] = v
	}
	text, err := json.Marshal(&p.ErrorModel)
	if err != nil { // strings and numbers always marshal
		text = []byte("{}")
	}
	c.Abort()
	c.Header("Content-Type", "application/problem+json") // gin keeps one that is there
	c.Data(p.Status, "application/problem+json", append(text, '\n'))
}
