package main

import (
	"net/url"
	"slices"
	"time"
)

// filing is a report and what follows, step by step.
type filing struct {
	s  *story
	id string
}

// files plans a report of a home's resident.
func (s *story) files(at time.Time, who *person, kind, text string) *filing {
	r := &filing{s: s}
	s.on(at, func() { r.id = s.does(who, "/tickets", form{"household": who.household, "kind": kind, "text": text}) })
	return r
}

// then plans something done to it.
func (r *filing) then(at time.Time, who *person, verb, text string) *filing {
	return r.with(at, who, verb, form{"text": text})
}

func (r *filing) with(at time.Time, who *person, verb string, f form) *filing {
	r.s.on(at, func() { r.s.does(who, "/tickets/"+r.id+"/"+verb, f) })
	return r
}

// photographed plans a photo of what the room truly has then.
func (r *filing) photographed(at time.Time, who *person, room string) *filing {
	r.s.on(at, func() {
		r.s.upload(who, "/tickets/"+r.id+"/attachments?name=photo.png", "image/png", photo(r.s.celsius(who.household, room)))
	})
	return r
}

// reports are those that belong to no other thread of the story: a leak, something that was withdrawn, something small.
func (s *story) reports() {
	leak := &filing{s: s}
	s.on(s.day(6, "06:12"), func() { // by phone, three minutes ago
		leak.id = s.does(s.colleague, "/tickets", form{
			"household": homeLeaking, "kind": "leak", "text": "暖气片漏水，楼下已渗水。", "emergency": true,
			"reported_at": stamp(s.day(6, "06:09")), "phone": s.residents[homeLeaking].phone,
		})
	})
	leak.then(s.day(6, "06:14"), s.colleague, "reply", "抢修班已出发，请先关闭入户阀门。").
		with(s.day(6, "06:16"), s.colleague, "assign", form{"assignee": "crew-2", "text": "带堵漏夹具。"}).
		then(s.day(6, "06:58"), s.colleague, "visit", "客厅暖气片丝堵漏水，已更换。").
		then(s.day(6, "07:05"), s.colleague, "update", "已更换丝堵，恢复供热。").
		then(s.day(6, "07:06"), s.colleague, "resolve", "修复，无渗漏。")

	quiet := s.residents[homeQuiet]
	s.files(s.day(3, "07:30"), quiet, "no_heat", "暖气不热了。").
		then(s.day(3, "07:41"), quiet, "cancel", "是自己关了阀门，抱歉。")

	other := s.residents["b2-502"]
	s.files(s.day(8, "11:05"), other, "other", "楼道里的阀门井盖松动。").
		then(s.day(8, "11:31"), s.dispatcher, "reply", "今天下午去固定。").
		then(s.day(8, "15:20"), s.dispatcher, "resolve", "井盖已固定。")

	s.files(s.ago(7*time.Minute), s.residents["b2-204"], "other", "想知道热计量表多久抄一次。")
	s.files(s.day(2, "18:10"), s.residents["b1-204"], "low_temperature", "卧室一直不到十八度。").
		then(s.day(2, "19:40"), s.dispatcher, "reply", "抱歉答复晚了，已安排排气。"). // half an hour too late
		then(s.day(2, "21:30"), s.dispatcher, "update", "已给立管排气。").
		then(s.day(1, "08:45"), s.dispatcher, "resolve", "电话确认，已回升。")
}

// oldRiser is the riser that was blocked twelve days ago: one home's report was answered in time, opened again and closed; another's was
// told too late what was done, and both sides confirmed its cold; a third's cold the supplier contests.
func (s *story) oldRiser() {
	contested, confirmed := s.residents[homeContested], s.residents[homeConfirmed]
	s.files(s.day(12, "07:50"), contested, "low_temperature", "昨天起屋里越来越冷。").
		photographed(s.day(12, "07:52"), contested, "bedroom").
		then(s.day(12, "08:20"), s.dispatcher, "reply", "收到，上午派人查立管。").
		with(s.day(12, "08:25"), s.dispatcher, "assign", form{"assignee": "crew-1"}).
		with(s.day(12, "08:26"), s.dispatcher, "appoint", form{
			"from": stamp(s.day(12, "10:00")), "until": stamp(s.day(12, "12:00")), "text": "请家里留人。",
		}).
		with(s.day(12, "10:40"), s.dispatcher, "visit", form{"text": "三立管回水温度低，疑似堵塞。", "celsius": 15.8}).
		then(s.day(12, "12:10"), s.dispatcher, "update", "已冲洗三立管，晚上应回升。").
		then(s.day(12, "17:30"), s.dispatcher, "resolve", "冲洗完毕。").
		then(s.day(11, "07:10"), contested, "reopen", "还是冷。").
		then(s.day(11, "11:50"), s.dispatcher, "update", "更换立管阀门，15:30 完成。").
		then(s.day(11, "16:05"), s.dispatcher, "resolve", "阀门已换。")
	s.files(s.day(12, "09:00"), confirmed, "low_temperature", "老人孩子都冷。").
		then(s.day(12, "09:35"), s.dispatcher, "reply", "已在查三立管。").
		then(s.day(12, "16:20"), s.dispatcher, "update", "立管已冲洗。"). // after seven hours
		then(s.day(11, "18:00"), s.dispatcher, "resolve", "阀门已换，供热恢复。")
	s.on(s.day(9, "20:05"), func() {
		for _, e := range s.episodes(confirmed, s.day(10, "00:00")) {
			s.does(confirmed, escaped("episodes", e.ID, "confirm"), form{"text": "这段时间确实冷。"})
			s.on(s.day(8, "09:30"), func() {
				s.does(s.dispatcher, escaped("episodes", e.ID, "confirm"), form{"text": "立管堵塞属实，确认。"})
			})
		}
		for _, e := range s.episodes(contested, s.day(10, "00:00")) {
			s.does(contested, escaped("episodes", e.ID, "confirm"), form{})
			s.on(s.day(8, "09:45"), func() {
				s.does(s.dispatcher, escaped("episodes", e.ID, "contest"), form{"text": "上门时窗户开着，需要核实。"})
			})
		}
	})
}

// riserNow is the riser that is blocked now: one report waits for its reply, one waits too long, one for what is done.
func (s *story) riserNow() {
	now, old, waiting := s.residents[homeNow], s.residents[homeVulnerable], s.residents[homeWaiting]
	s.files(s.ago(5*time.Hour+20*time.Minute), waiting, "low_temperature", "昨晚到现在一直冷，卧室十六度。").
		then(s.ago(4*time.Hour+50*time.Minute), s.dispatcher, "reply", "收到。同一立管多户报修，正在排查。").
		with(s.ago(4*time.Hour+45*time.Minute), s.dispatcher, "assign", form{"assignee": "crew-1"}).
		with(s.ago(2*time.Hour), s.dispatcher, "appoint", form{
			"from": stamp(s.d.start.Add(40 * time.Minute)), "until": stamp(s.d.start.Add(160 * time.Minute)), "text": "检查立管，请家里留人。",
		})
	s.files(s.ago(95*time.Minute), old, "no_heat", "两位老人在家，暖气不热。")
	s.files(s.ago(38*time.Minute), now, "low_temperature", "卧室、客厅都冷，孩子感冒了。").
		photographed(s.ago(36*time.Minute), now, "bedroom")
}

// rounds are the dispatcher's every morning: incidents of which no report or finding is open any more are over.
func (s *story) rounds() {
	for before := demoDays - 2; before >= 1; before-- {
		s.on(s.day(before, "08:40"), s.closeIncidents)
	}
}

func (s *story) closeIncidents() {
	type incident struct {
		ID       string
		OpenedAt time.Time `json:"opened_at"`
		Tickets  []struct{ State string }
	}
	var found struct{ Incidents []incident }
	s.reads(s.dispatcher, "/incidents", url.Values{"state": {"open"}, "limit": {"200"}}, &found)
	for _, i := range found.Incidents {
		var whole struct{ Incident incident }
		s.reads(s.dispatcher, "/incidents/"+i.ID, nil, &whole)
		open := slices.ContainsFunc(whole.Incident.Tickets, func(t struct{ State string }) bool { return t.State == "open" })
		if !open && s.d.clock.now().Sub(i.OpenedAt) > 4*time.Hour {
			s.does(s.dispatcher, "/incidents/"+i.ID+"/resolve", form{"text": "各户已恢复，结束。"})
		}
	}
}
