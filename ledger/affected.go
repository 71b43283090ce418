package ledger

import (
	"github.com/nuanju/nuanju/ledger/registrycsv"
	"github.com/nuanju/nuanju/sensors"
)

// affected is the households whose verdicts can differ between two states of the registry, each from the earliest instant that
// the change reaches: a household or a room that is judged otherwise, from the beginning; a device that is assigned or calibrated
// otherwise, from where it is, in every room in which the device is then or was to be.
func affected(before, after *registrycsv.Registry) []Mark {
	var marks []Mark
	was := byKey(before.Households, func(v sensors.Household) string { return v.ID })
	for _, v := range after.Households {
		if w, ok := was[v.ID]; !ok || w.Policy != v.Policy || w.Season != v.Season {
			marks = append(marks, Mark{Household: v.ID, From: sensors.Earliest})
		}
	}
	wasRoom := byKey(before.Rooms, func(v sensors.Room) sensors.RoomID { return v.RoomID })
	for _, v := range after.Rooms {
		if w, ok := wasRoom[v.RoomID]; !ok || w.Kind != v.Kind {
			marks = append(marks, Mark{Household: v.Household, From: sensors.Earliest})
		}
	}
	changed := changedDevices(before, after)
	for _, r := range []*registrycsv.Registry{before, after} {
		for _, a := range r.Assignments {
			from, ok := changed[a.Device]
			room, isRoom := a.Target.RoomID()
			if ok && isRoom && a.To > from {
				marks = append(marks, Mark{Household: room.Household, From: max(from, a.From)})
			}
		}
	}
	return earliestMarks(marks)
}

// changedDevices is from when on each device says something else, or elsewhere.
func changedDevices(before, after *registrycsv.Registry) map[string]sensors.Instant {
	type key struct {
		device string
		from   sensors.Instant
	}
	changed := map[string]sensors.Instant{}
	note := func(device string, from sensors.Instant) {
		if old, ok := changed[device]; !ok || from < old {
			changed[device] = from
		}
	}
	assigned := byKey(before.Assignments, func(v sensors.Assignment) key { return key{v.Device, v.From} })
	for _, v := range after.Assignments {
		w, ok := assigned[key{v.Device, v.From}]
		switch {
		case !ok || w.Target != v.Target:
			note(v.Device, v.From)
		case w.To != v.To:
			note(v.Device, min(w.To, v.To))
		}
	}
	calibrated := byKey(before.Calibrations, func(v sensors.Calibration) key { return key{v.Device, v.From} })
	for _, v := range after.Calibrations {
		if w, ok := calibrated[key{v.Device, v.From}]; !ok || w != v {
			note(v.Device, v.From)
		}
	}
	return changed
}

func byKey[T any, K comparable](rows []T, key func(T) K) map[K]T {
	all := make(map[K]T, len(rows))
	for _, v := range rows {
		all[key(v)] = v
	}
	return all
}
