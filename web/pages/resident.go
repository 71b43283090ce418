package pages

import "net/http"

// residentPages are those of residents and of those whom they let see their home.
func residentPages() []page {
	who := []string{"resident"}
	return []page{
		{method: http.MethodGet, pattern: "/home", who: who, do: home},
	}
}

func home(r *request) error { return r.show("home.html", r.say("nav.home"), nil) }
