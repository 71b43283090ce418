package payment

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nuanju/nuanju/compliance"
)

// Fact is something about an account that a supplier's rules of payment may turn on.
type Fact string

// The facts.
const (
	NoCard              Fact = "no_card"
	StoreysChanged      Fact = "storeys_changed" // attics, duplexes or storeys changed since last year
	CommercialOrPublic  Fact = "commercial_or_public"
	Arrears             Fact = "arrears"
	StoppedNotReopened  Fact = "stopped_not_reopened"
	OldSharedSystem     Fact = "old_shared_system"
	PastViolations      Fact = "past_violations"
	BillingDataToChange Fact = "billing_data_to_change"
	NotMeasured         Fact = "not_measured"
	DisputesFee         Fact = "disputes_fee"
	OnWelfare           Fact = "on_welfare"
	NewAccount          Fact = "new"
)

// Facts are all facts, in the order above.
func Facts() []Fact {
	return []Fact{
		NoCard, StoreysChanged, CommercialOrPublic, Arrears, StoppedNotReopened, OldSharedSystem, PastViolations,
		BillingDataToChange, NotMeasured, DisputesFee, OnWelfare, NewAccount,
	}
}

// Account is what is known of an account.
type Account struct {
	Subsidiary string // whose customer it is; empty: of the supplier itself
	Facts      []Fact
}

// Answer is what an account is told of the ways to pay.
type Answer struct {
	Rules *Rules // of the winter; nil where the pack knows none for it
	// Late is true when the due date has passed: the ways stay as they are, and the rule for late payment holds.
	Late    bool
	Options []Option // every channel, in the order of the rules
	Reasons []Reason // what holds for all of them
}

// Option is a channel, open to the account or not.
type Option struct {
	Channel   Channel
	Open      bool
	Reasons   []Reason           // why it is closed; all that apply
	Bring     []compliance.Words // what to bring, where it is open
	Places    []Place            // of a temporary counter: where it stands that day or will
	Documents []Document         // what is given for a payment by it
}

// Reason is why, in words, and where that is from.
type Reason struct {
	ID        string // the fact, the subsidiary, or not_yet, late, places, unknown
	Words     compliance.Words
	Source    string
	Certainty string
}

// Options answers which ways are open to the account on the day, from the rules of that day's winter (July to June). The
// error names every fact and subsidiary that the rules do not know; a misspelt one must not open a way.
func Options(seasons []Rules, a Account, on compliance.Date) (Answer, error) {
	winter := on.Year()
	if on.Month() < time.July {
		winter--
	}
	i := slices.IndexFunc(seasons, func(r Rules) bool { return r.Winter == winter })
	if i < 0 {
		return Answer{Reasons: []Reason{unknown(seasons, winter)}}, checkFacts(&a)
	}
	r := &seasons[i]
	if err := errors.Join(checkFacts(&a), r.checkSubsidiary(&a)); err != nil {
		return Answer{}, err
	}
	out := Answer{Rules: r, Late: on > r.Until}
	if out.Late {
		out.Reasons = append(out.Reasons, r.reason("late", compliance.Words{
			ZH: fmt.Sprintf("已过缴费期限 %s。%s", r.Until, r.Late.ZH), EN: fmt.Sprintf("The due date, %s, has passed. %s", r.Until, r.Late.EN),
		}))
	}
	for k := range r.Channels {
		out.Options = append(out.Options, r.option(&r.Channels[k], &a, on))
	}
	return out, nil
}

// option is one channel on the day.
func (r *Rules) option(c *Channel, a *Account, on compliance.Date) Option {
	o := Option{Channel: *c}
	if r.From != 0 && on < r.From {
		o.Reasons = append(o.Reasons, r.reason("not_yet", compliance.Words{
			ZH: fmt.Sprintf("本采暖季自 %s 起缴费。", r.From), EN: fmt.Sprintf("This season is paid for from %s on.", r.From),
		}))
	}
	var bring []compliance.Words
	for i := range r.Exclusions {
		e := &r.Exclusions[i]
		if !e.applies(a) {
			continue
		}
		if slices.Contains(e.Closes, c.ID) {
			id := string(e.Fact)
			if id == "" {
				id = a.Subsidiary
			}
			o.Reasons = append(o.Reasons, r.reason(id, e.Why))
			continue
		}
		bring = append(bring, e.Bring...)
	}
	if len(c.Places) > 0 {
		o.Places = placesFrom(c.Places, on)
		if !slices.ContainsFunc(o.Places, func(p Place) bool { return p.From <= on }) {
			o.Reasons = append(o.Reasons, r.reason("places", compliance.Words{ZH: "当日没有临时收费点。", EN: "No temporary counter stands that day."}))
		}
	}
	if o.Open = len(o.Reasons) == 0; o.Open {
		o.Bring = slices.Compact(bring)
		for _, d := range r.Documents {
			if len(d.Channels) == 0 || slices.Contains(d.Channels, c.ID) {
				o.Documents = append(o.Documents, d)
			}
		}
	}
	return o
}

// placesFrom is the places that have not gone by the day.
func placesFrom(all []Place, on compliance.Date) (out []Place) {
	for _, p := range all {
		if on <= p.Until {
			out = append(out, p)
		}
	}
	return out
}

func (r *Rules) reason(id string, words compliance.Words) Reason {
	return Reason{ID: id, Words: words, Source: r.Source, Certainty: r.Certainty}
}

// unknown says that the pack has no rules for the winter, and which it has.
func unknown(seasons []Rules, winter int) Reason {
	known, knownZH := "none", "无"
	if n := len(seasons); n > 0 {
		known = fmt.Sprintf("%d–%02d", seasons[n-1].Winter, (seasons[n-1].Winter+1)%100)
		knownZH = known
	}
	return Reason{ID: "unknown", Words: compliance.Words{
		ZH: fmt.Sprintf("%d–%02d 采暖季的缴费办法未知（已知最近的：%s），请向供热人查询。", winter, (winter+1)%100, knownZH),
		EN: fmt.Sprintf("How the season %d–%02d is paid for is not known (the latest that is: %s); ask the supplier.", winter, (winter+1)%100, known),
	}}
}

func checkFacts(a *Account) error {
	var errs []error
	for _, f := range a.Facts {
		if !slices.Contains(Facts(), f) {
			errs = append(errs, fmt.Errorf("%q is no fact of an account", f))
		}
	}
	return errors.Join(errs...)
}

func (r *Rules) checkSubsidiary(a *Account) error {
	if a.Subsidiary == "" || slices.ContainsFunc(r.Subsidiaries, func(s Subsidiary) bool { return s.ID == a.Subsidiary }) {
		return nil
	}
	return fmt.Errorf("%q is no subsidiary of the rules of %d", a.Subsidiary, r.Winter)
}
