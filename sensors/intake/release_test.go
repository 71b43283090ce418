package intake_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
	"github.com/nuanju/nuanju/sensors/intake"
)

// A device whose place is found out later: its lines are released from the time on that it is there, those before stay held, and
// its room is to be judged from its earliest reading.
func TestLinesAreReleasedWhenTheirDeviceIsAssigned(t *testing.T) {
	m := open(t, home("h1"))
	m.send(t, temperature("new", noon-1, 17)+temperature("new", noon, 18)+temperature("new", noon+1, 19)+temperature("other", noon, 20))
	m.forward(t)
	m.wantHeld(t, "0/1 unknown_device ", "0/2 unknown_device ", "0/3 unknown_device ", "1/1 unknown_device ")
	m.wantDirty(t, dirty{})

	r := home("h1", "h2")
	r.Devices = append(r.Devices, sensors.Device{ID: "new"})
	if n, err := m.Renew(t.Context(), places(r), "registered"); n != 0 || err != nil {
		t.Fatalf("%d released of a device that is nowhere: %v", n, err)
	}
	room := sensors.InRoom(sensors.RoomID{Household: "h2", Room: "living"})
	r = home("h1", "h2")
	r.Devices = append(r.Devices, sensors.Device{ID: "new"})
	r.Assignments = append(r.Assignments, sensors.Assignment{Device: "new", Target: room, From: noon, To: sensors.Forever})
	m.dirty(t)
	if n, err := m.Renew(t.Context(), places(r), "new was put up in h2"); n != 2 || err != nil {
		t.Fatalf("%d released: %v", n, err)
	}
	m.wantHeld(t, "0/1 unknown_device ", "1/1 unknown_device ")
	m.wantDirty(t, dirty{"h2": noon})
	if n, err := m.Release(t.Context(), "again"); n != 0 || err != nil {
		t.Errorf("%d released twice: %v", n, err)
	}
	released, err := m.books.ListQuarantine(t.Context(), intake.QuarantineFilter{Owner: "new", Released: true})
	must(t, err)
	if len(released) != 3 || released[1].ReleasedWhy != "new was put up in h2" {
		t.Errorf("%+v", released)
	}
}

func TestLinesAreReleasedWhenStationHouseholdAndRoomAreRegistered(t *testing.T) {
	m := open(t, home("h1"))
	m.send(t, fmt.Sprintf("outdoor,station=new celsius=-8 %d\n", int64(noon))+
		fmt.Sprintf("heating,household=h2 on=false %d\n", int64(noon))+
		fmt.Sprintf("setpoint,household=h1,room=attic celsius=19 %d\n", int64(noon))+
		fmt.Sprintf("valve,household=h1,room=cellar open=true %d\n", int64(noon)))
	m.forward(t)
	m.wantHeld(t, "0/1 unknown_station ", "1/1 unknown_household h2", "2/1 unknown_room h1", "2/2 unknown_room h1")
	r := home("h1", "h2")
	r.Rooms = append(r.Rooms, sensors.Room{RoomID: sensors.RoomID{Household: "h1", Room: "attic"}})
	stations := map[string][]intake.Audience{"new": {{Zone: time.UTC, Households: []string{"h2"}}}}
	if n, err := m.Renew(t.Context(), intake.NewPlaces(r, stations), "surveyed"); n != 3 || err != nil {
		t.Fatalf("%d released: %v", n, err)
	}
	m.wantHeld(t, "2/2 unknown_room h1")
	got := m.dirty(t)
	if got["h1"] != noon || got["h2"] >= noon.Add(-4*time.Hour+1) { // h2: the start of noon's day in UTC, or its device's assignment
		t.Errorf("dirty %v", got)
	}
	if e := m.inForce(t, "h2"); len(e) != 1 || e[0].On {
		t.Errorf("events of h2: %v", e)
	}
}

// A device that changes homes marks both, also when no line was held: a step may have gone by the old registry meanwhile.
func TestRenewingMarksWhoeverIsMeasuredOtherwise(t *testing.T) {
	m := open(t, home("h1", "h2", "h3"))
	r := home("h1", "h2", "h3")
	r.Assignments[0].To = noon
	r.Assignments = append(r.Assignments, sensors.Assignment{Device: "d1", Target: r.Assignments[1].Target, From: noon, To: sensors.Forever})
	if _, err := m.Renew(t.Context(), places(r), "d1 moved"); err != nil {
		t.Fatal(err)
	}
	m.wantDirty(t, dirty{"h1": r.Assignments[0].From, "h2": noon})
}

// A Renew that failed half-way is made good by the next, though the registry says nothing new then.
func TestRenewingIsMadeGoodAfterAnError(t *testing.T) {
	r := home("h1", "h2")
	assignments := r.Assignments
	r.Assignments = assignments[:1]
	for after := 1; after <= 6; after++ {
		m := open(t, r)
		m.send(t, temperature("d2", noon, 18))
		m.forward(t)
		f := m.forwarder(m.store, killedLedger{m.books, &kills{[]int{after}}}, intake.Options{})
		more := *r
		more.Assignments = assignments
		if _, err := f.Renew(t.Context(), places(&more), "assigned"); !errors.Is(err, errKilled) {
			t.Fatalf("after %d: %v", after, err)
		}
		_, err := f.Renew(t.Context(), places(&more), "assigned")
		must(t, err)
		m.wantHeld(t)
		if got := m.dirty(t); got["h2"] > noon || got["h2"] == 0 {
			t.Errorf("after %d: dirty %v", after, got)
		}
	}
}

// Many held lines are released page by page, none is forgotten.
func TestALongQuarantineIsReleasedWhole(t *testing.T) {
	m := open(t, home("h1"))
	body := ""
	for i := range 2500 {
		body += temperature("new", noon.Add(time.Duration(i)*time.Second), 20) + temperature("other", noon, float64(i%40))
	}
	m.clock.set(noon.Add(time.Hour))
	m.send(t, body)
	m.forward(t)
	r := home("h1")
	r.Devices = append(r.Devices, sensors.Device{ID: "new"})
	r.Assignments = append(r.Assignments, sensors.Assignment{Device: "new", Target: r.Assignments[0].Target, To: sensors.Forever})
	if n, err := m.Renew(t.Context(), places(r), "registered"); n != 2500 || err != nil || m.stats.Released.Load() != 2500 {
		t.Errorf("%d released: %v", n, err)
	}
}

// Wider limits let lines into the store that were received before others which are there: then those no longer stand, and are
// found in the log and set aside.
func TestARecheckedLineMayDisplaceALaterOne(t *testing.T) {
	m := open(t, home("h1", "h2"))
	m.send(t, temperature("d1", noon, 70)+temperature("d2", noon, 70))
	for i := range 9 { // so that there is something to search
		m.clock.set(noon.Add(time.Duration(i+1) * time.Second))
		m.send(t, temperature("d2", noon.Add(-time.Duration(i)*time.Second), float64(20+i)))
		m.forward(t)
	}
	m.wantHeld(t, "0/1 out_of_range h1", "1/1 out_of_range h2")
	m.dirty(t)
	limits := ingest.DefaultLimits()
	limits.Room.Max = 80
	f := m.forwarder(m.store, m.books, intake.Options{Limits: &limits})
	if n, err := f.Recheck(t.Context(), "a sauna"); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	m.wantHeld(t, "2/1 conflict h2")
	m.wantDirty(t, dirty{"h1": noon, "h2": noon})
	wantSamples(t, m.store, room("d1"), sensors.Sample{At: noon, Received: noon, Value: 70})
	last, _, err := m.store.Last(t.Context(), room("d2"), noon+1)
	must(t, err)
	if last != (sensors.Sample{At: noon, Received: noon, Value: 70}) {
		t.Errorf("d2 at noon: %+v", last)
	}
}

// A switch that lacked a consent is not in force; with other limits it may be.
func TestAHeldSwitchIsNotInForce(t *testing.T) {
	m := open(t, home("h1"))
	m.send(t, "heating,household=h1 on=false,source=\"supplier\"\n"+fmt.Sprintf("setpoint,household=h1 celsius=50 %d\n", int64(noon)))
	m.forward(t)
	m.wantHeld(t, "0/1 no_consent h1", "0/2 out_of_range h1")
	if e := m.inForce(t, "h1"); len(e) != 0 {
		t.Errorf("in force: %v", e)
	}
	limits := ingest.DefaultLimits()
	limits.Setpoint.Max = 60
	if n, err := m.forwarder(m.store, m.books, intake.Options{Limits: &limits}).Recheck(t.Context(), "a sauna"); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if e := m.inForce(t, "h1"); len(e) != 1 || e[0].Celsius != 50 {
		t.Errorf("in force: %v", e)
	}
}
