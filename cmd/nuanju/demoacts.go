package main

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/simulate"
)

// faults are what truly goes wrong, in the past and in the days after it.
func (s *story) faults() []simulate.Planned {
	at := func(t time.Time) sensors.Instant { return sensors.At(t) }
	day, soon := s.day, func(d time.Duration) sensors.Instant { return sensors.At(s.d.start.Add(d)) }
	return []simulate.Planned{
		{Kind: simulate.RiserBlocked, Place: "b2-r3", From: at(day(13, "08:00")), To: at(day(11, "15:30")), Size: 0.06},
		{Kind: simulate.ColdSpell, From: at(day(10, "00:00")), To: at(day(7, "00:00"))},
		{Kind: simulate.SensorGarbage, Place: "b1-104/bedroom", From: at(day(9, "13:00")), To: at(day(9, "19:00"))},
		{Kind: simulate.ValveStuck, Place: homeTested + "/bedroom", From: at(day(6, "17:00")), To: at(day(3, "12:00"))},
		{Kind: simulate.StoppagePlanned, Place: "s2", From: at(day(5, "22:00")), To: at(day(4, "03:30")), Announced: at(day(7, "10:00"))},
		{Kind: simulate.StoppageLong, Place: "s1", From: at(day(4, "20:00")), To: at(day(3, "06:10")), Announced: at(day(6, "16:00"))},
		{Kind: simulate.ValveStuck, Place: homeUnsensed + "/bedroom", From: at(day(4, "06:00")), To: soon(20 * time.Hour)},
		{Kind: simulate.ValveStuck, Place: homeUnsensed + "/living", From: at(day(4, "06:00")), To: soon(20 * time.Hour)},
		{Kind: simulate.WindowOpen, Place: homeWindow + "/bedroom", From: at(day(2, "22:30")), To: at(day(1, "04:00"))},
		{Kind: simulate.SensorOff, Place: homeDrifting + "/bedroom", From: at(day(8, "00:00")), To: soon(40 * time.Hour), Size: -3.4},
		{Kind: simulate.RiserBlocked, Place: "b1-r2", From: soon(-26 * time.Hour), To: soon(14 * time.Hour), Size: 0.05},
		{Kind: simulate.SensorDead, Place: "b2-504/living", From: soon(-9 * time.Hour), To: soon(30 * time.Hour)},
		{Kind: simulate.WindowOpen, Place: "b3-404/bedroom", From: soon(time.Hour), To: soon(5 * time.Hour)},
		{Kind: simulate.SensorDead, Place: "b3-103/bedroom", From: soon(3 * time.Hour), To: soon(9 * time.Hour)},
		{Kind: simulate.StoppageUnannounced, Place: "s2", From: soon(26 * time.Hour), To: soon(36 * time.Hour)},
		{Kind: simulate.RiserBlocked, Place: "b2-r1", From: soon(48 * time.Hour), To: soon(90 * time.Hour), Size: 0.08},
	}
}

// plan says what people do, and when.
func (s *story) plan() {
	s.papers()
	s.stoppages()
	s.reports()
	s.oldRiser()
	s.riserNow()
	s.rounds()
	s.claims()
	s.measurements()
	s.money()
	s.notices()
}

// place is where something is.
func place(kind, id string) form { return form{"kind": kind, "id": id} }

func home(id string) form { return place("household", id) }

// stamp is a time as forms have it.
func stamp(t time.Time) string { return t.Format(time.RFC3339) }

func date(t time.Time) string { return t.Format(time.DateOnly) }

// papers: institutions, contracts, what is published, delegates, who is vulnerable.
func (s *story) papers() {
	start := s.day(demoDays, "00:00")
	s.on(start, func() {
		for _, i := range []institution{s.trusted, s.other} {
			s.does(s.admin, "/institutions", form{
				"id": i.id, "name": i.name, "accredited": []form{{"from": date(start.AddDate(-4, 0, 0))}},
				"instruments": []form{{
					"serial": i.serial, "certificate": i.certificate, "error_celsius": "0.2",
					"valid": form{"from": date(start.AddDate(0, -11, 0)), "to": date(start.AddDate(0, 1, 5))},
				}},
			})
		}
		s.published()
		for _, h := range s.town.Registry().Households {
			s.contract(s.residents[h.ID], h, start.AddDate(-2, 0, 0), time.Time{})
		}
	})
	s.on(s.day(12, "19:40"), func() {
		s.does(s.residents[homeNow], escaped("households", homeNow, "delegations"), form{
			"name": s.daughter.name, "phone": s.daughter.phone, "may_report": true,
		})
		s.does(s.residents[homeVulnerable], escaped("households", homeVulnerable, "vulnerable"), form{
			"reason": "elderly", "until": stamp(s.d.start.AddDate(0, 6, 0)),
		})
	})
}

func (s *story) published() {
	for _, p := range [][3]string{
		{"numbers", "报修电话（24 小时）：10000000000（虚构）。紧急情况立即处置。", "Repairs, day and night: 10000000000 (made up). Emergencies at once."},
		{"procedures", "报修 1 小时内答复，低温 6 小时内告知处理情况（A6.6）。", "A report is replied to within 1 hour; of low temperature people are told within 6 hours what was done (A6.6)."},
		{"contract", "演示合同约定供热期：" + s.seasonLabel() + "。", "The contracts of this demonstration agree on the season " + s.seasonLabel() + "."},
		{"prices", "按热计量，基本热价 12 元/平方米，计量热价 0.16 元/千瓦时。", "By meter: 12 yuan per m², and 0.16 yuan per kWh."},
	} {
		s.does(s.admin, "/published", form{"item": p[0], "zh": p[1], "en": p[2]})
	}
}

// contract enters a contract of somebody for a home. A zero until is an open end.
func (s *story) contract(who *person, h sensors.Household, from, until time.Time) string {
	return s.does(s.billing, "/contracts", s.contractForm(who, h, from, until))
}

func (s *story) contractForm(who *person, h sensors.Household, from, until time.Time) form {
	building, _, _ := strings.Cut(h.ID, "-")
	f := form{
		"number": "HT-" + h.ID + "-" + from.Format("200601"), "household": h.ID, "account": h.Account, "policy": h.Policy, "season": s.seasonLabel(),
		"residents": []form{{"name": who.name, "phone": who.phone}},
		"supplier":  form{"name": "暖苑热力（虚构）", "phone": "10000000000", "address": "暖苑小区热力站"},
		"address":   fmt.Sprintf("暖苑小区%s号楼 %s", strings.TrimPrefix(building, "b"), h.ID),
		"signed":    date(from.AddDate(0, 0, -3)), "from": date(from), "commission": "本市仲裁委员会（虚构）", "settle_within_days": 60,
	}
	if !until.IsZero() {
		f["until"] = date(until)
	}
	return f
}

// stoppages: one announced in time, short and recorded; one that took too long; one of which something is yet to be seen.
func (s *story) stoppages() {
	announce := func(at time.Time, sub string, start, end time.Time, reason string, then func(id string)) {
		s.on(at, func() {
			then(s.does(s.dispatcher, "/outages", form{"place": place("substation", sub), "start": stamp(start), "end": stamp(end), "reason": reason}))
		})
	}
	announce(s.day(7, "10:00"), "s2", s.day(5, "22:00"), s.day(4, "03:30"), "更换循环泵，停热不超过 6 小时。", func(id string) {
		s.on(s.day(4, "03:34"), func() {
			s.does(s.colleague, "/outages/"+id+"/end", form{"end": stamp(s.day(4, "03:30")), "text": "水泵已换，恢复供热。"})
		})
		s.on(s.day(4, "09:10"), func() {
			s.does(s.dispatcher, "/outages/"+id+"/record", form{
				"text": "检修记录 2-0417：22:00 停热，03:30 恢复。", "attachments": []string{s.paper("检修记录 2-0417")},
			})
		})
	})
	announce(s.day(6, "16:00"), "s1", s.day(4, "20:00"), s.day(3, "01:30"), "换热站清洗除垢。", func(id string) {
		s.on(s.day(3, "06:15"), func() {
			s.does(s.colleague, "/outages/"+id+"/end", form{"end": stamp(s.day(3, "06:10")), "text": "阀门锈死，工期延长。"})
		})
		s.on(s.day(3, "10:00"), func() {
			s.does(s.dispatcher, "/outages/"+id+"/record", form{"text": "检修记录 1-0418：20:00 停热，06:10 恢复，共 10 小时 10 分。"})
		})
		s.on(s.day(3, "18:20"), func() {
			s.does(s.residents["b1-301"], "/outages/"+id+"/contest", form{"text": "通知说五个半小时，实际停了一夜。"})
		})
	})
	announce(s.ago(3*time.Hour), "s2", s.d.start.Add(50*time.Hour), s.d.start.Add(55*time.Hour), "例行安全检修。", func(string) {})
}

// paper uploads a document that proves something and gives back its digest.
func (s *story) paper(text string) string {
	var known struct {
		Digest string `json:"digest"`
	}
	s.reply(s.dispatcher, http.MethodPost, "/proofs", "application/octet-stream", pdf(text), &known)
	return known.Digest
}

// rounded is a temperature as a tester writes it down.
func rounded(celsius float64) string { return strconv.FormatFloat(celsius, 'f', 1, 64) }
