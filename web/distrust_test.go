package web

import (
	"net/http"
	"strings"
	"testing"
)

// Of two claims of the same, made beforehand, the second is not proved once the first was rejected; upheld after all, nothing stands in its way.
func TestARejectedExemptionIsNotProvedUnderAnotherNumber(t *testing.T) {
	h := open(t, nil)
	h.involve(t)
	const base = "/api/v1/exemptions/"
	second := h.post(t, "dispatcher", "/api/v1/exemptions", strings.Replace(rationing, "12:00", "10:00", 1))
	first := h.proved(t)
	want(t, h.ask("mediator", http.MethodPost, base+first+"/reject", words), http.StatusOK)
	if w := want(t, h.ask("dispatcher", http.MethodPost, base+second+"/proofs", words), http.StatusConflict); !strings.Contains(w.Body.String(), first) {
		t.Errorf("it does not say which: %s", w.Body)
	}
	want(t, h.ask("dispatcher", http.MethodPost, "/api/v1/exemptions", rationing), http.StatusConflict)
	want(t, h.ask("mediator", http.MethodPost, base+first+"/uphold", words), http.StatusOK)
	want(t, h.ask("dispatcher", http.MethodPost, base+second+"/proofs", words), http.StatusOK)
}
