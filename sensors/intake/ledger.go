package intake

import (
	"context"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
)

// LineKey is the place of a line in the evidence log.
type LineKey struct {
	Leaf int64
	Line int // in the leaf's content, from 1; 0 is the content as a whole
}

// Mark says that a household has to be judged again from an instant on.
type Mark struct {
	Household string
	From      sensors.Instant
}

// Quarantined is a line that was accepted, is in the evidence log and is set aside until its cause is mended.
type Quarantined struct {
	LineKey
	Reason     string // as it was when the line was set aside
	Owner      string // device, station or household, as sent; of a content as a whole, its subject
	Household  string // empty: not known
	Raw        []byte // the line as received
	DeviceTime sensors.Instant
	Received   sensors.Instant
	// ReleasedAt is 0 and ReleasedWhy empty while the line is held.
	ReleasedAt  sensors.Instant
	ReleasedWhy string
}

// QuarantineFilter chooses quarantined lines; a zero field does not choose.
type QuarantineFilter struct {
	Reason    string
	Owner     string
	Household string
	Released  bool    // those that were released, too
	After     LineKey // those that come later in the log
	Limit     int     // at most so many
}

// Step is how far the forwarder goes at once, with what came of it.
type Step struct {
	Watermark  string // its name
	From, To   int64  // leaves in [From, To) were read
	Dirty      []Mark
	Quarantine []Quarantined
	Events     []Event
}

// Event is what was declared for a household: its demand for heat (ingest.Heating) or a setpoint (ingest.Setpoint). One
// whose household or room is not registered is in quarantine too, and concerns nobody until it is.
type Event struct {
	LineKey
	Kind      ingest.Kind
	Household string
	Room      string // Setpoint: empty for all rooms
	At        sensors.Instant
	Received  sensors.Instant
	On        bool    // Heating
	Celsius   float64 // Setpoint, exactly as received
	Source    string  // Heating: ingest.Resident, ingest.Supplier or empty, as sent
	Consent   string  // Heating: what documents the resident's, as sent
}

// Ledger is where the forwarder writes down what came of the log. Its methods may be called concurrently; each that writes is one
// durable transaction, all of it or nothing, and can be repeated after an error.
type Ledger interface {
	// Watermark is a watermark's value; 0 if it was never advanced.
	Watermark(ctx context.Context, name string) (int64, error)
	// Advance writes a step: marks, lines, events and the watermark at To. A line or an event whose key is there already stays
	// as it is. If the watermark is not at From, it is an error and nothing is written.
	Advance(ctx context.Context, s Step, now sensors.Instant) error
	// Quarantine sets lines aside; one whose key is there already stays as it is, released or not.
	Quarantine(ctx context.Context, lines []Quarantined) error
	// ListQuarantine is the chosen lines in the order of the log.
	ListQuarantine(ctx context.Context, f QuarantineFilter) ([]Quarantined, error)
	// Release lets lines go, says why, and marks households. A line that was released before keeps its first reason. It
	// returns how many were released now.
	Release(ctx context.Context, lines []LineKey, why string, dirty []Mark, now sensors.Instant) (int, error)
	// AppendEvents writes events as Advance does.
	AppendEvents(ctx context.Context, events []Event) error
}

// The reasons for which a line is set aside beside those of package ingest.
const (
	UnknownDevice    = "unknown_device"
	UnassignedDevice = "unassigned_device"
	UnknownStation   = "unknown_station"
	UnknownHousehold = "unknown_household"
	UnknownRoom      = "unknown_room"
	Conflict         = "conflict"
	StoreRefused     = "store_refused" // the store can never take it: its block is full or damaged
	Unreadable       = "unreadable"    // a content that says that it is readings and is not
)

// reasons are all of them, in a fixed order.
var reasons = [...]string{
	string(ingest.OutOfRange), string(ingest.ClockAhead), string(ingest.ClockBehind), string(ingest.NoConsent),
	UnknownDevice, UnassignedDevice, UnknownStation, UnknownHousehold, UnknownRoom, Conflict, StoreRefused, Unreadable,
}
