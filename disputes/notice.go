package disputes

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// NoticeMatter is the kind of matter that a notice in writing is.
const NoticeMatter MatterKind = "notice"

// The events of notices.
const (
	Drafted    EventKind = "draft"
	Dispatched EventKind = "send"
	Delivered  EventKind = "deliver"
	CameBack   EventKind = "return"
)

// The states of notices.
const (
	StateDrafted   State = "drafted"
	StateSent      State = "sent"
	StateDelivered State = "delivered"
	StateReturned  State = "returned"
)

// noticeMachine is a notice in writing (A6.3, A6.5, A6.7, A6.8, A12). One that came back counts as delivered on that day, and stays so.
func noticeMachine() Machine {
	return Machine{NoticeMatter, "书面通知", "a notice in writing", []Row{
		{None, Drafted, StateDrafted, suppliers(), true, "拟定通知", "it is drafted"},
		{StateDrafted, Dispatched, StateSent, suppliers(), false, "发出通知", "it is sent or posted"},
		{StateDrafted, CancelledIt, Cancelled, suppliers(), true, "不再发出", "it will not be sent"},
		{StateSent, Delivered, StateDelivered, suppliers(), true, "送达", "it was delivered, with the proof"},
		{StateSent, CameBack, StateReturned, suppliers(), true, "退回，退回之日视为送达", "it came back, and counts as delivered on that day"},
	}}
}

// NoticeKind is what a notice is about; it says by when it is sent.
type NoticeKind string

// The kinds of notices.
const (
	HazardNotice   NoticeKind = "hazard"   // a hazard or violation found at the resident's (A6.3)
	FillingNotice  NoticeKind = "filling"  // filling or a pressure test (A6.5)
	ChangeNotice   NoticeKind = "change"   // of numbers, prices or procedures (A6.7)
	StoppageNotice NoticeKind = "stoppage" // a stoppage or restoration (A6.8)
	OtherNotice    NoticeKind = "other"    // any other under A12
)

// NoticeKinds are all kinds, in the contract's order.
func NoticeKinds() []NoticeKind {
	return []NoticeKind{HazardNotice, FillingNotice, ChangeNotice, StoppageNotice, OtherNotice}
}

const (
	hazardDays  = 3 // A6.3
	fillingDays = 7 // A6.5
)

// Notice is the body of a notice. Times are in UTC.
type Notice struct {
	Kind NoticeKind `json:"kind"`
	// FoundAt is when the hazard was found, PlannedAt when the filling begins; of the others both are nil.
	FoundAt   *time.Time `json:"found_at,omitempty"`
	PlannedAt *time.Time `json:"planned_at,omitempty"`
	// Due is the end of the last day on which it is sent in time; nil: there is none.
	Due *time.Time `json:"due,omitempty"`
	// SentAt is when it was sent, by the server's clock, and Address where to: that of the contract (A12), or the entrance of the place.
	SentAt  *time.Time `json:"sent_at,omitempty"`
	Address string     `json:"address,omitempty"`
	// DeliveredOn is the local day on which it was delivered or came back.
	DeliveredOn string   `json:"delivered_on,omitempty"`
	Attachments []string `json:"attachments,omitempty"` // digests of what proves it
}

// DraftNotice is the opening of a notice whose days are cut in a zone. Whatever is wrong is an error at once with what Begin finds.
//
// A hazard is notified within 3 days: the day on which it was found does not count, and any time of the third day after it is in time. A filling is
// announced 7 days ahead: at the latest on the seventh day before the day on which it begins. Both are calendar days.
func DraftNotice(o Opening, n Notice, zone *time.Location) (Opening, error) {
	var f fields
	if !slices.Contains(NoticeKinds(), n.Kind) {
		f.wrong("kind", "is not one of hazard, filling, change, stoppage, other")
	}
	for _, t := range []struct {
		field string
		at    *time.Time
		kind  NoticeKind
	}{{"found_at", n.FoundAt, HazardNotice}, {"planned_at", n.PlannedAt, FillingNotice}} {
		switch {
		case n.Kind == t.kind && t.at == nil:
			f.wrong(t.field, "is needed of a %s", n.Kind)
		case n.Kind != t.kind && t.at != nil:
			f.wrong(t.field, "is of a %s only", t.kind)
		}
	}
	if len(f) == 0 {
		n.Due = n.due(zone)
	}
	o.Kind, o.Event, o.Body = NoticeMatter, Drafted, n
	return o, errors.Join(f...)
}

// due is the end of the last day on which the notice is in time.
func (n Notice) due(zone *time.Location) *time.Time {
	var last compliance.Date
	switch n.Kind {
	case HazardNotice:
		last = compliance.DateIn(sensors.At(*n.FoundAt), zone) + hazardDays
	case FillingNotice:
		last = compliance.DateIn(sensors.At(*n.PlannedAt), zone) - fillingDays
	default:
		return nil
	}
	end := last.End(zone).Time()
	return &end
}

// Late is whether the notice was sent after its last day, or is not sent by now although that has passed.
func (n Notice) Late(now sensors.Instant) bool {
	if n.Due == nil {
		return false
	}
	at := now
	if n.SentAt != nil {
		at = sensors.At(*n.SentAt)
	}
	return at >= sensors.At(*n.Due)
}

// NoticeMove is what somebody does to a notice. Address is of sending. On is the day of a delivery or return; 0: today.
type NoticeMove struct {
	Move
	Address     string
	On          compliance.Date
	Attachments []string
}

// AdvanceNotice does a move to a notice whose days are cut in a zone. It is delivered, and comes back, on a day from that of sending to
// today. An error is Advance's.
func AdvanceNotice(m Matter, c NoticeMove, zone *time.Location, now sensors.Instant) (Matter, []MatterEvent, error) {
	n, err := Body[Notice](m.Body)
	if err != nil {
		return m, nil, err
	}
	var f fields
	switch c.Event {
	case Dispatched:
		at := now.Time()
		n.SentAt, n.Address = &at, c.Address
		if m.Place.Kind == AtHousehold && strings.TrimSpace(c.Address) == "" {
			f.wrong("address", "is needed: no contract of the household is in force that has one (A12)")
		}
		f.line("address", c.Address, maxAddress, false)
		c.Detail = struct {
			Late bool `json:"late"` // no address: the evidence log has none
		}{n.Late(now)}
	case Delivered, CameBack:
		today := compliance.DateIn(now, zone)
		if c.On == 0 {
			c.On = today
		}
		if n.SentAt != nil && (c.On > today || c.On < compliance.DateIn(sensors.At(*n.SentAt), zone)) {
			f.wrong("on", "%s is not a day from that of sending to today", c.On)
		}
		if err := CheckAttachments(c.Attachments); err != nil {
			f = append(f, err)
		}
		n.DeliveredOn, n.Attachments = c.On.String(), c.Attachments
		c.Detail = struct {
			On          string   `json:"on"`
			Attachments []string `json:"attachments,omitempty"`
		}{n.DeliveredOn, n.Attachments}
	}
	c.Body = n
	after, events, err := Advance(m, c.Move, now)
	if err == nil && len(f) > 0 {
		return m, nil, errors.Join(f...)
	}
	return after, events, err
}
