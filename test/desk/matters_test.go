package desk_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// link is the first link of the page whose address has a part.
func (b *browser) link(part string) string {
	b.t.Helper()
	for _, m := range regexp.MustCompile(`href="([^"]+)"`).FindAllStringSubmatch(b.page, -1) {
		if strings.Contains(m[1], part) {
			return m[1]
		}
	}
	b.t.Fatalf("%s has no link to %s: %s", b.at, part, b.text())
	return ""
}

// A stoppage is announced, shows its six hours and how many count for each home that it touches, ends, is recorded, and is printed in
// both languages.
func TestStoppageAtTheDesk(t *testing.T) {
	t.Parallel()
	s := newTown(t)
	s.account("wang", "dispatcher")
	s.Start()
	b := s.enter("wang")
	b.open("/desk/outages", http.StatusOK)
	b.shows("没有记录", "公告停热")
	start := time.Now().Add(time.Hour)
	fields := url.Values{"place": {"building"}, "place_id": {"b1"}, "start": {local(start)}, "planned": {"true"}, "key": {"once"}}
	b.send("/desk/outages", fields, http.StatusUnprocessableEntity) // neither an end nor a reason
	if n := strings.Count(b.page, `role="alert"`); n < 2 {
		t.Errorf("%d complaints: %s", n, b.text())
	}
	fields.Set("end", local(start.Add(4*time.Hour)))
	fields.Set("reason", "换热站检修")
	b.send("/desk/outages", fields, http.StatusOK)
	at := b.at
	b.shows("已公告", "六小时上限", "暖据里 1号楼 101", "暖据里 1号楼 201", "0 / 3 次", "换热站检修")
	b.open(at+"/sheet", http.StatusOK)
	b.shows("停热检修公告", "Announcement of a stoppage of heat", "换热站检修", strings.Replace(local(start), "T", " ", 1))
	b.open(at, http.StatusOK)
	b.send(at+"/record", url.Values{"text": {"记录"}}, http.StatusConflict) // it has not ended
	b.send(at+"/end", url.Values{"end": {local(start.Add(48 * time.Hour))}}, http.StatusUnprocessableEntity)
	b.open("/desk/outages?state=announced", http.StatusOK)
	b.link(at)
	b.open("/published", anyStatus)
	if keys := b.missing(); len(keys) > 0 {
		t.Errorf("nobody wrote %v", keys)
	}
}

// An exemption awaits its proof and then exempts; a mediator rejects it. A resident's home shows it all in one place.
func TestExemptionAndDisputeAtTheDesk(t *testing.T) {
	t.Parallel()
	s := newTown(t)
	s.account("wang", "dispatcher")
	s.account("sun", "mediator")
	s.Start()
	b := s.enter("wang")
	b.open("/desk/exemptions", http.StatusOK)
	from := time.Now().Add(-48 * time.Hour)
	b.send("/desk/exemptions", url.Values{
		"clause": {"A7.2.2.2"}, "place": {"household"}, "place_id": {"101"}, "start": {local(from)}, "end": {local(from.Add(24 * time.Hour))}, "text": {"两次上门未能入户"},
	}, http.StatusOK)
	claim := b.at
	b.shows("已主张，待证明", "目前是否免责 否")
	b.send(claim+"/proofs", url.Values{"text": {"上门记录两份"}, "version": {"7"}}, http.StatusConflict)
	b.send(claim+"/proofs", url.Values{"text": {"上门记录两份"}}, http.StatusOK)
	b.shows("已证明", "目前是否免责 是")

	b.open("/disputes", http.StatusOK)
	b.send("/disputes", url.Values{"household": {"101"}, "about_kind": {"exemption"}, "about_id": {claim[strings.LastIndex(claim, "/")+1:]}, "text": {"住户称未通知"}}, http.StatusOK)
	dispute := b.at
	b.shows("协商中")
	b.send(dispute+"/escalate", url.Values{"text": {"协商未果"}}, http.StatusOK)
	b.shows("调解中")

	m := s.enter("sun")
	m.open("/disputes", http.StatusOK)
	m.open(m.link(dispute), http.StatusOK)
	m.send(dispute+"/settle", url.Values{"text": {"证据不足"}, "reject": {claim[strings.LastIndex(claim, "/")+1:]}}, http.StatusOK)
	m.shows("已有结果", "不成立")
	b.open(claim, http.StatusOK)
	b.shows("认定不成立", "目前是否免责 否")

	b.open("/desk/homes?q=A-101", http.StatusOK) // one is found: its page
	b.shows("暖据里 1号楼 101", "13800000101", "0 / 3 次", "认定不成立", "已有结果", "低温时段")
	for _, b := range []*browser{b, m} {
		if keys := b.missing(); len(keys) > 0 {
			t.Errorf("nobody wrote %v", keys)
		}
	}
}

// One reply answers all tickets of an incident; the sheet hands over what is open.
func TestIncidentAtTheDesk(t *testing.T) {
	t.Parallel()
	s := newTown(t)
	s.account("wang", "dispatcher")
	s.Start()
	one, other := s.file("101", "no_heat", "不热", time.Now()), s.file("201", "low_temperature", "冷", time.Now())
	b := s.enter("wang")
	b.open("/desk/incidents", http.StatusOK)
	b.send("/desk/incidents", url.Values{"kind": {"riser"}, "id": {"r9"}, "text": {"立管不热"}}, http.StatusUnprocessableEntity)
	b.send("/desk/incidents", url.Values{"kind": {"riser"}, "id": {"r1"}, "text": {"立管不热"}, "tickets": {one + " " + other}}, http.StatusOK)
	at := b.at
	b.shows(one, other, "立管不热")
	b.send(at+"/reply", url.Values{"text": {"已派人检查立管"}}, http.StatusOK)
	for _, id := range []string{one, other} {
		b.open("/desk/tickets/"+id, http.StatusOK)
		b.shows("已派人检查立管", "按时答复")
	}
	b.open("/desk/handover", http.StatusOK)
	b.shows("未结工单（2）", "未结群体事件（1）", "立管不热")
	b.open(at, http.StatusOK)
	b.send(at+"/leave", url.Values{"tickets": {"T0"}}, http.StatusOK)
	b.shows("以下工单未能处理", "T0")
	b.send(at+"/resolve", url.Values{"text": {"已排除"}}, http.StatusOK)
	b.shows("处理完毕")
	if keys := b.missing(); len(keys) > 0 {
		t.Errorf("nobody wrote %v", keys)
	}
}

// A sampling is appointed and recorded room by room; a notice is drafted, sent and printed; official days and devices are shown.
func TestOtherWorkAtTheDesk(t *testing.T) {
	t.Parallel()
	s := newTown(t)
	s.account("wang", "dispatcher")
	s.Start()
	b := s.enter("wang")
	b.open("/desk/samplings", http.StatusOK)
	b.send("/desk/samplings", url.Values{"household": {"101"}, "text": {"请来测温"}}, http.StatusOK)
	at := b.at
	from := time.Now().Add(time.Hour)
	b.send(at+"/appoint", url.Values{"from": {local(from)}, "until": {local(from.Add(2 * time.Hour))}}, http.StatusOK)
	b.shows("已预约", "bedroom °C")
	b.send(at+"/record", url.Values{"room:bedroom": {"19.3"}, "text": {"已测"}}, http.StatusOK)
	b.shows("已抽测", "bedroom 19.3 °C")

	b.open("/desk/notices", http.StatusOK)
	b.send("/desk/notices", url.Values{"kind": {"hazard"}, "place": {"household"}, "place_id": {"101"}, "found_at": {local(time.Now().Add(-time.Hour))}, "text": {"私接放水阀"}}, http.StatusOK)
	notice := b.at
	b.shows("已拟定", "隐患或违规告知书", "Notice of a hazard or violation", "最迟发出")
	b.send(notice+"/send", url.Values{"address": {"暖据里1号楼101"}}, http.StatusOK)
	b.shows("已发出")
	b.send(notice+"/return", url.Values{"text": {"无人签收"}}, http.StatusOK)
	b.shows("已退回（视为送达）")

	b.open("/desk/days", http.StatusOK)
	b.send("/desk/days", url.Values{"station": {"beijing"}, "date": {time.Now().AddDate(0, 0, -3).Format(time.DateOnly)}, "celsius": {"-8.1"}, "source": {"气象局"}}, http.StatusOK)
	b.shows("-8.1 °C")
	b.open("/desk/devices", http.StatusOK)
	b.shows("待校准的设备")
	b.send("/desk/devices", url.Values{"device": {"d1"}, "from": {local(time.Now())}, "offset_celsius": {"0.5"}, "certificate": {"C1"}}, http.StatusNotFound)
	b.open("/desk/confirmations", http.StatusOK)
	if keys := b.missing(); len(keys) > 0 {
		t.Errorf("nobody wrote %v", keys)
	}
}
