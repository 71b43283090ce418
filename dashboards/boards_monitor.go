package dashboards

func money() Board {
	hours := func(part string) string { return `max(nuanju_cold_seconds{part="` + part + `"}) / 3600` }
	return Board{
		UID: "nuanju-money", Title: Text{"费用", "Money"}, From: "now-30d",
		About: Text{"确认的时间与它的价值", "the time that was confirmed, and what it is worth"},
		Panels: []Panel{
			number(Text{"低于标准小时", "Hours below"}, Text{"本采暖季，各房间合计", "this winter, of all rooms together"}, hours("below"), "h", nil),
			number(Text{"已确认小时", "Hours confirmed"}, Text{"双方确认或检测确认（A7.2.2）", "by both sides or by tests (A7.2.2)"}, hours("confirmed"), "h", nil),
			number(Text{"已排除小时", "Hours dismissed"}, Text{}, hours("dismissed"), "h", nil),
			number(Text{"归零热量", "Heat zeroed"}, Text{"结算单中确认时段的热量（A7.2.2）", "in statements, of confirmed time (A7.2.2)"}, `max(nuanju_statement_kwh{item="zeroed"})`, "kwatth", nil),
			number(Text{"归零价值", "Worth of the remedy"}, Text{"归零使应付减少的金额；面积费封顶时为 0（A4.1、A7.2.2）", "by how much zeroing lowers what is payable; 0 where the area fee caps it (A4.1, A7.2.2)"},
				`max(nuanju_statement_yuan{item="remedy_value"})`, "currencyCNY", nil),
			number(Text{"检测费", "Test fees"}, Text{"由败方承担，供热人承担者记入其方（A7.2.2）", "to whoever pays (A7.2.2)"}, `max(nuanju_statement_yuan{item="test_fee"}) or vector(0)`, "currencyCNY", nil),
			{
				Title: Text{"确认进展", "How far confirmation has come"}, Type: "timeseries", Source: Prometheus, Unit: "h",
				Queries: []Query{
					{Expr: hours("below"), Legend: Text{"低于标准", "below"}},
					{Expr: hours("confirmed"), Legend: Text{"已确认", "confirmed"}},
					{Expr: hours("dismissed"), Legend: Text{"已排除", "dismissed"}},
				},
			},
			{
				Title: Text{"结算金额，按项目", "Statements by item"}, Type: "bargauge", Source: Prometheus, Unit: "currencyCNY",
				Queries: []Query{{Expr: `max by (item) (nuanju_statement_yuan)`, Legend: Text{"{{item}}", "{{item}}"}, Now: true}},
			},
			{
				Title: Text{"冷段，按状态", "Episodes by status"}, Type: "bargauge", Source: Prometheus, Unit: "short",
				Queries: []Query{{Expr: `max by (status) (nuanju_episodes)`, Legend: Text{"{{status}}", "{{status}}"}, Now: true}},
			},
		},
	}
}

func pipeline() Board {
	age := func(metric string) string { return `time() - max(` + metric + `)` }
	return Board{
		UID: "nuanju-pipeline", Title: Text{"数据链路", "Pipeline"}, From: "now-6h",
		About: Text{"监测自身是否正常", "whether the monitor itself works"},
		Panels: []Panel{
			number(Text{"最近一次完整判定", "Last good check"}, Text{}, age("nuanju_checker_last_good_tick_timestamp_seconds"), "s", at(600)),
			number(Text{"存证日志签名", "Checkpoint age"}, Text{}, age("nuanju_log_checkpoint_timestamp_seconds"), "s", at(7200)),
			number(Text{"写入延迟", "Store lag"}, Text{}, `max(nuanju_forwarder_lag_seconds)`, "s", at(300)),
			number(Text{"待判定住户", "Homes to judge"}, Text{}, `max(nuanju_checker_dirty_households)`, "short", nil),
			number(Text{"待入日志", "Outbox"}, Text{"工作流事件尚未写入存证日志", "events of the workflow that the evidence log does not have yet"}, `max(nuanju_outbox_entries)`, "short", at(1000)),
			number(Text{"磁盘剩余", "Disk left"}, Text{}, `min(nuanju_disk_free_bytes / nuanju_disk_size_bytes)`, "percentunit", nil),
			{
				Title: Text{"读数/秒", "Readings a second"}, Type: "timeseries", Source: Prometheus, Unit: "ops",
				Queries: []Query{
					{Expr: `sum by (result) (nuanju_readings:rate5m)`, Legend: Text{"{{result}}", "{{result}}"}},
					{Expr: `sum(rate(nuanju_forwarder_readings_total[5m]))`, Legend: Text{"已入库", "forwarded"}},
				},
			},
			{
				Title: Text{"隔离的读数，按原因", "Quarantine by reason"}, Type: "timeseries", Source: Prometheus, Unit: "short",
				Queries: []Query{{Expr: `max by (reason) (nuanju_quarantine_lines)`, Legend: Text{"{{reason}}", "{{reason}}"}}},
			},
			{
				Title: Text{"无数据的房间比例，按楼", "Silent rooms by building"}, Type: "timeseries", Source: Prometheus, Unit: "percentunit", Bad: at(0.3), Link: "nuanju-building",
				Queries: []Query{{Expr: `building:nuanju_rooms_silent:ratio`, Legend: Text{"{{building}}", "{{building}}"}}},
			},
			{
				Title: Text{"判定用时", "Time of a check"}, Type: "timeseries", Source: Prometheus, Unit: "s",
				Queries: []Query{{Expr: `nuanju_checker_tick_seconds`, Legend: Text{"{{instance}}", "{{instance}}"}}},
			},
			{
				Title: Text{"请求，按状态码", "Requests by status"}, Type: "timeseries", Source: Prometheus, Unit: "reqps",
				Queries: []Query{{Expr: `sum by (status) (rate(nuanju_http_requests_total[5m]))`, Legend: Text{"{{status}}", "{{status}}"}}},
			},
			{
				Title: Text{"请求用时 99 %", "Request time, 99 %"}, Type: "timeseries", Source: Prometheus, Unit: "s",
				Queries: []Query{{Expr: `histogram_quantile(0.99, sum by (le) (rate(nuanju_http_request_seconds_bucket[5m])))`, Legend: Text{"p99", "p99"}}},
			},
			{
				Title: Text{"存证日志条目", "Leaves of the evidence log"}, Type: "timeseries", Source: Prometheus, Unit: "short",
				Queries: []Query{{Expr: `max(nuanju_log_leaves)`, Legend: Text{"条目", "leaves"}}},
			},
			{
				Title: Text{"通知", "Notifications"}, Type: "timeseries", Source: Prometheus, Unit: "short",
				Queries: []Query{
					{Expr: `max(nuanju_notifications_waiting)`, Legend: Text{"待发", "waiting"}},
					{Expr: `sum(nuanju_notifications_failed_total) or vector(0)`, Legend: Text{"失败", "failed"}},
				},
			},
		},
	}
}
