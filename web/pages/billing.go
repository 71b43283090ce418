package pages

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Who makes bills, and who sees all of them.
var (
	cashiers  = []string{"billing", "admin"}
	seesMoney = []string{"billing", "auditor", "admin"}
)

// maxChannel bounds a channel's file, in bytes; the API takes no more.
const maxChannel = 32 << 20

func billingPages() []page {
	return []page{
		{method: http.MethodGet, pattern: "/billing", who: seesMoney, do: billingDesk},
		{method: http.MethodGet, pattern: "/billing/homes/:id", who: seesMoney, do: billedHome},
		{method: http.MethodPost, pattern: "/billing/settlements", who: cashiers, do: settle},
		{method: http.MethodPost, pattern: "/billing/payments", who: cashiers, most: maxChannel + 1<<20, do: importPayments},
	}
}

// settled is what a settlement, or its dry run, came to.
type settled struct {
	Settlement struct {
		ID     string
		Winter int
		AsOf   time.Time `json:"as_of"`
	}
	DryRun     bool `json:"dry_run"`
	Households int
	Totals     struct {
		Statements, Unchanged int
		Payable               int64 `json:"payable_fen"`
		Prepaid               int64 `json:"prepaid_fen"`
		Remedy                int64 `json:"remedy_value_fen"`
		Back                  int64 `json:"given_back_fen"`
		Owed                  int64 `json:"owed_fen"`
	}
	Largest []struct {
		Household string
		Before    int64 `json:"before_fen"`
		After     int64 `json:"after_fen"`
	} `json:"largest_changes"`
	Failed   int
	Failures []struct{ Household, Why string }
}

// imported is what a channel's file of payments came to.
type imported struct {
	Import, Channel string
	Payments        int
	Fen             int64
	DryRun          bool `json:"dry_run"`
	Again           bool
}

// billingData is the page of whoever makes bills.
type billingData struct {
	Winter  int
	Arrears []struct {
		Household, Account string
		Owed               int64     `json:"owed_fen"`
		Balance            int64     `json:"balance_fen"`
		Last               time.Time `json:"last_statement"`
	}
	Next     string
	Q        string
	Homes    []deskHome
	Acts     bool
	Settled  *settled
	Imported *imported
	Mistakes []string // of a file, by line
}

// winterOf is the winter that a page is about: the one asked for, or the one that began last.
func (r *request) winterOf(text string) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	today := r.now().In(r.pages.options.Zone)
	if today.Month() < time.July {
		return today.Year() - 1
	}
	return today.Year()
}

func billingDesk(r *request) error {
	return r.shownBilling(billingData{Winter: r.winterOf(r.Query("winter"))}, nil)
}

func (r *request) shownBilling(data billingData, wrong error) error {
	data.Acts, data.Q = slices.Contains(cashiers, r.who.Role), strings.TrimSpace(r.Query("q"))
	if data.Q != "" {
		var found struct{ Homes []deskHome }
		if err := r.get("/api/v1/homes?"+url.Values{"q": {data.Q}}.Encode(), &found); err != nil {
			return err
		}
		data.Homes = found.Homes
	}
	query := url.Values{"winter": {strconv.Itoa(data.Winter)}, "limit": {"100"}}
	if cursor := r.Query("cursor"); cursor != "" {
		query.Set("cursor", cursor)
	}
	if err := r.get("/api/v1/arrears?"+query.Encode(), &data); err != nil {
		return err
	}
	if data.Next != "" {
		query.Set("cursor", data.Next)
		data.Next = "/billing?" + query.Encode()
	}
	title := r.say("nav.billing")
	switch {
	case data.Mistakes != nil:
		return r.showAs(http.StatusUnprocessableEntity, "billing.html", title, data, nil)
	case wrong != nil:
		return r.again(wrong, "billing.html", title, data)
	}
	return r.show("billing.html", title, data)
}

// settle settles a winter, or says what that would come to.
func settle(r *request) error {
	data := billingData{Winter: r.winterOf(r.PostForm("winter"))}
	body := map[string]any{"winter": data.Winter, "dry_run": r.PostForm("dry") != ""}
	if homes := split(r.PostForm("households")); len(homes) > 0 {
		body["households"] = homes
	}
	if asOf := r.PostForm("as_of"); asOf != "" {
		body["as_of"] = asOf
	}
	var done settled
	if err := r.post("/api/v1/settlements", body, &done); err != nil {
		return r.shownBilling(data, err)
	}
	data.Settled = &done
	return r.shownBilling(data, nil)
}

// importPayments takes a channel's file of payments over, or says what it would come to. Its mistakes are told line by line.
func importPayments(r *request) error {
	data := billingData{Winter: r.winterOf("")}
	header, err := r.FormFile("file")
	if err != nil {
		return r.shownBilling(data, &Problem{Status: http.StatusUnprocessableEntity, Detail: "the form has no file"})
	}
	f, err := header.Open()
	if err != nil {
		return err
	}
	defer f.Close() // it is only read
	query := url.Values{"dry_run": {strconv.FormatBool(r.PostForm("dry") != "")}}
	for _, name := range []string{"channel", "total_yuan", "count"} {
		if v := strings.TrimSpace(r.PostForm(name)); v != "" {
			query.Set(name, v)
		}
	}
	var done imported
	err = r.forward(http.MethodPost, "/api/v1/payments/import?"+query.Encode(), "text/csv", io.LimitReader(f, maxChannel+1), &done)
	if p, ok := errors.AsType[*Problem](err); ok && p.Status == http.StatusUnprocessableEntity && len(p.Errors) > 0 {
		for _, e := range p.Errors {
			data.Mistakes = append(data.Mistakes, e.Location+": "+e.Message)
		}
		return r.shownBilling(data, err)
	}
	if err != nil {
		return r.shownBilling(data, err)
	}
	data.Imported = &done
	return r.shownBilling(data, nil)
}

// billedHome is a home's statements, payments and ways to pay.
func billedHome(r *request) error {
	id := r.Param("id")
	winter := r.winterOf(r.Query("winter"))
	data := billedHomeData{Home: r.deskHome(id), Winter: winter}
	if data.Home.Building == "" {
		return &Problem{Status: http.StatusNotFound}
	}
	query := "?" + url.Values{"winter": {strconv.Itoa(winter)}}.Encode()
	paths := map[string]any{
		"/api/v1/households/" + url.PathEscape(id) + "/statements" + query: &data.Bills,
		"/api/v1/households/" + url.PathEscape(id) + "/payments" + query:   &data.Paid,
	}
	if data.Home.Account != "" {
		paths["/api/v1/accounts/"+url.PathEscape(data.Home.Account)+"/payment-options"] = &data.Ways
	}
	for path, into := range paths {
		if err := r.optional(path, into); err != nil {
			return err
		}
	}
	return r.show("billing_home.html", data.Home.Says(), data)
}

// billLine is a line of a bill.
type billLine struct {
	Item, Ref, Clause, Quantity, Unit, Price string
	Fen                                      int64
	Balance                                  int64 `json:"balance_fen"`
}

// billedHomeData is what a home is billed and has paid.
type billedHomeData struct {
	Home   deskHome
	Winter int
	Bills  struct {
		Statements []struct {
			ID, Kind, Settlement string
			Number               int64
			MadeAt               time.Time `json:"made_at"`
			AsOf                 time.Time `json:"as_of"`
			Balance              int64     `json:"balance_fen"`
			Details              json.RawMessage
		}
		Winters []struct {
			Winter   int
			Lines    []billLine
			Balance  int64 `json:"balance_fen"`
			PaidOut  int64 `json:"paid_out_fen"`
			Payable  int64 `json:"payable_fen"`
			Without  int64 `json:"payable_without_zeroing_fen"`
			Remedy   int64 `json:"remedy_value_fen"`
			Final    bool
			NotFinal string `json:"not_final"`
		}
	}
	Paid struct {
		Payments []struct {
			Channel, Reference, Date string
			Fen                      int64
		}
		Fen int64
	}
	Ways struct {
		Due     string
		Known   bool
		Options []struct {
			Title   words2
			Open    bool
			Reasons []struct{ Words words2 }
		}
	}
}
