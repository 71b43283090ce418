package web

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/notify"
	"github.com/nuanju/nuanju/sensors"
)

// Notifications is what people were told; see the methods of ledger.Ledger.
type Notifications interface {
	Notifications(ctx context.Context, f ledger.NotificationFilter) ([]notify.Notification, error)
	RetryNotification(ctx context.Context, id int64, now sensors.Instant) (notify.Notification, error)
}

// messages is what people were told, and what could not be.
type messages struct {
	failing
	clock  clock
	ledger Notifications
	zone   *time.Location
}

// messageAccess is who may see what people were told. It says who was told what: administrators and auditors only.
func messageAccess() []access {
	return []access{
		{method: http.MethodGet, pattern: "/api/v1/notifications", who: watchers},
		{method: http.MethodPost, pattern: "/api/v1/notifications/:id/retry", who: onlyAdmin, maxBody: form},
	}
}

func (h *messages) register(api huma.API) {
	const tag = "notifications"
	huma.Register(api, operationOf(tag, "list-notifications", http.MethodGet, "/api/v1/notifications", "What people were told, or are to be, the last first",
		"Of a number or an address only enough to know it by. Codes are not shown."), h.list)
	huma.Register(api, operationOf(tag, "retry-notification", http.MethodPost, "/api/v1/notifications/{id}/retry", "Try one again that failed or was given up", ""), h.retry)
}

// messagesInput chooses notifications.
type messagesInput struct {
	State  string `query:"state" enum:"waiting,sent,failed,given_up" doc:"Only notifications in this state."`
	Cursor string `query:"cursor" doc:"Where the list before this one ended: its next."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most."`
}

// messageView is a notification as the API shows it.
type messageView struct {
	ID        int64             `json:"id"`
	Channel   notify.Channel    `json:"channel"`
	To        string            `json:"to"`
	Message   notify.Message    `json:"message"`
	Values    map[string]string `json:"values,omitempty"`
	State     notify.State      `json:"state"`
	Attempts  int               `json:"attempts"`
	NextAt    *time.Time        `json:"next_at,omitempty"`
	Error     string            `json:"error,omitempty"`
	CreatedAt time.Time         `json:"created_at"`
	DoneAt    *time.Time        `json:"done_at,omitempty"`
}

func (h *messages) show(n notify.Notification) messageView {
	v := messageView{
		ID: n.ID, Channel: n.Channel, To: shortened(n.Address), Message: n.Message, Values: n.Values, State: n.State, Attempts: n.Attempts,
		Error: n.Error, CreatedAt: n.CreatedAt.Time().In(h.zone),
	}
	at := func(i sensors.Instant) *time.Time {
		t := i.Time().In(h.zone)
		return &t
	}
	if n.State == notify.Waiting {
		v.NextAt = at(n.NextAt)
	} else {
		v.DoneAt = at(n.DoneAt)
	}
	return v
}

// shortened is enough of a number or an address to know it by.
func shortened(address string) string {
	if name, host, ok := strings.Cut(address, "@"); ok {
		return string([]rune(name)[:min(1, len([]rune(name)))]) + "…@" + host
	}
	return "…" + address[max(0, len(address)-4):]
}

// messagesOutput is a list of notifications.
type messagesOutput struct {
	Body struct {
		Notifications []messageView `json:"notifications" nullable:"false"`
		Next          string        `json:"next,omitempty" doc:"The cursor for more; absent at the end."`
	}
}

func (h *messages) list(ctx context.Context, in *messagesInput) (*messagesOutput, error) {
	f := ledger.NotificationFilter{State: notify.State(in.State), Limit: in.Limit + 1}
	if in.Cursor != "" {
		var err error
		if f.Before, err = strconv.ParseInt(in.Cursor, 10, 64); err != nil || f.Before < 1 {
			return nil, validation("query.cursor", "is not one that a list gave")
		}
	}
	all, err := h.ledger.Notifications(ctx, f)
	if err != nil {
		return nil, h.problem(ctx, "listing notifications", err)
	}
	out := &messagesOutput{}
	if len(all) > in.Limit {
		all = all[:in.Limit]
		out.Body.Next = strconv.FormatInt(all[in.Limit-1].ID, 10)
	}
	out.Body.Notifications = make([]messageView, 0, len(all))
	for _, n := range all {
		out.Body.Notifications = append(out.Body.Notifications, h.show(n))
	}
	return out, nil
}

// retryInput names a notification.
type retryInput struct {
	ID int64 `path:"id" minimum:"1"`
}

// messageOutput is one notification.
type messageOutput struct{ Body messageView }

func (h *messages) retry(ctx context.Context, in *retryInput) (*messageOutput, error) {
	n, err := h.ledger.RetryNotification(ctx, in.ID, h.clock.now())
	if isConflict(err) {
		err = newProblem(http.StatusConflict, "it neither failed nor was given up, or what it said is not kept")
	}
	if err != nil {
		return nil, h.problem(ctx, "trying a notification again", err)
	}
	return &messageOutput{h.show(n)}, nil
}
