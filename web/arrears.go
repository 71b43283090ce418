package web

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/billing/sheet"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// arrearsInput is a winter.
type arrearsInput struct {
	Winter int    `query:"winter" required:"true" minimum:"1950" maximum:"2200" doc:"The year in which the winter begins."`
	Cursor string `query:"cursor" doc:"Where the list before this one ended: its next."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many at most."`
}

// arrearsView is what a home owes.
type arrearsView struct {
	Household     string      `json:"household"`
	Account       string      `json:"account,omitempty"`
	Owed          billing.Fen `json:"owed_fen"`
	Balance       billing.Fen `json:"balance_fen" doc:"Of its statements, with what was paid since."`
	PaidOut       billing.Fen `json:"paid_out_fen"`
	LastStatement time.Time   `json:"last_statement"`
}

// arrearsOutput is homes that owe something.
type arrearsOutput struct {
	Body struct {
		Winter  int           `json:"winter"`
		Arrears []arrearsView `json:"arrears" nullable:"false"`
		Next    string        `json:"next,omitempty" doc:"The cursor for more; absent at the end."`
	}
}

func (h *statements) arrears(ctx context.Context, in *arrearsInput) (*arrearsOutput, error) {
	if p := wholeTown(ctx); p != nil {
		return nil, p
	}
	if in.Cursor != "" && sensors.CheckID(in.Cursor) != nil {
		return nil, badCursor()
	}
	limit := cmp.Or(in.Limit, 100)
	found, err := h.ledger.ArrearsOf(ctx, in.Winter, in.Cursor, limit)
	if err != nil {
		return nil, h.problem(ctx, "listing arrears", err)
	}
	out := &arrearsOutput{}
	out.Body.Winter, out.Body.Arrears = in.Winter, make([]arrearsView, 0, len(found))
	for _, a := range found {
		out.Body.Arrears = append(out.Body.Arrears, arrearsView{
			a.Household, a.Account, a.Due(), a.Balance, a.PaidOut, a.LastStatement.Time().In(h.zoneOf(a.Household)),
		})
	}
	if len(found) == limit {
		out.Body.Next = found[limit-1].Household
	}
	return out, nil
}

// wholeTown is a problem unless a token is for everything: bills of a town are made and listed as a whole.
func wholeTown(ctx context.Context) *problem {
	if !callerOf(ctx).token.Scope.Everything() {
		return newProblem(http.StatusForbidden, "the token is for some households or buildings only")
	}
	return nil
}

// exportInput is a winter and a form.
type exportInput struct {
	Winter int    `query:"winter" required:"true" minimum:"1950" maximum:"2200" doc:"The year in which the winter begins."`
	Format string `query:"format" enum:"csv,xlsx" default:"csv"`
}

func tableResponse() *huma.Response {
	return &huma.Response{Description: "The table. No cell is a formula.", Content: map[string]*huma.MediaType{
		"text/csv": {}, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {},
	}}
}

// export writes a table while it reads: a town's is too long to be held. What fails after the first row breaks the answer off.
func (h *statements) export(what string) func(context.Context, *exportInput) (*huma.StreamResponse, error) {
	return func(ctx context.Context, in *exportInput) (*huma.StreamResponse, error) {
		if p := wholeTown(ctx); p != nil {
			return nil, p
		}
		write := h.exportStatements
		if what == "arrears" {
			write = h.exportArrears
		}
		return &huma.StreamResponse{Body: func(c huma.Context) {
			table, err := openTable(c, what, in.Format)
			if err == nil {
				if err = write(ctx, table, in.Winter); err == nil {
					err = table.Close()
				}
			}
			h.broken(ctx, err)
		}}, nil
	}
}

// broken breaks an answer off that has begun, so that nobody takes it for whole.
func (h *statements) broken(ctx context.Context, err error) {
	if err != nil {
		_ = h.problem(ctx, "writing a table", err) // logged; the answer's status is out already
		panic(http.ErrAbortHandler)
	}
}

// openTable begins the answer that is a table.
func openTable(c huma.Context, name, format string) (sheet.Table, error) {
	c.SetHeader("Content-Disposition", `attachment; filename="`+name+"."+format+`"`)
	if format == "xlsx" {
		c.SetHeader("Content-Type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
		return sheet.NewXLSX(c.BodyWriter(), name)
	}
	c.SetHeader("Content-Type", "text/csv; charset=utf-8")
	return sheet.NewCSV(c.BodyWriter())
}

const exportedAtOnce = 500

func (h *statements) exportStatements(ctx context.Context, t sheet.Table, winter int) error {
	if err := sheet.Statements(t); err != nil {
		return err
	}
	f := ledger.StatementFilter{Winter: winter, Limit: exportedAtOnce}
	for {
		some, err := h.ledger.Statements(ctx, f)
		if err != nil {
			return err
		}
		for i := range some {
			s := &some[i]
			if err := sheet.Statement(t, s, h.zoneOf(s.Household)); err != nil {
				return err
			}
			f.After = ledger.StatementPlace{Household: s.Household, Winter: s.Winter, Seq: s.Seq}
		}
		if len(some) < exportedAtOnce {
			return nil
		}
	}
}

func (h *statements) exportArrears(ctx context.Context, t sheet.Table, winter int) error {
	if err := sheet.Arrears(t); err != nil {
		return err
	}
	for after := ""; ; {
		some, err := h.ledger.ArrearsOf(ctx, winter, after, exportedAtOnce)
		if err != nil {
			return err
		}
		for _, a := range some {
			if err := sheet.Arrear(t, a, h.zoneOf(a.Household)); err != nil {
				return err
			}
			after = a.Household
		}
		if len(some) < exportedAtOnce {
			return nil
		}
	}
}
