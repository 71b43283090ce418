package oracle

import "time"

// Result is what `check --json` prints for a case, without policy, reasons and other additions. Marshal it with
// encoding/json; times carry the policy's offset.
type Result struct {
	Household   string       `json:"household"`
	Rooms       []Room       `json:"rooms"` // in the order of case.yaml
	Tiles       []Tile       `json:"tiles"` // the household's
	OutdoorDays []OutdoorDay `json:"outdoor_days"`
	Outages     []Outage     `json:"outages"`   // in order of start, then id
	Episodes    []Episode    `json:"episodes"`  // by room, then by start
	Confirmed   []Span       `json:"confirmed"` // of the whole household, merged
	Tests       []Test       `json:"tests"`     // in the order of tests.csv
	Usage       *Usage       `json:"usage,omitempty"`
	Bill        *Bill        `json:"bill,omitempty"`
}

// Room is one declared room; an unjudged one has nil Tiles and no such key.
type Room struct {
	Room   string `json:"room"`
	Kind   string `json:"kind"`
	Judged bool   `json:"judged"`
	Tiles  []Tile `json:"tiles,omitzero"`
}

// Tile is a maximal half-open interval of one status and clause (section 4).
type Tile struct {
	Start  time.Time `json:"start"`
	End    time.Time `json:"end"`
	Status string    `json:"status"`
	Clause string    `json:"clause"`
}

// Span is a half-open interval of time.
type Span struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// OutdoorDay is one local day's mean in °C (A7.2.2.4); Mean is nil when it is undetermined.
type OutdoorDay struct {
	Date   string   `json:"date"`
	Mean   *float64 `json:"mean"`
	Source string   `json:"source"`
	Exempt bool     `json:"exempt"`
}

// Outage says whether a stoppage is exempt (A7.2.2.5), and the first reason why not.
type Outage struct {
	ID     string `json:"id"`
	Exempt bool   `json:"exempt"`
	Reason string `json:"reason"`
}

// Episode is one dispute about one room's cold (section 6).
type Episode struct {
	Room             string    `json:"room"`
	Start            time.Time `json:"start"`
	End              time.Time `json:"end"`
	Status           string    `json:"status"`
	BelowSeconds     float64   `json:"below_seconds"`
	ConfirmedSeconds float64   `json:"confirmed_seconds"`
	DismissedSeconds float64   `json:"dismissed_seconds"`
	Tests            []string  `json:"tests"`
	Confirmations    []string  `json:"confirmations"`
}

// Test is the finding on a third-party test, whether it stands, and who pays for it.
type Test struct {
	ID      string `json:"id"`
	Finding string `json:"finding"`
	Stands  bool   `json:"stands"`
	Payer   string `json:"payer"`
}

// Usage is in kWh, each figure rounded to three decimals from its exact value.
type Usage struct {
	MeteredKWh float64 `json:"metered_kwh"`
	ZeroedKWh  float64 `json:"zeroed_kwh"`
	BilledKWh  float64 `json:"billed_kwh"`
}

// Bill is in fen (section 7).
type Bill struct {
	AreaFee             int64 `json:"area_fee_fen"`
	BaseFee             int64 `json:"base_fee_fen"`
	HeatFee             int64 `json:"heat_fee_fen"`
	FaultFee            int64 `json:"fault_fee_fen"`
	Payable             int64 `json:"payable_fen"`
	Prepaid             int64 `json:"prepaid_fen"`
	Settlement          int64 `json:"settlement_fen"`
	RemedyValue         int64 `json:"remedy_value_fen"`
	LateSupplyRefund    int64 `json:"late_supply_refund_fen"`
	LateSupplyPenalty   int64 `json:"late_supply_penalty_fen"`
	LatePaymentInterest int64 `json:"late_payment_interest_fen"`
}
