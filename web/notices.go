package web

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// ContractInForce finds the contract by which a notice is addressed (A12).
type ContractInForce interface {
	ContractAt(ctx context.Context, household string, at sensors.Instant) (ledger.KeptContract, error)
}

// notices is notices in writing, with their deadlines and how they were delivered (A6.3, A6.5, A6.7, A6.8, A12).
type notices struct {
	matters
	contracts ContractInForce
}

// noticeAccess is who may draft and send notices.
func noticeAccess() []access {
	const one = "/api/v1/notices/:id"
	return []access{
		{method: http.MethodPost, pattern: "/api/v1/notices", who: dispatch, maxBody: form},
		{method: http.MethodGet, pattern: "/api/v1/notices", who: homeReader},
		{method: http.MethodGet, pattern: one, who: homeReader},
		{method: http.MethodPost, pattern: one + "/send", who: dispatch, maxBody: form},
		{method: http.MethodPost, pattern: one + "/deliver", who: dispatch, maxBody: form},
		{method: http.MethodPost, pattern: one + "/return", who: dispatch, maxBody: form},
		{method: http.MethodPost, pattern: one + "/cancel", who: dispatch, maxBody: form},
	}
}

func (h *notices) register(api huma.API) {
	const base, tag = "/api/v1/notices", "notices"
	huma.Register(api, operationOf(tag, "draft-notice", http.MethodPost, base, "Draft a notice in writing",
		"A hazard is notified by the end of the third day after the day on which it was found (A6.3), a filling announced by the end of the "+
			"seventh day before the one on which it begins (A6.5)."), h.draft)
	huma.Register(api, operationOf(tag, "list-notices", http.MethodGet, base, "List notices, those drafted last first", "Residents see those that were sent."), h.list)
	huma.Register(api, operationOf(tag, "get-notice", http.MethodGet, base+"/{id}", "One notice, as it is printed, with its timeline", ""), h.get)
	huma.Register(api, operationOf(tag, "send-notice", http.MethodPost, base+"/{id}/send", "Say that it was sent, or posted at the entrance",
		"A household's goes to the address of its contract (A12), and its residents are told by message. The time is the server's."), h.does(disputes.Dispatched))
	huma.Register(api, operationOf(tag, "deliver-notice", http.MethodPost, base+"/{id}/deliver", "Say when it was delivered, with the proof", ""), h.does(disputes.Delivered))
	huma.Register(api, operationOf(tag, "return-notice", http.MethodPost, base+"/{id}/return", "Say when it came back",
		"It counts as delivered on that day (A12)."), h.does(disputes.CameBack))
	huma.Register(api, operationOf(tag, "cancel-notice", http.MethodPost, base+"/{id}/cancel", "Say that it will not be sent", ""), h.does(disputes.CancelledIt))
}

// noticeView is what is known of a notice.
type noticeView struct {
	Kind        disputes.NoticeKind `json:"kind"`
	FoundAt     *time.Time          `json:"found_at,omitempty"`
	PlannedAt   *time.Time          `json:"planned_at,omitempty"`
	Due         *time.Time          `json:"due,omitempty" doc:"The end of the last day on which it is sent in time."`
	Late        bool                `json:"late" doc:"It was sent after that, or is not sent although that has passed."`
	SentAt      *time.Time          `json:"sent_at,omitempty"`
	Address     string              `json:"address,omitempty"`
	DeliveredOn string              `json:"delivered_on,omitempty" doc:"The day of delivery, or of coming back (A12)."`
	Attachments []string            `json:"attachments" nullable:"false"`
}

func (h *notices) about(m disputes.Matter, zone *time.Location) (noticeView, error) {
	n, err := bodyOf[disputes.Notice](m)
	return noticeView{
		n.Kind, inZone(n.FoundAt, zone), inZone(n.PlannedAt, zone), inZone(n.Due, zone), m.State != disputes.Cancelled && n.Late(h.clock.now()),
		inZone(n.SentAt, zone), n.Address, n.DeliveredOn, append([]string{}, n.Attachments...),
	}, err
}

// noticeInput is a notice to be drafted.
type noticeInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Chosen by the client: the same sent again under it is done once."`
	Body struct {
		Place     placeView `json:"place" doc:"A household, or where it is posted."`
		Kind      string    `json:"kind" enum:"hazard,filling,change,stoppage,other"`
		FoundAt   string    `json:"found_at,omitempty" format:"date-time" doc:"Of a hazard: when it was found."`
		PlannedAt string    `json:"planned_at,omitempty" format:"date-time" doc:"Of a filling: when it begins."`
		Text      string    `json:"text" doc:"What it says; at most 8192 bytes."`
	}
}

func (in *noticeInput) opening(zone *time.Location) (disputes.Opening, error) {
	n := disputes.Notice{Kind: disputes.NoticeKind(in.Body.Kind)}
	var errs []error
	for _, t := range []struct {
		field, text string
		at          **time.Time
	}{{"found_at", in.Body.FoundAt, &n.FoundAt}, {"planned_at", in.Body.PlannedAt, &n.PlannedAt}} {
		at, err := parseMoment(t.field, t.text)
		if err != nil {
			errs = append(errs, err)
		}
		if t.text != "" {
			*t.at = &at
		}
	}
	o, err := disputes.DraftNotice(disputes.Opening{Place: in.Body.Place.place(), Text: in.Body.Text}, n, zone)
	return o, errors.Join(append(errs, joined(err)...)...)
}

// Resolve finds everything that is wrong with it, beside what its schema says.
func (in *noticeInput) Resolve(huma.Context) []error {
	o, err := in.opening(time.UTC)
	return openingDetails(o, disputes.Dispatcher, nil, err)
}

// noticeOutput is one notice.
type noticeOutput struct {
	Location string `header:"Location"`
	Body     printedNotice
}

// printedNotice is a notice with its text as it is printed.
type printedNotice struct {
	Notice matterView[noticeView] `json:"notice"`
	ZH     string                 `json:"zh" doc:"As it is printed, in Chinese."`
	EN     string                 `json:"en" doc:"And in English."`
}

func (h *notices) answer(ctx context.Context, doing string, m disputes.Matter, events []disputes.MatterEvent, err error) (*noticeOutput, error) {
	out := &noticeOutput{Location: "/api/v1/notices/" + m.ID}
	if err == nil {
		out.Body, err = h.print(m, events)
	}
	if err != nil {
		return nil, h.problem(ctx, doing, err)
	}
	return out, nil
}

func (h *notices) draft(ctx context.Context, in *noticeInput) (*noticeOutput, error) {
	o, _ := in.opening(h.zoneOf(in.Body.Place.place()))
	m, events, err := h.open(ctx, opened{Opening: o, prefix: "N", key: in.Key})
	return h.answer(ctx, "drafting a notice", m, events, err)
}

// noticeMoveInput is something done to a notice.
type noticeMoveInput struct {
	ID   string `path:"id"`
	Body struct {
		Text        string   `json:"text,omitempty" doc:"The proof of delivery, or why; at most 8192 bytes."`
		Address     string   `json:"address,omitempty" maxLength:"500" doc:"Of sending: where to, if no contract in force says it; of a building's, which entrances."`
		On          string   `json:"on,omitempty" format:"date" doc:"Of a delivery or return: the day; today if absent."`
		Attachments []string `json:"attachments,omitempty" doc:"Digests of attachments that were uploaded before."`
		Version     int64    `json:"version,omitempty" minimum:"1" doc:"The version that was seen; on another one nothing is done."`
	}
}

// Resolve finds what is wrong with the day and the digests.
func (in *noticeMoveInput) Resolve(huma.Context) []error {
	_, err := in.day()
	return details(nil, err, disputes.CheckText("text", in.Body.Text, false), disputes.CheckAttachments(in.Body.Attachments))
}

func (in *noticeMoveInput) day() (compliance.Date, error) {
	if in.Body.On == "" {
		return 0, nil
	}
	d, err := compliance.ParseDate(in.Body.On)
	if err != nil {
		err = &disputes.FieldError{Field: "on", Reason: "is not a date such as 2015-12-01"}
	}
	return d, err
}

func (h *notices) does(event disputes.EventKind) func(context.Context, *noticeMoveInput) (*noticeOutput, error) {
	return func(ctx context.Context, in *noticeMoveInput) (*noticeOutput, error) {
		on, _ := in.day()
		c := disputes.NoticeMove{
			Move:    disputes.Move{Event: event, Text: in.Body.Text, Version: in.Body.Version, Actor: actorOf(ctx)},
			Address: in.Body.Address, On: on, Attachments: in.Body.Attachments,
		}
		m, events, err := h.change(ctx, disputes.NoticeMatter, in.ID,
			func(m disputes.Matter, _ []disputes.MatterEvent, now sensors.Instant) (ledger.MatterWrite, error) {
				if err := h.address(ctx, m, &c, now); err != nil {
					return ledger.MatterWrite{}, err
				}
				after, events, err := disputes.AdvanceNotice(m, c, h.zoneOf(m.Place), now)
				return ledger.MatterWrite{Changes: []ledger.MatterChange{{Before: m, After: after, Events: events}}}, err
			})
		return h.answer(ctx, "changing a notice", m, events, err)
	}
}

// address is where a household's notice is sent: to the address of the contract in force, whatever else was said (A12).
func (h *notices) address(ctx context.Context, m disputes.Matter, c *disputes.NoticeMove, now sensors.Instant) error {
	if c.Event != disputes.Dispatched || m.Place.Kind != disputes.AtHousehold {
		return nil
	}
	k, err := h.contracts.ContractAt(ctx, m.Place.ID, now)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return nil
	case err == nil:
		c.Address = k.Address
	}
	return err
}

func (h *notices) get(ctx context.Context, in *matterInput) (*noticeOutput, error) {
	m, events, err := h.find(ctx, disputes.NoticeMatter, in.ID)
	if err == nil && callerOf(ctx).token.Role == disputes.Resident && (m.State == disputes.StateDrafted || m.State == disputes.Cancelled) {
		err = ledger.ErrNotFound // it is the supplier's own until it is sent
	}
	return h.answer(ctx, "reading a notice", m, events, err)
}

// noticesInput chooses notices.
type noticesInput struct {
	Listing
	State string `query:"state" enum:"drafted,sent,delivered,returned,cancelled" doc:"Only notices in this state."`
}

func (h *notices) list(ctx context.Context, in *noticesInput) (*matterList[noticeView], error) {
	f := in.filter(disputes.NoticeMatter, in.State)
	if callerOf(ctx).token.Role == disputes.Resident {
		seen := []disputes.State{disputes.StateSent, disputes.StateDelivered, disputes.StateReturned}
		if in.State == "" {
			f.States = seen
		} else if in.State == string(disputes.StateDrafted) || in.State == string(disputes.Cancelled) {
			return nil, newProblem(http.StatusForbidden, "residents see notices that were sent")
		}
	}
	return listMatters(ctx, &h.matters, f, in.Household, h.about)
}
