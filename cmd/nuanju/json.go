package main

import (
	"io"
	"math"
	"time"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
)

// judgement is a judged case: what `check` prints.
type judgement struct {
	policy    *compliance.Policy
	verdict   *compliance.Verdict
	conflicts []conflict
	usage     *billing.Usage // nil without a meter that the contract charges by
	bill      *billing.Bill
	remedy    *billing.Remedy // nil where failed time zeroes usage
	lang      compliance.Lang
}

// conflict is a reading of a room that does not stand.
type conflict struct {
	room string
	compliance.Conflict
}

// report writes a judgement as JSON: the keys of case.md, and because, claims, conflicts, editions and words beside
// them. Equal judgements give equal bytes: nothing in it depends on the machine or on the order of rows.
type report struct {
	*judgement
	jsonWriter
	used map[compliance.Rule]bool
}

// writeJSON writes the judgement as one JSON object.
func (j *judgement) writeJSON(w io.Writer) error {
	r := &report{judgement: j, jsonWriter: jsonWriter{w: w}, used: make(map[compliance.Rule]bool)}
	v := j.verdict
	r.object(func() {
		r.textMember("household", v.Household)
		r.policyMember()
		r.span(compliance.Interval{Start: v.Season.Start, End: v.Until}, "from", "until")
		r.rooms()
		r.tiles(v.Tiles, v.TileBecause)
		r.days()
		r.outages()
		r.episodes()
		r.key("confirmed")
		r.list(len(v.Confirmed), func(i int) { r.object(func() { r.span(v.Confirmed[i], "start", "end") }) })
		r.tests()
		r.claims()
		r.tiersRemedy()
		r.money()
		r.words()
	})
	r.buf = append(r.buf, '\n')
	r.flush()
	return r.err
}

func (r *report) policyMember() {
	p := r.verdict.Policy
	r.key("policy")
	r.object(func() {
		r.textMember("name", p.Name)
		r.textMember("digest", p.Digest)
		r.key("editions")
		r.list(len(p.Editions), func(i int) {
			r.object(func() {
				r.textMember("from", editionFrom(p.Editions[i].From))
				r.textMember("digest", p.Editions[i].Digest)
				r.law(r.policy.EditionOn(p.Editions[i].From).Law)
			})
		})
	})
}

// local is the instant in the policy's offset.
func (r *report) local(t compliance.Instant) time.Time { return t.Time().In(r.policy.Zone) }

func (r *report) span(i compliance.Interval, start, end string) {
	r.key(start)
	r.time(r.local(i.Start))
	r.key(end)
	r.time(r.local(i.End))
}

func (r *report) rooms() {
	rooms := r.verdict.Rooms
	r.key("rooms")
	r.list(len(rooms), func(i int) {
		r.object(func() {
			r.textMember("room", rooms[i].Room)
			r.textMember("kind", string(rooms[i].Kind))
			r.boolMember("judged", rooms[i].Judged)
			if rooms[i].Judged {
				r.tiles(rooms[i].Tiles, func(k int) []compliance.Step { return r.verdict.RoomBecause(i, k) })
			}
		})
	})
}

// tiles writes tiles with their reasons. The reasons have no sentences: a season has many, and words and values make
// them.
func (r *report) tiles(tiles []compliance.Tile, because func(int) []compliance.Step) {
	r.key("tiles")
	r.list(len(tiles), func(i int) {
		t := &tiles[i]
		r.object(func() {
			r.span(t.Interval, "start", "end")
			r.textMember("status", string(t.Status))
			r.textMember("clause", string(t.Clause))
			if t.Provisional {
				r.boolMember("provisional", true)
			}
			r.because(because(i), nil)
		})
	})
}

func (r *report) days() {
	days := r.verdict.Days
	r.key("outdoor_days")
	r.list(len(days), func(i int) {
		d := &days[i]
		r.object(func() {
			r.textMember("date", d.Date.String())
			mean := d.Mean
			if d.Source == compliance.Undetermined {
				mean = math.NaN()
			}
			r.numberMember("mean", mean)
			r.textMember("source", string(d.Source))
			r.boolMember("exempt", d.Exempt)
			r.because(d.Because, nil)
		})
	})
}

func (r *report) outages() {
	all := r.verdict.Stoppages
	r.key("outages")
	r.list(len(all), func(i int) {
		r.object(func() {
			r.textMember("id", all[i].ID)
			r.boolMember("exempt", all[i].Exempt)
			r.textMember("reason", string(all[i].Reason))
			r.because(all[i].Because, compliance.RuleWords())
		})
	})
}

func (r *report) episodes() {
	all := r.verdict.Episodes
	r.key("episodes")
	r.list(len(all), func(i int) {
		e := &all[i]
		r.object(func() {
			r.textMember("room", e.Room)
			r.span(e.Hull, "start", "end")
			r.textMember("status", string(e.Status))
			r.numberMember("below_seconds", e.Below.Seconds())
			r.numberMember("confirmed_seconds", e.Confirmed.Seconds())
			r.numberMember("dismissed_seconds", e.Dismissed.Seconds())
			r.ids("tests", e.Tests)
			r.ids("confirmations", e.Confirmations)
			r.because(e.Because, compliance.RuleWords())
		})
	})
}

func (r *report) ids(name string, ids []string) {
	r.key(name)
	r.inline(len(ids), func(i int) { r.text(ids[i]) })
}

func (r *report) tests() {
	all := r.verdict.Tests
	r.key("tests")
	r.list(len(all), func(i int) {
		t := &all[i]
		r.object(func() {
			r.textMember("id", t.ID)
			r.textMember("finding", string(t.Finding))
			r.boolMember("stands", t.Stands)
			r.textMember("payer", string(t.Payer))
			r.boolMember("sensor_off", t.SensorOff)
			r.because(t.Because, compliance.RuleWords())
		})
	})
}

// claims writes the exemptions claimed, and the readings that came too late to stand.
func (r *report) claims() {
	claims := r.verdict.Claims
	r.key("claims")
	r.list(len(claims), func(i int) {
		c := &claims[i]
		r.object(func() {
			r.textMember("id", c.ID)
			r.textMember("clause", string(c.Clause))
			r.span(c.Span, "start", "end")
			r.boolMember("proved", c.Proved)
		})
	})
	r.key("conflicts")
	r.list(len(r.conflicts), func(i int) {
		c := &r.conflicts[i]
		r.object(func() {
			r.textMember("room", c.room)
			r.key("time")
			r.time(r.local(c.Later.At))
			r.numberMember("stands", c.Stands.Judged())
			r.numberMember("celsius", c.Later.Celsius)
			r.numberMember("judged", c.Later.Judged())
			r.key("received")
			r.time(r.local(c.Later.Received))
		})
	})
}

func (r *report) money() {
	if r.usage != nil {
		r.usageMember()
	}
	if r.bill == nil {
		return
	}
	b := r.bill
	r.key("bill")
	r.object(func() {
		for _, line := range []struct {
			name   string
			amount billing.Fen
		}{
			{"area_fee_fen", b.AreaFee},
			{"base_fee_fen", b.BaseFee},
			{"heat_fee_fen", b.HeatFee},
			{"fault_fee_fen", b.FaultFee},
			{"payable_fen", b.Payable},
			{"prepaid_fen", b.Prepaid},
			{"settlement_fen", b.Settlement},
			{"remedy_value_fen", b.RemedyValue},
			{"late_supply_refund_fen", b.LateSupplyRefund},
			{"late_supply_penalty_fen", b.LateSupplyPenalty},
			{"late_payment_interest_fen", b.LateInterest},
		} {
			r.numberMember(line.name, float64(line.amount))
		}
		r.because(b.Because, billing.RuleWords())
	})
}
