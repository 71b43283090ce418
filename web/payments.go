package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/billing/reconcile"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// payments is what residents have paid.
type payments struct {
	statements
	channels []reconcile.Channel
}

// maxPayments bounds a channel's file, in bytes.
const maxPayments = 32 << 20

func paymentAccess() []access {
	return []access{
		{method: http.MethodPost, pattern: "/api/v1/payments/import", who: billMaker, maxBody: maxPayments, anyText: true},
		{method: http.MethodPost, pattern: "/api/v1/payments/void", who: billMaker, maxBody: form},
		{method: http.MethodGet, pattern: "/api/v1/households/:id/payments", who: billReader},
	}
}

func (h *payments) register(api huma.API) {
	const tag = "bills"
	huma.Register(api, huma.Operation{
		OperationID: "import-payments", Method: http.MethodPost, Path: "/api/v1/payments/import", Tags: []string{tag}, MaxBodyBytes: maxPayments,
		Summary: "Take a channel's file of payments over, all of it or nothing", Errors: errorsOf(),
		Description: "CSV, its columns, unit and encoding as the settings say of the channel; the channel standard has reference, account, date, yuan, in UTF-8. Every mistake is told " +
			"with its line: what cannot be read, references that occur twice or were taken over before, accounts that nobody has, sums and counts that are " +
			"not as given. The same file sent again changes nothing. A payment is for the winter of its day, which goes from July to June.",
	}, h.take)
	huma.Register(api, huma.Operation{
		OperationID: "void-payment", Method: http.MethodPost, Path: "/api/v1/payments/void", Tags: []string{tag},
		Summary: "Say that a payment was recorded by mistake; it stays and counts no more", Errors: errorsOf(http.StatusNotFound, http.StatusConflict),
	}, h.void)
	huma.Register(api, huma.Operation{
		OperationID: "household-payments", Method: http.MethodGet, Path: "/api/v1/households/{id}/payments", Tags: []string{tag},
		Summary: "What a home has paid for a winter", Errors: errorsOf(http.StatusNotFound),
	}, h.list)
}

// importInput is a channel's file.
type importInput struct {
	Channel string `query:"channel" default:"standard" maxLength:"128" doc:"Whose columns it has."`
	Yuan    string `query:"total_yuan" maxLength:"32" doc:"What the channel says that all payments come to."`
	Count   int    `query:"count" minimum:"0" doc:"How many payments the channel says that there are; 0: it does not say."`
	DryRun  bool   `query:"dry_run" doc:"Say what would be recorded, and record nothing."`
	RawBody []byte `contentType:"text/csv"`
}

// importOutput is what was recorded.
type importOutput struct {
	Body struct {
		Import   string      `json:"import" doc:"The file's id, which follows from its content."`
		Channel  string      `json:"channel"`
		Payments int         `json:"payments"`
		Fen      billing.Fen `json:"fen"`
		DryRun   bool        `json:"dry_run"`
		Again    bool        `json:"again" doc:"Whether the file had been taken over before; nothing was recorded now."`
	}
}

func (h *payments) take(ctx context.Context, in *importInput) (*importOutput, error) {
	if p := wholeTown(ctx); p != nil {
		return nil, p
	}
	i := slices.IndexFunc(h.channels, func(c reconcile.Channel) bool { return c.Name == in.Channel })
	if i < 0 {
		return nil, newProblem(http.StatusUnprocessableEntity, "validation failed",
			&huma.ErrorDetail{Location: "query.channel", Message: "the settings name no such channel", Value: in.Channel})
	}
	sum := sha256.Sum256(append([]byte(in.Channel+"\x00"), in.RawBody...))
	file := ledger.PaymentImport{ID: hex.EncodeToString(sum[:]), Channel: in.Channel}
	rows, problems := reconcile.Read(h.channels[i], in.RawBody)
	var details []*huma.ErrorDetail
	wrong := func(line int, what string) {
		details = append(details, &huma.ErrorDetail{Location: fmt.Sprintf("line %d", line), Message: what})
	}
	for _, p := range problems {
		wrong(p.Line, p.What)
	}
	for _, r := range rows {
		file.Payments++
		file.Fen += r.Fen
	}
	again, err := h.ledger.TakenOver(ctx, file.ID)
	var all []ledger.Payment
	if err == nil && !again && len(rows) > 0 {
		all, err = h.belong(ctx, in.Channel, rows, wrong)
	}
	if err != nil {
		return nil, h.problem(ctx, "reading payments", err)
	}
	if problems == nil {
		h.sums(in, file, wrong)
	}
	if details != nil {
		slices.SortStableFunc(details, func(a, b *huma.ErrorDetail) int { return lineNumber(a.Location) - lineNumber(b.Location) })
		return nil, newProblem(http.StatusUnprocessableEntity, "nothing of the file was recorded", details[:min(len(details), 1000)]...)
	}
	if !in.DryRun && !again {
		again, err = h.ledger.ImportPayments(ctx, file, all, actorOf(ctx).ID, h.clock.now())
		if errors.Is(err, ledger.ErrExists) { // somebody was faster with one of its payments
			return nil, newProblem(http.StatusConflict, "some of its payments were recorded meanwhile; nothing of the file was")
		}
		if err != nil {
			return nil, h.problem(ctx, "recording payments", err)
		}
	}
	out := &importOutput{}
	b := &out.Body
	b.Import, b.Channel, b.Payments, b.Fen, b.DryRun, b.Again = file.ID, file.Channel, file.Payments, file.Fen, in.DryRun, again
	return out, nil
}

func lineNumber(location string) (n int) {
	_, _ = fmt.Sscanf(location, "line %d", &n) // what has no line stands first
	return n
}

// belong finds the homes that rows are of, and says which rows cannot be recorded.
func (h *payments) belong(ctx context.Context, channel string, rows []reconcile.Row, wrong func(int, string)) ([]ledger.Payment, error) {
	accounts, references := make([]string, len(rows)), make([]string, len(rows))
	for i, r := range rows {
		accounts[i], references[i] = r.Account, r.Reference
	}
	homes, err := h.ledger.AccountsOf(ctx, accounts)
	if err != nil {
		return nil, err
	}
	before, err := h.ledger.PaymentsByReference(ctx, channel, references)
	if err != nil {
		return nil, err
	}
	all := make([]ledger.Payment, 0, len(rows))
	for _, r := range rows {
		household, ok := homes[r.Account]
		if !ok {
			wrong(r.Line, fmt.Sprintf("account %q is not that of one home", r.Account))
		}
		if p, ok := before[r.Reference]; ok {
			wrong(r.Line, fmt.Sprintf("reference %q was recorded before: %s yuan of account %q on %s", r.Reference, p.Fen, p.Account, p.Date))
		}
		all = append(all, ledger.Payment{
			Channel: channel, Reference: r.Reference, Household: household, Account: r.Account, Winter: compliance.Season{Start: r.Date}.Winter(),
			Date: r.Date, Fen: r.Fen,
		})
	}
	return all, nil
}

// sums holds the file to what the channel says of it.
func (h *payments) sums(in *importInput, file ledger.PaymentImport, wrong func(int, string)) {
	if in.Count != 0 && in.Count != file.Payments {
		wrong(0, fmt.Sprintf("the file has %d payments, the channel says %d", file.Payments, in.Count))
	}
	if in.Yuan == "" {
		return
	}
	if total, err := compliance.ParseDecimal(in.Yuan); err != nil {
		wrong(0, "total_yuan: "+err.Error())
	} else if got, err := compliance.ParseDecimal(file.Fen.String()); err != nil || got != total {
		wrong(0, fmt.Sprintf("its payments come to %s yuan, the channel says %s", file.Fen, in.Yuan))
	}
}

// voidInput names a payment.
type voidInput struct {
	Body struct {
		Channel   string `json:"channel" minLength:"1" maxLength:"128"`
		Reference string `json:"reference" minLength:"1" maxLength:"128" doc:"The channel's own."`
		Why       string `json:"why" minLength:"1" maxLength:"2000"`
	}
}

// Resolve finds what no database keeps, beside what its schema says.
func (in *voidInput) Resolve(huma.Context) []error {
	b := &in.Body
	return details(nil, disputes.CheckText("channel", b.Channel, false), disputes.CheckText("reference", b.Reference, false), disputes.CheckText("why", b.Why, false))
}

var _ huma.Resolver = (*voidInput)(nil)

func (h *payments) void(ctx context.Context, in *voidInput) (*struct{}, error) {
	if p := wholeTown(ctx); p != nil {
		return nil, p
	}
	b := &in.Body
	err := h.ledger.VoidPayment(ctx, b.Channel, b.Reference, b.Why, actorOf(ctx).ID, h.clock.now())
	if errors.Is(err, ledger.ErrConflict) {
		return nil, newProblem(http.StatusConflict, "the payment was voided before")
	}
	if err != nil {
		return nil, h.problem(ctx, "voiding a payment", err)
	}
	return nil, nil
}

// paymentsInput is a home and a winter.
type paymentsInput struct {
	ID     string `path:"id" doc:"The household's id."`
	Winter int    `query:"winter" required:"true" minimum:"1950" maximum:"2200" doc:"The year in which the winter begins."`
}

// paymentView is a payment.
type paymentView struct {
	Channel   string      `json:"channel"`
	Reference string      `json:"reference"`
	Account   string      `json:"account"`
	Date      string      `json:"date"`
	Fen       billing.Fen `json:"fen"`
}

// paymentsOutput is a home's payments.
type paymentsOutput struct {
	Body struct {
		Household string        `json:"household"`
		Winter    int           `json:"winter"`
		Payments  []paymentView `json:"payments" nullable:"false"`
		Fen       billing.Fen   `json:"fen" doc:"All together."`
	}
}

func (h *payments) list(ctx context.Context, in *paymentsInput) (*paymentsOutput, error) {
	own := callerOf(ctx).token.ownTime(in.ID, h.homes, 0, sensors.Forever)
	if sensors.CheckID(in.ID) != nil || len(own) == 0 {
		return nil, newProblem(http.StatusForbidden, "the token is not for this household")
	}
	found, err := h.ledger.Payments(ctx, []string{in.ID}, in.Winter)
	if err != nil {
		return nil, h.problem(ctx, "listing payments", err)
	}
	out := &paymentsOutput{}
	b := &out.Body
	b.Household, b.Winter, b.Payments = in.ID, in.Winter, []paymentView{}
	zone := h.zoneOf(in.ID)
	for _, p := range found[in.ID] {
		if !slices.ContainsFunc(own, func(t stretch) bool { return p.Date.End(zone) > t.from && p.Date.Start(zone) < t.to }) {
			continue // who lived there before has paid it
		}
		b.Payments = append(b.Payments, paymentView{p.Channel, p.Reference, p.Account, p.Date.String(), p.Fen})
		b.Fen += p.Fen
	}
	return out, nil
}
