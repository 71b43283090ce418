package main

import (
	"net/http"
	"strings"

	"github.com/nuanju/nuanju/web/pages"
)

// front is everything that is served at one address: the API and what machines ask for, and the pages beside it.
type front struct {
	api   http.Handler
	pages *pages.Pages
}

// machines are the paths that are not pages: of the API, of the evidence log, and of those who watch the server.
var machines = []string{"/api/", "/log/", "/openapi.json", "/metrics", "/healthz", "/readyz", "/health", "/ping"}

// ServeHTTP implements http.Handler.
func (f front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for _, m := range machines {
		if r.URL.Path == m || strings.HasSuffix(m, "/") && strings.HasPrefix(r.URL.Path, m) {
			f.api.ServeHTTP(w, r)
			return
		}
	}
	f.pages.ServeHTTP(w, r)
}
