package pages

import (
	"net/http"
	"net/url"
)

// linkPages are the addresses that messages lead to: whoever is told of something knows its id, and has it shown on a page of their own.
func linkPages() []page {
	return []page{
		{method: http.MethodGet, pattern: "/tickets/:id", who: append([]string{"resident"}, watch...), do: toTicket},
		{method: http.MethodGet, pattern: "/desk/matters/:id", who: parties, do: toMatter},
	}
}

// toTicket sends residents to their home's page of a report, and the desk to its own.
func toTicket(r *request) error {
	id := url.PathEscape(r.Param("id"))
	if r.who.Role != "resident" {
		return r.to("/desk/tickets/" + id)
	}
	var t report
	if err := r.get("/api/v1/tickets/"+id, &t); err != nil {
		return err
	}
	return r.to("/home/" + url.PathEscape(t.Household) + "/reports/" + id)
}

// toMatter finds of which kind a matter is that a resident contests.
func toMatter(r *request) error {
	id := url.PathEscape(r.Param("id"))
	for _, k := range []*matterKind{exemptions(), stoppages()} {
		err := r.get(k.api()+"/"+id, &deskMatter{})
		if err == nil {
			return r.to(k.at + "/" + id)
		}
		if p := asProblem(err); p == nil || p.Status != http.StatusNotFound {
			return err
		}
	}
	return &Problem{Status: http.StatusNotFound}
}
