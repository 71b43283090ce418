package simulate

import (
	"fmt"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// Kind is a kind of fault.
type Kind string

// The kinds of faults.
const (
	ColdSpell           Kind = "cold_spell"           // outdoors, so cold that A7.2.2④ exempts its days
	RiserBlocked        Kind = "riser_blocked"        // a riser gets a tenth of its heat
	SubstationWeak      Kind = "substation_weak"      // its buildings get less heat than the curve asks for
	StoppagePlanned     Kind = "stoppage_planned"     // announced, at most 6 h (A7.2.2⑤)
	StoppageLong        Kind = "stoppage_long"        // announced, longer than 6 h [I6]
	StoppageUnannounced Kind = "stoppage_unannounced" // no heat, nobody said so
	ValveStuck          Kind = "valve_stuck"          // a room's radiator is shut
	WindowOpen          Kind = "window_open"          // left open by people
	SensorOff           Kind = "sensor_off"           // reads too low or too high
	SensorDead          Kind = "sensor_dead"          // sends nothing
	SensorGarbage       Kind = "sensor_garbage"       // sends −127 °C, as an unplugged DS18B20 does
	SensorStale         Kind = "sensor_stale"         // is silent, and its gateway repeats the last reading with its old time
	ClockAhead          Kind = "clock_ahead"          // a year ahead
	ClockBehind         Kind = "clock_behind"         // eight hours behind: local time taken for UTC
	Duplicates          Kind = "duplicates"           // everything is sent twice or more
	OutOfOrder          Kind = "out_of_order"         // readings overtake each other by up to an hour
	Conflicts           Kind = "conflicts"            // two values for one time
	GatewayOffline      Kind = "gateway_offline"      // a building's readings come hours later, all at once
	MeterReset          Kind = "meter_reset"          // a building's register begins at 0 again
)

// Kinds are all kinds of faults.
func Kinds() []Kind {
	return []Kind{
		ColdSpell, RiserBlocked, SubstationWeak, StoppagePlanned, StoppageLong, StoppageUnannounced, ValveStuck, WindowOpen,
		SensorOff, SensorDead, SensorGarbage, SensorStale, ClockAhead, ClockBehind, Duplicates, OutOfOrder, Conflicts,
		GatewayOffline, MeterReset,
	}
}

// Sign is how a fault shows, if the monitor does its work.
type Sign string

// The signs.
const (
	ShowsBelow      Sign = "below"       // a tile of an affected room is below
	ShowsExempt     Sign = "exempt"      // a tile of an affected room is exempt, by the kind's clause
	ShowsUnknown    Sign = "unknown"     // a tile of the room is unknown
	ShowsLate       Sign = "late"        // unknown while it lasts, and as if nothing had been when the readings have come
	ShowsQuarantine Sign = "quarantine"  // the device's lines are set aside, and the room is unknown
	ShowsConflict   Sign = "conflict"    // the later values are set aside as conflicts
	ShowsNothing    Sign = "nothing"     // every reading is there once, nothing is set aside
	ShowsSensorOff  Sign = "sensor_off"  // a tester's measurement says that the sensor is off
	ShowsFallingReg Sign = "falling_reg" // the register falls and no meter change explains it
)

// traits is what is known of a kind before one happens.
type traits struct {
	sign   Sign
	reason string // quarantined lines'
	clause string // the exemption's
	zh, en string // with the place
}

var kinds = map[Kind]traits{
	ColdSpell:           {ShowsExempt, "", "A7.2.2.4", "寒潮，室外日平均气温低于 −7.6 ℃%.0s", "A cold spell: daily means below −7.6 °C outdoors%.0s"},
	RiserBlocked:        {ShowsBelow, "", "", "立管 %s 堵塞", "Riser %s is blocked"},
	SubstationWeak:      {ShowsBelow, "", "", "换热站 %s 供热不足", "Substation %s gives too little heat"},
	StoppagePlanned:     {ShowsExempt, "", "A7.2.2.5", "换热站 %s 计划检修，不超过 6 小时", "Planned stoppage of substation %s, at most 6 h"},
	StoppageLong:        {ShowsBelow, "", "", "换热站 %s 计划检修，超过 6 小时", "Planned stoppage of substation %s, longer than 6 h"},
	StoppageUnannounced: {ShowsBelow, "", "", "换热站 %s 未经通知停热", "Substation %s stopped unannounced"},
	ValveStuck:          {ShowsBelow, "", "", "%s 的散热器阀门卡死关闭", "The radiator valve of %s is stuck shut"},
	WindowOpen:          {ShowsBelow, "", "", "%s 长时间开窗", "A window of %s was left open"},
	SensorOff:           {ShowsSensorOff, "", "", "%s 的温度计偏差过大", "The sensor of %s is off"},
	SensorDead:          {ShowsUnknown, "", "", "%s 的温度计无数据", "The sensor of %s is silent"},
	SensorGarbage:       {ShowsQuarantine, "out_of_range", "", "%s 的温度计发送 −127 ℃", "The sensor of %s sends −127 °C"},
	SensorStale:         {ShowsUnknown, "", "", "网关重复发送 %s 的旧读数", "The gateway repeats an old reading of %s"},
	ClockAhead:          {ShowsQuarantine, "clock_ahead", "", "%s 的温度计时钟快一年", "The clock of the sensor of %s is a year ahead"},
	ClockBehind:         {ShowsConflict, "", "", "%s 的温度计时钟慢 8 小时", "The clock of the sensor of %s is 8 h behind"},
	Duplicates:          {ShowsNothing, "", "", "%s 的读数重复发送", "The readings of %s are sent twice or more"},
	OutOfOrder:          {ShowsNothing, "", "", "%s 的读数乱序到达", "The readings of %s come out of order"},
	Conflicts:           {ShowsConflict, "", "", "%s 同一时刻有两个读数", "There are two values for one time of %s"},
	GatewayOffline:      {ShowsLate, "", "", "楼栋 %s 的网关离线后补传", "The gateway of building %s was offline and sent all later"},
	MeterReset:          {ShowsFallingReg, "", "", "热量表 %s 读数归零", "The register of heat meter %s began at 0 again"},
}

// Fault is something that goes wrong, as it is in truth.
type Fault struct {
	ID    string
	Kind  Kind
	Place string // id of a substation, riser, building, meter or sensor's room; empty outdoors
	// Substation is that of a stoppage.
	Substation string
	Rooms      []sensors.RoomID // that it affects
	Devices    []string         // whose readings it affects
	From, To   sensors.Instant
	// Size: of a sensor that is off, °C that it says too much; of heat, the share that is left.
	Size float64
	// Announced is when a planned stoppage was; 0: never.
	Announced sensors.Instant
	// Test is when a tester measures the room of a sensor that is off; 0: nobody does.
	Test sensors.Instant

	homes []int
	rooms []int // of the town
}

// Sign is how it shows.
func (f *Fault) Sign() Sign { return kinds[f.Kind].sign }

// Reason is the reason that its lines are quarantined for, if they are.
func (f *Fault) Reason() string { return kinds[f.Kind].reason }

// Clause is the exemption that it shows as, if it does.
func (f *Fault) Clause() string { return kinds[f.Kind].clause }

// ZH is the fault in Chinese.
func (f *Fault) ZH() string { return fmt.Sprintf(kinds[f.Kind].zh, f.Place) }

// EN is the fault in English.
func (f *Fault) EN() string { return fmt.Sprintf(kinds[f.Kind].en, f.Place) }

// Doubts is the time in which the readings of its devices must not be taken for the truth; empty for faults of heat.
func (f *Fault) Doubts() (from, to sensors.Instant) {
	switch f.Kind {
	case ClockBehind:
		return f.From.Add(-behind), f.To
	case SensorOff:
		return f.From, f.To
	}
	return 0, 0
}

// Holds reports whether it is there at an instant.
func (f *Fault) Holds(at sensors.Instant) bool { return f.From <= at && at < f.To }

// behind is how far a clock is behind, ahead how far.
const (
	behind = 8 * time.Hour
	ahead  = 365 * day
)

// Calibrations are what a laboratory would find of the sensors that are off, and of when they were not any more. They are no part
// of the registry: somebody has to find out first.
func (t *Town) Calibrations() (all []sensors.Calibration) {
	for i := range t.faults {
		f := &t.faults[i]
		if f.Kind == SensorOff {
			all = append(all,
				sensors.Calibration{Device: f.Devices[0], OffsetCelsius: -f.Size, Certificate: f.ID, From: f.From},
				sensors.Calibration{Device: f.Devices[0], Certificate: f.ID, From: f.To})
		}
	}
	return all
}
