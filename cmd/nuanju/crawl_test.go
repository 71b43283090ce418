package main

import (
	"html"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// internalLink is what a page leads to here: other pages, files, exports, pictures, styles and scripts, and what a page loads parts of itself from.
var internalLink = regexp.MustCompile(`\s(href|src|hx-get)="(/[^"#]*)`)

// Bounds of a crawl: of everything together, and of how often one address is opened with another query (other times, other filters).
const (
	crawlMost    = 3000
	crawlQueries = 6
)

// crawl opens every link of every page that somebody comes to from the front page on, and fails the test for each that leads nowhere.
func crawl(t *testing.T, client *http.Client, base, who string) {
	t.Helper()
	from := map[string]string{"/": "nowhere"} // on which page each link was seen first
	queries := map[string]int{}
	for todo := []string{"/"}; len(todo) > 0; todo = todo[1:] {
		at := todo[0]
		status, page := visit(t, client, base+at)
		if status != http.StatusOK {
			t.Errorf("%s: %s is answered with %d; it is on %s", who, at, status, from[at])
			continue
		}
		for _, found := range internalLink.FindAllStringSubmatch(page, -1) {
			link := html.UnescapeString(found[2])
			path, query, _ := strings.Cut(link, "?")
			// The stream of events never ends; /lang/ leads back to where one was.
			if from[link] != "" || path == "/events" || strings.HasPrefix(path, "/lang/") {
				continue
			}
			if query != "" {
				if queries[path]++; queries[path] > crawlQueries {
					continue
				}
			}
			for _, one := range []string{link, ofMessages(path)} {
				if one != "" && from[one] == "" {
					from[one] = at
					todo = append(todo, one)
				}
			}
		}
		if len(from) > crawlMost {
			t.Fatalf("%s: there are more than %d pages", who, crawlMost)
		}
	}
	if len(from) < 8 {
		t.Errorf("%s comes to %q only", who, slices.Sorted(maps.Keys(from)))
	}
	t.Logf("%s: %d pages and files", who, len(from))
}

var (
	ticketPage = regexp.MustCompile(`^(?:/desk/tickets|/home/[^/]+/reports)/([^/]+)$`)
	matterPage = regexp.MustCompile(`^/desk/(?:outages|exemptions)/([^/]+)$`)
)

// ofMessages is where a message leads to about what a page is about, or empty.
func ofMessages(path string) string {
	if m := ticketPage.FindStringSubmatch(path); m != nil {
		return "/tickets/" + m[1]
	}
	if m := matterPage.FindStringSubmatch(path); m != nil {
		return "/desk/matters/" + m[1]
	}
	return ""
}

// visit opens an address, after a while if it is told to wait, and is what came of it, with the page if it is one.
func visit(t *testing.T, client *http.Client, at string) (status int, page string) {
	t.Helper()
	for range 100 {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, at, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close() // it was read
		if err != nil {
			t.Fatalf("%s: %v", at, err)
		}
		if answer.StatusCode != http.StatusTooManyRequests {
			if !strings.HasPrefix(answer.Header.Get("Content-Type"), "text/html") {
				text = nil
			}
			return answer.StatusCode, string(text)
		}
		seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
		if err != nil {
			t.Fatalf("%s: 429 that does not say for how long: %v", at, err)
		}
		select {
		case <-time.After(time.Duration(seconds) * time.Second):
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		}
	}
	return http.StatusTooManyRequests, ""
}
