package web

import (
	"strings"
	"time"

	"github.com/nuanju/nuanju/disputes"
)

// print is a notice with its text as it is printed, in both languages.
func (h *notices) print(m disputes.Matter, events []disputes.MatterEvent) (printedNotice, error) {
	v, err := showMatter(&h.matters, m, events, h.about)
	p := printedNotice{Notice: v}
	if err != nil || len(events) == 0 {
		return p, err
	}
	words := map[disputes.NoticeKind][3]string{
		disputes.HazardNotice:   {"隐患或违规告知书", "Notice of a hazard or violation", "A6.3"},
		disputes.FillingNotice:  {"注水试压公告", "Announcement of filling or a pressure test", "A6.5"},
		disputes.ChangeNotice:   {"电话、价格或办事程序变更通知", "Notice of a change of numbers, prices or procedures", "A6.7"},
		disputes.StoppageNotice: {"停热或恢复供热通知", "Notice of a stoppage or restoration", "A6.8"},
		disputes.OtherNotice:    {"通知", "Notice", "A12"},
	}[v.About.Kind]
	line := func(b *strings.Builder, label, text string) {
		if text != "" {
			b.WriteString(label + text + "\n")
		}
	}
	at := func(t *time.Time, layout string) string {
		if t == nil {
			return ""
		}
		return t.Format(layout)
	}
	const zhTime, enTime = "2006年1月2日 15:04", "2 January 2006, 15:04"
	place := v.Place.Kind + " " + v.Place.ID
	var zh, en strings.Builder
	line(&zh, words[0], "（"+words[2]+"）\n")
	line(&zh, "编号：", v.ID)
	line(&zh, "户号或地点：", place)
	line(&zh, "送达地址：", v.About.Address)
	line(&zh, "发现时间：", at(v.About.FoundAt, zhTime))
	line(&zh, "计划时间：", at(v.About.PlannedAt, zhTime))
	line(&zh, "\n", events[0].Text)
	line(&zh, "\n发出时间：", at(v.About.SentAt, zhTime))
	line(&en, words[1], " ("+words[2]+")\n")
	line(&en, "No.: ", v.ID)
	line(&en, "For: ", place)
	line(&en, "Address: ", v.About.Address)
	line(&en, "Found: ", at(v.About.FoundAt, enTime))
	line(&en, "Planned: ", at(v.About.PlannedAt, enTime))
	line(&en, "\n", events[0].Text)
	line(&en, "\nSent: ", at(v.About.SentAt, enTime))
	p.ZH, p.EN = zh.String(), en.String()
	return p, nil
}
