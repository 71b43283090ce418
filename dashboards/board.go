package dashboards

import (
	"fmt"
	"slices"
)

// Lang is a language that boards are written in.
type Lang string

// The languages.
const (
	ZH Lang = "zh"
	EN Lang = "en"
)

// Langs are the languages, the first one first.
func Langs() []Lang { return []Lang{ZH, EN} }

// Text is what people read, in both languages.
type Text struct{ ZH, EN string }

// In is the text in a language.
func (t Text) In(l Lang) string {
	if l == EN {
		return t.EN
	}
	return t.ZH
}

// Source is where a panel's data comes from.
type Source string

// The sources, by the uid that provisioning gives them.
const (
	Prometheus Source = "prometheus"
	InfluxDB   Source = "influxdb"
)

// Query is one query of a panel: PromQL or InfluxQL.
type Query struct {
	Expr string
	// Legend names its series: {{label}} of Prometheus, $tag_name of InfluxDB.
	Legend Text
	// Now asks for the present value only.
	Now bool
}

// Panel is one picture of a board.
type Panel struct {
	Title, About Text
	Type         string // of Grafana: stat, timeseries, table, bargauge, state-timeline, heatmap
	Source       Source
	Queries      []Query
	Unit         string // of Grafana: celsius, s, short, percentunit …
	Width        int    // of 24; 0 is 12
	Height       int    // 0 is 8
	// Bad is from where on a value is bad, and Low whether it is bad below it; no color without.
	Bad    *float64
	Low    bool
	Stack  bool
	Status bool   // values are statuses of section 4: colored and named
	Link   string // uid of a board that a click leads to, with its variables
	Hide   []string
}

// Variable is something that a board is asked for.
type Variable struct {
	Name   string
	Label  Text
	Source Source
	Query  string
	Multi  bool
	Hidden bool
}

// Annotation is instants or times that are marked on a board's charts.
type Annotation struct {
	Name  Text
	Query string // InfluxQL: a time and a text
	Text  string // the field that has it
	End   string // the field that has the end; empty: an instant
}

// Board is one dashboard.
type Board struct {
	UID         string
	Title       Text
	About       Text
	From        string // the time that it opens with
	Variables   []Variable
	Annotations []Annotation
	Panels      []Panel
}

// Only is the board with what one source knows, and false if nothing is left of it. A panel that asks for a variable of another source
// goes too.
func (b Board) Only(s Source) (Board, bool) {
	b.Variables = slices.DeleteFunc(slices.Clone(b.Variables), func(v Variable) bool { return v.Source != s })
	b.Panels = slices.DeleteFunc(slices.Clone(b.Panels), func(p Panel) bool { return p.Source != s })
	if s != InfluxDB {
		b.Annotations = nil
	}
	return b, len(b.Panels) > 0
}

// JSON is the board as Grafana 12 reads it. Desk is where the pages are,
// others the boards that it is provisioned with.
func (b Board) JSON(l Lang, desk string, others []Board) map[string]any {
	return map[string]any{
		"uid": b.UID, "title": b.Title.In(l), "description": b.About.In(l), "tags": []string{"nuanju"},
		"timezone": "Asia/Shanghai", "schemaVersion": 41, "version": 1, "refresh": "30s", "editable": false, "graphTooltip": 1,
		"time":        map[string]any{"from": b.From, "to": "now"},
		"templating":  map[string]any{"list": b.variables(l, desk)},
		"annotations": map[string]any{"list": b.annotations(l)},
		"links":       links(l, others),
		"panels":      b.panels(l),
	}
}

// links lead from each board to the others and to the desk, with the time and what was asked for.
func links(l Lang, others []Board) []any {
	all := []any{map[string]any{
		"type": "link", "title": Text{"调度台", "Desk"}.In(l), "icon": "external link", "url": "${desk}/desk", "targetBlank": true,
	}}
	for _, o := range others {
		all = append(all, map[string]any{
			"type": "link", "title": o.Title.In(l), "icon": "dashboard", "url": "/d/" + o.UID, "keepTime": true, "includeVars": true,
		})
	}
	return all
}

func (b Board) variables(l Lang, desk string) []any {
	all := []any{map[string]any{"name": "desk", "type": "constant", "query": desk, "hide": 2}}
	for _, v := range b.Variables {
		query := any(v.Query)
		if v.Source == Prometheus {
			query = map[string]any{"query": v.Query, "refId": v.Name}
		}
		hide := 0
		if v.Hidden {
			hide = 2
		}
		one := map[string]any{
			"name": v.Name, "label": v.Label.In(l), "type": "query", "datasource": datasource(v.Source), "query": query, "definition": v.Query,
			"refresh": 2, "sort": 1, "multi": v.Multi, "includeAll": v.Multi, "hide": hide, "options": []any{}, "current": map[string]any{},
		}
		if v.Multi {
			one["current"] = map[string]any{"text": []string{"All"}, "value": []string{"$__all"}}
		}
		all = append(all, one)
	}
	return all
}

func (b Board) annotations(l Lang) []any {
	all := []any{}
	for _, a := range b.Annotations {
		one := map[string]any{
			"name": a.Name.In(l), "datasource": datasource(InfluxDB), "enable": true, "iconColor": "purple", "query": a.Query, "textColumn": a.Text,
			"target": map[string]any{"query": a.Query, "rawQuery": true, "refId": "A", "resultFormat": "table", "textColumn": a.Text, "textEditor": true},
		}
		if a.End != "" {
			one["timeEndColumn"] = a.End
			one["target"].(map[string]any)["timeEndColumn"] = a.End
		}
		all = append(all, one)
	}
	return all
}

// panels lays the panels out: from left to right, a new row where one does not fit.
func (b Board) panels(l Lang) []any {
	all := []any{}
	x, y, row := 0, 0, 0
	for i, p := range b.Panels {
		w, h := p.size()
		if x+w > 24 {
			x, y, row = 0, y+row, 0
		}
		one := p.json(l)
		one["id"] = i + 1
		one["gridPos"] = map[string]any{"x": x, "y": y, "w": w, "h": h}
		all = append(all, one)
		x, row = x+w, max(row, h)
	}
	return all
}

func (p Panel) size() (w, h int) {
	w, h = p.Width, p.Height
	if w == 0 {
		w = 12
	}
	if h == 0 {
		h = 8
	}
	return w, h
}

func datasource(s Source) map[string]any { return map[string]any{"type": string(s), "uid": string(s)} }

func (p Panel) targets(l Lang) []any {
	var all []any
	for i, q := range p.Queries {
		one := map[string]any{"refId": fmt.Sprintf("%c", 'A'+i), "datasource": datasource(p.Source)}
		if p.Source == Prometheus {
			one["expr"], one["legendFormat"], one["instant"], one["range"] = q.Expr, q.Legend.In(l), q.Now, !q.Now
			if p.Type == "table" {
				one["format"] = "table"
			}
		} else {
			one["query"], one["rawQuery"], one["alias"], one["resultFormat"] = q.Expr, true, q.Legend.In(l), "time_series"
			if p.Type == "table" {
				one["resultFormat"] = "table"
			}
		}
		all = append(all, one)
	}
	return all
}
