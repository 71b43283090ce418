package notify

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// What is told of tickets, as it reads: the event, whom, and in which words.
func TestWhatIsToldOfTickets(t *testing.T) {
	at := sensors.At(time.Date(2015, 12, 1, 0, 0, 0, 0, time.UTC))
	duties := disputes.ContractDuties(func(i sensors.Instant) bool { return i < at.Add(24*time.Hour) })
	file := func(kind disputes.Kind, by disputes.Role, now sensors.Instant, reported sensors.Instant) (disputes.Ticket, []disputes.Event) {
		ticket, events, err := disputes.File(disputes.Filing{
			ID: "T1", Household: "h1", Kind: kind, Text: "家里\n很冷", ReportedAt: reported, Actor: disputes.Actor{Role: by, ID: "x"},
		}, duties, now)
		if err != nil {
			t.Fatal(err)
		}
		return ticket, events
	}
	do := func(ticket disputes.Ticket, by disputes.Role, kinds ...disputes.EventKind) (disputes.Ticket, []disputes.Event) {
		var events []disputes.Event
		for _, kind := range kinds {
			after, more, err := disputes.Apply(ticket, disputes.Command{Event: kind, Text: "修好\n了", Actor: disputes.Actor{Role: by, ID: "x"}}, at.Add(time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			ticket, events = after, append(events, more...)
		}
		return ticket, events
	}
	filed := func(kind disputes.Kind, by disputes.Role) func() (disputes.Ticket, []disputes.Event) {
		return func() (disputes.Ticket, []disputes.Event) { return file(kind, by, at, 0) }
	}
	for name, c := range map[string]struct {
		events func() (disputes.Ticket, []disputes.Event)
		want   []string
	}{
		"a report": {filed(disputes.LowTemperature, disputes.Resident), []string{"ticket/T1/1/desk 【暖据】新报修 T1：温度不达标，户号 h1。请于 12月1日09:00 前答复。"}},
		"a call":   {filed(disputes.LowTemperature, disputes.Dispatcher), nil}, // whoever took it knows
		"a report out of season": {
			func() (disputes.Ticket, []disputes.Event) {
				return file(disputes.Other, disputes.Resident, at.Add(48*time.Hour), 0)
			}, []string{"ticket/T1/1/desk 【暖据】新报修 T1：其他，户号 h1。"},
		},
		"a leak": {filed(disputes.Leak, disputes.Resident), []string{
			"ticket/T1/1/emergency 【暖据·紧急】漏水，户号 h1，工单 T1。请立即处理。", "ticket/T1/1/desk 【暖据】新报修 T1：漏水，户号 h1。请于 12月1日09:00 前答复。",
		}},
		"a call about a leak": {filed(disputes.Leak, disputes.Dispatcher), []string{"ticket/T1/1/emergency 【暖据·紧急】漏水，户号 h1，工单 T1。请立即处理。"}},
		"a finding":           {filed(disputes.Finding, disputes.Monitor), []string{"ticket/T1/1/desk 【暖据】监测发现户号 h1 室温持续低于约定，工单 T1。"}},
		"a call that is entered late": {
			func() (disputes.Ticket, []disputes.Event) {
				return file(disputes.LowTemperature, disputes.Dispatcher, at.Add(7*time.Hour), at)
			}, []string{
				"ticket/T1/2/desk 【暖据】工单 T1 超过一小时未答复（12月1日09:00），户号 h1。",
				"ticket/T1/3/desk 【暖据】工单 T1 超过六小时未告知处理情况（12月1日14:00），户号 h1。",
			},
		},
		"answers": {
			func() (disputes.Ticket, []disputes.Event) {
				ticket, _ := file(disputes.NoHeat, disputes.Resident, at, 0)
				return do(ticket, disputes.Dispatcher, disputes.Replied, disputes.Updated, disputes.ResolvedIt, disputes.Reopened)
			}, []string{
				"ticket/T1/2/residents 【暖据】您的报修 T1 已答复：修好 了", "ticket/T1/3/residents 【暖据】您的报修 T1 处理情况：修好 了",
				"ticket/T1/4/residents 【暖据】您的报修 T1 已处理完毕：修好 了。如仍有问题，可重新打开工单。",
			},
		},
		"opened again by the resident": {
			func() (disputes.Ticket, []disputes.Event) {
				ticket, _ := file(disputes.NoHeat, disputes.Resident, at, 0)
				ticket, _ = do(ticket, disputes.Dispatcher, disputes.ResolvedIt)
				return do(ticket, disputes.Resident, disputes.Reopened)
			}, []string{"ticket/T1/3/desk 【暖据】工单 T1 重新打开，户号 h1：修好 了"},
		},
		"an appointment": {
			func() (disputes.Ticket, []disputes.Event) {
				ticket, _ := file(disputes.NoHeat, disputes.Resident, at, 0)
				after, events, err := disputes.Apply(ticket, disputes.Command{
					Event: disputes.Appointed, Facts: disputes.Facts{From: at.Add(2 * time.Hour), Until: at.Add(4 * time.Hour)},
					Actor: disputes.Actor{Role: disputes.Dispatcher, ID: "x"},
				}, at.Add(time.Minute))
				if err != nil {
					t.Fatal(err)
				}
				return after, events
			}, []string{"ticket/T1/2/residents 【暖据】您的报修 T1 已预约上门：12月1日10:00 至 12月1日12:00。"},
		},
		"nobody answers": {
			func() (disputes.Ticket, []disputes.Event) {
				attention := disputes.Attention{WarnBefore: 15 * time.Minute, Steps: []disputes.Step{{To: "shift_lead"}}}
				ticket, _ := file(disputes.Leak, disputes.Resident, at, 0)
				var all []disputes.Event
				for _, minute := range []time.Duration{44, 45, 60, 61} {
					after, events := disputes.Alerts(ticket, attention, at.Add(minute*time.Minute))
					after, more := disputes.Breaches(after, at.Add(minute*time.Minute))
					ticket, all = after, append(append(all, events...), more...)
				}
				return ticket, all
			}, []string{
				"ticket/T1/2/desk 【暖据】工单 T1 须于 12月1日09:00 前答复，尚未答复。",
				"ticket/T1/3/shift_lead 【暖据】工单 T1 的一小时答复已逾期，户号 h1，请督办。",
				"ticket/T1/4/desk 【暖据】工单 T1 超过一小时未答复（12月1日09:00），户号 h1。",
			},
		},
		"withdrawn": {
			func() (disputes.Ticket, []disputes.Event) {
				ticket, _ := file(disputes.NoHeat, disputes.Resident, at, 0)
				return do(ticket, disputes.Resident, disputes.CancelledIt)
			}, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := NewWriter(beijing, "")
			var got []string
			for _, a := range OfTicket(c.events()) {
				if err := a.Check(); err != nil {
					t.Error(err)
				}
				text, err := w.Write("zh", a.Message, a.Values)
				if err != nil {
					t.Error(err)
				}
				got = append(got, fmt.Sprint(a.Key, " ", text.Body))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}
