package compliance

import (
	"encoding/json"
	"fmt"
	"math"
	"time"
)

// valueKinds is the kind of each named value that steps of this package have. A name is of one kind everywhere, so that steps that were
// written down as JSON can be said in words again.
var valueKinds = map[ValueKind][]string{
	KindCelsius: {
		"coldest", "contract", "difference", "first", "limit", "margin", "mean", "measured", "offset", "raised_to", "reading", "received",
		"setpoint", "standard", "threshold",
	},
	KindSeconds: {
		"apart", "below", "confirmed", "dismissed", "gap", "heat_up", "kept", "length", "most", "recovery", "window",
	},
	KindCount: {"allowed", "missing", "ordinal", "readings", "tiles", "wanted"},
	KindInstant: {
		"announced", "at", "by_at", "coldest_at", "end", "from", "held_until", "last", "on", "owed_from", "raised", "reported", "season_end",
		"season_start", "set", "since", "slot", "start", "switched", "until",
	},
	KindDate: {"day"},
	KindText: {"basis_en", "basis_zh", "by", "decided_by", "digest", "id", "institution", "law", "proof", "report", "room"},
	KindTerm: {"by_side", "kind", "payer", "side", "source", "status"},
}

// kindOfValue is the kind of a named value; 0 for a name that no step has.
func kindOfValue(name string) ValueKind {
	for kind, names := range valueKinds {
		for _, n := range names {
			if n == name {
				return kind
			}
		}
	}
	return 0
}

// ReadSteps reads a list of steps as AppendJSON writes them: what a verdict's reasons are when they were kept. Values come back in no
// certain order; one that no step of this program has is text. An error says which step cannot be read.
func ReadSteps(list []byte) ([]Step, error) {
	var raw []struct {
		Clause  Clause
		Rule    Rule
		Values  map[string]json.RawMessage
		Sources []struct {
			Kind SourceKind
			ID   string
			Time *time.Time
		}
	}
	if err := json.Unmarshal(list, &raw); err != nil {
		return nil, fmt.Errorf("reading steps: %w", err)
	}
	steps := make([]Step, len(raw))
	for i, r := range raw {
		steps[i] = Step{Clause: r.Clause, Rule: r.Rule}
		for name, text := range r.Values {
			values, err := readValues(name, text)
			if err != nil {
				return nil, fmt.Errorf("reading step %d (%s): %s: %w", i, r.Rule, name, err)
			}
			steps[i].Values = append(steps[i].Values, values...)
		}
		for _, s := range r.Sources {
			source := Source{Kind: s.Kind, ID: s.ID}
			if s.Time != nil {
				source.At = instantOf(*s.Time)
			}
			steps[i].Sources = append(steps[i].Sources, source)
		}
	}
	return steps, nil
}

// instantOf is a time as steps keep it.
func instantOf(t time.Time) Instant { return Instant(t.UnixNano()) }

// readValues reads a named value, or the list of those of one name.
func readValues(name string, text json.RawMessage) ([]Value, error) {
	kind := kindOfValue(name)
	if kind == 0 { // of another program's version; no sentence of this one uses it
		return []Value{{Name: name, Kind: KindText, Text: string(text)}}, nil
	}
	many := []json.RawMessage{text}
	if len(text) > 0 && text[0] == '[' {
		if err := json.Unmarshal(text, &many); err != nil {
			return nil, err
		}
	}
	values := make([]Value, len(many))
	for i, one := range many {
		values[i] = Value{Name: name, Kind: kind}
		if err := values[i].read(one); err != nil {
			return nil, err
		}
	}
	return values, nil
}

// read reads the value's content, of the kind that it has.
func (v *Value) read(text json.RawMessage) (err error) {
	null := string(text) == "null"
	switch v.Kind {
	case KindCelsius, KindSeconds, KindCount:
		if null {
			v.Number = math.NaN()
			return nil
		}
		return json.Unmarshal(text, &v.Number)
	case KindInstant:
		if null { // without a bound; which one is not told
			v.At = math.MinInt64
			return nil
		}
		var at time.Time
		err = json.Unmarshal(text, &at)
		v.At = instantOf(at)
		return err
	case KindDate:
		return json.Unmarshal(text, &v.Date)
	}
	return json.Unmarshal(text, &v.Text)
}
