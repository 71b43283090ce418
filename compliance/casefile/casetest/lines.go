package casetest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
)

// lines is what was found of a kind, written as want writes it.
func (f *found) lines(key string) []string {
	fields := strings.Fields(key)
	var out []string
	switch fields[0] {
	case "tile":
		for _, t := range f.tilesOf(fields[1]) {
			out = append(out, join("tile", fields[1], f.time(t.Start), f.time(t.End), string(t.Status), string(t.Clause)))
		}
	case "day":
		for _, d := range f.Days {
			if d.Date.String() == fields[1] {
				out = append(out, join("day", d.Date.String(), mean(d), string(d.Source), yes(d.Exempt, "exempt", "not")))
			}
		}
	case "outage":
		for _, s := range f.Stoppages {
			out = append(out, join("outage", s.ID, yes(s.Exempt, "exempt", string(s.Reason))))
		}
	case "episode":
		for _, e := range f.Episodes {
			out = append(out, f.episode(e))
		}
	case "confirmed":
		for _, i := range f.Confirmed {
			out = append(out, join("confirmed", f.time(i.Start), f.time(i.End)))
		}
	case "test":
		for _, t := range f.Tests {
			out = append(out, join("test", t.ID, string(t.Finding), yes(t.Stands, "stands", ""), string(t.Payer),
				yes(t.SensorOff, "sensor_off", "")))
		}
	case "usage":
		out = append(out, join("usage", f.usage.Metered.FloatString(3), f.usage.Zeroed.FloatString(3), f.usage.Billed.FloatString(3)))
	case "bill":
		out = append(out, join("bill", fields[1], amounts(f.bill)[fields[1]]))
	case "nobill":
		out = append(out, yes(f.bill == nil, "nobill", "(a bill)"))
	case "remedy", "says":
		out = append(out, f.remedyLines(fields[0])...)
	case "because":
		out = append(out, f.because(fields[1], fields[2]))
	default:
		out = append(out, fmt.Sprintf("(want has no lines of the kind %q)", fields[0]))
	}
	return out
}

func (f *found) tilesOf(room string) []compliance.Tile {
	if room == "*" {
		return f.Tiles
	}
	if r := f.room(room); r >= 0 {
		return f.Rooms[r].Tiles
	}
	return nil
}

// room is the index of the room, or −1.
func (f *found) room(id string) int {
	return slices.IndexFunc(f.Rooms, func(r compliance.RoomVerdict) bool { return r.Room == id })
}

func (f *found) episode(e compliance.Episode) string {
	line := join("episode", e.Room, f.time(e.Hull.Start), f.time(e.Hull.End), string(e.Status),
		"below="+secs(e.Below), "confirmed="+secs(e.Confirmed), "dismissed="+secs(e.Dismissed))
	if len(e.Tests) > 0 {
		line += " tests=" + strings.Join(e.Tests, ",")
	}
	if len(e.Confirmations) > 0 {
		line += " confirmations=" + strings.Join(e.Confirmations, ",")
	}
	return line
}

func (f *found) because(room, at string) string {
	why := f.TileBecause
	if r := f.room(room); r >= 0 {
		why = func(i int) []compliance.Step { return f.RoomBecause(r, i) }
	}
	var rules []string
	for i, t := range f.tilesOf(room) {
		if f.time(t.Start) <= at && at < f.time(t.End) {
			for _, s := range why(i) {
				rules = append(rules, string(s.Rule))
			}
		}
	}
	return join("because", room, at, strings.Join(rules, " "))
}

// time is local to the policy; want compares it as text, so it is written in one way only.
func (f *found) time(t compliance.Instant) string {
	at := t.Time().In(f.policy.Zone)
	switch {
	case at.Nanosecond() != 0:
		return at.Format("2006-01-02T15:04:05.999999999")
	case at.Second() != 0:
		return at.Format("2006-01-02T15:04:05")
	}
	return at.Format("2006-01-02T15:04")
}

func mean(d compliance.OutdoorDay) string {
	if d.Source == compliance.Undetermined {
		return "-"
	}
	return strconv.FormatFloat(d.Mean, 'f', -1, 64)
}

func secs(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) }

// remedyLines is the lines of a remedy in tiers, or what is said of it as a whole.
func (f *found) remedyLines(kind string) (out []string) {
	if f.remedy == nil {
		return []string{"(zeroing)"}
	}
	if kind == "says" {
		for _, s := range f.remedy.Because {
			out = append(out, join("says", string(s.Rule)))
		}
		return out
	}
	plain := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	for i := range f.remedy.Lines {
		l := &f.remedy.Lines[i]
		out = append(out, join("remedy", l.Date.String(), l.Room, "at="+plain(l.Celsius), "below="+plain(l.BelowBy()),
			l.Percent.String()+"%", yes(l.Priced, l.Fen.String(), "")))
	}
	return out
}

// amounts is a bill's lines in yuan, by the names of case.md without their unit.
func amounts(b *billing.Bill) map[string]string {
	if b == nil {
		return nil
	}
	return map[string]string{
		"area_fee": b.AreaFee.String(), "base_fee": b.BaseFee.String(), "heat_fee": b.HeatFee.String(),
		"fault_fee": b.FaultFee.String(), "payable": b.Payable.String(), "prepaid": b.Prepaid.String(),
		"settlement": b.Settlement.String(), "remedy_value": b.RemedyValue.String(),
		"late_supply_refund": b.LateSupplyRefund.String(), "late_supply_penalty": b.LateSupplyPenalty.String(),
		"late_payment_interest": b.LateInterest.String(),
	}
}

func yes(b bool, is, isNot string) string {
	if b {
		return is
	}
	return isNot
}

// join is the words that are not empty, a space between.
func join(words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}
