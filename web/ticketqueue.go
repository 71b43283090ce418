package web

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// queue is the open tickets in the order in which they are to be worked on.
func (h *tickets) queue(ctx context.Context, in *ticketsInput) (*ticketsOutput, error) {
	if callerOf(ctx).token.Role == disputes.Resident {
		return nil, newProblem(http.StatusForbidden, "the queue is the supplier's")
	}
	if in.State != "" || in.Household != "" || in.Kind != "" || in.Breached != "" || in.Q != "" {
		return nil, newProblem(http.StatusUnprocessableEntity, "validation failed",
			&huma.ErrorDetail{Location: "query.queue", Message: "goes with cursor and limit only"})
	}
	found, next, err := h.ledger.Queue(ctx, in.Cursor, cmp.Or(in.Limit, 50), h.clock.now())
	if err != nil {
		return nil, h.problem(ctx, "reading the queue", cursorProblem(err))
	}
	return h.showAll(ctx, found, next)
}

// search is what a text finds; nil for no text.
func (h *tickets) search(text string) (*ledger.TicketSearch, *problem) {
	if text = strings.TrimSpace(text); text == "" {
		return nil, nil
	}
	s := &ledger.TicketSearch{Phone: disputes.PlainPhone(text), Households: h.homes.Search(text, ledger.MaxFound+1)}
	if sensors.CheckID(text) == nil {
		s.ID = text
	}
	if len(s.Households) > ledger.MaxFound {
		return nil, newProblem(http.StatusUnprocessableEntity, "validation failed",
			&huma.ErrorDetail{Location: "query.q", Message: fmt.Sprintf("finds more than %d homes; say more", ledger.MaxFound)})
	}
	return s, nil
}

// showAll is a list of tickets with their timelines.
func (h *tickets) showAll(ctx context.Context, found []disputes.Ticket, next string) (*ticketsOutput, error) {
	out := &ticketsOutput{}
	var err error
	out.Body.Next = next
	if out.Body.Tickets, err = h.views(ctx, found); err != nil {
		return nil, h.problem(ctx, "listing tickets", err)
	}
	return out, nil
}

// views are tickets as they are shown.
func (h *tickets) views(ctx context.Context, found []disputes.Ticket) ([]disputes.View, error) {
	ids, homes := make([]string, len(found)), make([]string, len(found))
	for i := range found {
		ids[i], homes[i] = found[i].ID, found[i].Household
	}
	timelines, err := h.ledger.Timelines(ctx, ids)
	if err != nil {
		return nil, err
	}
	vulnerable, err := h.ledger.VulnerableAmong(ctx, homes, h.clock.now())
	if err != nil {
		return nil, err
	}
	views := make([]disputes.View, 0, len(found))
	for _, t := range found {
		v := h.show(ctx, t, timelines[t.ID])
		v.Vulnerable = vulnerable[t.Household]
		views = append(views, v)
	}
	return views, nil
}

// searchable is the home with what a search looks into.
func (h Home) searchable() Home {
	h.words = strings.ToLower(h.Address + " " + h.ID)
	h.phone = disputes.PlainPhone(h.Phone)
	return h
}

// Search implements Homes.
func (d *Directory) Search(text string, most int) (found []string) {
	phone, words := disputes.PlainPhone(text), strings.Fields(strings.ToLower(text))
	for id, h := range *d.homes.Load() {
		switch {
		case id == text, h.Account != "" && h.Account == text, h.phone != "" && h.phone == phone:
		case len(words) == 0 || slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(h.words, w) }):
			continue
		}
		if found = append(found, id); len(found) == most {
			break
		}
	}
	slices.Sort(found)
	return found
}

// Anybody implements Homes.
func (d *Directory) Anybody(place disputes.Place) bool {
	for _, h := range *d.homes.Load() {
		if slices.Contains(h.Places(), place) {
			return true
		}
	}
	return false
}
