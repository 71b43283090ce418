package measured

import "github.com/nuanju/nuanju/compliance"

// Column is a column of the table, or a field of the record, as templates and errors name it.
type Column struct {
	Name string
	// ZH is another name of it, which is understood as well.
	ZH    string
	About compliance.Words
}

// Columns are those of the table, in the order of the template.
func Columns() []Column {
	return []Column{
		{"time", "时间", compliance.Words{ZH: "读数时间，如 2016-01-20 09:00:00（当地时间）或带时区的 RFC 3339", EN: "when it was read: 2016-01-20 09:00:00 (local time), or RFC 3339 with an offset"}},
		{"phase", "阶段", compliance.Words{ZH: "settling（稳定）或 reading（读数）", EN: "settling, or reading for a row that counts"}},
		{"point", "测点", compliance.Words{ZH: "测点编号，1 至 25", EN: "the point's number, 1 to 25"}},
		{"height_m", "高度", compliance.Words{ZH: "距地面高度，m", EN: "height above the floor, m"}},
		{"outer_wall_m", "距外墙", compliance.Words{ZH: "距外墙，m", EN: "distance to the outer wall, m"}},
		{"inner_wall_m", "距内墙", compliance.Words{ZH: "距内墙，m", EN: "distance to the nearest inner wall, m"}},
		{"window_m", "距窗", compliance.Words{ZH: "距窗，m", EN: "distance to the window, m"}},
		{"celsius", "温度", compliance.Words{ZH: "温度，°C，按仪表显示，不取整", EN: "what the instrument shows, °C, not rounded"}},
	}
}

// Fields are those of the record, in the order of the template.
func Fields() []Column {
	return []Column{
		{"household", "户号", compliance.Words{ZH: "住户编号", EN: "the household's id"}},
		{"room", "房间", compliance.Words{ZH: "房间编号", EN: "the room's id"}},
		{"commissioned_by", "委托方", compliance.Words{ZH: "resident（用热人）、joint（双方）或 supplier（供热人）", EN: "resident, joint or supplier"}},
		{"institution", "检测机构", compliance.Words{ZH: "检测机构编号", EN: "the institution's id"}},
		{"instrument", "仪器", compliance.Words{ZH: "仪器出厂编号", EN: "the instrument's serial number"}},
		{"certificate", "证书", compliance.Words{ZH: "校准证书编号", EN: "the number of its certificate"}},
		{"area_m2", "面积", compliance.Words{ZH: "房间面积，m²", EN: "the room's area, m²"}},
		{"room_closed", "门窗关闭", compliance.Words{ZH: "yes（是）或 no（否）", EN: "yes or no: doors and windows were closed"}},
		{"hand_held", "手持", compliance.Words{ZH: "yes（是）或 no（否）", EN: "yes or no: somebody held the instrument"}},
		{"people_m", "距人", compliance.Words{ZH: "人员与仪器的最近距离，m", EN: "how near people came to the instrument, m"}},
		{"remarks", "备注", compliance.Words{ZH: "备注，可空", EN: "anything else; may be empty"}},
	}
}

// named finds a column by either of its names.
func named(all []Column, name string) (Column, bool) {
	for _, c := range all {
		if name == c.Name || name == c.ZH {
			return c, true
		}
	}
	return Column{}, false
}

// order is where each column and field stands, for sorting.
func order() map[string]int {
	places := map[string]int{}
	for i, c := range append(Fields(), Columns()...) {
		places[c.Name] = i
	}
	return places
}
