package pages

import "net/http"

// dispatch is who works at the desk.
var dispatch = []string{"dispatcher", "admin"}

// deskPages are the dispatchers'.
func deskPages() []page {
	return []page{
		{method: http.MethodGet, pattern: "/desk", who: dispatch, do: queue},
	}
}

func queue(r *request) error { return r.show("desk.html", r.say("nav.desk"), nil) }
