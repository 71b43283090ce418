package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sharedCases are cases built from real data, with the verdicts of an independent judge; they are not part of the
// project and only there where the project is developed.
const sharedCases = "../../../shared/cases"

// Every shared case is judged as its independent judge does: instants equal, kWh within 0.002, all else exactly.
func TestSharedCasesAreJudgedAsExpected(t *testing.T) {
	dirs, err := filepath.Glob(filepath.Join(sharedCases, "*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(dirs) == 0 {
		t.Skip("../shared/cases is not here")
	}
	for _, dir := range dirs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			var got, want any
			decode(t, checkJSON(t, dir), &got)
			expected, err := os.ReadFile(filepath.Join(dir, "expected.json"))
			if err != nil {
				t.Fatal(err)
			}
			decode(t, expected, &want)
			for _, d := range differences("", want, got) {
				t.Error(d)
			}
		})
	}
}

// checkJSON is what nuanju check DIR --json prints.
func checkJSON(t *testing.T, dir string) []byte {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := run(context.Background(), []string{"check", dir, "--json"}, nil, &stdout, &stderr); status != exitOK {
		t.Fatalf("exit status %d\n%s", status, &stderr)
	}
	return stdout.Bytes()
}

func decode(t *testing.T, b []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatal(err)
	}
}

// differences lists where got is not as wanted; keys that want does not have are not looked at.
func differences(path string, want, got any) []string {
	switch want := want.(type) {
	case map[string]any:
		object, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s: want an object, got %v", path, got)}
		}
		var out []string
		for key, w := range want {
			g, ok := object[key]
			if !ok {
				out = append(out, fmt.Sprintf("%s/%s is missing", path, key))
				continue
			}
			out = append(out, differences(path+"/"+key, w, g)...)
		}
		return out
	case []any:
		list, ok := got.([]any)
		if !ok || len(list) != len(want) {
			return []string{fmt.Sprintf("%s: want %d entries, got %d", path, len(want), len(list))}
		}
		var out []string
		for i := range want {
			out = append(out, differences(fmt.Sprintf("%s/%d", path, i), want[i], list[i])...)
		}
		return out
	}
	if !equal(path, want, got) {
		return []string{fmt.Sprintf("%s: want %v, got %v", path, want, got)}
	}
	return nil
}

func equal(path string, want, got any) bool {
	if w, ok := want.(float64); ok && strings.HasSuffix(path, "_kwh") {
		g, ok := got.(float64)
		return ok && math.Abs(w-g) <= 0.002
	}
	if w, ok := want.(float64); ok && strings.HasSuffix(path, "/mean") {
		g, ok := got.(float64)
		return ok && math.Abs(w-g) <= 1e-9
	}
	w, isText := want.(string)
	g, alsoText := got.(string)
	if isText && alsoText {
		a, err := time.Parse(time.RFC3339, w)
		b, err2 := time.Parse(time.RFC3339, g)
		if err == nil && err2 == nil {
			return a.Equal(b)
		}
	}
	return want == got
}
