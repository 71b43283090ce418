package settlement

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// make bills a household and makes its statement, if there is anything to say. A fault of the billing itself is that household's error.
func (b *batch) make(f *finding) {
	defer func() {
		if fault := recover(); fault != nil {
			f.err = fmt.Errorf("billing household %s: %v", f.place.household, fault)
		}
	}()
	facts, fees, err := b.factsOf(f)
	if err != nil {
		f.err = err
		return
	}
	charged, err := f.charge(facts)
	if err != nil {
		f.err = err
		return
	}
	edition := f.policy.EditionOn(f.season.Start)
	digest := b.verdictDigest(f)
	gaps := facts.Gaps(f.policy.Zone)
	f.fresh = billing.Lines(f.policy, facts, charged, fees, billing.Origins{
		Prices: f.policy.Name + " " + edition.From.String(), Register: "heat meter " + f.meter, Verdict: digest, Gaps: gaps,
	})
	b.state(f, because(charged), gaps, ledger.Statement{Policy: f.policy.Name, Digest: f.policy.Digest(edition), Verdict: digest})
}

// charge bills the household as its contract charges. It is an error if there is nothing to bill it by.
func (f *finding) charge(facts *billing.Facts) (billing.Charged, error) {
	if f.byMeter() && facts.Suspended { // nothing is metered, and no register value is needed
		usage, bill := billing.Compute(f.policy, facts, nil)
		return billing.Charged{Usage: &usage, Bill: &bill}, nil
	}
	v := f.verdict
	if v == nil {
		v = &compliance.Verdict{}
	}
	c := billing.Charge(f.policy, facts, v)
	switch {
	case c.Bill != nil:
		return c, nil
	case f.byMeter():
		return c, fmt.Errorf("household %s: heat meter %s has shown nothing", f.place.household, f.meter)
	}
	return c, fmt.Errorf("household %s: policy %s knows no prices, so that there are percentages and no bill", f.place.household, f.policy.Name)
}

// because is the reasons of all amounts.
func because(c billing.Charged) []compliance.Step {
	all := c.Bill.Because
	if c.Remedy != nil {
		all = append(slices.Clip(all), c.Remedy.Because...)
		for i := range c.Remedy.Lines {
			all = append(all, c.Remedy.Lines[i].Because...)
		}
	}
	return all
}

// state makes the statement that brings the household's statements to what is found now, and what it gives back.
func (b *batch) state(f *finding, because []compliance.Step, gaps []billing.Gap, st ledger.Statement) {
	id := f.place.household
	before := b.settled[id]
	f.paidOut = before.PaidOut
	f.change = Change{id, billing.Balance(before.Lines), billing.Balance(f.fresh)}
	st.Kind, st.Lines = b.kind(f), f.fresh
	if f.err = b.outdated(f, before); f.err != nil {
		return
	}
	if before.Seq > 0 {
		if slices.Contains(before.Kinds, st.Kind) {
			st.Kind = billing.Correction
		}
		if st.Lines = billing.Correct(before.Lines, f.fresh); len(st.Lines) == 0 {
			return
		}
	}
	st.Seq = before.Seq + 1
	st.ID = ledger.StatementID(id, b.settlement.Winter, st.Seq)
	st.Household, st.Account, st.Winter = id, f.household.Account, b.settlement.Winter
	st.Season = f.season.Start.String() + "/" + f.season.End.String()
	st.AsOf, st.MadeAt = b.settlement.AsOf, sensors.At(b.Clock())
	st.Settlement, st.Judged = b.settlement.ID, b.judged[id].Version
	st.Balance = billing.Balance(st.Lines)
	st.Body = body(f, because, gaps)
	f.statement = &st
	if b.kind(f) == billing.Interim {
		return
	}
	if f.back = f.change.After - f.paidOut; f.back <= 0 {
		f.back = 0
		return
	}
	f.payout = b.payout(f, &st)
}

// outdated is the error of settling by what was known earlier than a statement that stands: it would take back what has become
// known since. Only interim statements give way, to a move-out before them (A9.1).
func (b *batch) outdated(f *finding, before ledger.Settled) error {
	final := slices.ContainsFunc(before.Kinds, func(k billing.StatementKind) bool { return k == billing.SeasonEnd || k == billing.MoveOut })
	if b.settlement.AsOf >= before.AsOf || b.settlement.Kind == billing.MoveOut && !final {
		return nil
	}
	return fmt.Errorf("household %s has a statement as of %s, which is later: this settlement would take back what has become known since",
		f.place.household, before.AsOf.Time().In(f.policy.Zone).Format(time.RFC3339))
}

// kind is what a first statement made now is.
func (b *batch) kind(f *finding) billing.StatementKind {
	switch {
	case b.settlement.Kind == billing.MoveOut:
		return billing.MoveOut
	case b.settlement.AsOf < f.season.In(f.policy.Zone).End:
		return billing.Interim
	}
	return billing.SeasonEnd
}

// payout is what goes back: by transfer if the account says so or is left, else into the next winter (A4.1).
func (b *batch) payout(f *finding, st *ledger.Statement) *ledger.Payout {
	p := &ledger.Payout{
		Statement: st.ID, Household: st.Household, Account: st.Account, Winter: st.Winter, Way: ledger.CarryOver, Fen: f.back,
		Date: compliance.DateIn(st.MadeAt, f.policy.Zone), MadeAt: st.MadeAt,
	}
	if a := f.account; a != nil {
		p.Holder, p.Bank, p.BankNo = a.Holder, a.Bank, a.BankNo
		if a.Payout == ledger.Transfer {
			p.Way = ledger.Transfer
		}
	}
	if st.Kind == billing.MoveOut {
		p.Way = ledger.Transfer
	}
	return p
}

// factsOf is what the household's bill is made from, and the fees of its tests.
func (b *batch) factsOf(f *finding) (*billing.Facts, []billing.TestFee, error) {
	id := f.place.household
	area, err := compliance.ParseDecimal(f.household.Area)
	if err != nil || area.Sign() <= 0 {
		return nil, nil, fmt.Errorf("household %s has the charged area %q", id, f.household.Area)
	}
	facts := &billing.Facts{Season: f.season, AsOf: b.settlement.AsOf, AreaM2: area, Rooms: b.roomAreas(id)}
	if f.byMeter() {
		if err := b.metered(f, facts); err != nil {
			return nil, nil, fmt.Errorf("household %s: %w", id, err)
		}
	}
	for _, p := range b.payments[id] {
		facts.Payments = append(facts.Payments, billing.Payment{Date: p.Date, Fen: p.Fen})
	}
	var fees []billing.TestFee
	for _, x := range b.facts[id] {
		switch {
		case x.Unsupplied != nil:
			facts.UnsuppliedDays = append(facts.UnsuppliedDays, billing.Days{Start: x.Unsupplied.First, End: x.Unsupplied.Last})
		case x.Suspension != nil && x.Suspension.Winter == b.settlement.Winter:
			facts.Suspended = true
		case x.Account != nil && x.Account.No == f.household.Account:
			f.account = x.Account
		case x.TestFee != nil:
			if fee, ok := f.feeOf(x.TestFee); ok {
				fees = append(fees, fee)
			}
		}
	}
	return facts, fees, nil
}

// metered adds the household's part of its meter.
func (b *batch) metered(f *finding, facts *billing.Facts) error {
	m := b.meters[f.meter]
	if m.err != nil {
		return m.err
	}
	facts.Meter, facts.Faults = m.Meter, m.faults
	if f.own {
		return nil
	}
	building := f.household.Building
	if err := b.areaErr[building]; err != nil {
		return err
	}
	if facts.Meter.Portions = b.portions[f.place.household]; facts.Meter.Portions == nil {
		facts.Meter.Share = billing.ShareByArea(facts.AreaM2.Rat(), b.area[building])
	}
	return nil
}

// roomAreas are the rooms of a household, with their areas if those of all are known.
func (b *batch) roomAreas(household string) []billing.RoomArea {
	rooms := b.homes.rooms[household]
	out := make([]billing.RoomArea, len(rooms))
	for i, r := range rooms {
		out[i].Room = r.RoomID.Room
		d, err := compliance.ParseDecimal(r.Area)
		if err != nil || d.Sign() <= 0 {
			for k := range out {
				out[k].AreaM2 = compliance.Decimal{}
			}
			for k := i; k < len(rooms); k++ {
				out[k].Room = rooms[k].RoomID.Room
			}
			return out
		}
		out[i].AreaM2 = d
	}
	return out
}

// feeOf is who pays a test's fee; false for a test of another season.
func (f *finding) feeOf(x *ledger.TestFee) (billing.TestFee, bool) {
	if f.verdict == nil {
		return billing.TestFee{}, false
	}
	for _, t := range f.verdict.Tests {
		if t.ID == x.Test {
			return billing.TestFee{Test: x.Test, Fen: x.Fen, Advanced: x.Advanced, Payer: t.Payer}, true
		}
	}
	return billing.TestFee{}, false
}

// verdictDigest is "sha256:" and the hash of what of the verdict the bill rests on: the words that judged, what is confirmed, and
// who pays for tests.
func (b *batch) verdictDigest(f *finding) string {
	type test struct {
		ID, Finding, Payer string
		Stands             bool
	}
	var said struct {
		Format    int
		Household string
		Season    string
		Editions  []string
		Confirmed [][2]sensors.Instant
		Tests     []test
	}
	said.Format, said.Household, said.Season = 1, f.place.household, f.season.Start.String()+"/"+f.season.End.String()
	if f.verdict != nil {
		for _, e := range f.verdict.Policy.Editions {
			said.Editions = append(said.Editions, e.Digest)
		}
		for _, s := range f.verdict.Confirmed {
			said.Confirmed = append(said.Confirmed, [2]sensors.Instant{s.Start, s.End})
		}
		for _, t := range f.verdict.Tests {
			said.Tests = append(said.Tests, test{t.ID, string(t.Finding), string(t.Payer), t.Stands})
		}
	}
	text, err := json.Marshal(said)
	if err != nil { // texts and integers always marshal
		panic(err)
	}
	sum := sha256.Sum256(text)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// body is the reasons of a statement's amounts, the gaps of the register and the confirmed time, as JSON.
func body(f *finding, because []compliance.Step, found []billing.Gap) json.RawMessage {
	zone := f.policy.Zone
	out := []byte(`{"because":[`)
	for i := range because {
		if i > 0 {
			out = append(out, ',')
		}
		out = because[i].AppendJSON(out, zone)
	}
	out = append(out, `],"says":[`...)
	for i := range because {
		if i > 0 {
			out = append(out, ',')
		}
		said, err := json.Marshal(compliance.Words{
			ZH: because[i].Say(billing.RuleWords(), compliance.ZH, zone), EN: because[i].Say(billing.RuleWords(), compliance.EN, zone),
		})
		if err != nil {
			panic(err)
		}
		out = append(out, said...)
	}
	type gap struct {
		Start     time.Time `json:"start"`
		End       time.Time `json:"end"`
		Estimated bool      `json:"estimated"`
		KWh       string    `json:"kwh"`
	}
	gaps := []gap{}
	for _, g := range found {
		gaps = append(gaps, gap{g.Start.Time().In(zone), g.End.Time().In(zone), g.Estimated, g.KWh.FloatString(3)})
	}
	confirmed := [][2]time.Time{}
	if f.verdict != nil {
		for _, s := range f.verdict.Confirmed {
			confirmed = append(confirmed, [2]time.Time{s.Start.Time().In(zone), s.End.Time().In(zone)})
		}
	}
	rest, err := json.Marshal(map[string]any{"gaps": gaps, "confirmed": confirmed})
	if err != nil {
		panic(err)
	}
	out = append(out, "],"...)
	return append(out, rest[1:]...)
}
