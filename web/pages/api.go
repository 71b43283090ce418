package pages

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
)

// Problem is what the API answers when it does not do what it was asked (RFC 9457).
type Problem struct {
	Status int    `json:"status"`
	Title  string `json:"title"`
	Detail string `json:"detail"`
	Errors []struct {
		Message  string `json:"message"`
		Location string `json:"location"`
	} `json:"errors"`
	RetryAfter string `json:"-"`
}

// Error is the problem in short.
func (p *Problem) Error() string { return fmt.Sprintf("%d %s", p.Status, p.Detail) }

// asProblem is the API's problem that an error is, or nil.
func asProblem(err error) *Problem {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p
	}
	return nil
}

// answer keeps what the API's handler writes.
type answer struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(p)
}

// passed are the headers of a browser's request that the API must see: who it is from, and whether another origin's page sent it.
var passed = []string{"Cookie", "Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "X-Forwarded-For", "X-Forwarded-Proto", "User-Agent", "Idempotency-Key"}

// ask sends a request to the API as whoever sent from. The body of contentType may be nil. An answer of 400 or more is a *Problem.
func ask(api http.Handler, from *http.Request, csrf, method, path, contentType string, body io.Reader) (*answer, error) {
	// What the browser's request carries for the server it came to is not the API's.
	ctx := context.WithoutCancel(httptrace.WithClientTrace(from.Context(), &httptrace.ClientTrace{}))
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(from.Context(), cancel)
	defer stop()
	if body == nil {
		body = http.NoBody
	}
	r, err := http.NewRequestWithContext(ctx, method, path, body)
	if err != nil {
		return nil, err
	}
	r.RequestURI, r.Host, r.RemoteAddr, r.TLS = path, from.Host, from.RemoteAddr, from.TLS
	for _, name := range passed {
		if v := from.Header.Values(name); len(v) > 0 {
			r.Header[name] = v
		}
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if csrf != "" {
		r.Header.Set("X-CSRF-Token", csrf)
	}
	a := &answer{header: http.Header{}}
	api.ServeHTTP(a, r)
	if a.status < http.StatusBadRequest {
		return a, nil
	}
	p := &Problem{Status: a.status, RetryAfter: a.header.Get("Retry-After")}
	if err := json.Unmarshal(a.body.Bytes(), p); err != nil {
		p.Detail = http.StatusText(a.status)
	}
	p.Status = a.status
	return a, p
}
