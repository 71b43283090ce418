package main

import (
	"encoding/json"
	"io"
	"math"
	"math/big"
	"strconv"
	"time"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
)

// judgement is a judged case: what `check` prints.
type judgement struct {
	policy    *compliance.Policy
	verdict   *compliance.Verdict
	conflicts []conflict
	files     map[compliance.SourceKind]string
	usage     *billing.Usage // nil without a meter
	bill      *billing.Bill
	lang      compliance.Lang
}

// conflict is a reading that does not stand, of a room.
type conflict struct {
	room string
	compliance.Conflict
}

// The JSON of `check --json`: the keys of case.md, and because, conflicts, claims, editions beside them.
type (
	jsonResult struct {
		Household string         `json:"household"`
		Policy    jsonPolicy     `json:"policy"`
		From      string         `json:"from"`
		Until     string         `json:"until"`
		Rooms     []jsonRoom     `json:"rooms"`
		Tiles     []jsonTile     `json:"tiles"`
		Days      []jsonDay      `json:"outdoor_days"`
		Outages   []jsonOutage   `json:"outages"`
		Episodes  []jsonEpisode  `json:"episodes"`
		Confirmed []jsonSpan     `json:"confirmed"`
		Tests     []jsonTest     `json:"tests"`
		Claims    []jsonClaim    `json:"claims,omitempty"`
		Conflicts []jsonConflict `json:"conflicts,omitempty"`
		Usage     *jsonUsage     `json:"usage,omitempty"`
		Bill      *jsonBill      `json:"bill,omitempty"`
	}
	jsonPolicy struct {
		Name     string        `json:"name"`
		Digest   string        `json:"digest"`
		Editions []jsonEdition `json:"editions"`
	}
	jsonEdition struct {
		From   string `json:"from"`
		Digest string `json:"digest"`
	}
	jsonRoom struct {
		Room   string     `json:"room"`
		Kind   string     `json:"kind"`
		Judged bool       `json:"judged"`
		Tiles  []jsonTile `json:"tiles,omitempty"`
	}
	jsonSpan struct {
		Start string `json:"start"`
		End   string `json:"end"`
	}
	jsonTile struct {
		jsonSpan
		Status      string     `json:"status"`
		Clause      string     `json:"clause"`
		Provisional bool       `json:"provisional,omitempty"`
		Because     []jsonStep `json:"because"`
	}
	jsonDay struct {
		Date    string     `json:"date"`
		Mean    *float64   `json:"mean"`
		Source  string     `json:"source"`
		Exempt  bool       `json:"exempt"`
		Because []jsonStep `json:"because"`
	}
	jsonOutage struct {
		ID      string     `json:"id"`
		Exempt  bool       `json:"exempt"`
		Reason  string     `json:"reason"`
		Because []jsonStep `json:"because"`
	}
	jsonEpisode struct {
		Room string `json:"room"`
		jsonSpan
		Status        string     `json:"status"`
		Below         seconds    `json:"below_seconds"`
		Confirmed     seconds    `json:"confirmed_seconds"`
		Dismissed     seconds    `json:"dismissed_seconds"`
		Tests         []string   `json:"tests"`
		Confirmations []string   `json:"confirmations"`
		Because       []jsonStep `json:"because"`
	}
	jsonTest struct {
		ID        string     `json:"id"`
		Finding   string     `json:"finding"`
		Stands    bool       `json:"stands"`
		Payer     string     `json:"payer"`
		SensorOff bool       `json:"sensor_off,omitempty"`
		Because   []jsonStep `json:"because"`
	}
	jsonClaim struct {
		ID     string `json:"id"`
		Clause string `json:"clause"`
		jsonSpan
		Proved bool `json:"proved"`
	}
	jsonConflict struct {
		Room     string  `json:"room"`
		Time     string  `json:"time"`
		Stands   float64 `json:"stands"`
		Celsius  float64 `json:"celsius"`
		Received string  `json:"received"`
	}
	jsonUsage struct {
		Metered json.Number `json:"metered_kwh"`
		Zeroed  json.Number `json:"zeroed_kwh"`
		Billed  json.Number `json:"billed_kwh"`
	}
	jsonBill struct {
		AreaFee           billing.Fen `json:"area_fee_fen"`
		BaseFee           billing.Fen `json:"base_fee_fen"`
		HeatFee           billing.Fen `json:"heat_fee_fen"`
		FaultFee          billing.Fen `json:"fault_fee_fen"`
		Payable           billing.Fen `json:"payable_fen"`
		Prepaid           billing.Fen `json:"prepaid_fen"`
		Settlement        billing.Fen `json:"settlement_fen"`
		RemedyValue       billing.Fen `json:"remedy_value_fen"`
		LateSupplyRefund  billing.Fen `json:"late_supply_refund_fen"`
		LateSupplyPenalty billing.Fen `json:"late_supply_penalty_fen"`
		LateInterest      billing.Fen `json:"late_payment_interest_fen"`
		Because           []jsonStep  `json:"because"`
	}
	jsonStep struct {
		Clause  string       `json:"clause"`
		Rule    string       `json:"rule"`
		Says    string       `json:"says"`
		Values  []jsonValue  `json:"values,omitempty"`
		Sources []jsonSource `json:"sources,omitempty"`
	}
	jsonValue struct {
		Name  string `json:"name"`
		Value any    `json:"value"`
		Unit  string `json:"unit,omitempty"`
	}
	// jsonSource names a row by what is in it, not by its line: the order of rows changes no byte of the output.
	jsonSource struct {
		Kind string `json:"kind"`
		ID   string `json:"id,omitempty"`
		Time string `json:"time,omitempty"`
		File string `json:"file,omitempty"`
	}
)

// seconds is a duration as a number of seconds, with decimals only where it has any.
type seconds time.Duration

// MarshalJSON writes the seconds exactly.
func (s seconds) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, time.Duration(s).Seconds(), 'f', -1, 64), nil
}

// writeJSON writes the judgement as one JSON object. Equal judgements give equal bytes.
func (j *judgement) writeJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	return enc.Encode(j.result())
}

func (j *judgement) result() jsonResult {
	v := j.verdict
	out := jsonResult{
		Household: v.Household,
		Policy:    jsonPolicy{Name: v.Policy.Name, Digest: v.Policy.Digest},
		From:      j.time(v.Season.Start), Until: j.time(v.Until),
		Tiles: j.tiles(v.Tiles), Confirmed: []jsonSpan{}, Days: []jsonDay{}, Outages: []jsonOutage{},
		Episodes: []jsonEpisode{}, Tests: []jsonTest{},
	}
	for _, e := range v.Policy.Editions {
		out.Policy.Editions = append(out.Policy.Editions, jsonEdition{editionFrom(e.From), e.Digest})
	}
	for _, r := range v.Rooms {
		out.Rooms = append(out.Rooms, jsonRoom{r.Room, string(r.Kind), r.Judged, j.tiles(r.Tiles)})
	}
	for _, d := range v.Days {
		out.Days = append(out.Days, jsonDay{d.Date.String(), mean(d), string(d.Source), d.Exempt, j.steps(d.Because)})
	}
	for _, s := range v.Stoppages {
		out.Outages = append(out.Outages, jsonOutage{s.ID, s.Exempt, string(s.Reason), j.steps(s.Because)})
	}
	for _, e := range v.Episodes {
		out.Episodes = append(out.Episodes, jsonEpisode{
			e.Room, j.span(e.Hull), string(e.Status), seconds(e.Below), seconds(e.Confirmed), seconds(e.Dismissed),
			orEmpty(e.Tests), orEmpty(e.Confirmations), j.steps(e.Because),
		})
	}
	for _, i := range v.Confirmed {
		out.Confirmed = append(out.Confirmed, j.span(i))
	}
	for _, t := range v.Tests {
		out.Tests = append(out.Tests, jsonTest{t.ID, string(t.Finding), t.Stands, string(t.Payer), t.SensorOff, j.steps(t.Because)})
	}
	for _, c := range v.Claims {
		out.Claims = append(out.Claims, jsonClaim{c.ID, string(c.Clause), j.span(c.Span), c.Proved})
	}
	for _, c := range j.conflicts {
		out.Conflicts = append(out.Conflicts, jsonConflict{
			c.room, j.time(c.Later.At), c.Stands.Judged(), c.Later.Judged(), j.time(c.Later.Received),
		})
	}
	j.addMoney(&out)
	return out
}

func (j *judgement) addMoney(out *jsonResult) {
	if j.bill == nil {
		return
	}
	b := j.bill
	out.Usage = &jsonUsage{kwh3(j.usage.Metered), kwh3(j.usage.Zeroed), kwh3(j.usage.Billed)}
	out.Bill = &jsonBill{
		b.AreaFee, b.BaseFee, b.HeatFee, b.FaultFee, b.Payable, b.Prepaid, b.Settlement, b.RemedyValue,
		b.LateSupplyRefund, b.LateSupplyPenalty, b.LateInterest, j.say(b.Because, billing.RuleWords()),
	}
}

func kwh3(r *big.Rat) json.Number { return json.Number(r.FloatString(3)) }

// mean is the day's mean, null when it is undetermined.
func mean(d compliance.OutdoorDay) *float64 {
	if d.Source == compliance.Undetermined {
		return nil
	}
	return &d.Mean
}

func (j *judgement) tiles(tiles []compliance.Tile) []jsonTile {
	out := make([]jsonTile, len(tiles))
	for i, t := range tiles {
		out[i] = jsonTile{j.span(t.Interval), string(t.Status), string(t.Clause), t.Provisional, j.steps(t.Because)}
	}
	return out
}

func (j *judgement) span(i compliance.Interval) jsonSpan {
	return jsonSpan{j.time(i.Start), j.time(i.End)}
}

// time is an instant in the policy's offset, with decimals of a second only where it has any.
func (j *judgement) time(t compliance.Instant) string {
	return t.Time().In(j.policy.Zone).Format(time.RFC3339Nano)
}

func (j *judgement) steps(steps []compliance.Step) []jsonStep {
	return j.say(steps, compliance.RuleWords())
}

func (j *judgement) say(steps []compliance.Step, words compliance.Sentences) []jsonStep {
	out := make([]jsonStep, len(steps))
	for i, s := range steps {
		out[i] = jsonStep{Clause: string(s.Clause), Rule: string(s.Rule), Says: s.Say(words, j.lang, j.policy.Zone)}
		for _, v := range s.Values {
			out[i].Values = append(out[i].Values, j.value(v))
		}
		for _, src := range s.Sources {
			x := jsonSource{Kind: string(src.Kind), ID: src.ID, File: j.files[src.Kind]}
			if src.At != 0 {
				x.Time = j.time(src.At)
			}
			out[i].Sources = append(out[i].Sources, x)
		}
	}
	return out
}

func (j *judgement) value(v compliance.Value) jsonValue {
	switch v.Kind {
	case compliance.KindCelsius:
		return jsonValue{v.Name, v.Number, "°C"}
	case compliance.KindSeconds:
		return jsonValue{v.Name, v.Number, "s"}
	case compliance.KindCount:
		return jsonValue{v.Name, v.Number, ""}
	case compliance.KindInstant:
		if v.At == math.MinInt64 || v.At == math.MaxInt64 {
			return jsonValue{v.Name, nil, ""}
		}
		return jsonValue{v.Name, j.time(v.At), ""}
	case compliance.KindDate:
		return jsonValue{v.Name, v.Date.String(), ""}
	}
	return jsonValue{v.Name, v.Text, ""}
}

func orEmpty(ids []string) []string {
	if ids == nil {
		return []string{}
	}
	return ids
}
