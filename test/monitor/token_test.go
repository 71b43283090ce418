package monitor_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/test/servertest"
)

// Without a token nothing is written or read; a token writes for its devices only, line by line, and a revoked one soon does
// not any more.
func TestTokens(t *testing.T) {
	t.Parallel()
	h := newHome("3-2-601", 2)
	s := newServer(t)
	s.register(h)
	own, other := h.device(h.rooms[0].name), h.device(h.rooms[1].name)
	s.Tokens["one device"] = s.NewToken("device", "--device", own)
	s.Tokens["nobody's"] = "nj_nobody"
	s.Tokens["resident"] = s.NewToken("resident", "--household", "3-2-602")
	s.Start()

	write := func(role, body string) (int, string) {
		status, answer, err := s.Do(role, http.MethodPost, "/api/v2/write?precision=s", []byte(body), nil)
		if err != nil {
			t.Fatal(err)
		}
		return status, string(answer)
	}
	said := func(device string, minute int) string {
		return fmt.Sprintf("temperature,device=%s celsius=18.5 %d\n", device, h.from.Unix()+int64(60*minute))
	}
	for _, role := range []string{"", "nobody's"} {
		if status, answer := write(role, said(own, 0)); status != http.StatusUnauthorized || !strings.Contains(answer, "unauthorized") {
			t.Errorf("a write with the token %q: %d %s", s.Tokens[role], status, answer)
		}
	}
	if status, answer := write("one device", said(own, 1)); status != http.StatusNoContent {
		t.Errorf("a device's own reading: %d %s", status, answer)
	}
	status, answer := write("one device", said(own, 2)+said(other, 2)+said(own, 3)+said(other, 3))
	if status != http.StatusBadRequest || !strings.Contains(answer, "partial write: 2 written, 2 dropped") ||
		!strings.Contains(answer, "line 2") || !strings.Contains(answer, "line 4") || strings.Contains(answer, "line 1") {
		t.Errorf("two lines of another device among four: %d %s", status, answer)
	}
	if status, answer := write("one device", said(other, 4)); status != http.StatusForbidden {
		t.Errorf("another device's reading: %d %s", status, answer)
	}
	path := "/api/v1/households/3-2-601/readings?" + period(h.from, h.to)
	for role, want := range map[string]int{"": 401, "one device": 403, "resident": 403} {
		if status, answer, err := s.Do(role, http.MethodGet, path, nil, nil); err != nil || status != want {
			t.Errorf("the home's readings for %q: %d %s (%v), want %d", role, status, answer, err, want)
		}
	}
	s.settle()
	got := s.readings(h.household, h.from, h.to)
	for _, series := range got.Series {
		want := map[string]int{own: 3, other: 0}[series.Device]
		if len(series.Readings) != want {
			t.Errorf("%s has %d readings, want %d", series.Device, len(series.Readings), want)
		}
	}

	id := ""
	for line := range strings.Lines(s.Must("token", "list")) {
		if f := strings.Fields(line); len(f) > 1 && f[1] == "device" {
			id = f[0]
		}
	}
	s.Must("token", "revoke", id)
	servertest.Until(t, "the revoked token is refused", func() bool {
		status, _ := write("one device", said(own, 5))
		return status == http.StatusUnauthorized
	})
}
