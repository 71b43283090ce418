package oracle

import (
	"encoding/json"
	"fmt"
	"math"
	"path"
	"reflect"
	"slices"
	"time"
)

// Diff tells in what two results differ, at most the first twenty things and how many more: times are compared as instants, kWh within
// 0.002, outdoor means within 1e-6 °C, the rest exactly. Equal results give nil.
func Diff(want, got Result) (diffs []string) {
	w, g := plain(want), plain(got)
	walk("", w, g, &diffs)
	slices.Sort(diffs)
	if len(diffs) > 20 {
		diffs = append(diffs[:20:20], fmt.Sprintf("and %d more", len(diffs)-20))
	}
	return diffs
}

// plain is the result as JSON has it.
func plain(r Result) (v any) {
	text, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(text, &v)
	}
	if err != nil {
		return err.Error()
	}
	return v
}

func walk(at string, want, got any, diffs *[]string) {
	differ := func() {
		text, _ := json.Marshal([]any{want, got})
		*diffs = append(*diffs, at+": want, got "+string(text))
	}
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			differ()
			return
		}
		for key := range g {
			if _, ok := w[key]; !ok {
				*diffs = append(*diffs, at+"."+key+": not wanted")
			}
		}
		for key := range w {
			walk(at+"."+key, w[key], g[key], diffs)
		}
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			differ()
			return
		}
		for i := range w {
			walk(fmt.Sprintf("%s[%d]", at, i), w[i], g[i], diffs)
		}
	case float64:
		g, ok := got.(float64)
		if !ok || math.Abs(g-w) > slack(at) {
			differ()
		}
	case string:
		g, ok := got.(string)
		a, errA := time.Parse(time.RFC3339, w)
		b, errB := time.Parse(time.RFC3339, g)
		same := w == g || errA == nil && errB == nil && a.Equal(b)
		if !ok || !same {
			differ()
		}
	default:
		if !reflect.DeepEqual(want, got) {
			differ()
		}
	}
}

func slack(at string) float64 {
	switch path.Ext(at) {
	case ".metered_kwh", ".zeroed_kwh", ".billed_kwh":
		return 0.002
	case ".mean":
		return 1e-6
	}
	return 0
}
