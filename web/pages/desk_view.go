package pages

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Say is a text whose key has two parts, the second of which the API named: a state, an event, a kind.
// A room is called as it is.
func (v view) Say(prefix, name string) string {
	if room, ok := strings.CutPrefix(name, "room:"); ok {
		return room + " °C"
	}
	return v.r.say(prefix + name)
}

// Left is how long it is until a time, or how long ago that was, when the page was made.
func (v view) Left(due time.Time) string {
	left, key := due.Sub(v.r.now()), "desk.clock.left"
	if left < 0 {
		left, key = -left, "desk.clock.over"
	}
	return v.T(key, fmt.Sprintf("%d:%02d:%02d", int(left.Hours()), int(left.Minutes())%60, int(left.Seconds())%60))
}

// Celsius is a temperature as it is shown: with one decimal. It is judged as it is.
func (v view) Celsius(t *float64) string { return fmt.Sprintf("%.1f", *t) }

// Size is a number of bytes in words.
func (v view) Size(n int64) string {
	if n < 1<<20 {
		return fmt.Sprintf("%.1f kB", float64(n)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}

// Short is the beginning of a text.
func (v view) Short(text string) string {
	const most = 90
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	return string([]rune(text)[:most]) + "…"
}

// subPage is a page of the desk, in the order of its navigation.
type subPage struct {
	Name, Path string
	Here       bool
	who        []string
}

// Sub is the pages of the desk that whoever looks may open.
func (v view) Sub() (all []subPage) {
	for _, p := range subPages() {
		if slices.Contains(p.who, v.Who.Role) {
			p.Here = p.Path == v.Path()
			all = append(all, p)
		}
	}
	return all
}

func subPages() []subPage {
	return []subPage{
		{Name: "queue", Path: "/desk", who: dispatch},
		{Name: "incidents", Path: "/desk/incidents", who: watch},
		{Name: "outages", Path: "/desk/outages", who: parties},
		{Name: "exemptions", Path: "/desk/exemptions", who: parties},
		{Name: "confirmations", Path: "/desk/confirmations", who: parties},
		{Name: "disputes", Path: "/disputes", who: parties},
		{Name: "samplings", Path: "/desk/samplings", who: watch},
		{Name: "notices", Path: "/desk/notices", who: watch},
		{Name: "homes", Path: "/desk/homes", who: parties},
		{Name: "devices", Path: "/desk/devices", who: watch},
		{Name: "days", Path: "/desk/days", who: parties},
		{Name: "handover", Path: "/desk/handover", who: watch},
	}
}

// Stamp is a time as the API gets it back, whole.
func (v view) Stamp(t time.Time) string { return t.Format(time.RFC3339Nano) }

// Count is a number that people count from one.
func (v view) Count(i int) int { return i + 1 }
