package desk_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// file files a report by token and returns its id.
func (s *town) file(household, kind, text string, at time.Time) string {
	s.T.Helper()
	s.Token("dispatcher")
	body, err := json.Marshal(map[string]any{"household": household, "kind": kind, "text": text, "reported_at": at.Format(time.RFC3339)})
	if err != nil {
		s.T.Fatal(err)
	}
	status, answer, err := s.Do("dispatcher", http.MethodPost, "/api/v1/tickets", body, map[string]string{"Content-Type": "application/json"})
	var filed struct{ ID string }
	if err != nil || status != http.StatusCreated || json.Unmarshal(answer, &filed) != nil {
		s.T.Fatalf("filing: %d %s %v", status, answer, err)
	}
	return filed.ID
}

// A dispatcher without scripts works through the queue: the leak first, then the clock that runs out first; filters leave what they name;
// a reply answers one clock and not the other; what is wrong with a form is said beside it.
func TestQueueWithoutScripts(t *testing.T) {
	t.Parallel()
	s := newTown(t)
	s.account("wang", "dispatcher")
	s.account("li", "auditor")
	s.Start()
	now := time.Now()
	fresh := s.file("101", "low_temperature", "卧室冷", now.Add(-time.Minute))
	late := s.file("201", "low_temperature", "一直不热", now.Add(-2*time.Hour))
	leak := s.file("101", "leak", "暖气漏水<script>", now)

	b := s.enter("wang")
	b.open("/desk", http.StatusOK)
	at := func(id string) int { return strings.Index(b.page, `id="open-`+id) }
	if at(leak) < 0 || at(late) < at(leak) || at(fresh) < at(late) {
		t.Errorf("leak at %d, late at %d, fresh at %d", at(leak), at(late), at(fresh))
	}
	b.shows("共 3 件，其中 2 件", "紧急", "已超时", "暖据里 1号楼 101", "漏水")
	if strings.Contains(b.page, "<script>") && strings.Contains(b.page, "漏水<script>") {
		t.Error("the words of a report are markup")
	}

	for query, want := range map[string][]string{
		"?kind=leak": {leak}, "?breached=true": {late}, "?mine=true": {}, "?building=b2": {}, "?building=b1": {leak, late, fresh},
		"?q=A-201": {late}, "?q=13800000201": {late}, "?q=" + url.QueryEscape("暖据里"): {leak, late, fresh}, "?state=resolved": {},
	} {
		b.open("/desk"+query, http.StatusOK)
		for _, id := range []string{leak, late, fresh} {
			wanted := strings.Contains(" "+strings.Join(want, " ")+" ", " "+id+" ")
			if (at(id) >= 0) != wanted {
				t.Errorf("/desk%s: %s is shown: %v", query, id, !wanted)
			}
		}
	}

	path := "/desk/tickets/" + late
	b.open(path, http.StatusOK)
	b.shows("一直不热", "温度不达标", "答复用热人", "经过", "无有效读数")
	b.send(path+"/reply", url.Values{"text": {" "}}, http.StatusUnprocessableEntity)
	b.shows("一直不热") // the ticket stays in sight
	b.send(path+"/reply", url.Values{"text": {"师傅一小时内到"}}, http.StatusOK)
	b.shows("师傅一小时内到", "逾期答复", "还剩") // the update's clock still runs
	b.send(path+"/appoint", url.Values{"from": {local(now.Add(time.Hour))}, "until": {local(now.Add(2 * time.Hour))}}, http.StatusOK)
	b.shows("预约上门 " + strings.Replace(local(now.Add(time.Hour)), "T", " ", 1))
	b.send(path+"/assign", url.Values{"assignee": {"wang"}}, http.StatusOK)
	b.open("/desk?mine=true", http.StatusOK)
	if at(late) < 0 || at(leak) >= 0 {
		t.Error("mine is not what is mine")
	}
	b.open(path, http.StatusOK)
	b.send(path+"/visit", url.Values{"text": {"排气后恢复"}, "celsius": {"19.25"}}, http.StatusOK)
	b.shows("19.2 °C")
	b.send(path+"/resolve", url.Values{"text": {"已排气"}}, http.StatusOK)
	b.shows("处理完毕")
	b.send(path+"/assign", url.Values{"assignee": {"zhao"}}, http.StatusConflict)
	b.send(path+"/nothing", url.Values{}, http.StatusNotFound)

	b.open("/desk", http.StatusOK)
	b.send("/desk/tickets", url.Values{"household": {"999"}, "kind": {"no_heat"}}, http.StatusUnprocessableEntity)
	b.send("/desk/tickets", url.Values{"household": {"101"}, "kind": {"no_heat"}, "text": {"来电"}, "key": {"k1"}}, http.StatusOK)
	b.shows("来电", "不热")
	first := b.at
	b.send("/desk/tickets", url.Values{"household": {"101"}, "kind": {"no_heat"}, "text": {"来电"}, "key": {"k1"}}, http.StatusOK)
	if b.at != first {
		t.Errorf("sent twice, a call is %s and %s", first, b.at)
	}

	b.open("/lang/en?next="+url.QueryEscape(path), http.StatusOK)
	b.shows("Too cold", "Reply within 1 hour", "answered late")
	if keys := b.missing(); len(keys) > 0 {
		t.Errorf("nobody wrote %v", keys)
	}

	auditor := s.enter("li")
	auditor.open("/desk", http.StatusForbidden)
	auditor.open(path, http.StatusOK)
	auditor.hides("添加附件", "作废")
	auditor.send(path+"/reply", url.Values{"text": {"x"}}, http.StatusForbidden)
}

// A form without the session's token does nothing.
func TestNobodyElsesForms(t *testing.T) {
	t.Parallel()
	s := newTown(t)
	s.account("wang", "dispatcher")
	s.Start()
	id := s.file("101", "other", "", time.Now())
	b := s.enter("wang")
	b.page = ""
	b.send("/desk/tickets/"+id+"/reply", url.Values{"text": {"forged"}}, http.StatusForbidden)
	b.open("/desk/tickets/"+id, http.StatusOK)
	b.hides("forged")
}
