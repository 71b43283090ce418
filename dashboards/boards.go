package dashboards

// Boards are all dashboards, with InfluxDB.
func Boards() []Board {
	return []Board{cityNow(), clocks(), building(), home(), money(), pipeline()}
}

// Embedded are the dashboards of a town on embedded stores: what Prometheus knows alone.
func Embedded() []Board {
	var all []Board
	for _, b := range Boards() {
		if b.UID == "nuanju-home" {
			continue // about one home Prometheus knows nothing: no label names one
		}
		if only, ok := b.Only(Prometheus); ok {
			all = append(all, only)
		}
	}
	return all
}

func at(v float64) *float64 { return &v }

// once is a metric that every replica tells of the whole town.
func once(selector string) string { return "max without (instance) (" + selector + ")" }

// homesWith is how many homes have a status.
func homesWith(status string) string {
	return `sum(` + once(`nuanju_homes{status="`+status+`"}`) + `) or vector(0)`
}

func number(title Text, about Text, expr, unit string, bad *float64) Panel {
	return Panel{Title: title, About: about, Type: "stat", Source: Prometheus, Queries: []Query{{Expr: expr, Now: true}}, Unit: unit, Width: 4, Height: 4, Bad: bad}
}

func cityNow() Board {
	return Board{
		UID: "nuanju-city", Title: Text{"全市现状", "City now"}, From: "now-24h",
		About: Text{"哪里冷、为什么、免责与否", "where it is cold, and whether it is excused"},
		Panels: []Panel{
			number(Text{"低于标准", "Homes below"}, Text{"A7.2.2：低于标准且无免责的住户", "A7.2.2: too cold and not excused"}, homesWith("below"), "short", at(1)),
			number(Text{"免责", "Homes exempt"}, Text{"低于标准，但免责已证明", "too cold, and an exemption is proved"}, homesWith("exempt"), "short", nil),
			number(Text{"无数据", "Homes unknown"}, Text{"没有有效读数：既不算达标也不算低于标准", "no reading holds: neither warm nor cold"}, homesWith("unknown"), "short", nil),
			number(Text{"达标", "Homes compliant"}, Text{}, homesWith("compliant"), "short", nil),
			number(Text{"昨日室外日均", "Yesterday's outdoor mean"}, Text{"严格低于 −7.6 °C 则全天免责（A7.2.2.4）", "strictly below −7.6 °C the whole day is exempt (A7.2.2.4)"},
				`max by (policy) (nuanju_outdoor_daily_mean_celsius{policy="beijing-metered"})`, "celsius", nil),
			number(Text{"正在停热检修", "Stoppages now"}, Text{"A7.2.2.5", "A7.2.2.5"}, `max(nuanju_stoppages_running)`, "short", nil),
			{
				Title: Text{"各换热站住户状态", "Homes by substation"}, Type: "table", Source: Prometheus, Hide: []string{"Time"},
				Queries: []Query{{Expr: `sum by (substation, status) (` + once("nuanju_homes") + `)`, Now: true}},
			},
			{
				Title: Text{"低于标准最多的楼", "Buildings with most homes below"}, Type: "table", Source: Prometheus, Link: "nuanju-building", Hide: []string{"Time"},
				About:   Text{"点击进入该楼", "click to see the building"},
				Queries: []Query{{Expr: `topk(20, sum by (substation, building) (` + once(`nuanju_homes{status="below"}`) + `))`, Now: true}},
			},
			{
				Title: Text{"冷事件：低于标准的住户比例", "Incidents: share of homes below"}, Type: "table", Source: Prometheus, Unit: "percentunit", Link: "nuanju-building", Hide: []string{"Time"},
				About:   Text{"超过五分之一且至少三户持续 15 分钟即告警", "above a fifth, of at least three homes, for 15 minutes: an alert"},
				Queries: []Query{{Expr: `sort_desc(building:nuanju_homes_below:ratio > 0)`, Now: true}},
			},
			{
				Title: Text{"住户状态随时间", "Homes by status over time"}, Type: "timeseries", Source: Prometheus, Status: true, Stack: true, Unit: "short",
				Queries: []Query{{Expr: `town:nuanju_homes:sum`, Legend: Text{"{{status}}", "{{status}}"}}},
			},
			{
				Title: Text{"免责的住户，按条款", "Homes exempt, by clause"}, Type: "timeseries", Source: Prometheus, Stack: true, Unit: "short",
				Queries: []Query{{Expr: `sum by (clause) (` + once(`nuanju_homes{status="exempt"}`) + `)`, Legend: Text{"{{clause}}", "{{clause}}"}}},
			},
			{
				Title: Text{"室外温度", "Outdoor temperature"}, Type: "timeseries", Source: InfluxDB, Unit: "celsius", Bad: at(-7.6), Low: true,
				Queries: []Query{{Expr: `SELECT mean("celsius") FROM "outdoor" WHERE $timeFilter GROUP BY time($__interval), "station" fill(none)`, Legend: Text{"$tag_station", "$tag_station"}}},
			},
			{
				Title: Text{"室外日均与免责日", "Outdoor daily means and exempt days"}, Type: "table", Source: InfluxDB, Unit: "celsius",
				About:   Text{"四次观测平均或官方日值；缺测之日不免责", "the mean of four observations, or the official value; a day with one missing is not exempt"},
				Queries: []Query{{Expr: `SELECT "mean", "exempt", "policy", "source" FROM "outdoor_day" WHERE $timeFilter ORDER BY time DESC`}},
			},
		},
	}
}

func clocks() Board {
	left := func(clock string) Query {
		return Query{Expr: `max by (left) (nuanju_ticket_clocks{clock="` + clock + `"})`, Legend: Text{"{{left}}", "{{left}}"}, Now: true}
	}
	return Board{
		UID: "nuanju-clocks", Title: Text{"时限", "Clocks"}, From: "now-24h",
		About: Text{"A6.6：一小时答复，六小时告知处理情况", "A6.6: a reply within 1 h, an update within 6 h"},
		Panels: []Panel{
			number(Text{"未办结报修", "Open tickets"}, Text{}, `max(nuanju_tickets_open)`, "short", nil),
			number(Text{"已超时", "Breached"}, Text{"未办结且有一个时限已超", "open, and a clock was breached"}, `max(nuanju_tickets_breached)`, "short", at(1)),
			number(Text{"15 分钟内到期", "Due within 15 min"}, Text{}, `sum(max by (clock) (nuanju_ticket_clocks{left="15m"}))`, "short", at(1)),
			number(Text{"一小时内答复率", "Replied within 1 h"}, Text{"本采暖季", "this winter"}, `max(clock:nuanju_answers_in_time:ratio{clock="reply"})`, "percentunit", nil),
			number(Text{"六小时内告知率", "Updated within 6 h"}, Text{"本采暖季", "this winter"}, `max(clock:nuanju_answers_in_time:ratio{clock="update"})`, "percentunit", nil),
			{Title: Text{"答复时限：剩余时间", "Reply clock: time left"}, Type: "bargauge", Source: Prometheus, Queries: []Query{left("reply")}, Unit: "short"},
			{Title: Text{"处理情况时限：剩余时间", "Update clock: time left"}, Type: "bargauge", Source: Prometheus, Queries: []Query{left("update")}, Unit: "short"},
			{
				Title: Text{"答复用时分位", "Percentiles of replies"}, Type: "timeseries", Source: Prometheus, Unit: "s", Bad: at(3600), Queries: percentiles("reply"),
			},
			{
				Title: Text{"告知处理情况用时分位", "Percentiles of updates"}, Type: "timeseries", Source: Prometheus, Unit: "s", Bad: at(21600), Queries: percentiles("update"),
			},
			{
				Title: Text{"未办结与超时", "Open and breached"}, Type: "timeseries", Source: Prometheus, Unit: "short", Width: 24,
				Queries: []Query{
					{Expr: `max(nuanju_tickets_open)`, Legend: Text{"未办结", "open"}},
					{Expr: `max(nuanju_tickets_breached)`, Legend: Text{"已超时", "breached"}},
				},
			},
		},
	}
}

func percentiles(clock string) []Query {
	of := func(q, zh, en string) Query {
		return Query{Expr: `histogram_quantile(` + q + `, max by (le) (nuanju_ticket_answer_seconds_bucket{clock="` + clock + `"}))`, Legend: Text{zh, en}}
	}
	return []Query{of("0.5", "中位", "median"), of("0.9", "九成", "90 %"), of("0.99", "九成九", "99 %")}
}
