package web

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nuanju/nuanju/web/signin"
)

func newRegistry() *prometheus.Registry { return prometheus.NewRegistry() }

func doorOf(h *house) *signin.Door { return signin.NewDoor(h.door()) }

// value is a value of a schema: with spoil it may be anything else.
func (f *fuzzer) value(schema any, depth, spoil int) any {
	s, _ := schema.(map[string]any)
	if ref, ok := s["$ref"].(string); ok {
		s, _ = f.schemas[ref[strings.LastIndex(ref, "/")+1:]].(map[string]any)
	}
	if depth > 6 {
		return nil
	}
	if spoil > 0 && f.r.IntN(8) == 0 {
		return f.wrong()
	}
	if some := list(s["enum"]); len(some) > 0 {
		return some[f.r.IntN(len(some))]
	}
	switch kindOf(s["type"]) {
	case "object":
		return f.object(s, depth, spoil)
	case "array":
		all := make([]any, f.r.IntN(4))
		for i := range all {
			all[i] = f.value(s["items"], depth+1, spoil)
		}
		return all
	case "integer":
		return pickOf(f, any(1), any(2), any(0), any(-1), any(50), any(math.MaxInt64), any(math.MinInt64))
	case "number":
		return pickOf(f, any(18.0), any(17.9967), any(0.0), any(-1e300), any(1e-320))
	case "boolean":
		return f.r.IntN(2) == 0
	case "string":
		return f.string(s)
	}
	return pickOf(f, any(nil), any(map[string]any{}), any("x"))
}

func (f *fuzzer) object(s map[string]any, depth, spoil int) map[string]any {
	properties, _ := s["properties"].(map[string]any)
	required := map[string]bool{}
	for _, name := range list(s["required"]) {
		required[fmt.Sprint(name)] = true
	}
	object := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(properties)) {
		if name == "$schema" || !required[name] && f.r.IntN(2) == 0 || spoil > 0 && f.r.IntN(8) == 0 {
			continue
		}
		object[name] = f.named(name, properties[name], depth+1, spoil)
	}
	if spoil > 0 && f.r.IntN(8) == 0 {
		object[f.text()] = f.wrong()
	}
	return object
}

// named is a value of a property; of some names one that may lead further than the schema alone would.
func (f *fuzzer) named(name string, schema any, depth, spoil int) any {
	if f.r.IntN(4) > 0 {
		switch name {
		case "household":
			return pick(f.r, "h1", "h1", "h2", "b2/h3")
		case "room":
			return "bed"
		case "institution":
			return "CTI"
		case "phone":
			return "13800000001"
		case "clause":
			return "A7.2.2.3"
		case "kind":
			if s, _ := schema.(map[string]any); len(list(s["enum"])) == 0 {
				return pick(f.r, "household", "building", "exemption", "ticket", "leak")
			}
		case "id", "device":
			return f.ids[f.r.IntN(len(f.ids))]
		}
	}
	return f.value(schema, depth, spoil)
}

func (f *fuzzer) string(s map[string]any) string {
	switch s["format"] {
	case "date-time":
		return pick(f.r, "2015-12-01T08:00:00+08:00", "2015-12-01T12:30:00+08:00", "2015-12-02T00:00:00Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:60+99:99")
	case "date":
		return pick(f.r, "2015-12-01", "2016-02-29", "2015-02-29", "0000-00-00")
	case "binary":
		return string(f.noise(100))
	}
	return pick(f.r, f.ids[f.r.IntN(len(f.ids))], "冷", "done", "2015-12-01T08:00:00Z", "13800000001", "2015-12-01", "12.50", f.text())
}

// text is a text that somebody did not expect.
func (f *fuzzer) text() string {
	return pick(f.r, "", " ", "\x00", "a\x00b", "' OR 1=1 --", "\"; DROP TABLE tickets", "%s%n", "../../../etc/passwd", "<script>alert(1)</script>", "=cmd()",
		strings.Repeat("长", 3000), strings.Repeat("a", 9000), "\u202e\u2066", "e\u0301", "𝔘\U0001F525", "NaN", "null", "-0", "1e999",
		"\xff\xfe", "{{.}}", "${jndi:x}", "h1\r\nX-Evil: 1", string(f.noise(20)))
}

// wrong is a value of a type that nobody asked for.
func (f *fuzzer) wrong() any {
	return pickOf(f, any(nil), any(true), any(-1), any(1e300), any(f.text()), any([]any{}), any([]any{nil, map[string]any{}}),
		any(map[string]any{"a": []any{1, "b"}}), any(strings.Repeat("[", 500)))
}

func (f *fuzzer) noise(most int) []byte {
	b := make([]byte, f.r.IntN(most))
	for i := range b {
		b[i] = byte(f.r.Uint32())
	}
	return b
}

func pickOf[T any](f *fuzzer, from ...T) T { return from[f.r.IntN(len(from))] }

// kindOf is the type of a schema; of several, the first that is not null.
func kindOf(t any) string {
	for _, one := range list(t) {
		if one != "null" {
			return fmt.Sprint(one)
		}
	}
	kind, _ := t.(string)
	return kind
}

// written is what the ledger holds, by the sizes of its tables. Sessions are used, not written, when their use is noted.
func (f *fuzzer) written(t *testing.T) string {
	t.Helper()
	sizes, err := f.ledger.Sizes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(sizes)
}

// consistent fails the test if something was half-written.
func (f *fuzzer) consistent(t *testing.T) {
	t.Helper()
	torn, err := f.ledger.Torn(t.Context())
	if err != nil || len(torn) > 0 {
		t.Fatalf("not whole: %v %v", torn, err)
	}
}
