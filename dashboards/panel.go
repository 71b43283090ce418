package dashboards

import "strings"

// statuses are those of section 4 with their colors; each has its name in words too, for those who do not see colors.
var statuses = []struct {
	status string
	color  string
	name   Text
}{
	{"compliant", "green", Text{"达标", "compliant"}},
	{"below", "red", Text{"低于标准", "below"}},
	{"exempt", "purple", Text{"免责", "exempt"}},
	{"unknown", "#808080", Text{"无数据", "unknown"}},
	{"grace", "yellow", Text{"升温期", "grace"}},
	{"off", "#404040", Text{"已停用", "off"}},
}

// json is the panel without its place.
func (p Panel) json(l Lang) map[string]any {
	defaults := map[string]any{"unit": p.Unit, "thresholds": p.thresholds(), "color": map[string]any{"mode": "palette-classic"}, "custom": p.custom()}
	if p.Bad != nil && p.Type != "timeseries" {
		defaults["color"] = map[string]any{"mode": "thresholds"}
	}
	if p.Status && p.Type == "state-timeline" {
		defaults["mappings"], defaults["color"] = mappings(l), map[string]any{"mode": "thresholds"}
	}
	if p.Link != "" {
		defaults["links"] = []any{map[string]any{"title": Text{"查看", "open"}.In(l), "url": "/d/" + p.Link + "?" + linkVariables(p.Link)}}
	}
	one := map[string]any{
		"type": p.Type, "title": p.Title.In(l), "description": p.About.In(l), "datasource": datasource(p.Source), "targets": p.targets(l),
		"fieldConfig": map[string]any{"defaults": defaults, "overrides": p.overrides(l)}, "options": p.options(),
	}
	if len(p.Hide) > 0 {
		hidden := map[string]any{}
		for _, name := range p.Hide {
			hidden[name] = true
		}
		one["transformations"] = []any{map[string]any{"id": "organize", "options": map[string]any{"excludeByName": hidden}}}
	}
	return one
}

// linkVariables hands what was clicked on to the board that it leads to.
func linkVariables(board string) string {
	variable := "household"
	if strings.Contains(board, "building") {
		variable = "building"
	}
	return "var-" + variable + "=${__data.fields." + variable + ":percentencode}&${__url_time_range}"
}

func (p Panel) thresholds() map[string]any {
	steps := []any{map[string]any{"color": "green", "value": nil}}
	if p.Bad != nil {
		good, bad := "green", "red"
		if p.Low {
			good, bad = bad, good
		}
		steps = []any{map[string]any{"color": good, "value": nil}, map[string]any{"color": bad, "value": *p.Bad}}
	}
	return map[string]any{"mode": "absolute", "steps": steps}
}

// custom is how series are drawn.
func (p Panel) custom() map[string]any {
	switch p.Type {
	case "timeseries":
		c := map[string]any{"lineWidth": 1, "fillOpacity": 0, "showPoints": "auto", "spanNulls": false}
		if p.Stack {
			c["stacking"], c["fillOpacity"] = map[string]any{"mode": "normal"}, 60
		}
		if p.Bad != nil {
			c["thresholdsStyle"] = map[string]any{"mode": "line"}
		}
		return c
	case "state-timeline":
		return map[string]any{"fillOpacity": 80, "lineWidth": 0}
	}
	return map[string]any{}
}

func (p Panel) options() map[string]any {
	switch p.Type {
	case "stat":
		return map[string]any{
			"reduceOptions": map[string]any{"calcs": []string{"lastNotNull"}}, "colorMode": "value", "graphMode": "none", "textMode": "auto",
		}
	case "bargauge":
		return map[string]any{
			"reduceOptions": map[string]any{"calcs": []string{"lastNotNull"}}, "orientation": "horizontal", "displayMode": "basic",
		}
	case "state-timeline":
		return map[string]any{"mergeValues": true, "showValue": "auto", "rowHeight": 0.9, "legend": map[string]any{"showLegend": true, "placement": "bottom"}}
	case "heatmap":
		return map[string]any{"calculate": true, "calculation": map[string]any{"yBuckets": map[string]any{"mode": "size", "value": "0.5"}}, "yAxis": map[string]any{"unit": p.Unit}}
	case "timeseries":
		return map[string]any{"legend": map[string]any{"displayMode": "list", "placement": "bottom"}, "tooltip": map[string]any{"mode": "multi", "sort": "desc"}}
	}
	return map[string]any{}
}

// mappings give the statuses their names and colors.
func mappings(l Lang) []any {
	options := map[string]any{}
	for i, s := range statuses {
		options[s.status] = map[string]any{"color": s.color, "text": s.name.In(l), "index": i}
	}
	return []any{map[string]any{"type": "value", "options": options}}
}

// overrides give series that are named after statuses their names and colors.
func (p Panel) overrides(l Lang) []any {
	all := []any{}
	if !p.Status || p.Type == "state-timeline" {
		return all
	}
	for _, s := range statuses {
		all = append(all, map[string]any{
			"matcher": map[string]any{"id": "byName", "options": s.status},
			"properties": []any{
				map[string]any{"id": "color", "value": map[string]any{"mode": "fixed", "fixedColor": s.color}},
				map[string]any{"id": "displayName", "value": s.name.In(l)},
			},
		})
	}
	return all
}
