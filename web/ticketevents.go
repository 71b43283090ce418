package web

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// fileInput is a report.
type fileInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"Chosen by the client: the same report sent again under it is filed once."`
	Body struct {
		Household  string `json:"household" doc:"The household's id."`
		Kind       string `json:"kind" enum:"low_temperature,no_heat,leak,other" doc:"What it is about."`
		Text       string `json:"text,omitempty" doc:"In the resident's words; at most 8192 bytes."`
		Emergency  bool   `json:"emergency,omitempty" doc:"Whether it is handled at once (A6.6). A leak always is."`
		ReportedAt string `json:"reported_at,omitempty" format:"date-time" doc:"The time of the call, by dispatchers only; now if absent."`
		Phone      string `json:"phone,omitempty" doc:"Where whoever reports it can be called: 3 to 20 digits."`
	}
}

// Resolve finds everything that is wrong with a report, beside what its schema says, so that all of it is told at once.
func (in *fileInput) Resolve(ctx huma.Context) (errs []error) {
	known := *in // what the schema complains of is not told twice
	if known.Body.Household == "" {
		known.Body.Household = "absent"
	}
	if filer, ok := kindRule(known.Body.Kind); !ok || filer.Kind == disputes.Finding {
		known.Body.Kind = string(disputes.Other)
	}
	f, err := known.filing(actorOf(ctx.Context()))
	if err != nil {
		errs = append(errs, err)
	}
	// The handler asks again with the server's time; here nothing is in the future.
	_, _, err = disputes.File(f, never(), sensors.Forever-1)
	for _, e := range joined(err) {
		if field, ok := errors.AsType[*disputes.FieldError](e); ok {
			errs = append(errs, &huma.ErrorDetail{Location: "body." + field.Field, Message: field.Reason})
		}
	}
	return errs
}

var _ huma.Resolver = (*fileInput)(nil)

func kindRule(kind string) (disputes.KindRule, bool) {
	for _, r := range disputes.Kinds() {
		if string(r.Kind) == kind {
			return r, true
		}
	}
	return disputes.KindRule{}, false
}

func never() disputes.Duties {
	return disputes.ContractDuties(func(sensors.Instant) bool { return false })
}

// filing is the report as package disputes takes it. An error is a *huma.ErrorDetail.
func (in *fileInput) filing(actor disputes.Actor) (disputes.Filing, error) {
	f := disputes.Filing{
		ID: in.ticketID(actor), Household: in.Body.Household, Kind: disputes.Kind(in.Body.Kind), Text: in.Body.Text,
		Emergency: in.Body.Emergency, Phone: in.Body.Phone, Actor: actor,
	}
	if in.Body.ReportedAt == "" {
		return f, nil
	}
	at, ok := parseTime(in.Body.ReportedAt)
	if !ok {
		return f, &huma.ErrorDetail{Location: "body.reported_at", Message: "is not a time such as 2015-12-01T08:00:00+08:00", Value: in.Body.ReportedAt}
	}
	f.ReportedAt = at
	return f, nil
}

// ticketID is a new id: random, or with an Idempotency-Key the one that follows from it, so that a report that is sent again meets
// itself in the ledger.
func (in *fileInput) ticketID(actor disputes.Actor) string {
	if in.Key == "" {
		return "T" + rand.Text()[:20]
	}
	sum := sha256.Sum256([]byte(strings.Join([]string{string(actor.Role), actor.ID, in.Body.Household, in.Key}, "\x00")))
	return "T" + base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:])[:32]
}

// parseTime reads a time of RFC 3339 with an offset that the ledger can keep.
func parseTime(s string) (sensors.Instant, bool) {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() < 1700 || t.Year() > 2250 {
		return 0, false
	}
	return sensors.At(t), true
}

// fileOutput is the ticket that was filed.
type fileOutput struct {
	Location string `header:"Location"`
	Body     disputes.View
}

func (h *tickets) file(ctx context.Context, in *fileInput) (*fileOutput, error) {
	f, err := in.filing(actorOf(ctx))
	if err != nil {
		return nil, newProblem(http.StatusUnprocessableEntity, err.Error()) // Resolve has said so before
	}
	if !callerOf(ctx).token.coversHome(f.Household, h.homes) {
		return nil, newProblem(http.StatusForbidden, "the token is not for this household")
	}
	home, ok := h.homes.Home(f.Household)
	if !ok {
		return nil, newProblem(http.StatusUnprocessableEntity, "validation failed",
			&huma.ErrorDetail{Location: "body.household", Message: "is not registered", Value: f.Household})
	}
	t, events, err := h.fileOnce(ctx, f, home)
	if errors.Is(err, ledger.ErrExists) && in.Key != "" {
		t, events, err = h.filedBefore(ctx, f)
	}
	if err != nil {
		return nil, h.problem(ctx, "filing a ticket", err)
	}
	return &fileOutput{Location: "/api/v1/tickets/" + t.ID, Body: h.show(ctx, t, events)}, nil
}

// filedBefore is the ticket that an Idempotency-Key made before, if it was of the same report.
func (h *tickets) filedBefore(ctx context.Context, f disputes.Filing) (disputes.Ticket, []disputes.Event, error) {
	t, events, err := h.find(ctx, f.ID)
	if err != nil {
		return t, nil, err
	}
	if t.Household != f.Household || t.Kind != f.Kind || t.Text != f.Text || f.Emergency && !t.Emergency ||
		disputes.PlainPhone(f.Phone) != t.Phone ||
		f.ReportedAt != 0 && f.ReportedAt != t.ReportedAt {
		return t, nil, newProblem(http.StatusUnprocessableEntity, "the Idempotency-Key was used for another report")
	}
	return t, events, nil
}

// eventInput is something done to a ticket.
type eventInput struct {
	ID   string `path:"id" doc:"The ticket's id."`
	Body struct {
		Text    string `json:"text" doc:"What the resident is told or what was done; at most 8192 bytes."`
		Version int64  `json:"version,omitempty" minimum:"1" doc:"The ticket's version that was seen; on another one nothing is done."`
	}
}

// maxAttempts bounds how often an event is tried on a ticket that changes meanwhile.
const maxAttempts = 8

// does is the handler of an event that has only a text.
func (h *tickets) does(event disputes.EventKind) func(context.Context, *eventInput) (*ticketOutput, error) {
	return func(ctx context.Context, in *eventInput) (*ticketOutput, error) {
		return h.apply(ctx, in.ID, disputes.Command{Event: event, Text: in.Body.Text, Version: in.Body.Version})
	}
}

// marksOf is what must be judged again when a ticket is filed or closed: reports of cold are part of the judgment (I11).
func marksOf(t disputes.Ticket) []ledger.Mark {
	if !t.Kind.Cold() {
		return nil
	}
	return []ledger.Mark{{Household: t.Household, From: t.ReportedAt}}
}

// actorOf is who a caller is in a ticket's timeline: whoever the token is of. The name of an account is one person's
// for good; of residents several may have one name, and what follows it tells them apart without their phone.
func actorOf(ctx context.Context) disputes.Actor {
	t := callerOf(ctx).token
	if t.session != nil && t.session.Account == "" {
		return disputes.Actor{Role: t.Role, ID: t.Name + " #" + t.session.Person()}
	}
	return disputes.Actor{Role: t.Role, ID: t.Name}
}

func isInvalid(err error) bool { return errors.Is(err, ledger.ErrInvalid) }
