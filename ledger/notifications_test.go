package ledger_test

import (
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/notify"
	"github.com/nuanju/nuanju/sensors"
)

// told writes an alert to a phone and makes its notification.
func told(t testing.TB, l *ledger.Ledger, key string, m notify.Message, values map[string]string, now sensors.Instant) {
	t.Helper()
	must(t, l.Notify(t.Context(), []notify.Alert{{Key: key, To: notify.Audience{Kind: notify.Phone, ID: "13800000000"}, Message: m, Values: values}}, now))
	alerts, err := l.Alerts(t.Context(), 100)
	must(t, err)
	for _, a := range alerts {
		must(t, l.MakeNotifications(t.Context(), a, []notify.Recipient{{Channel: notify.SMS, Address: a.To.ID, Language: "zh"}}, now))
		must(t, l.MakeNotifications(t.Context(), a, []notify.Recipient{{Channel: notify.SMS, Address: a.To.ID, Language: "zh"}}, now)) // a second replica's
	}
}

var statement = map[string]string{"statement": "s1", "season": "2015"}

func claimed(t testing.TB, l *ledger.Ledger, now sensors.Instant) []notify.Notification {
	t.Helper()
	all, err := l.ClaimNotifications(t.Context(), []notify.Channel{notify.SMS}, now, time.Minute, 100)
	must(t, err)
	return all
}

// Whoever claims a notification has it until the lease ends. After that somebody else has it, and what the first says of it is not heard.
func TestALease(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		told(t, l, "k", notify.StatementReady, statement, morning)
		if none, err := l.ClaimNotifications(t.Context(), []notify.Channel{notify.Mail}, morning, time.Minute, 100); err != nil || none != nil {
			t.Errorf("another channel's: %v, %v", none, err)
		}
		first := claimed(t, l, morning)
		if len(first) != 1 || first[0].Key != "k#1" || first[0].Attempts != 1 || !reflect.DeepEqual(first[0].Values, statement) || first[0].Address != "13800000000" {
			t.Fatalf("claimed %+v", first)
		}
		if again := claimed(t, l, morning.Add(time.Minute-1)); again != nil {
			t.Errorf("claimed twice: %+v", again)
		}
		second := claimed(t, l, morning.Add(time.Minute))
		if len(second) != 1 || second[0].Attempts != 2 {
			t.Fatalf("after the lease: %+v", second)
		}
		late := first[0]
		late.State, late.DoneAt = notify.GivenUp, morning.Add(time.Minute)
		must(t, l.SettleNotification(t.Context(), late))
		done := second[0]
		done.State, done.DoneAt = notify.Sent, morning.Add(61*time.Second)
		must(t, l.SettleNotification(t.Context(), done))
		all, err := l.Notifications(t.Context(), ledger.NotificationFilter{})
		if err != nil || len(all) != 1 || all[0].State != notify.Sent || all[0].DoneAt != morning.Add(61*time.Second) {
			t.Errorf("got %+v, %v", all, err)
		}
	})
}

// However many ask at once, each notification goes to one of them.
func TestManyClaimAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		for i := range 30 {
			told(t, l, fmt.Sprint("k", i), notify.StatementReady, statement, morning)
		}
		var mu sync.Mutex
		got := map[string]int{}
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				for _, n := range claimed(t, l, morning) {
					mu.Lock()
					got[n.Key]++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		for key, n := range got {
			if n != 1 {
				t.Errorf("%s was claimed %d times", key, n)
			}
		}
		if len(got) != 30 {
			t.Errorf("%d claimed", len(got))
		}
	})
}

// A code is nowhere once it was sent.
func TestSecretsAreNotKept(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		told(t, l, "k", notify.SignInCode, map[string]string{"code": "123456"}, morning)
		n := claimed(t, l, morning)[0]
		if n.Values["code"] != "123456" {
			t.Fatalf("got %+v", n)
		}
		if all, err := l.Notifications(t.Context(), ledger.NotificationFilter{}); err != nil || all[0].Values != nil {
			t.Errorf("listed %+v, %v", all, err)
		}
		n.State, n.DoneAt = notify.Sent, morning
		must(t, l.SettleNotification(t.Context(), n))
		for _, table := range []string{"alerts", "notifications"} {
			if kept := l.Query(t, "SELECT count(*) FROM "+table+" WHERE vals LIKE '%123456%'"); kept != 0 {
				t.Errorf("%s keeps it", table)
			}
		}
		if _, err := l.RetryNotification(t.Context(), n.ID, morning); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("sent again: %v", err)
		}
	})
}

// What was given up is sent when somebody says so, and only that.
func TestTryingAgain(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		told(t, l, "k", notify.StatementReady, statement, morning)
		n := claimed(t, l, morning)[0]
		if _, err := l.RetryNotification(t.Context(), n.ID, morning); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("one that waits: %v", err)
		}
		n.State, n.DoneAt, n.Error = notify.GivenUp, morning, "away"
		must(t, l.SettleNotification(t.Context(), n))
		if by, _, err := l.CountNotifications(t.Context()); err != nil || by[notify.GivenUp] != 1 || by[notify.Waiting] != 0 {
			t.Errorf("counted %v, %v", by, err)
		}
		_, err := l.RetryNotification(t.Context(), n.ID, morning.Add(time.Hour))
		must(t, err)
		if all := claimed(t, l, morning.Add(time.Hour)); len(all) != 1 || all[0].Attempts != 1 {
			t.Errorf("got %+v", all)
		}
		if _, err := l.RetryNotification(t.Context(), n.ID+1, morning); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("an unknown one: %v", err)
		}
	})
}

// The residents of a home are those whose contract is in force then; without a contract it is the phone of the registry.
func TestResidentsToTell(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		_, err := l.ImportRegistry(t.Context(), declared(t, town()), ledger.ImportOptions{}, 100)
		must(t, err)
		put(t, l, lease(t, "c1", "李四", "2015-11-01", "2016-10-31"), morning)
		two := lease(t, "c2", "王五", "2016-11-01", "")
		two.Residents = []disputes.Person{{Name: "王五", Phone: "13900000000", Language: "en"}, {Name: "王六", Email: "w6@heating.example", Language: "zh"}, {Name: "无", Language: "zh"}}
		put(t, l, two, morning)
		for day, want := range map[string][]notify.Recipient{
			"2015-10-31": {{Channel: notify.SMS, Address: "13800000000", Language: "zh"}},
			"2016-10-31": {{Channel: notify.SMS, Address: "+8613800000000", Language: "zh"}},
			"2016-11-01": {{Channel: notify.SMS, Address: "13900000000", Language: "en"}, {Channel: notify.Mail, Address: "w6@heating.example", Language: "zh"}},
		} {
			got, err := l.ResidentsToTell(t.Context(), disputes.Home("h1"), date(t, day).Start(beijing))
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s: %+v, %v", day, got, err)
			}
		}
		for _, p := range []disputes.Place{{Kind: disputes.AtRiser, ID: "b1-r1"}, {Kind: disputes.AtBuilding, ID: "b1"}, {Kind: disputes.AtSubstation, ID: "ss1"}, {Kind: disputes.Everywhere}} {
			got, err := l.ResidentsToTell(t.Context(), p, date(t, "2016-10-31").Start(beijing))
			if err != nil || len(got) != 1 || got[0].Address != "+8613800000000" {
				t.Errorf("%v: %+v, %v", p, got, err)
			}
		}
		for _, silent := range []string{"h2", "h9"} { // without a phone, and not registered
			if got, err := l.ResidentsToTell(t.Context(), disputes.Home(silent), morning); err != nil || got != nil {
				t.Errorf("%s: %+v, %v", silent, got, err)
			}
		}
	})
}

// What is told of a ticket's events is written with them, once, or not at all.
func TestTicketsTellInTheSameTransaction(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ticket := file(t, l, "t1", disputes.Leak, 0)
		must(t, act(t.Context(), l, "t1", disputes.Command{Event: disputes.Replied, Text: "来了", Actor: dispatcher}, morning.Add(time.Minute)))
		after, events, err := disputes.Apply(ticket, disputes.Command{Event: disputes.Updated, Text: "又来", Actor: dispatcher}, morning.Add(time.Hour))
		must(t, err)
		if err := l.SaveTicket(t.Context(), ticket, after, events, nil); !errors.Is(err, ledger.ErrConflict) {
			t.Fatalf("of a ticket that has changed: %v", err)
		}
		alerts, err := l.Alerts(t.Context(), 10)
		must(t, err)
		var got []string
		for _, a := range alerts {
			got = append(got, a.Key)
		}
		if !reflect.DeepEqual(got, []string{"ticket/t1/1/emergency", "ticket/t1/1/desk", "ticket/t1/2/residents"}) {
			t.Errorf("got %v", got)
		}
	})
}
