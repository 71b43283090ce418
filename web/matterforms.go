package web

import (
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
)

// Who acts on matters: sets of roles that several rows have.
var (
	onlyResident = []disputes.Role{disputes.Resident}
	deciding     = []disputes.Role{disputes.Mediator} // an admin acts for the supplier
	matterReader = []disputes.Role{disputes.Resident, disputes.Dispatcher, disputes.Mediator, disputes.Auditor, disputes.Admin}
	bothSides    = []disputes.Role{disputes.Resident, disputes.Dispatcher, disputes.Admin}
	disputants   = []disputes.Role{disputes.Resident, disputes.Dispatcher, disputes.Mediator, disputes.Admin}
)

// matterVerb is something done to a matter that needs words only.
type matterVerb struct {
	path                 string
	event                disputes.EventKind
	summary, description string
}

// operationOf describes an operation on matters. What a POST to a collection makes is created; anything else may be stale.
func operationOf(tag, id, method, path, summary, description string) huma.Operation {
	o := huma.Operation{OperationID: id, Method: method, Path: path, Tags: []string{tag}, Summary: summary, Description: description}
	switch {
	case method == http.MethodPost && path == "/api/v1/"+tag:
		o.DefaultStatus, o.Errors = http.StatusCreated, errorsOf(http.StatusConflict)
	case method == http.MethodPost:
		o.Errors = errorsOf(http.StatusNotFound, http.StatusConflict)
	default:
		o.Errors = errorsOf(http.StatusNotFound)
	}
	return o
}

// matterInput names a matter.
type matterInput struct {
	ID string `path:"id"`
}

// moveInput is something done to a matter.
type moveInput struct {
	ID   string `path:"id"`
	Body struct {
		Text    string `json:"text" doc:"What or why; at most 8192 bytes."`
		Version int64  `json:"version,omitempty" minimum:"1" doc:"The version that was seen; on another one nothing is done."`
	}
}

func (in *moveInput) move(event disputes.EventKind) disputes.Move {
	return disputes.Move{Event: event, Text: in.Body.Text, Version: in.Body.Version}
}

// proofInput is a proof.
type proofInput struct {
	ID   string `path:"id"`
	Body struct {
		Text        string   `json:"text" doc:"What is proved and by what; at most 8192 bytes."`
		Attachments []string `json:"attachments,omitempty" doc:"Digests of attachments that were uploaded before."`
		Version     int64    `json:"version,omitempty" minimum:"1" doc:"The version that was seen; on another one nothing is done."`
	}
}

// Resolve finds what is wrong with the text and the digests.
func (in *proofInput) Resolve(huma.Context) []error {
	return details(nil, disputes.CheckText("text", in.Body.Text, true), disputes.CheckAttachments(in.Body.Attachments))
}

func (in *proofInput) move(event disputes.EventKind) disputes.Move {
	return disputes.Move{Event: event, Text: in.Body.Text, Version: in.Body.Version}
}

// Listing is what lists of matters have in common. It is exported so that huma sees what is embedded.
type Listing struct {
	Household string `query:"household" doc:"Only what concerns this household, also as part of its riser, building or substation."`
	Cursor    string `query:"cursor" doc:"Where the list before this one ended: its next."`
	Limit     int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most."`
}

func (in *Listing) filter(kind disputes.MatterKind, state string) ledger.MatterFilter {
	f := ledger.MatterFilter{Kind: kind, After: in.Cursor, Limit: in.Limit}
	if state != "" {
		f.States = []disputes.State{disputes.State(state)}
	}
	return f
}

// parseMoment is a time of a form; zero for an absent one. An error is a *disputes.FieldError.
func parseMoment(field, s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	at, ok := parseTime(s)
	if !ok {
		return time.Time{}, &disputes.FieldError{Field: field, Reason: "is not a time such as 2015-12-01T08:00:00+08:00"}
	}
	return at.Time(), nil
}

// parseInterval is the times of a form that needs both.
func parseInterval(start, end string) (from, to time.Time, errs []error) {
	var err error
	if from, err = parseMoment("start", start); err != nil {
		errs = append(errs, err)
	}
	if to, err = parseMoment("end", end); err != nil {
		errs = append(errs, err)
	}
	return from, to, errs
}

// details is the wrong fields in some errors as problems list them, each once, by the names that the form has for them.
func details(names map[string]string, errs ...error) (all []error) {
	seen := map[string]bool{}
	for _, err := range errs {
		for _, e := range joined(err) {
			f, ok := errors.AsType[*disputes.FieldError](e)
			if !ok {
				continue
			}
			name := f.Field
			if other, ok := names[name]; ok {
				name = other
			}
			if d := (&huma.ErrorDetail{Location: "body." + name, Message: f.Reason}); !seen[d.Location] {
				seen[d.Location] = true
				all = append(all, d)
			}
		}
	}
	return all
}

// openingDetails is everything that is wrong with a form that opens a matter, beside what its schema says: the errors given and what
// Begin finds. The handler asks again, as whoever is calling.
func openingDetails(o disputes.Opening, role disputes.Role, names map[string]string, errs ...error) []error {
	o.ID, o.Actor = "some", disputes.Actor{Role: role, ID: "some"}
	if o.Place.Kind == "" {
		o.Place = disputes.Place{Kind: disputes.Everywhere} // the schema has complained
	}
	_, _, err := disputes.Begin(o, 1)
	return details(names, append(errs, err)...)
}

func inZone(t *time.Time, zone *time.Location) *time.Time {
	if t == nil {
		return nil
	}
	local := t.In(zone)
	return &local
}
