package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/nuanju/nuanju/sensors"
)

// money: what was paid, the home that was left and is settled to the day, and the one that moved in.
func (s *story) money() {
	paid := s.day(demoDays, "00:00")
	s.on(s.day(13, "09:00"), func() {
		s.upload(s.billing, "/payments/import?channel=standard", "text/csv", s.payments(date(paid)))
	})
	homes := s.town.Registry().Households
	i := slices.IndexFunc(homes, func(h sensors.Household) bool { return h.ID == homeLeft })
	left, last := homes[i], s.day(4, "00:00")
	s.on(s.day(5, "14:00"), func() {
		id, version := s.contractOf(homeLeft)
		f := s.contractForm(s.residents[homeLeft], left, s.day(demoDays, "00:00").AddDate(-2, 0, 0), last)
		f["version"], f["note"] = version, "住户迁出，账户结清至当日。"
		body, err := json.Marshal(f)
		s.fail("writing a contract", err)
		s.reply(s.billing, http.MethodPut, "/contracts/"+id, "application/json", body, nil)
	})
	s.on(s.day(3, "09:30"), func() {
		s.contract(s.newcomer, left, last.AddDate(0, 0, 1), s.day(0, "00:00").AddDate(3, 0, 0))
	})
	s.on(s.day(3, "10:00"), func() {
		s.does(s.billing, "/settlements", form{"winter": s.season.Winter(), "households": []string{homeLeft}, "move_out": true})
	})
}

// payments is a channel's file: most have paid the area fee in advance, some a part of it, some nothing.
func (s *story) payments(on string) []byte {
	var b strings.Builder
	b.WriteString("reference,account,date,yuan\n")
	for i, h := range s.town.Registry().Households {
		var whole, cents int64
		if _, err := fmt.Sscanf(h.Area, "%d.%d", &whole, &cents); err != nil {
			s.fail("a home's area", err)
		}
		fen := (whole*100 + cents) * 24 // 24 yuan a square metre
		switch {
		case i%13 == 12:
			continue
		case i%13 == 5:
			fen /= 2
		}
		fmt.Fprintf(&b, "DEMO-%04d,%s,%s,%d.%02d\n", i+1, h.Account, on, fen/100, fen%100)
	}
	return []byte(b.String())
}
