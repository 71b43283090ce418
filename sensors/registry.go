package sensors

// Substation feeds buildings with heat.
type Substation struct {
	ID   string
	Name string
}

// Building is where a heat entry is (A1.3).
type Building struct {
	ID         string
	Substation string
	Name       string
	Address    string
}

// Riser is a vertical pipe of a building.
type Riser struct {
	ID       string
	Building string
}

// Household is a home under one contract.
type Household struct {
	ID           string
	Building     string
	Riser        string // empty: not known
	Account      string // its number with the supplier
	Area         string // charged area, m², as written; money is computed from it, so it is never a float
	BuildingArea string // floor area, m², as written
	Policy       string // name of the policy that judges it
	Season       string // label of the season agreed for it; empty: the statutory one
	Phone        string
}

// RoomKind is what a room is used for; the contract says which kinds are judged.
type RoomKind string

// The kinds of rooms.
const (
	Bedroom    RoomKind = "bedroom"
	LivingRoom RoomKind = "living_room"
	Kitchen    RoomKind = "kitchen"
	Bathroom   RoomKind = "bathroom"
	OtherRoom  RoomKind = "other"
)

// Known reports whether the kind is one of those above.
func (k RoomKind) Known() bool {
	switch k {
	case Bedroom, LivingRoom, Kitchen, Bathroom, OtherRoom:
		return true
	}
	return false
}

// RoomID names a room: its own id is only unique in its household.
type RoomID struct {
	Household string
	Room      string
}

// String is HOUSEHOLD/ROOM, for people.
func (r RoomID) String() string { return r.Household + "/" + r.Room }

// Room is a room of a household.
type Room struct {
	RoomID
	Kind RoomKind
	Area string // m², as written; empty: not known
}

// HeatMeter is a register at a building's heat entry, or of one household.
type HeatMeter struct {
	ID        string
	Building  string // set when it measures the building
	Household string // set when it measures one household
}

// Device is a thing that sends samples under its id.
type Device struct {
	ID     string
	Model  string
	Serial string
}

// TargetKind is what kind of thing a device is assigned to.
type TargetKind string

// The kinds of targets.
const (
	RoomTarget    TargetKind = "room"
	MeterTarget   TargetKind = "meter"
	StationTarget TargetKind = "station"
)

// Target is what a device is assigned to. It is comparable.
type Target struct {
	Kind TargetKind
	ID   string // of the meter or the station; of a room, its household
	Room string // of a room, its own id
}

// InRoom is the target that is a room.
func InRoom(r RoomID) Target { return Target{RoomTarget, r.Household, r.Room} }

// OnMeter is the target that is a heat meter.
func OnMeter(id string) Target { return Target{Kind: MeterTarget, ID: id} }

// AtStation is the target that is a weather station.
func AtStation(id string) Target { return Target{Kind: StationTarget, ID: id} }

// RoomID is the room that the target is, or false.
func (t Target) RoomID() (RoomID, bool) { return RoomID{t.ID, t.Room}, t.Kind == RoomTarget }

// Forever is the end of an assignment that nobody has ended.
const Forever Instant = 1<<63 - 1

// Assignment says that a device measures a target in [From, To).
type Assignment struct {
	Device string
	Target Target
	From   Instant
	To     Instant // Forever while it lasts
}

// Holds reports whether the assignment covers the instant.
func (a Assignment) Holds(at Instant) bool { return a.From <= at && at < a.To }

// Calibration is what a laboratory found a device to be off by. It is in force from From until the device's next.
type Calibration struct {
	Device        string
	OffsetCelsius float64 // is added to what the device sends before it is judged
	Certificate   string  // who found it and where it is written
	From          Instant
}

// Registry is everything that is known of a supplier's homes and devices, as it was declared.
type Registry struct {
	Substations  []Substation
	Buildings    []Building
	Risers       []Riser
	Households   []Household
	Rooms        []Room
	HeatMeters   []HeatMeter
	Devices      []Device
	Assignments  []Assignment
	Calibrations []Calibration
}
