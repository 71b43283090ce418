package payment_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/billing/payment"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/configs"
)

func rulesOf(t *testing.T, pack string) *payment.Rules {
	t.Helper()
	all, err := configs.Payment(pack)
	if err != nil || len(all) != 1 {
		t.Fatalf("%s: %d winters, error %v", pack, len(all), err)
	}
	return &all[0]
}

func on(t *testing.T, date string) compliance.Date {
	t.Helper()
	d, err := compliance.ParseDate(date)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func ask(t *testing.T, pack string, a payment.Account, date string) payment.Answer {
	t.Helper()
	got, err := payment.Options([]payment.Rules{*rulesOf(t, pack)}, a, on(t, date))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// open is the channels that are open, in the order of the rules.
func open(a payment.Answer) string {
	var ids []string
	for _, o := range a.Options {
		if o.Open {
			ids = append(ids, o.Channel.ID)
		}
	}
	return strings.Join(ids, " ")
}

func option(t *testing.T, a payment.Answer, channel string) payment.Option {
	t.Helper()
	i := slices.IndexFunc(a.Options, func(o payment.Option) bool { return o.Channel.ID == channel })
	if i < 0 {
		t.Fatalf("no channel %s", channel)
	}
	return a.Options[i]
}

const (
	allOfQingdao = "wechat_account wechat_utilities alipay_utilities counter bank_counter bank_web bank_app bank_kiosk"
	allOfWeihai  = "wechat_account wechat_utilities alipay web_1 web_2 kiosk own_counter counter temporary_counter bank"
)

// Qingdao, row "window, due": in full by 15 November 2025. Row "late": interest at the lending rate of the same term.
func TestQingdaoWindowAndLate(t *testing.T) {
	r := rulesOf(t, "qingdao")
	if r.Winter != 2025 || r.From != 0 || r.Until != on(t, "2025-11-15") || !r.InFull {
		t.Errorf("window %s to %s of %d, in full %v", r.From, r.Until, r.Winter, r.InFull)
	}
	for date, late := range map[string]bool{"2025-07-01": false, "2025-11-15": false, "2025-11-16": true, "2026-06-30": true} {
		got := ask(t, "qingdao", payment.Account{}, date)
		if got.Late != late || open(got) != allOfQingdao {
			t.Errorf("%s: late %v, open %s", date, got.Late, open(got))
		}
		if late && !strings.Contains(got.Reasons[0].Words.EN, "lending rate of the same term") {
			t.Errorf("%s: %+v", date, got.Reasons)
		}
	}
}

// Row "account": the number on the heat card or a past receipt; bound by number and name.
func TestQingdaoAccountIsBoundByNumberAndName(t *testing.T) {
	r := rulesOf(t, "qingdao").Account
	if !strings.Contains(r.Number.EN, "heat card or on a past receipt") {
		t.Error(r.Number)
	}
	mine := payment.Identity{Number: "0532001", Name: "王某"}
	for _, c := range []struct {
		given payment.Identity
		binds bool
	}{
		{payment.Identity{Number: "0532001", Name: " 王某 "}, true},
		{payment.Identity{Number: "0532001", Name: "李某"}, false},
		{payment.Identity{Number: "0532002", Name: "王某"}, false},
		{payment.Identity{Number: "0532001"}, false},
		{payment.Identity{Name: "王某"}, false},
		{payment.Identity{}, false},
	} {
		if got := r.Binds(c.given, mine); got != c.binds {
			t.Errorf("%+v: %v", c.given, got)
		}
	}
	if r.Binds(payment.Identity{}, payment.Identity{}) {
		t.Error("nothing agrees with nothing")
	}
}

// Rows "channels" and "not for everyone": two subsidiaries' customers have neither WeChat account, Alipay nor bank; a third
// lacks WeChat utilities as well.
func TestQingdaoChannels(t *testing.T) {
	for subsidiary, want := range map[string]string{
		"":             allOfQingdao,
		"subsidiary_1": "wechat_utilities counter",
		"subsidiary_2": "wechat_utilities counter",
		"subsidiary_3": "counter",
	} {
		got := ask(t, "qingdao", payment.Account{Subsidiary: subsidiary}, "2025-11-01")
		if open(got) != want {
			t.Errorf("%q: open %s, want %s", subsidiary, open(got), want)
		}
		for _, o := range got.Options {
			if o.Open == (len(o.Reasons) > 0) {
				t.Errorf("%q: %s open %v with reasons %v", subsidiary, o.Channel.ID, o.Open, o.Reasons)
			}
			for _, r := range o.Reasons {
				if r.ID != subsidiary || r.Words.ZH == "" || r.Words.EN == "" || r.Source == "" || r.Certainty != "M" {
					t.Errorf("%q: %s: %+v", subsidiary, o.Channel.ID, r)
				}
			}
		}
	}
	// None of Weihai's exclusions is one of Qingdao's.
	if got := ask(t, "qingdao", payment.Account{Facts: payment.Facts()}, "2025-11-01"); open(got) != allOfQingdao {
		t.Error(open(got))
	}
}

// Row "invoice": an e-invoice from 15:00 of the working day after payment, within 90 days, for the online channels; bank
// counters and kiosks: the bank's invoice; VAT special invoice: the supplier's own counter.
func TestQingdaoInvoices(t *testing.T) {
	got := ask(t, "qingdao", payment.Account{}, "2025-11-01")
	for _, o := range got.Options {
		var ids []string
		for _, d := range o.Documents {
			ids = append(ids, d.ID)
		}
		want := "vat_special_invoice"
		switch {
		case o.Channel.Online:
			want = "e_invoice " + want
		case strings.HasPrefix(o.Channel.ID, "bank"):
			want = "bank_invoice " + want
		}
		if strings.Join(ids, " ") != want {
			t.Errorf("%s: %v, want %s", o.Channel.ID, ids, want)
		}
	}
	documents := rulesOf(t, "qingdao").Documents
	e, vat := documents[0], documents[2]
	if vat.ID != "vat_special_invoice" || strings.Join(vat.At, " ") != "counter" {
		t.Errorf("%+v", vat)
	}
	if e.Clock != "15:00" {
		t.Errorf("from %s", e.Clock)
	}
	holiday := func(d compliance.Date) bool { return payment.Weekdays(d) && d != on(t, "2025-11-10") }
	for _, c := range []struct {
		paid, first, last string
		worked            func(compliance.Date) bool
	}{
		{"2025-11-05", "2025-11-06", "2026-02-03", payment.Weekdays}, // a Wednesday
		{"2025-11-07", "2025-11-10", "2026-02-05", payment.Weekdays}, // a Friday: Monday
		{"2025-11-08", "2025-11-10", "2026-02-06", payment.Weekdays}, // a Saturday
		{"2025-11-07", "2025-11-11", "2026-02-05", holiday},          // Monday is a holiday
	} {
		first, last := e.Ready(on(t, c.paid), c.worked)
		if first != on(t, c.first) || last != on(t, c.last) {
			t.Errorf("paid on %s: from %s to %s, want %s to %s", c.paid, first, last, c.first, c.last)
		}
	}
	if first, _ := e.Ready(on(t, "2025-11-05"), func(compliance.Date) bool { return false }); first != 0 {
		t.Errorf("no day is worked, and it is ready on %s", first)
	}
	if first, last := vat.Ready(on(t, "2025-11-05"), payment.Weekdays); first != on(t, "2025-11-05") || last != 0 {
		t.Errorf("VAT invoice from %s to %s", first, last)
	}
}

// Row "suspend or resume": apply by 16 October, online with photos, or at a counter with deed and identity card; a delegate
// brings the owner's copy and a letter.
func TestQingdaoSuspension(t *testing.T) {
	s := rulesOf(t, "qingdao").Suspension
	if !s.Open(on(t, "2025-10-16")) || s.Open(on(t, "2025-10-17")) || len(s.Ways) != 2 {
		t.Fatalf("%+v", s)
	}
	texts := func(all []compliance.Words) (out []string) {
		for _, w := range all {
			out = append(out, w.EN)
		}
		return out
	}
	if got := texts(s.Ways[0].Bring); !slices.Equal(got, []string{"photos"}) || s.Ways[0].Title.EN != "online" {
		t.Errorf("%+v", s.Ways[0])
	}
	counter := s.Ways[1]
	if got := texts(counter.Bring); !slices.Equal(got, []string{"deed", "identity card"}) || counter.Title.EN != "at a counter" {
		t.Errorf("%+v", counter)
	}
	if got := texts(counter.Delegate); !slices.Equal(got, []string{"a copy of the owner's identity card", "a letter of the owner's"}) {
		t.Errorf("%v", got)
	}
}

// Row "other": transfer before a sale; unpaid accounts are reported to the credit registry; no unofficial collectors.
func TestQingdaoNotes(t *testing.T) {
	want := []string{"transfer_before_sale", "credit_registry", "no_unofficial_collectors"}
	if got := noteIDs(rulesOf(t, "qingdao")); !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

func noteIDs(r *payment.Rules) (ids []string) {
	for _, n := range r.Notes {
		ids = append(ids, n.ID)
	}
	return ids
}

// Weihai, row "window, due": 10 October to 20 November 2019, holidays too. Row "late": a late fee as the rules say.
func TestWeihaiWindowAndLate(t *testing.T) {
	r := rulesOf(t, "weihai")
	if r.Winter != 2019 || r.From != on(t, "2019-10-10") || r.Until != on(t, "2019-11-20") || !r.Always {
		t.Errorf("%d: %s to %s, holidays %v", r.Winter, r.From, r.Until, r.Always)
	}
	for _, c := range []struct {
		date string
		open bool
		late bool
	}{
		{"2019-10-09", false, false}, {"2019-10-10", true, false}, {"2019-11-20", true, false}, {"2019-11-21", true, true},
	} {
		got := ask(t, "weihai", payment.Account{}, c.date)
		if (open(got) == allOfWeihai) != c.open || !c.open && open(got) != "" || got.Late != c.late {
			t.Errorf("%s: late %v, open %s", c.date, got.Late, open(got))
		}
		if c.late && !strings.Contains(got.Reasons[0].Words.EN, "A late fee is charged as the rules say") {
			t.Errorf("%+v", got.Reasons)
		}
		if !c.open && option(t, got, "alipay").Reasons[0].ID != "not_yet" {
			t.Errorf("%+v", got.Options)
		}
	}
}

// Rows "account" and "channels".
func TestWeihaiAccountAndChannels(t *testing.T) {
	r := rulesOf(t, "weihai")
	if r.Account.Number.EN != "the card number" || !r.Account.Binds(payment.Identity{Number: "7"}, payment.Identity{Number: "7", Name: "x"}) ||
		r.Account.Binds(payment.Identity{Number: "8", Name: "x"}, payment.Identity{Number: "7", Name: "x"}) {
		t.Errorf("%+v", r.Account)
	}
	if got := open(ask(t, "weihai", payment.Account{}, "2019-11-01")); got != allOfWeihai {
		t.Error(got)
	}
}

// The list "only the own company's counter serves an account that …", entry by entry, with what each has to bring.
func TestWeihaiOnlyTheOwnCounterServes(t *testing.T) {
	welfare := []string{"welfare card", "deed", "identity card"}
	for _, c := range []struct {
		fact  payment.Fact
		says  string
		bring []string
	}{
		{payment.NoCard, "no card", nil},
		{payment.StoreysChanged, "attics, duplexes or storeys that changed since last year", nil},
		{payment.CommercialOrPublic, "commercial or public", nil},
		{payment.Arrears, "arrears", nil},
		{payment.StoppedNotReopened, "has not been opened again", nil},
		{payment.OldSharedSystem, "old shared system", nil},
		{payment.PastViolations, "past violations", nil},
		{payment.BillingDataToChange, "billing data have to be changed", []string{"deed", "identity card"}},
		{payment.NotMeasured, "not been measured yet", nil},
		{payment.DisputesFee, "disputes its fee", nil},
		{payment.OnWelfare, "on welfare", welfare},
		{payment.NewAccount, "the developer or manager pays for all at the customer centre", nil},
	} {
		got := ask(t, "weihai", payment.Account{Facts: []payment.Fact{c.fact}}, "2019-11-01")
		if open(got) != "own_counter" {
			t.Errorf("%s: open %s", c.fact, open(got))
		}
		for _, o := range got.Options {
			if o.Channel.ID == "own_counter" {
				var bring []string
				for _, w := range o.Bring {
					bring = append(bring, w.EN)
				}
				if !slices.Equal(bring, c.bring) {
					t.Errorf("%s: brings %v, want %v", c.fact, bring, c.bring)
				}
				continue
			}
			if len(o.Reasons) != 1 || o.Reasons[0].ID != string(c.fact) || !strings.Contains(o.Reasons[0].Words.EN, c.says) ||
				o.Reasons[0].Words.ZH == "" || o.Reasons[0].Certainty != "H" {
				t.Errorf("%s: %s: %+v", c.fact, o.Channel.ID, o.Reasons)
			}
		}
	}
	if n := len(rulesOf(t, "weihai").Exclusions); n != len(payment.Facts()) {
		t.Errorf("%d exclusions for %d facts: one has no test", n, len(payment.Facts()))
	}
}

// Who is excluded for several reasons hears all of them, and brings what any of them asks for.
func TestWeihaiAllReasonsAreTold(t *testing.T) {
	got := ask(t, "weihai", payment.Account{Facts: []payment.Fact{payment.OnWelfare, payment.Arrears}}, "2019-10-01")
	var ids []string
	for _, r := range option(t, got, "bank").Reasons {
		ids = append(ids, r.ID)
	}
	if !slices.Equal(ids, []string{"not_yet", "arrears", "on_welfare"}) {
		t.Error(ids)
	}
}

// Row "invoice": VAT special invoice, corrections and refunds at the own company's counter. Row "suspend or resume": opening
// and sealing at any counter. Row "other": temporary counters with dates and villages.
func TestWeihaiDocumentsSuspensionAndNotes(t *testing.T) {
	r := rulesOf(t, "weihai")
	var ids []string
	for _, d := range r.Documents {
		ids = append(ids, d.ID)
		if !slices.Equal(d.At, []string{"own_counter"}) {
			t.Errorf("%s at %v", d.ID, d.At)
		}
	}
	if !slices.Equal(ids, []string{"vat_special_invoice", "correction", "refund"}) {
		t.Error(ids)
	}
	if s := r.Suspension; s.By != 0 || !s.Open(on(t, "2020-06-30")) || len(s.Ways) != 1 || !strings.Contains(s.Ways[0].Title.EN, "at any counter") {
		t.Errorf("%+v", s)
	}
	if got := noteIDs(r); !slices.Equal(got, []string{"temporary_counters"}) {
		t.Error(got)
	}
	if note := option(t, ask(t, "weihai", payment.Account{}, "2019-11-01"), "temporary_counter").Channel.Note.EN; !strings.Contains(note, "villages") {
		t.Error(note)
	}
}

// A temporary counter whose dates and villages are known is open on its days only, and says where it stands and will.
func TestTemporaryCountersAreOpenOnTheirDays(t *testing.T) {
	r := *rulesOf(t, "weihai")
	r.Channels = slices.Clone(r.Channels)
	i := slices.IndexFunc(r.Channels, func(c payment.Channel) bool { return c.ID == "temporary_counter" })
	r.Channels[i].Places = []payment.Place{
		{Title: compliance.Words{ZH: "甲村", EN: "A"}, From: on(t, "2019-10-12"), Until: on(t, "2019-10-13")},
		{Title: compliance.Words{ZH: "乙村", EN: "B"}, From: on(t, "2019-10-20"), Until: on(t, "2019-10-20")},
	}
	for date, want := range map[string]string{
		"2019-10-11": "closed A B", "2019-10-12": "open A B", "2019-10-13": "open A B", "2019-10-14": "closed B",
		"2019-10-20": "open B", "2019-10-21": "closed",
	} {
		a, err := payment.Options([]payment.Rules{r}, payment.Account{}, on(t, date))
		if err != nil {
			t.Fatal(err)
		}
		o := option(t, a, "temporary_counter")
		got := map[bool]string{true: "open", false: "closed"}[o.Open]
		for _, p := range o.Places {
			got += " " + p.Title.EN
		}
		if got != want {
			t.Errorf("%s: %s, want %s", date, got, want)
		}
	}
}

// A winter of which nothing is known is said to be so, and opens nothing; so does a fact that is misspelt.
func TestWhatIsNotKnownOpensNothing(t *testing.T) {
	got := ask(t, "weihai", payment.Account{}, "2020-10-15")
	if got.Rules != nil || len(got.Options) != 0 || !strings.Contains(got.Reasons[0].Words.EN, "2020–21 is paid for is not known (the latest that is: 2019–20)") {
		t.Errorf("%+v", got)
	}
	none, err := payment.Options(nil, payment.Account{}, on(t, "2020-10-15"))
	if err != nil || !strings.Contains(none.Reasons[0].Words.EN, "the latest that is: none") {
		t.Errorf("%+v, %v", none, err)
	}
	_, err = payment.Options([]payment.Rules{*rulesOf(t, "qingdao")}, payment.Account{Subsidiary: "x", Facts: []payment.Fact{"arears", "nocard"}}, on(t, "2025-11-01"))
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("%v", err)
	}
	// Other packs tell nothing of paying.
	if all, err := configs.Payment("beijing-metered"); err != nil || len(all) != 0 {
		t.Errorf("%v, %v", all, err)
	}
}
