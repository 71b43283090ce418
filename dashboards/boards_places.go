package dashboards

func stoppages() []Annotation {
	return []Annotation{{
		Name: Text{"停热检修", "Stoppages"}, Query: `SELECT "text", "end_ms" FROM "stoppage" WHERE $timeFilter`, Text: "text", End: "end_ms",
	}}
}

func building() Board {
	rooms := `"room" != '*' AND "household" =~ /^$household$/ AND $timeFilter GROUP BY "household", "room"`
	return Board{
		UID: "nuanju-building", Title: Text{"楼栋", "Building"}, From: "now-48h", Annotations: stoppages(),
		About: Text{"一栋楼的房间、供回水与检修", "a building's rooms, supply and return, stoppages"},
		Variables: []Variable{
			{Name: "building", Label: Text{"楼栋", "Building"}, Source: Prometheus, Query: `label_values(nuanju_homes, building)`},
			{Name: "household", Label: Text{"住户", "Homes"}, Source: InfluxDB, Query: `SHOW TAG VALUES FROM "place" WITH KEY = "household" WHERE "building" = '$building'`, Multi: true},
			{Name: "device", Source: InfluxDB, Query: `SHOW TAG VALUES FROM "place" WITH KEY = "device" WHERE "building" = '$building'`, Multi: true, Hidden: true},
		},
		Panels: []Panel{
			number(Text{"低于标准", "Homes below"}, Text{}, `sum(`+once(`nuanju_homes{building="$building", status="below"}`)+`) or vector(0)`, "short", at(1)),
			number(Text{"无数据的房间", "Silent rooms"}, Text{"没有有效读数", "no reading holds"}, `max(building:nuanju_rooms_silent:ratio{building="$building"}) or vector(0)`, "percentunit", at(0.3)),
			number(Text{"本季检修次数", "Stoppages this season"}, Text{"每户前三次可免责（A7.2.2.5）", "of each home the first three may be exempt (A7.2.2.5)"},
				`max(nuanju_stoppages_season{building="$building"}) or vector(0)`, "short", at(4)),
			{
				Title: Text{"住户状态随时间", "Homes by status"}, Type: "timeseries", Source: Prometheus, Status: true, Stack: true, Unit: "short",
				Queries: []Query{{Expr: `sum by (status) (` + once(`nuanju_homes{building="$building"}`) + `)`, Legend: Text{"{{status}}", "{{status}}"}}},
			},
			{
				Title: Text{"房间状态", "Rooms"}, Type: "state-timeline", Source: InfluxDB, Status: true, Width: 24, Height: 14, Link: "nuanju-home",
				Queries: []Query{{Expr: `SELECT "status" FROM "tile" WHERE ` + rooms, Legend: Text{"$tag_household $tag_room", "$tag_household $tag_room"}}},
			},
			{
				Title: Text{"室温热力图", "Room temperatures"}, Type: "heatmap", Source: InfluxDB, Unit: "celsius", Width: 24,
				Queries: []Query{{
					Expr:   `SELECT mean("celsius") FROM "temperature" WHERE "device" =~ /^$device$/ AND $timeFilter GROUP BY time($__interval), "device" fill(none)`,
					Legend: Text{"$tag_device", "$tag_device"},
				}},
			},
			{
				Title: Text{"供水与回水温度", "Supply and return"}, Type: "timeseries", Source: InfluxDB, Unit: "celsius", Width: 24,
				Queries: []Query{
					{Expr: `SELECT mean("supply") FROM "heat_meter" WHERE "device" =~ /^$device$/ AND $timeFilter GROUP BY time($__interval), "device" fill(none)`, Legend: Text{"供水 $tag_device", "supply $tag_device"}},
					{Expr: `SELECT mean("return") FROM "heat_meter" WHERE "device" =~ /^$device$/ AND $timeFilter GROUP BY time($__interval), "device" fill(none)`, Legend: Text{"回水 $tag_device", "return $tag_device"}},
				},
			},
		},
	}
}

func home() Board {
	return Board{
		UID: "nuanju-home", Title: Text{"住户", "Home"}, From: "now-7d", Annotations: stoppages(),
		About: Text{"一户的读数、状态与报修", "a home's readings, statuses and tickets"},
		Variables: []Variable{
			{Name: "household", Label: Text{"住户", "Home"}, Source: InfluxDB, Query: `SHOW TAG VALUES FROM "place" WITH KEY = "household"`},
			{Name: "device", Source: InfluxDB, Query: `SHOW TAG VALUES FROM "place" WITH KEY = "device" WHERE "household" = '$household'`, Multi: true, Hidden: true},
		},
		Panels: []Panel{
			{
				Title: Text{"室温", "Readings"}, Type: "timeseries", Source: InfluxDB, Unit: "celsius", Width: 24, Height: 10, Bad: at(18), Low: true,
				About: Text{"横线是标准 18 °C（A3）；住户设定更低时以设定为准。取每段最低值，短时降温不会消失", "the line is the standard of 18 °C (A3); a lower setpoint counts instead. The lowest value of each interval, so that no cold spell disappears"},
				Queries: []Query{{
					Expr:   `SELECT min("celsius") FROM "temperature" WHERE "device" =~ /^$device$/ AND $timeFilter GROUP BY time($__interval), "device" fill(none)`,
					Legend: Text{"$tag_device", "$tag_device"},
				}},
			},
			{
				Title: Text{"判定", "Tiles"}, Type: "state-timeline", Source: InfluxDB, Status: true, Width: 24,
				Queries: []Query{{Expr: `SELECT "status" FROM "tile" WHERE "household" = '$household' AND $timeFilter GROUP BY "room"`, Legend: Text{"$tag_room", "$tag_room"}}},
			},
			{
				Title: Text{"条款", "Clauses"}, Type: "table", Source: InfluxDB,
				Queries: []Query{{Expr: `SELECT "status", "clause", "room" FROM "tile" WHERE "household" = '$household' AND $timeFilter ORDER BY time DESC LIMIT 200`}},
			},
			{
				Title: Text{"报修", "Tickets"}, Type: "table", Source: InfluxDB,
				Queries: []Query{{Expr: `SELECT "ticket", "event", "kind", "to" FROM "ticket" WHERE "household" = '$household' AND $timeFilter ORDER BY time DESC LIMIT 200`}},
			},
			{
				Title: Text{"室外温度", "Outdoors"}, Type: "timeseries", Source: InfluxDB, Unit: "celsius", Width: 24, Bad: at(-7.6), Low: true,
				Queries: []Query{{Expr: `SELECT mean("celsius") FROM "outdoor" WHERE $timeFilter GROUP BY time($__interval), "station" fill(none)`, Legend: Text{"$tag_station", "$tag_station"}}},
			},
		},
	}
}
