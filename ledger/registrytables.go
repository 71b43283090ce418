package ledger

import (
	"strings"

	"github.com/nuanju/nuanju/ledger/registrycsv"
	"github.com/nuanju/nuanju/sensors"
)

func list(columns []string) string { return strings.Join(columns, ", ") }

// registryTables are the tables of the registry.
func registryTables() []registryTable {
	return []registryTable{
		kept[sensors.Substation]{
			"substations",
			[]string{"id", "name"},
			1,
			func(r *registrycsv.Registry) *[]sensors.Substation { return &r.Substations },
			func(v *sensors.Substation) []any { return []any{v.ID, v.Name} },
			func(v *sensors.Substation) []any { return []any{&v.ID, &v.Name} },
		},
		kept[sensors.Building]{
			"buildings",
			[]string{"id", "substation", "name", "address"},
			1,
			func(r *registrycsv.Registry) *[]sensors.Building { return &r.Buildings },
			func(v *sensors.Building) []any { return []any{v.ID, v.Substation, v.Name, v.Address} },
			func(v *sensors.Building) []any { return []any{&v.ID, &v.Substation, &v.Name, &v.Address} },
		},
		kept[sensors.Riser]{
			"risers",
			[]string{"id", "building"},
			1,
			func(r *registrycsv.Registry) *[]sensors.Riser { return &r.Risers },
			func(v *sensors.Riser) []any { return []any{v.ID, v.Building} },
			func(v *sensors.Riser) []any { return []any{&v.ID, &v.Building} },
		},
		householdTable(),
		kept[sensors.Room]{
			"rooms",
			[]string{"household", "room", "kind", "area_m2"},
			2,
			func(r *registrycsv.Registry) *[]sensors.Room { return &r.Rooms },
			func(v *sensors.Room) []any { return []any{v.Household, v.Room, string(v.Kind), v.Area} },
			func(v *sensors.Room) []any { return []any{&v.Household, &v.Room, &v.Kind, &v.Area} },
		},
		heatMeterTable(),
		kept[sensors.Device]{
			"devices",
			[]string{"id", "model", "serial"},
			1,
			func(r *registrycsv.Registry) *[]sensors.Device { return &r.Devices },
			func(v *sensors.Device) []any { return []any{v.ID, v.Model, v.Serial} },
			func(v *sensors.Device) []any { return []any{&v.ID, &v.Model, &v.Serial} },
		},
		kept[registrycsv.Station]{
			"stations",
			[]string{"id", "name"},
			1,
			func(r *registrycsv.Registry) *[]registrycsv.Station { return &r.Stations },
			func(v *registrycsv.Station) []any { return []any{v.ID, v.Name} },
			func(v *registrycsv.Station) []any { return []any{&v.ID, &v.Name} },
		},
		assignmentTable(),
		calibrationTable(),
	}
}

func householdTable() registryTable {
	type row = sensors.Household
	return kept[row]{
		"households",
		[]string{"id", "building", "riser", "account", "area_m2", "building_area_m2", "policy", "season", "phone"},
		1,
		func(r *registrycsv.Registry) *[]row { return &r.Households },
		func(v *row) []any {
			return []any{v.ID, v.Building, v.Riser, v.Account, v.Area, v.BuildingArea, v.Policy, v.Season, v.Phone}
		},
		func(v *row) []any {
			return []any{&v.ID, &v.Building, &v.Riser, &v.Account, &v.Area, &v.BuildingArea, &v.Policy, &v.Season, &v.Phone}
		},
	}
}

func assignmentTable() registryTable {
	type row = sensors.Assignment
	return kept[row]{
		"assignments",
		[]string{"device", "from_ns", "target", "target_id", "room", "to_ns"},
		2,
		func(r *registrycsv.Registry) *[]row { return &r.Assignments },
		func(v *row) []any {
			return []any{v.Device, int64(v.From), string(v.Target.Kind), v.Target.ID, v.Target.Room, int64(v.To)}
		},
		func(v *row) []any {
			return []any{&v.Device, &v.From, &v.Target.Kind, &v.Target.ID, &v.Target.Room, &v.To}
		},
	}
}

func calibrationTable() registryTable {
	return kept[sensors.Calibration]{
		"calibrations",
		[]string{"device", "from_ns", "offset_celsius", "certificate"},
		2,
		func(r *registrycsv.Registry) *[]sensors.Calibration { return &r.Calibrations },
		func(v *sensors.Calibration) []any {
			return []any{v.Device, int64(v.From), v.OffsetCelsius, v.Certificate}
		},
		func(v *sensors.Calibration) []any { return []any{&v.Device, &v.From, &v.OffsetCelsius, &v.Certificate} },
	}
}

func heatMeterTable() registryTable {
	return kept[sensors.HeatMeter]{
		"heat_meters",
		[]string{"id", "building", "household"},
		1,
		func(r *registrycsv.Registry) *[]sensors.HeatMeter { return &r.HeatMeters },
		func(v *sensors.HeatMeter) []any { return []any{v.ID, v.Building, v.Household} },
		func(v *sensors.HeatMeter) []any { return []any{&v.ID, &v.Building, &v.Household} },
	}
}
