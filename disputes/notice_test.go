package disputes_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// noticeTime is a time in Beijing, such as 2015-12-01 08:00:00.
func noticeTime(t *testing.T, s string) time.Time {
	t.Helper()
	at, err := time.ParseInLocation("2006-01-02 15:04:05.999999999", s, beijing)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func drafted(t *testing.T, kind disputes.NoticeKind, about string) disputes.Matter {
	t.Helper()
	n := disputes.Notice{Kind: kind}
	at := noticeTime(t, about).UTC()
	switch kind {
	case disputes.HazardNotice:
		n.FoundAt = &at
	case disputes.FillingNotice:
		n.PlannedAt = &at
	}
	o, err := disputes.DraftNotice(disputes.Opening{
		ID: "N1", Place: disputes.Home("h1"), Text: "阀门漏水", Actor: disputes.Actor{Role: disputes.Dispatcher, ID: "d"},
	}, n, beijing)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := disputes.Begin(o, sensors.At(at))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func move(m disputes.Matter, event disputes.EventKind, at time.Time, on compliance.Date) (disputes.Matter, error) {
	after, _, err := disputes.AdvanceNotice(m, disputes.NoticeMove{
		Move: disputes.Move{Event: event, Text: "回执", Actor: disputes.Actor{Role: disputes.Dispatcher, ID: "d"}}, Address: "东四 1 号", On: on,
	}, beijing, sensors.At(at))
	return after, err
}

// The last moment at which a notice is in time, and the first at which it is late (A6.3, A6.5), whatever the hour of what it is about.
func TestNoticesInTime(t *testing.T) {
	for _, c := range []struct {
		kind             disputes.NoticeKind
		about, last, too string
	}{
		{disputes.HazardNotice, "2015-12-01 00:00:00", "2015-12-04 23:59:59.999999999", "2015-12-05 00:00:00"},
		{disputes.HazardNotice, "2015-12-01 23:59:59", "2015-12-04 23:59:59.999999999", "2015-12-05 00:00:00"},
		{disputes.HazardNotice, "2016-02-27 12:00:00", "2016-03-01 23:59:59.999999999", "2016-03-02 00:00:00"}, // a leap year
		{disputes.FillingNotice, "2015-11-08 00:00:00", "2015-11-01 23:59:59.999999999", "2015-11-02 00:00:00"},
		{disputes.FillingNotice, "2015-11-08 18:00:00", "2015-11-01 23:59:59.999999999", "2015-11-02 00:00:00"},
	} {
		m := drafted(t, c.kind, c.about)
		for at, late := range map[string]bool{c.last: false, c.too: true} {
			sent, err := move(m, disputes.Dispatched, noticeTime(t, at), 0)
			if err != nil {
				t.Fatal(err)
			}
			n, err := disputes.Body[disputes.Notice](sent.Body)
			if err != nil || n.Late(sensors.At(noticeTime(t, "2017-01-01 00:00:00"))) != late {
				t.Errorf("%s of %s sent at %s: late is not %v (%v)", c.kind, c.about, at, late, err)
			}
			unsent, err := disputes.Body[disputes.Notice](m.Body)
			if err != nil || unsent.Late(sensors.At(noticeTime(t, at))) != late {
				t.Errorf("%s of %s not sent by %s: late is not %v (%v)", c.kind, c.about, at, late, err)
			}
		}
	}
	never := drafted(t, disputes.OtherNotice, "2015-12-01 00:00:00")
	if n, err := disputes.Body[disputes.Notice](never.Body); err != nil || n.Due != nil || n.Late(sensors.Forever) {
		t.Errorf("a notice without a deadline is late: %+v, %v", n, err)
	}
}

// A notice that came back counts as delivered on that day (A12), which lies from the day of sending to today; it is not delivered again.
func TestANoticeThatCameBack(t *testing.T) {
	m := drafted(t, disputes.OtherNotice, "2015-12-01 00:00:00")
	if _, err := move(m, disputes.CameBack, noticeTime(t, "2015-12-03 12:00:00"), 0); !errors.Is(err, disputes.ErrConflict) {
		t.Errorf("before it was sent: %v", err)
	}
	sent, err := move(m, disputes.Dispatched, noticeTime(t, "2015-12-02 23:30:00"), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, on := range []compliance.Date{compliance.DateOf(2015, 12, 1), compliance.DateOf(2015, 12, 6)} {
		if _, err := move(sent, disputes.CameBack, noticeTime(t, "2015-12-05 12:00:00"), on); !errors.Is(err, disputes.ErrInvalid) {
			t.Errorf("on %s: %v", on, err)
		}
	}
	for on, want := range map[compliance.Date]string{0: "2015-12-05", compliance.DateOf(2015, 12, 2): "2015-12-02", compliance.DateOf(2015, 12, 4): "2015-12-04"} {
		back, err := move(sent, disputes.CameBack, noticeTime(t, "2015-12-05 12:00:00"), on)
		if err != nil {
			t.Fatal(err)
		}
		n, err := disputes.Body[disputes.Notice](back.Body)
		if err != nil || n.DeliveredOn != want || back.State != disputes.StateReturned {
			t.Errorf("got %+v in %s, want %s (%v)", n, back.State, want, err)
		}
		if _, err := move(back, disputes.Delivered, noticeTime(t, "2015-12-06 12:00:00"), 0); !errors.Is(err, disputes.ErrConflict) {
			t.Errorf("delivered after it came back: %v", err)
		}
	}
}

func TestEveryErrorOfANoticeAtOnce(t *testing.T) {
	at := time.Unix(1, 0)
	for _, c := range []struct {
		n    disputes.Notice
		want string
	}{
		{disputes.Notice{Kind: "x", FoundAt: &at}, "kind: is not one of hazard, filling, change, stoppage, other\nfound_at: is of a hazard only"},
		{disputes.Notice{Kind: disputes.HazardNotice, PlannedAt: &at}, "found_at: is needed of a hazard\nplanned_at: is of a filling only"},
	} {
		if _, err := disputes.DraftNotice(disputes.Opening{}, c.n, beijing); err == nil || err.Error() != c.want {
			t.Errorf("got %v, want %s", err, c.want)
		}
	}
	_, _, err := disputes.AdvanceNotice(drafted(t, disputes.OtherNotice, "2015-12-01 00:00:00"), disputes.NoticeMove{
		Move: disputes.Move{Event: disputes.Dispatched, Actor: disputes.Actor{Role: disputes.Admin, ID: "a"}},
	}, beijing, sensors.At(noticeTime(t, "2015-12-02 00:00:00")))
	if !errors.Is(err, disputes.ErrInvalid) || !strings.Contains(err.Error(), "address") {
		t.Errorf("sent nowhere: %v", err)
	}
}
