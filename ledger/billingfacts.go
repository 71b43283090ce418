package ledger

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/sensors"
)

// AtMeter is the place of what is known of a heat meter of the registry.
const AtMeter PlaceKind = "meter"

// BillingFact is something that bills are made from and that no device measures. Exactly one of its pointers is set.
type BillingFact struct {
	ID string // unique among its kind
	Place
	Withdrawn bool // it was noted by mistake, or holds no more
	NotedBy   string

	MeterChange *MeterChange // of a meter
	MeterFault  *DayRun      // of a meter (A4.4)
	Unsupplied  *DayRun      // at a place (A7.2.1)
	SeasonSet   *DayRun      // by the local government, at a place: a season of these days is not an agreed one (A2)
	Suspension  *Suspension  // of a household (A8)
	Allocation  *Allocation  // of a building's register (A1.3)
	TestFee     *TestFee     // of a household (A7.2.2)
	Account     *Account     // of a household
}

// MeterChange is the exchange of a heat meter.
type MeterChange struct {
	At      sensors.Instant
	Final   compliance.Decimal // of the old meter, kWh
	Initial compliance.Decimal // of the new one, kWh
}

// DayRun is calendar days, both ends included.
type DayRun struct {
	First, Last compliance.Date
}

// Suspension is that heating is suspended for a winter, which begins in the year (A8).
type Suspension struct{ Winter int }

// AllocationMethod is how a building's register is divided among its homes (A1.3).
type AllocationMethod string

// The methods; by area where nothing else is said.
const (
	ByArea      AllocationMethod = "area"
	ByValveTime AllocationMethod = "valve_time" // 通断时间面积法
)

// Allocation is the method of a building in a winter, which begins in the year.
type Allocation struct {
	Winter int
	Method AllocationMethod
	// Area is the building's whole charged area, m², where more is heated than the registered homes; 0: theirs together.
	Area compliance.Decimal
}

// TestFee is what a tester asked for a test.
type TestFee struct {
	Test     string // the id of the declared test
	Fen      billing.Fen
	Advanced compliance.Side // who has paid the tester
}

// PayoutWay is what becomes of what was paid too much (A4.1).
type PayoutWay string

// The ways; carried over where nothing else is said.
const (
	CarryOver PayoutWay = "carry_over"
	Transfer  PayoutWay = "transfer"
)

// Account is how a household pays and is paid.
type Account struct {
	No      string // its number with the supplier
	Name    string
	Channel string // that it usually pays by
	Payout  PayoutWay
	Holder  string // of the bank account, with Transfer
	Bank    string
	BankNo  string
}

// kind is which pointer is set and what it points to; empty unless exactly one is.
func (f *BillingFact) kind() (kind string, body any) {
	n := 0
	note := func(set bool, name string, v any) {
		if set {
			kind, body = name, v
			n++
		}
	}
	note(f.MeterChange != nil, "meter_change", f.MeterChange)
	note(f.MeterFault != nil, "meter_fault", f.MeterFault)
	note(f.Unsupplied != nil, "unsupplied", f.Unsupplied)
	note(f.SeasonSet != nil, "season_set", f.SeasonSet)
	note(f.Suspension != nil, "suspension", f.Suspension)
	note(f.Allocation != nil, "allocation", f.Allocation)
	note(f.TestFee != nil, "test_fee", f.TestFee)
	note(f.Account != nil, "account", f.Account)
	if n != 1 {
		return "", nil
	}
	return kind, body
}

// body is where the body of a kind is read to; nil for an unknown kind.
func (f *BillingFact) into(kind string) any {
	switch kind {
	case "meter_change":
		f.MeterChange = new(MeterChange)
		return f.MeterChange
	case "meter_fault":
		f.MeterFault = new(DayRun)
		return f.MeterFault
	case "unsupplied":
		f.Unsupplied = new(DayRun)
		return f.Unsupplied
	case "season_set":
		f.SeasonSet = new(DayRun)
		return f.SeasonSet
	case "suspension":
		f.Suspension = new(Suspension)
		return f.Suspension
	case "allocation":
		f.Allocation = new(Allocation)
		return f.Allocation
	case "test_fee":
		f.TestFee = new(TestFee)
		return f.TestFee
	case "account":
		f.Account = new(Account)
		return f.Account
	}
	return nil
}

// Check says what is wrong with a fact, or nil.
func (f *BillingFact) Check() error {
	kind, _ := f.kind()
	if kind == "" {
		return errors.New("one fact says one thing")
	}
	place := f.Place.Check()
	if f.Kind == AtMeter {
		place = sensors.CheckID(f.Place.ID)
	}
	if err := errors.Join(sensors.CheckID(f.ID), place); err != nil {
		return err
	}
	at := map[string][]PlaceKind{
		"meter_change": {AtMeter}, "meter_fault": {AtMeter}, "suspension": {AtHousehold}, "allocation": {AtBuilding},
		"test_fee": {AtHousehold}, "account": {AtHousehold},
		"unsupplied": {AtHousehold, AtRiser, AtBuilding, AtSubstation, Everywhere},
		"season_set": {AtHousehold, AtRiser, AtBuilding, AtSubstation, Everywhere},
	}[kind]
	if !slices.Contains(at, f.Kind) {
		return fmt.Errorf("a %s is not one of a %s", kind, f.Kind)
	}
	for _, r := range []*DayRun{f.MeterFault, f.Unsupplied, f.SeasonSet} {
		if r != nil && (r.Last < r.First || r.First.Days(r.Last) > 366) {
			return fmt.Errorf("%s to %s are no days, or more than 366", r.First, r.Last)
		}
	}
	return nil
}

// PutBillingFacts notes facts, each once: one of the same kind and id is superseded, and one that is there as it is changes
// nothing. What was noted goes to the evidence log. ErrInvalid says what is wrong, and nothing is noted.
func (l *Ledger) PutBillingFacts(ctx context.Context, all []BillingFact, now sensors.Instant) error {
	const doing = "noting facts for bills"
	for i := range all {
		if err := all[i].Check(); err != nil {
			return invalid(doing, err.Error())
		}
	}
	return l.writing(ctx, doing, func(t tx) error {
		if err := t.alone(ctx, turnDeclarations); err != nil {
			return err
		}
		for i := range all {
			if err := t.putBillingFact(ctx, &all[i], now); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t tx) putBillingFact(ctx context.Context, f *BillingFact, now sensors.Instant) error {
	kind, v := f.kind()
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	var before struct {
		Place
		withdrawn int64
		body      string
	}
	err = t.QueryRowContext(ctx, "SELECT place, place_id, withdrawn, body FROM billing_facts WHERE superseded_at IS NULL AND kind = ? AND id = ?",
		kind, f.ID).Scan(&before.Kind, &before.ID, &before.withdrawn, &before.body)
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return err
	case before.Place == f.Place && before.withdrawn == asInt(f.Withdrawn) && before.body == string(body):
		return nil
	}
	if _, err := t.exec(ctx, "UPDATE billing_facts SET superseded_at = ? WHERE superseded_at IS NULL AND kind = ? AND id = ?",
		int64(now), kind, f.ID); err != nil {
		return err
	}
	if _, err := t.exec(ctx, `INSERT INTO billing_facts (kind, id, place, place_id, withdrawn, body, noted_by, valid_from)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, kind, f.ID, string(f.Kind), f.Place.ID, asInt(f.Withdrawn), string(body), f.NotedBy, int64(now)); err != nil {
		return err
	}
	var version int64
	if err := t.QueryRowContext(ctx, "SELECT count(*) FROM billing_facts WHERE kind = ? AND id = ?", kind, f.ID).Scan(&version); err != nil {
		return err
	}
	if kind == "account" { // who somebody is and where they bank is no evidence; that it changed is
		body = []byte(`{}`)
	}
	key := fmt.Sprintf("billing/%s/%s/%d", kind, f.ID, version)
	return t.record(ctx, key, now, map[string]any{
		"fact": kind, "id": f.ID, "place": string(f.Kind), "place_id": f.Place.ID, "withdrawn": f.Withdrawn, "says": json.RawMessage(body), "by": f.NotedBy,
	})
}

// record puts something that happened to bills into the outbox for the evidence log, under a key that is used once.
func (t tx) record(ctx context.Context, key string, at sensors.Instant, what map[string]any) error {
	what = maps.Clone(what)
	what["key"], what["at"] = key, at.Time()
	content, err := json.Marshal(what)
	if err != nil {
		return err
	}
	return t.enqueue(ctx, []OutboxEntry{{Key: key, Subject: WorkflowSubject, Content: content, CreatedAt: at}})
}

const billingFactColumns = "kind, id, place, place_id, withdrawn, body, noted_by"

// foundBillingFact is a row as it is read.
type foundBillingFact struct {
	kind, body string
	withdrawn  int64
	BillingFact
}

func (f *foundBillingFact) columns() []any {
	return []any{&f.kind, &f.BillingFact.ID, &f.Kind, &f.Place.ID, &f.withdrawn, &f.body, &f.NotedBy}
}

func (f *foundBillingFact) fact() (BillingFact, error) {
	v := f.BillingFact
	v.Withdrawn = f.withdrawn != 0
	into := v.into(f.kind)
	if into == nil {
		return v, fmt.Errorf("no kind of fact %q", f.kind)
	}
	return v, json.Unmarshal([]byte(f.body), into)
}

// BillingFacts are the facts that hold now of registered households and of meters, by household and by meter, in order of kind and
// id; withdrawn ones are left out.
func (l *Ledger) BillingFacts(ctx context.Context, households, meters []string) (ofHouseholds, ofMeters map[string][]BillingFact, err error) {
	ofHouseholds, ofMeters = map[string][]BillingFact{}, map[string][]BillingFact{}
	err = l.snapshot(ctx, "reading facts for bills", func(q querier) error {
		at := map[Place][]string{}
		if err := chunks(households, func(some []string) error {
			found, err := placesOf(ctx, q, some)
			for p, of := range found {
				at[p] = append(at[p], of...)
			}
			return err
		}); err != nil {
			return err
		}
		for _, m := range meters {
			at[Place{Kind: AtMeter, ID: m}] = nil
		}
		return chunks(slices.Collect(maps.Keys(at)), func(some []Place) error {
			args := make([]any, 0, 2*len(some))
			for _, p := range some {
				args = append(args, string(p.Kind), p.ID)
			}
			rows, err := q.QueryContext(ctx, "SELECT "+billingFactColumns+" FROM billing_facts WHERE superseded_at IS NULL AND withdrawn = 0 AND "+
				l.dialect.in("(place, place_id)", len(some))+" ORDER BY kind, id", args...)
			found, err := collect(rows, err, (*foundBillingFact).columns)
			if err != nil {
				return err
			}
			for i := range found {
				f, err := found[i].fact()
				if err != nil {
					return fmt.Errorf("%s %s: %w", found[i].kind, f.ID, err)
				}
				if f.Kind == AtMeter {
					ofMeters[f.Place.ID] = append(ofMeters[f.Place.ID], f)
				}
				for _, h := range at[f.Place] {
					ofHouseholds[h] = append(ofHouseholds[h], f)
				}
			}
			return nil
		})
	})
	for _, facts := range ofHouseholds { // of several places, in any order
		slices.SortFunc(facts, func(a, b BillingFact) int {
			x, _ := a.kind()
			y, _ := b.kind()
			return cmp.Or(cmp.Compare(x, y), cmp.Compare(a.ID, b.ID))
		})
	}
	return ofHouseholds, ofMeters, err
}
