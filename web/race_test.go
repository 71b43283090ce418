package web

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// together calls f for each of n clients at once, and counts the answers by status.
func together(n int, f func(i int) int) map[int]int {
	counts := map[int]int{}
	var mu sync.Mutex
	var ready, all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		ready.Add(1)
		all.Go(func() {
			ready.Done()
			<-start
			code := f(i)
			mu.Lock()
			defer mu.Unlock()
			counts[code]++
		})
	}
	ready.Wait()
	close(start)
	all.Wait()
	return counts
}

// Of fifty who resolve one ticket at once one does, and there is one event.
func TestOneWinsATransition(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		for range 4 {
			id := h.report(t, "")
			counts := together(50, func(int) int {
				return h.ask("dispatcher", http.MethodPost, "/api/v1/tickets/"+id+"/resolve", `{"text":"done"}`).Code
			})
			if counts[200] != 1 || counts[409] != 49 {
				t.Fatal(counts)
			}
			if v := h.view(t, id); v.State != disputes.Resolved || len(v.Timeline) != 2 || v.Version != 2 {
				t.Fatalf("%+v", v)
			}
		}
	})
}

// Fifty replies to what was seen at version 1: one is written, the others learn that the ticket has changed.
func TestOneWinsAVersion(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		id := h.report(t, "")
		counts := together(50, func(int) int {
			return h.ask("dispatcher", http.MethodPost, "/api/v1/tickets/"+id+"/reply", `{"text":"ok","version":1}`).Code
		})
		if counts[200] != 1 || counts[409] != 49 || len(h.view(t, id).Timeline) != 2 {
			t.Fatal(counts)
		}
	})
}

// A report that is sent fifty times at once under one key is filed once.
func TestOneReportAKey(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		counts := together(50, func(int) int {
			return h.ask("resident", http.MethodPost, "/api/v1/tickets", `{"household":"h1","kind":"leak"}`, "Idempotency-Key", "k").Code
		})
		if counts[201] != 50 {
			t.Fatal(counts)
		}
		var list struct{ Tickets []disputes.View }
		h.read(t, "/api/v1/tickets", &list)
		if len(list.Tickets) != 1 || len(list.Tickets[0].Timeline) != 1 {
			t.Fatalf("%+v", list)
		}
	})
}

func (h *house) view(t *testing.T, id string) (v disputes.View) {
	t.Helper()
	h.read(t, "/api/v1/tickets/"+id, &v)
	return v
}

func (h *house) read(t *testing.T, path string, into any) {
	t.Helper()
	w := want(t, h.ask("admin", http.MethodGet, path, ""), http.StatusOK)
	if err := json.Unmarshal(w.Body.Bytes(), into); err != nil {
		t.Fatal(err)
	}
}

// Pages of tickets are all of them, each once, the last report first.
func TestPagesOfTickets(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		filed := map[string]bool{}
		for range 23 {
			h.clock.add(1)
			filed[h.report(t, "")] = true
		}
		seen, pages := map[string]bool{}, 0
		for cursor := ""; ; pages++ {
			var list struct {
				Tickets []disputes.View
				Next    string
			}
			h.read(t, "/api/v1/tickets?limit=5&cursor="+cursor, &list)
			for _, v := range list.Tickets {
				if seen[v.ID] || !filed[v.ID] {
					t.Fatalf("%s twice, or not filed", v.ID)
				}
				seen[v.ID] = true
			}
			if cursor = list.Next; cursor == "" {
				break
			}
		}
		if len(seen) != 23 || pages != 4 {
			t.Fatalf("%d tickets, %d pages", len(seen), pages+1)
		}
	})
}

// A report of cold is part of the judgment (I11): filing and closing one has the home judged again from the report on. What
// changes no verdict marks nobody.
func TestReportsHaveHomesJudgedAgain(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		marked := func(want ...sensors.Instant) {
			t.Helper()
			dirty, err := h.ledger.TakeDirty(t.Context(), 10)
			if err != nil {
				t.Fatal(err)
			}
			var got []sensors.Instant
			for _, d := range dirty {
				if d.Household != "h1" {
					t.Errorf("%s is marked", d.Household)
				}
				got = append(got, d.From)
			}
			if !slices.Equal(got, want) {
				t.Errorf("marked from %v, want %v", got, want)
			}
			if err := h.ledger.CompleteDirty(t.Context(), dirty); err != nil {
				t.Fatal(err)
			}
		}
		want(t, h.ask("resident", http.MethodPost, "/api/v1/tickets", `{"household":"h1","kind":"leak"}`), http.StatusCreated)
		marked()
		id, reported := h.report(t, "2015-12-01T08:00:00+08:00"), sensors.At(noon.Add(-4*time.Hour))
		marked(reported)
		want(t, h.ask("dispatcher", http.MethodPost, "/api/v1/tickets/"+id+"/reply", `{"text":"ok"}`), http.StatusOK)
		marked()
		want(t, h.ask("dispatcher", http.MethodPost, "/api/v1/tickets/"+id+"/resolve", `{"text":"ok"}`), http.StatusOK)
		marked(reported)
	})
}
