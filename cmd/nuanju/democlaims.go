package main

import (
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/nuanju/nuanju/sensors"
)

// episode is what people need to know of one.
type episode struct {
	ID, Room   string
	Start, End time.Time
	Below      float64 `json:"below_seconds"`
}

// episodes are a home's that ended before an instant, as its resident sees them.
func (s *story) episodes(who *person, before time.Time) []episode {
	var found struct{ Episodes []episode }
	s.reads(who, escaped("households", who.household, "episodes"), url.Values{
		"from": {stamp(s.day(demoDays, "00:00"))}, "to": {stamp(s.d.clock.now())}, "because": {"false"},
	}, &found)
	return slices.DeleteFunc(found.Episodes, func(e episode) bool { return e.End.After(before) })
}

// celsius is what a room truly has.
func (s *story) celsius(household, room string) float64 {
	i := slices.IndexFunc(s.town.Rooms(), func(r sensors.Room) bool { return r.Household == household && r.RoomID.Room == room })
	if i < 0 {
		return 0
	}
	return s.life.Celsius(i)
}

// claims: what the supplier claims under A7.2.2①–③, and how far that came.
func (s *story) claims() {
	claim := func(at time.Time, clause string, place form, start, end time.Time, text string, then func(id string)) {
		s.on(at, func() {
			then(s.does(s.dispatcher, "/exemptions", form{"clause": clause, "place": place, "start": stamp(start), "end": stamp(end), "text": text}))
		})
	}
	claim(s.day(12, "16:00"), "A7.2.2.3", place("building", "b3"), s.day(12, "12:00"), s.day(12, "14:00"), "供电部门限电，循环泵停运。", func(id string) {
		s.on(s.day(11, "09:00"), func() {
			s.does(s.dispatcher, "/exemptions/"+id+"/proofs", form{"text": "供电部门限电通知第 17 号。", "attachments": []string{s.paper("17")}})
		})
	})
	claim(s.day(1, "09:20"), "A7.2.2.1", home(homeWindow), s.day(2, "22:30"), s.day(1, "04:00"), "住户整夜开窗。", func(id string) {
		s.on(s.day(1, "09:40"), func() {
			s.does(s.dispatcher, "/exemptions/"+id+"/proofs", form{"text": "夜巡照片，窗户大开。"})
		})
		s.on(s.day(1, "12:15"), func() {
			s.does(s.residents[homeWindow], "/exemptions/"+id+"/contest", form{"text": "只开了十分钟通风。"})
		})
	})
	claim(s.day(5, "15:00"), "A7.2.2.2", home(homeRefused), s.day(5, "10:00"), s.day(4, "10:00"), "预约上门查漏，敲门无人应。", func(string) {})
	claim(s.day(9, "15:00"), "A7.2.2.1", home("b2-302"), s.day(10, "18:00"), s.day(9, "18:00"), "阳台改建，保温层拆除。", func(id string) {
		s.on(s.day(8, "10:00"), func() { s.does(s.dispatcher, "/exemptions/"+id+"/withdraw", form{"text": "核对后为另一户。"}) })
	})
	s.dispute()
	s.officialDay()
}

// dispute is about the home in which two testers disagree: it was negotiated, and is at mediation.
func (s *story) dispute() {
	who := s.residents[homeTested]
	s.on(s.day(2, "20:00"), func() {
		about := form{"kind": "other"}
		for _, e := range s.episodes(who, s.d.clock.now()) {
			if e.Room == "bedroom" {
				about = form{"kind": "episode", "id": e.ID}
			}
		}
		id := s.does(who, "/disputes", form{"household": homeTested, "about": about, "text": "检测不合格，热费应按合同退还。"})
		on := func(at time.Time, by *person, verb string, f form) {
			s.on(at, func() { s.does(by, "/disputes/"+id+"/"+verb, f) })
		}
		on(s.day(1, "08:30"), s.dispatcher, "say", form{"text": "我方检测为合格，且室内阀门由住户自理。"})
		on(s.day(1, "09:00"), s.dispatcher, "offer", form{
			"text": "愿确认检测当天上午的不达标时间。", "confirm": []form{{"start": stamp(s.day(5, "08:00")), "end": stamp(s.day(5, "12:00"))}},
		})
		on(s.day(1, "12:40"), who, "say", form{"text": "半天不能接受，请调解。"})
		on(s.day(1, "12:45"), who, "escalate", form{"text": "协商不成。"})
		on(s.ago(2*time.Hour+30*time.Minute), s.mediator, "say", form{"text": "已收到材料，请双方补充阀门的检修记录。"})
	})
}

// officialDay: the weather service publishes the mean of a day of the cold spell.
func (s *story) officialDay() {
	s.on(s.day(8, "10:30"), func() {
		sum, n := 0.0, 0
		for _, o := range s.outdoor {
			if date(o.at) == date(s.day(9, "00:00")) && o.at.Minute() == 0 && slices.Contains([]int{2, 8, 14, 20}, o.at.Hour()) {
				sum, n = sum+o.celsius, n+1
			}
		}
		if n == 0 {
			return
		}
		station := s.town.Registry().Stations[0].ID
		s.does(s.dispatcher, "/official-days", form{
			"station": station, "source": "气象日报（虚构）", "days": []form{{"date": date(s.day(9, "00:00")), "celsius": float64(int(sum/float64(n)*10)) / 10}},
		})
	})
}

// notices in writing: a hazard that was found, sent and delivered; a filling that is announced; one that came back.
func (s *story) notices() {
	notice := func(at time.Time, f form, then func(path string)) {
		s.on(at, func() { then("/notices/" + s.does(s.dispatcher, "/notices", f)) })
	}
	send := func(path string, at time.Time, verb string, f form) {
		s.on(at, func() { s.does(s.dispatcher, path+"/"+verb, f) })
	}
	notice(s.day(6, "09:30"), form{
		"kind": "hazard", "place": home(homeLeaking), "found_at": stamp(s.day(6, "06:58")), "text": "暖气片锈蚀，丝堵已临时更换，请尽快更换暖气片。",
	}, func(path string) {
		send(path, s.day(5, "10:00"), "send", form{"text": "派专人送达。"})
		send(path, s.day(5, "16:00"), "deliver", form{"on": date(s.day(5, "00:00")), "text": "住户签收。"})
	})
	notice(s.day(5, "11:00"), form{"kind": "other", "place": home(homeRefused), "text": "入户检查未能进行，请另约时间。"}, func(path string) {
		send(path, s.day(5, "11:30"), "send", form{"text": "挂号信。"})
		send(path, s.day(2, "15:00"), "return", form{"on": date(s.day(2, "00:00")), "text": "无人签收退回。"})
	})
	notice(s.ago(26*time.Hour), form{
		"kind": "filling", "place": place("building", "b2"), "planned_at": stamp(s.d.start.AddDate(0, 0, 12)), "text": "二号楼补水打压，请留意室内管道。",
	}, func(string) {})
}

// contractOf is the contract of a home, as the API has it.
func (s *story) contractOf(household string) (id string, version int64) {
	var found struct {
		Contracts []struct {
			ID      string
			Version int64
		}
	}
	s.reply(s.billing, http.MethodGet, "/contracts?household="+url.QueryEscape(household), "", nil, &found)
	if len(found.Contracts) == 0 {
		return "", 0
	}
	return found.Contracts[0].ID, found.Contracts[0].Version
}
