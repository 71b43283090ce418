package main

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/nuanju/nuanju/disputes/measured/sheet"
	"github.com/nuanju/nuanju/sensors"
)

// measurements are free samplings, and tests by third parties: two that disagree, one that shows that a thermometer is off, one in the home
// without thermometers, and one that is still to come.
func (s *story) measurements() {
	s.unsensed()
	tested := s.residents[homeTested]
	s.test(s.day(6, "20:00"), tested, tested, s.tester, s.trusted, "bedroom", s.day(5, "09:00"), 0)
	// The supplier's tester measures in the afternoon, beside an electric heater as it turns out: more than five degrees more.
	s.test(s.day(5, "13:00"), s.dispatcher, tested, s.rival, s.other, "bedroom", s.day(5, "16:00"), 5.5)
	drifting := s.residents[homeDrifting]
	s.test(s.day(7, "09:00"), s.dispatcher, drifting, s.rival, s.other, "bedroom", s.day(6, "10:00"), 0)
	s.on(s.ago(4*time.Hour), func() {
		s.request(s.residents["b1-202"], s.residents["b1-202"], s.trusted, "bedroom")
	})
}

// unsensed is the way of a home without thermometers: a report, a free sampling, and a test, after which the time from the report on counts [I11].
func (s *story) unsensed() {
	who := s.residents[homeUnsensed]
	s.files(s.day(3, "19:15"), who, "low_temperature", "家里没有温度计，但明显冷。").
		then(s.day(3, "19:50"), s.colleague, "reply", "先安排免费测温。").
		then(s.day(2, "11:30"), s.dispatcher, "update", "已上门测温，暖气片阀门卡住，待更换。")
	s.on(s.day(3, "19:20"), func() {
		id := s.does(who, "/samplings", form{"household": homeUnsensed, "text": "请来测一下。"})
		s.on(s.day(3, "20:30"), func() {
			s.does(s.colleague, "/samplings/"+id+"/appoint", form{"from": stamp(s.day(2, "09:30")), "until": stamp(s.day(2, "11:00"))})
		})
		s.on(s.day(2, "10:15"), func() {
			s.does(s.dispatcher, "/samplings/"+id+"/record", form{
				"measured": []form{{"room": "bedroom", "celsius": tenth(s.celsius(homeUnsensed, "bedroom"))}, {"room": "living", "celsius": tenth(s.celsius(homeUnsensed, "living"))}},
				"text":     "免费测温，仅供参考。",
			})
		})
	})
	s.test(s.day(2, "12:30"), who, who, s.tester, s.trusted, "bedroom", s.day(1, "09:30"), 0)
	s.on(s.ago(100*time.Minute), func() {
		s.does(s.residents["b1-104"], "/samplings", form{"household": "b1-104", "text": "入住前想测一次。"})
	})
}

func tenth(celsius float64) float64 { return float64(int(celsius*10+0.5)) / 10 }

// request asks an institution for a test.
func (s *story) request(by, of *person, with institution, room string) string {
	return s.does(by, "/tests/requests", form{"household": of.household, "room": room, "institution": with.id, "text": "请检测。"})
}

// test plans a test from the request on: accepted an hour later, measured at a time, handed in two hours after that.
func (s *story) test(at time.Time, by, of, tester *person, with institution, room string, measured time.Time, more float64) {
	var id, celsius string
	s.on(at, func() { id = s.request(by, of, with, room) })
	s.on(at.Add(time.Hour), func() { s.does(tester, "/tests/requests/"+id+"/accept", form{"text": "按约上门。"}) })
	s.on(measured, func() { celsius = rounded(s.celsius(of.household, room) + more) })
	s.on(measured.Add(2*time.Hour), func() { s.handIn(id, of, tester, with, room, measured, celsius) })
}

// handIn hands a test in with its record and the signed report: first as a dry run, as testers do.
func (s *story) handIn(request string, of, tester *person, with institution, room string, measured time.Time, celsius string) {
	i := slices.IndexFunc(s.town.Rooms(), func(r sensors.Room) bool { return r.Household == of.household && r.RoomID.Room == room })
	contentType, body, err := multiparted(map[string]string{
		"request": request, "instrument": with.serial, "certificate": with.certificate, "area_m2": s.town.Rooms()[i].Area, "room_closed": "yes", "hand_held": "no",
	}, map[string][]byte{
		"file": record(measured, celsius), "report": pdf(fmt.Sprintf("%s %s %s", of.household, room, celsius)),
	})
	s.fail("writing a test", err)
	s.reply(tester, http.MethodPost, "/tests?dry_run=true", contentType, body, nil)
	s.upload(tester, "/tests", contentType, body)
}

// record is a record of one point: ten still minutes and three readings.
func record(from time.Time, celsius string) []byte {
	var b bytes.Buffer
	b.Write(sheet.TemplateCSV())
	for i := range 13 {
		phase := "settling"
		if i >= 10 {
			phase = "reading"
		}
		b.WriteString(strings.Join([]string{from.Add(time.Duration(i) * time.Minute).Format(time.DateTime), phase, "1", "1.4", "2", "2", "2", celsius}, ",") + "\n")
	}
	return b.Bytes()
}
