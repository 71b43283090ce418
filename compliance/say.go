package compliance

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Say is the step as a sentence for people, in the language and with times in the zone. A rule without words gives
// its key.
func (s Step) Say(in Sentences, lang Lang, zone *time.Location) string {
	words, ok := in[s.Rule]
	if !ok {
		return string(s.Rule)
	}
	var out strings.Builder
	for rest := words.In(lang); rest != ""; {
		before, after, found := strings.Cut(rest, "{")
		out.WriteString(before)
		if !found {
			break
		}
		name, tail, _ := strings.Cut(after, "}")
		out.WriteString(s.value(name, lang, zone))
		rest = tail
	}
	return out.String()
}

// value is the named value as text; a value that the step lacks is a dash.
func (s Step) value(name string, lang Lang, zone *time.Location) string {
	for i := range s.Values {
		if s.Values[i].Name == name {
			return s.Values[i].Say(lang, zone)
		}
	}
	return "–"
}

// Say is the value as text for people, with its unit.
func (v Value) Say(lang Lang, zone *time.Location) string {
	switch v.Kind {
	case KindCelsius:
		return number(v.Number) + " °C"
	case KindSeconds:
		return sayDuration(v.Number, lang)
	case KindCount:
		return strconv.FormatFloat(v.Number, 'f', -1, 64)
	case KindInstant:
		return sayInstant(v.At, zone)
	case KindDate:
		return v.Date.String()
	}
	if v.Kind == KindTerm {
		return Term(v.Text, lang)
	}
	return v.Text
}

// number is a float for people: without the noise of the last bits, yet never so short that a value below a limit
// would read as the limit.
func number(v float64) string {
	short := strconv.FormatFloat(v, 'f', 6, 64)
	short = strings.TrimSuffix(strings.TrimRight(short, "0"), ".")
	if x, err := strconv.ParseFloat(short, 64); err == nil && math.Abs(x-v) <= outdoorGuard {
		return short
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

func sayInstant(t Instant, zone *time.Location) string {
	if t == math.MinInt64 || t == math.MaxInt64 {
		return "–"
	}
	at := t.Time().In(zone)
	switch {
	case at.Nanosecond() != 0:
		return at.Format("2006-01-02 15:04:05.999999999")
	case at.Second() != 0:
		return at.Format("2006-01-02 15:04:05")
	}
	return at.Format("2006-01-02 15:04")
}

// sayDuration is seconds as hours, minutes and seconds.
func sayDuration(seconds float64, lang Lang) string {
	units := [...]Words{{"小时", " h"}, {"分", " min"}, {"秒", " s"}}
	whole := math.Floor(seconds)
	parts := [...]float64{math.Floor(whole / 3600), math.Mod(math.Floor(whole/60), 60), math.Mod(whole, 60) + seconds - whole}
	var out []string
	for i, n := range parts {
		if n != 0 || i == 2 && len(out) == 0 {
			out = append(out, number(n)+units[i].In(lang))
		}
	}
	return strings.Join(out, " ")
}

// terms are the words of statuses, sides and sources that occur as values.
var terms = map[string]Words{
	string(Off):       {"关闭", "off"},
	string(Grace):     {"升温期", "in grace"},
	string(Unknown):   {"无读数", "unknown"},
	string(Compliant): {"达标", "compliant"},
	string(Exempt):    {"免责", "exempt"},
	string(Below):     {"不达标", "below"},

	string(Resident): {"用热人", "resident"},
	string(Joint):    {"双方", "joint"},
	string(Supplier): {"供热人", "supplier"},

	string(FourObservations): {"02、08、14、20 时四次观测", "observations at 02, 08, 14 and 20 h"},
	string(Hourly24):         {"24 次整点观测", "24 hourly observations"},
	string(Official):         {"官方日值", "official daily value"},
	string(Undetermined):     {"未定", "undetermined"},

	string(Bedroom):    {"卧室", "bedroom"},
	string(LivingRoom): {"起居室", "living room"},
	string(Kitchen):    {"厨房", "kitchen"},
	string(Bathroom):   {"卫生间", "bathroom"},
	string(OtherRoom):  {"其他房间", "other room"},
}

// Term is the word for a status, side or source in the language; a text that is none of them comes back as it is.
func Term(s string, lang Lang) string {
	if words, ok := terms[s]; ok {
		return words.In(lang)
	}
	return s
}
