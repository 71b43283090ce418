package notify

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// What is told of matters, as it reads. Every row of the table has one here.
func TestWhatIsToldOfMatters(t *testing.T) {
	at := sensors.At(time.Date(2015, 12, 1, 0, 0, 0, 0, time.UTC))
	building, home := disputes.Place{Kind: disputes.AtBuilding, ID: "B1"}, disputes.Home("h1")
	told := map[matterTelling]bool{}
	w := NewWriter(beijing, "")
	for _, c := range []struct {
		kind  disputes.MatterKind
		place disputes.Place
		event disputes.EventKind
		body  string
		want  string // audience and text; empty: nobody
	}{
		{
			disputes.StoppageMatter, building, disputes.Announced, `{"start":"2015-12-02T00:00:00Z","end":"2015-12-02T06:00:00Z"}`,
			"residents/building B1 【暖据】停热公告：12月2日08:00 至 12月2日14:00，换 泵。",
		},
		{
			disputes.StoppageMatter, building, disputes.Rescheduled, `{"start":"2015-12-03T00:00:00Z","end":"2015-12-03T06:00:00Z"}`,
			"residents/building B1 【暖据】停热公告：12月3日08:00 至 12月3日14:00，换 泵。",
		},
		{disputes.StoppageMatter, building, disputes.CancelledIt, `{"start":"2015-12-02T00:00:00Z"}`, "residents/building B1 【暖据】原定 12月2日08:00 的停热已取消。"},
		{disputes.StoppageMatter, building, disputes.Ended, `{}`, "residents/building B1 【暖据】供热已恢复（12月1日08:00 记录）。"},
		{disputes.StoppageMatter, building, disputes.RecordGiven, `{}`, ""},
		{disputes.StoppageMatter, building, disputes.Contested, `{}`, "on_call desk 【暖据】用热人对 M1 提出异议（B1）：换 泵"},
		{
			disputes.ExemptionMatter, home, disputes.Claimed, `{"clause":"A7.2.2.1","start":"2015-12-01T00:00:00Z"}`,
			"residents/household h1 【暖据】供热人就您户主张免责（A7.2.2.1），自 12月1日08:00 起。您可以提出异议。",
		},
		{disputes.ExemptionMatter, home, disputes.Contested, `{}`, "on_call desk 【暖据】用热人对 M1 提出异议（h1）：换 泵"},
		{
			disputes.NoticeMatter, home, disputes.Dispatched, `{"kind":"hazard"}`,
			"residents/household h1 【暖据】您有一份书面通知（隐患或违规），编号 M1，已按合同地址寄送或在楼门张贴。",
		},
		{disputes.SamplingMatter, home, disputes.Requested, `{}`, "on_call desk 【暖据】户号 h1 申请免费测温：换 泵"},
	} {
		m := disputes.Matter{Kind: c.kind, ID: "M1", Place: c.place, Version: 1, Body: []byte(c.body)}
		var got []string
		for _, a := range OfMatter(m, []disputes.MatterEvent{{Seq: 1, Event: c.event, At: at, Text: "换\n泵"}}) {
			if err := a.Check(); err != nil {
				t.Error(err)
			}
			text, err := w.Write("zh", a.Message, a.Values)
			if err != nil {
				t.Error(err)
			}
			got = append(got, string(a.To.Kind)+" "+a.To.ID+" "+text.Body)
		}
		if strings.Join(got, "\n") != c.want {
			t.Errorf("%s %s: got %q, want %q", c.kind, c.event, got, c.want)
		}
		for _, row := range matterTellings() {
			told[row] = told[row] || row.kind == c.kind && row.event == c.event
		}
	}
	if i := slices.IndexFunc(matterTellings(), func(r matterTelling) bool { return !told[r] }); i >= 0 {
		t.Errorf("nothing here is told of %v", matterTellings()[i])
	}
}
