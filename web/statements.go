package web

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Bills keeps statements and payments; see the methods of ledger.Ledger.
type Bills interface {
	Statements(ctx context.Context, f ledger.StatementFilter) ([]ledger.Statement, error)
	SettledBefore(ctx context.Context, households []string, winter int) (map[string]ledger.Settled, error)
	SettlementByID(ctx context.Context, id string) (ledger.Settlement, error)
	Payouts(ctx context.Context, settlement string, way ledger.PayoutWay, after string, limit int) ([]ledger.Payout, error)
	ArrearsOf(ctx context.Context, winter int, after string, limit int) ([]ledger.Arrears, error)
	ArrearsOfHome(ctx context.Context, household string, winter int) (ledger.Arrears, error)
	OpenDisputes(ctx context.Context, households []string) (map[string][]string, error)
	ImportPayments(ctx context.Context, from ledger.PaymentImport, all []ledger.Payment, by string, now sensors.Instant) (bool, error)
	VoidPayment(ctx context.Context, channel, reference, why, by string, now sensors.Instant) error
	Payments(ctx context.Context, households []string, winter int) (map[string][]ledger.Payment, error)
	PaymentsByReference(ctx context.Context, channel string, references []string) (map[string]ledger.Payment, error)
	AccountsOf(ctx context.Context, accounts []string) (map[string]string, error)
	TakenOver(ctx context.Context, id string) (bool, error)
	PutBillingFacts(ctx context.Context, all []ledger.BillingFact, now sensors.Instant) error
	Matters(ctx context.Context, f ledger.MatterFilter) ([]disputes.Matter, string, error)
	BillingFacts(ctx context.Context, households, meters []string) (ofHouseholds, ofMeters map[string][]ledger.BillingFact, err error)
}

// Who reads and makes bills.
var (
	billReader = []disputes.Role{disputes.Resident, disputes.Dispatcher, disputes.Billing, disputes.Auditor, disputes.Admin}
	billMaker  = []disputes.Role{disputes.Billing, disputes.Admin}
	billDesk   = []disputes.Role{disputes.Billing, disputes.Auditor, disputes.Admin}
	billNoter  = []disputes.Role{disputes.Dispatcher, disputes.Billing, disputes.Admin}
)

// statements is what homes are billed, and what they owe.
type statements struct {
	failing
	clock  clock
	ledger Bills
	homes  Homes
	zone   *time.Location
}

func statementAccess() []access {
	return []access{
		{method: http.MethodGet, pattern: "/api/v1/households/:id/statements", who: billReader},
		{method: http.MethodGet, pattern: "/api/v1/arrears", who: billDesk},
		{method: http.MethodGet, pattern: "/api/v1/exports/statements", who: billDesk},
		{method: http.MethodGet, pattern: "/api/v1/exports/arrears", who: billDesk},
	}
}

func (h *statements) register(api huma.API) {
	const tag = "bills"
	huma.Register(api, huma.Operation{
		OperationID: "household-statements", Method: http.MethodGet, Path: "/api/v1/households/{id}/statements", Tags: []string{tag},
		Summary: "A home's statements, and what they come to", Errors: errorsOf(http.StatusNotFound),
		Description: "Statements are only ever added: of a winter the first is in full, each later one tells the differences. What all of them come to " +
			"is in winters, with the value of the remedy beside what would be payable without zeroing.",
	}, h.list)
	huma.Register(api, huma.Operation{
		OperationID: "list-arrears", Method: http.MethodGet, Path: "/api/v1/arrears", Tags: []string{tag},
		Summary: "Homes that owe something for a winter, in order of id", Errors: errorsOf(),
		Description: "By their statements, less what was paid since. A home without a statement owes nothing that was settled.",
	}, h.arrears)
	for _, what := range []struct{ name, summary string }{
		{"statements", "A winter's statements as a table, a row a line"}, {"arrears", "What is owed for a winter as a table"},
	} {
		huma.Register(api, huma.Operation{
			OperationID: "export-" + what.name, Method: http.MethodGet, Path: "/api/v1/exports/" + what.name, Tags: []string{tag},
			Summary: what.summary, Errors: errorsOf(), Responses: map[string]*huma.Response{"200": tableResponse()},
		}, h.export(what.name))
	}
}

// statementsInput chooses a home's statements.
type statementsInput struct {
	ID     string `path:"id" doc:"The household's id."`
	Winter int    `query:"winter" minimum:"1950" maximum:"2200" doc:"Only those of the winter that begins in this year."`
	Cursor string `query:"cursor" doc:"Where the list before this one ended: its next."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most."`
}

// statementLine is a line of a statement.
type statementLine struct {
	Item     string      `json:"item"`
	Ref      string      `json:"ref,omitempty" doc:"Which of several of the item, such as a test's id."`
	Clause   string      `json:"clause"`
	Quantity string      `json:"quantity,omitempty" doc:"An exact decimal."`
	Unit     string      `json:"unit,omitempty"`
	Price    string      `json:"price,omitempty" doc:"Yuan a unit, as a number or the product that it is of."`
	Fen      billing.Fen `json:"fen"`
	Balance  billing.Fen `json:"balance_fen" doc:"What it adds to what is due to the resident; negative: to the supplier."`
	Source   string      `json:"source,omitempty" doc:"What the quantity is from."`
}

// statementView is a statement.
type statementView struct {
	ID         string          `json:"id"`
	Winter     int             `json:"winter" doc:"The year in which its winter begins."`
	Season     string          `json:"season"`
	Number     int64           `json:"number"`
	Kind       string          `json:"kind" enum:"interim,season,move_out,correction"`
	AsOf       time.Time       `json:"as_of" doc:"What was known by then is in it."`
	MadeAt     time.Time       `json:"made_at"`
	Settlement string          `json:"settlement"`
	Account    string          `json:"account,omitempty"`
	Policy     string          `json:"policy"`
	Digest     string          `json:"policy_digest"`
	Judged     int64           `json:"judged_version" doc:"The version of the verdict that stood."`
	Verdict    string          `json:"verdict_digest" doc:"The digest of what the verdict confirmed."`
	Balance    billing.Fen     `json:"balance_fen" doc:"Of its own lines."`
	Lines      []statementLine `json:"lines" nullable:"false"`
	Checking   string          `json:"being_checked,omitempty" doc:"The check of it that is open (A5.2)."`
	Details    json.RawMessage `json:"details" doc:"The reasons of its amounts, as steps and as sentences, gaps of the register, and confirmed time."`
}

// winterView is what a winter's statements come to.
type winterView struct {
	Winter       int             `json:"winter"`
	Lines        []statementLine `json:"lines" nullable:"false" doc:"Of all statements of the winter together."`
	Balance      billing.Fen     `json:"balance_fen" doc:"Due to the resident; negative: owed."`
	PaidOut      billing.Fen     `json:"paid_out_fen" doc:"Given back or carried over so far."`
	Prepaid      billing.Fen     `json:"prepaid_fen"`
	Payable      billing.Fen     `json:"payable_fen"`
	Settlement   billing.Fen     `json:"settlement_fen" doc:"Prepaid less payable (A4.1); the balance has interest, refunds, penalties and tests' fees too."`
	Without      billing.Fen     `json:"payable_without_zeroing_fen"`
	Remedy       billing.Fen     `json:"remedy_value_fen" doc:"The difference; shown also when the area fee leaves nothing of it (A7.2.2)."`
	Final        bool            `json:"final"`
	NotFinal     string          `json:"not_final,omitempty" enum:"open_dispute,season_not_over" doc:"Why it is not final."`
	OpenDisputes []string        `json:"open_disputes" nullable:"false"`
}

// statementsOutput is a home's statements.
type statementsOutput struct {
	Body struct {
		Household  string          `json:"household"`
		Statements []statementView `json:"statements" nullable:"false"`
		Winters    []winterView    `json:"winters" nullable:"false" doc:"Of the statements in this answer."`
		Next       string          `json:"next,omitempty" doc:"The cursor for more; absent at the end."`
	}
}

func (h *statements) list(ctx context.Context, in *statementsInput) (*statementsOutput, error) {
	own := callerOf(ctx).token.ownTime(in.ID, h.homes, 0, sensors.Forever)
	if sensors.CheckID(in.ID) != nil || len(own) == 0 {
		return nil, newProblem(http.StatusForbidden, "the token is not for this household")
	}
	f := ledger.StatementFilter{Household: in.ID, Winter: in.Winter, Limit: cmp.Or(in.Limit, 50)}
	if in.Cursor != "" {
		winter, seq, ok := parsePlace(in.Cursor)
		if !ok {
			return nil, badCursor()
		}
		f.After = ledger.StatementPlace{Household: in.ID, Winter: winter, Seq: seq}
	}
	found, err := h.ledger.Statements(ctx, f)
	if err != nil {
		return nil, h.problem(ctx, "listing statements", err)
	}
	out := &statementsOutput{}
	b := &out.Body
	b.Household, b.Statements, b.Winters = in.ID, make([]statementView, 0, len(found)), []winterView{}
	checks, err := openChecks(ctx, h.ledger, in.ID)
	if err != nil {
		return nil, h.problem(ctx, "listing checks of statements", err)
	}
	zone := h.zoneOf(in.ID)
	for i := range found {
		if seesBill(own, &found[i]) {
			v := showStatement(&found[i], zone)
			v.Checking = checks[v.ID]
			b.Statements = append(b.Statements, v)
		}
	}
	if n := len(found); n == f.Limit {
		b.Next = strconv.Itoa(found[n-1].Winter) + "." + strconv.FormatInt(found[n-1].Seq, 10)
	}
	b.Winters, err = h.winters(ctx, in.ID, found, own)
	if err != nil {
		return nil, h.problem(ctx, "adding statements up", err)
	}
	return out, nil
}

// seesBill reports whether a statement is of the caller's own time. One to the end of somebody's time is theirs, and not of whoever
// comes after.
func seesBill(own []stretch, s *ledger.Statement) bool {
	return slices.ContainsFunc(own, func(t stretch) bool { return t.from < s.AsOf && s.AsOf <= t.to })
}

// winters is what the caller's statements of the winters of some come to.
func (h *statements) winters(ctx context.Context, household string, some []ledger.Statement, own []stretch) ([]winterView, error) {
	open, err := h.ledger.OpenDisputes(ctx, []string{household})
	if err != nil {
		return nil, err
	}
	all, last := []winterView{}, 0
	for i := range some {
		winter := some[i].Winter
		if winter == last {
			continue
		}
		last = winter
		v, err := h.winter(ctx, household, winter, own)
		if err != nil {
			return nil, err
		}
		if v == nil {
			continue
		}
		if v.OpenDisputes = append(v.OpenDisputes, open[household]...); len(v.OpenDisputes) > 0 {
			v.Final, v.NotFinal = false, "open_dispute"
		}
		all = append(all, *v)
	}
	return all, nil
}

// winter is what the caller's statements of a winter come to; nil without any.
func (h *statements) winter(ctx context.Context, household string, winter int, own []stretch) (*winterView, error) {
	const most = 1000 // a winter has a few
	found, err := h.ledger.Statements(ctx, ledger.StatementFilter{Household: household, Winter: winter, Limit: most})
	if err != nil {
		return nil, err
	}
	settled, err := h.ledger.SettledBefore(ctx, []string{household}, winter)
	if err != nil {
		return nil, err
	}
	v := &winterView{Winter: winter, OpenDisputes: []string{}, NotFinal: "season_not_over"}
	var lines []billing.Line
	n := 0
	for i := range found {
		if !seesBill(own, &found[i]) {
			continue
		}
		n++
		lines = append(lines, found[i].Lines...)
		if found[i].Kind == billing.Interim || found[i].Kind == billing.Correction {
			continue
		}
		v.Final, v.NotFinal = true, ""
	}
	if n == 0 {
		return nil, nil
	}
	if n == len(found) { // else some of it is another's
		v.PaidOut = settled[household].PaidOut
	}
	v.Lines, v.Balance = showLines(billing.Total(lines)), billing.Balance(lines)
	v.Prepaid = billing.Of(lines, billing.ItemPrepaid)
	v.Payable, v.Without, v.Remedy = billing.Of(lines, billing.ItemPayable), billing.Of(lines, billing.ItemWithout), billing.Of(lines, billing.ItemRemedy)
	v.Settlement = v.Prepaid - v.Payable
	return v, nil
}

func (h *statements) zoneOf(household string) *time.Location {
	if home, ok := h.homes.Home(household); ok {
		return home.Zone
	}
	return h.zone
}

func showStatement(s *ledger.Statement, zone *time.Location) statementView {
	return statementView{
		ID: s.ID, Winter: s.Winter, Season: s.Season, Number: s.Seq, Kind: string(s.Kind), AsOf: s.AsOf.Time().In(zone), MadeAt: s.MadeAt.Time().In(zone),
		Settlement: s.Settlement, Account: s.Account, Policy: s.Policy, Digest: s.Digest, Judged: s.Judged, Verdict: s.Verdict, Balance: s.Balance,
		Lines: showLines(s.Lines), Details: s.Body,
	}
}

func showLines(lines []billing.Line) []statementLine {
	out := make([]statementLine, len(lines))
	for i, l := range lines {
		out[i] = statementLine{
			Item: string(l.Item), Ref: l.Ref, Clause: string(l.Clause), Unit: l.Unit, Price: l.Price, Fen: l.Fen, Balance: l.Balance, Source: l.Source,
		}
		if l.Unit != "" {
			out[i].Quantity = l.Quantity.String()
		}
	}
	return out
}

// parsePlace reads WINTER.NUMBER.
func parsePlace(s string) (winter int, seq int64, ok bool) {
	a, b, ok := strings.Cut(s, ".")
	winter, err := strconv.Atoi(a)
	seq, err2 := strconv.ParseInt(b, 10, 64)
	return winter, seq, ok && err == nil && err2 == nil && seq > 0
}

func badCursor() *problem {
	return newProblem(http.StatusUnprocessableEntity, "validation failed", &huma.ErrorDetail{Location: "query.cursor", Message: "is not one that a list gave"})
}
