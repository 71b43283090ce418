package billing_test

import (
	"fmt"
	"math/big"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/casefile"
	"github.com/nuanju/nuanju/configs"
)

// tieredCase is a case of three days whose readings lie around the edges of the tiers, with gaps, setpoints and a part that both
// sides confirm.
func tieredCase(t *rapid.T) fstest.MapFS {
	pack := rapid.SampledFrom([]string{"beijing-area", "heilongjiang"}).Draw(t, "pack")
	start := time.Date(2021, 10, 28, 0, 0, 0, 0, time.FixedZone("", 8*3600)) // the standard of one of them rises on the 29th
	at := func(minutes int) string { return start.Add(time.Duration(minutes) * time.Minute).Format(time.RFC3339) }
	var readings strings.Builder
	readings.WriteString("time,room,celsius\n")
	for _, room := range []string{"living", "bed"} {
		for m := rapid.IntRange(0, 120).Draw(t, "first"); m < 3*1440; m += 10 * rapid.IntRange(1, 30).Draw(t, "step") {
			c := rapid.SampledFrom([]string{"20", "19.9", "18", "17.9", "16.1", "16", "15.9", "14", "13.9", "21"}).Draw(t, "celsius")
			fmt.Fprintf(&readings, "%s,%s,%s\n", at(m), room, c)
		}
	}
	from := 10 * rapid.IntRange(0, 300).Draw(t, "confirmed from")
	until := from + 10*rapid.IntRange(1, 300).Draw(t, "for")
	setpoint := rapid.SampledFrom([]string{"15", "17", "24"}).Draw(t, "setpoint")
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	return fstest.MapFS{
		"case.yaml": file("policy: " + pack + "\nseason: {start: 2021-10-28, end: 2021-10-30}\nhousehold: {id: h, area_m2: 91.7, rooms: " +
			"[{id: living, kind: living_room, area_m2: 31}, {id: bed, kind: bedroom, area_m2: 17.3}, {id: bath, kind: bathroom, area_m2: 5}]}\n"),
		"readings.csv":      file(readings.String()),
		"setpoints.csv":     file("time,room,celsius\n" + at(10*rapid.IntRange(0, 400).Draw(t, "set")) + ",bed," + setpoint + "\n"),
		"confirmations.csv": file("id,start,end,resident,supplier\nc1," + at(from) + "," + at(until) + ",true,true\n"),
	}
}

// The lines of a remedy are what a slow reader finds who looks at the rooms minute by minute; and the fen add up exactly.
func TestTiersAreThoseOfEveryMinute(t *testing.T) {
	lines := 0
	rapid.Check(t, func(t *rapid.T) {
		c, err := casefile.Read(tieredCase(t), casefile.Options{})
		if err != nil {
			t.Fatal(err)
		}
		v, err := compliance.Judge(c.Policy, &c.Facts)
		if err != nil {
			t.Fatal(err)
		}
		charged := billing.Charge(c.Policy, &c.Billing, v)
		var want, got []string
		sum := billing.Fen(0)
		for _, d := range []int{28, 29, 30} {
			for r := range c.Facts.Rooms {
				if line := minuteByMinute(c, v, r, compliance.DateOf(2021, time.October, d)); line != "" {
					want = append(want, line)
				}
			}
		}
		for _, l := range charged.Remedy.Lines {
			got = append(got, fmt.Sprintf("%s %s %v %s", l.Date, l.Room, l.Celsius, l.Percent))
			sum += l.Fen
			share := map[string]*big.Rat{"living": big.NewRat(310, 533), "bed": big.NewRat(173, 533)}[l.Room]
			exact := new(big.Rat).SetInt64(int64(charged.Bill.AreaFee))
			exact.Mul(exact, share).Mul(exact, l.Percent.Rat()).Mul(exact, big.NewRat(1, 300))
			if off := exact.Sub(exact, big.NewRat(int64(l.Fen), 1)); off.Cmp(big.NewRat(1, 2)) >= 0 || off.Cmp(big.NewRat(-1, 2)) < 0 {
				t.Fatalf("%s %s: %s is not rounded half up", l.Date, l.Room, l.Fen)
			}
		}
		lines += len(got)
		if strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Fatalf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		b := charged.Bill
		if charged.Remedy.Sum != sum || b.RemedyValue != sum || b.Payable != b.AreaFee-sum || b.Payable < 0 {
			t.Fatalf("sum %s of %s; bill %+v", charged.Remedy.Sum, sum, b)
		}
	})
	if lines == 0 {
		t.Error("no case had a line")
	}
}

// minuteByMinute is the line of a room's day, from its tiles, its readings and what is confirmed, each looked up anew every minute.
func minuteByMinute(c *casefile.Case, v *compliance.Verdict, room int, d compliance.Date) string {
	found, coldest := false, 0.0
	confirmed := c.Facts.Confirmations[0]
	for m := d.Start(c.Policy.Zone); m < d.End(c.Policy.Zone); m += compliance.Instant(time.Minute) {
		below := false
		for _, tile := range v.Rooms[room].Tiles {
			below = below || tile.Contains(m) && tile.Status == compliance.Below
		}
		if !below || m < confirmed.Start || m >= confirmed.End {
			continue
		}
		for _, r := range c.Facts.Rooms[room].Readings {
			if r.At > m {
				break
			}
			if held := r.Celsius; latest(c.Facts.Rooms[room].Readings, m) == r.At && (!found || held < coldest) {
				found, coldest = true, held
			}
		}
	}
	if !found {
		return ""
	}
	percent := 0
	switch {
	case c.Policy.Name == "heilongjiang" && d < compliance.DateOf(2021, time.October, 29):
		percent = ladder(coldest, 16, 30, 14, 50)
	case c.Policy.Name == "heilongjiang":
		percent = ladder(coldest, 16, 50, 16, 50)
	default:
		return fmt.Sprintf("%s %s %v %d", d, c.Facts.Rooms[room].ID, coldest, byThreshold(v, room, d, coldest))
	}
	return fmt.Sprintf("%s %s %v %d", d, c.Facts.Rooms[room].ID, coldest, percent)
}

// latest is the time of the last reading at or before m.
func latest(readings []compliance.Reading, m compliance.Instant) compliance.Instant {
	var at compliance.Instant
	for _, r := range readings {
		if r.At <= m {
			at = r.At
		}
	}
	return at
}

func ladder(celsius, mild float64, first int, hard float64, second int) int {
	switch {
	case celsius >= mild:
		return first
	case celsius >= hard:
		return second
	}
	return 100
}

// byThreshold is Beijing's percentage, by what the verdict says was owed when the room was at its coldest.
func byThreshold(v *compliance.Verdict, room int, d compliance.Date, coldest float64) int {
	for _, day := range v.ColdDays() {
		if day.Date == d && day.Room == v.Rooms[room].Room {
			switch by := 10*day.Threshold - 10*coldest; { // tenths, which are whole
			case by < 19.999:
				return 40
			case by < 39.999:
				return 60
			}
			return 100
		}
	}
	return 0
}

// A colder reading never lowers a percentage, in any pack.
func TestColderNeverPaysLess(t *testing.T) {
	for _, name := range configs.Policies() {
		p, err := configs.Policy(name)
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.Editions {
			e := &p.Editions[i]
			if e.Tiers == nil {
				continue
			}
			before := new(big.Rat)
			for tenths := int(e.Standard*100) - 1; tenths >= 0; tenths-- {
				percent := e.Tiers.Of(float64(tenths)/100, e.Standard).Percent.Rat()
				if percent.Cmp(before) < 0 {
					t.Errorf("%s from %s: at %d/100 °C %s %% after %s %%", name, e.From, tenths, percent, before)
				}
				before = percent
			}
			if before.Cmp(big.NewRat(100, 1)) != 0 {
				t.Errorf("%s from %s: at 0 °C %s %%", name, e.From, before)
			}
		}
	}
}
