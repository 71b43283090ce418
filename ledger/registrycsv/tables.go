package registrycsv

import (
	"strconv"

	"github.com/nuanju/nuanju/sensors"
)

func substations() table[sensors.Substation] {
	type row = sensors.Substation
	return table[row]{Substations, []field[row]{
		id("id", func(v *row) *string { return &v.ID }),
		label("name", func(v *row) *string { return &v.Name }),
	}, func(r *Registry) *[]row { return &r.Substations }}
}

func buildings() table[sensors.Building] {
	type row = sensors.Building
	return table[row]{Buildings, []field[row]{
		id("id", func(v *row) *string { return &v.ID }),
		optionalID("substation", func(v *row) *string { return &v.Substation }),
		label("name", func(v *row) *string { return &v.Name }),
		label("address", func(v *row) *string { return &v.Address }),
	}, func(r *Registry) *[]row { return &r.Buildings }}
}

func risers() table[sensors.Riser] {
	type row = sensors.Riser
	return table[row]{Risers, []field[row]{
		id("id", func(v *row) *string { return &v.ID }),
		id("building", func(v *row) *string { return &v.Building }),
	}, func(r *Registry) *[]row { return &r.Risers }}
}

func households() table[sensors.Household] {
	type row = sensors.Household
	return table[row]{Households, []field[row]{
		id("id", func(v *row) *string { return &v.ID }),
		id("building", func(v *row) *string { return &v.Building }),
		optionalID("riser", func(v *row) *string { return &v.Riser }),
		label("account", func(v *row) *string { return &v.Account }),
		area("area_m2", true, func(v *row) *string { return &v.Area }),
		area("building_area_m2", false, func(v *row) *string { return &v.BuildingArea }),
		id("policy", func(v *row) *string { return &v.Policy }),
		season("season", func(v *row) *string { return &v.Season }),
		label("phone", func(v *row) *string { return &v.Phone }),
	}, func(r *Registry) *[]row { return &r.Households }}
}

func rooms() table[sensors.Room] {
	type row = sensors.Room
	return table[row]{Rooms, []field[row]{
		id("household", func(v *row) *string { return &v.Household }),
		id("room", func(v *row) *string { return &v.Room }),
		{"kind", false, kind, func(v *row) string { return string(v.Kind) }},
		area("area_m2", false, func(v *row) *string { return &v.Area }),
	}, func(r *Registry) *[]row { return &r.Rooms }}
}

func heatMeters() table[sensors.HeatMeter] {
	type row = sensors.HeatMeter
	return table[row]{HeatMeters, []field[row]{
		id("id", func(v *row) *string { return &v.ID }),
		optionalID("building", func(v *row) *string { return &v.Building }),
		optionalID("household", func(v *row) *string { return &v.Household }),
	}, func(r *Registry) *[]row { return &r.HeatMeters }}
}

func devices() table[sensors.Device] {
	type row = sensors.Device
	return table[row]{Devices, []field[row]{
		id("id", func(v *row) *string { return &v.ID }),
		label("model", func(v *row) *string { return &v.Model }),
		label("serial", func(v *row) *string { return &v.Serial }),
	}, func(r *Registry) *[]row { return &r.Devices }}
}

func stations() table[Station] {
	return table[Station]{Stations, []field[Station]{
		id("id", func(v *Station) *string { return &v.ID }),
		label("name", func(v *Station) *string { return &v.Name }),
	}, func(r *Registry) *[]Station { return &r.Stations }}
}

func assignments() table[sensors.Assignment] {
	type row = sensors.Assignment
	forever := sensors.Forever
	return table[row]{Assignments, []field[row]{
		id("device", func(v *row) *string { return &v.Device }),
		{"target", false, target, func(v *row) string { return string(v.Target.Kind) }},
		id("id", func(v *row) *string { return &v.Target.ID }),
		optionalID("room", func(v *row) *string { return &v.Target.Room }),
		instant("from", nil, func(v *row) *sensors.Instant { return &v.From }),
		instant("to", &forever, func(v *row) *sensors.Instant { return &v.To }),
	}, func(r *Registry) *[]row { return &r.Assignments }}
}

func calibrations() table[sensors.Calibration] {
	type row = sensors.Calibration
	return table[row]{Calibrations, []field[row]{
		id("device", func(v *row) *string { return &v.Device }),
		{"offset_celsius", false, offset, func(v *row) string { return strconv.FormatFloat(v.OffsetCelsius, 'g', -1, 64) }},
		label("certificate", func(v *row) *string { return &v.Certificate }),
		instant("from", nil, func(v *row) *sensors.Instant { return &v.From }),
	}, func(r *Registry) *[]row { return &r.Calibrations }}
}
