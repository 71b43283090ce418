package web

import (
	"bytes"
	"context"
	"errors"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/disputes/measured"
	"github.com/nuanju/nuanju/ledger"
)

// maxAsOf is how long after a dry run the commit may judge at the same moment.
const maxAsOf = time.Hour

// paperOf is a record as it is kept: fields are only ever added.
type paperOf struct {
	Area       string             `json:"area_m2,omitempty"`
	RoomClosed measured.Answer    `json:"room_closed,omitempty"`
	HandHeld   measured.Answer    `json:"hand_held,omitempty"`
	People     string             `json:"people_m,omitempty"`
	Remarks    string             `json:"remarks,omitempty"`
	Rows       []measured.RowView `json:"rows" nullable:"false"`
}

func recordPaper(r *measured.Record) paperOf {
	p := paperOf{RoomClosed: r.RoomClosed, HandHeld: r.HandHeld, Remarks: r.Remarks, Rows: r.Show(time.UTC)}
	if r.Area.Given {
		p.Area = r.Area.String()
	}
	if r.People.Given {
		p.People = r.People.String()
	}
	return p
}

// fresh holds to the same test being one: handed in again it is answered again, unless it was withdrawn or came with another report; and
// to a request having one test.
func (h *handIns) fresh(ctx context.Context, in *handIn) error {
	m, _, err := h.ledger.Matter(ctx, disputes.TestMatter, in.answer.ID)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		if in.request.Version > 0 && in.request.State != disputes.StateAccepted && !(in.request.State == disputes.StateRequested && in.caller.Role != disputes.Tester) {
			return disputes.Stale(disputes.TestRequestMatter, "it is %s, and no test can be handed in for it", in.request.State)
		}
		return nil
	case err != nil:
		return err
	}
	before, err := bodyOf[disputes.Test](m)
	switch {
	case err != nil:
		return err
	case m.State == disputes.StateWithdrawn:
		return disputes.Stale(disputes.TestMatter, "it was withdrawn")
	case before.Report != in.answer.Report:
		return disputes.Stale(disputes.TestMatter, "the same measurement was handed in with another report")
	case before.Request != in.answer.Request:
		return disputes.Stale(disputes.TestMatter, "the same measurement was handed in for another request")
	}
	return nil
}

// commit keeps the report, and then writes the test with all that belongs to it in one transaction: its matter and paper, the fact for
// the judge, and what became of the request. One that is there already is left as it is.
func (h *handIns) commit(ctx context.Context, in *handIn) error {
	actor := disputes.Actor{Role: in.caller.Role, ID: actorOf(ctx).ID}
	body := in.answer.body(in.fact, in.record, sha256Hex(in.paper))
	home := disputes.Home(in.home.ID)
	m, events, err := disputes.Begin(disputes.Opening{
		Kind: disputes.TestMatter, ID: in.answer.ID, Place: home, Event: disputes.Submitted, Body: body, Actor: actor,
	}, in.now)
	if err != nil {
		return err
	}
	w := ledger.MatterWrite{
		Changes: []ledger.MatterChange{{After: m, Events: events}},
		Papers: []ledger.TestPaper{{
			Kind: m.Kind, Matter: m.ID, Household: in.home.ID, Room: in.record.Room, Institution: in.record.Institution, Opened: in.now,
			Body: in.paper,
		}},
		Declarations: []ledger.Declaration{{Place: home, Test: &in.fact}},
	}
	if in.request.Version > 0 && in.request.State != disputes.StateSubmitted {
		in.asked.Test = m.ID
		after, more, err := disputes.Advance(in.request, disputes.Move{Event: disputes.Submitted, Actor: actor, Body: in.asked}, in.now)
		if err != nil {
			return err
		}
		w.Changes = append(w.Changes, ledger.MatterChange{Before: in.request, After: after, Events: more})
	}
	if _, err := h.files.Put(bytes.NewReader(in.report), maxReport); err != nil {
		return err
	}
	err = h.ledger.SaveMatters(ctx, w, in.now)
	if errors.Is(err, ledger.ErrExists) {
		return nil // the same test, handed in before: nothing of it changes
	}
	return err
}
