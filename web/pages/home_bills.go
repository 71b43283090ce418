package pages

import (
	"net/url"
	"time"
)

// ownLine is a line of a statement.
type ownLine struct {
	Item, Ref, Clause, Quantity, Unit, Price, Source string
	Fen                                              int64
	Balance                                          int64 `json:"balance_fen"`
}

// ownWinter is what a winter's statements come to.
type ownWinter struct {
	Winter   int
	Lines    []ownLine
	Balance  int64 `json:"balance_fen"`
	PaidOut  int64 `json:"paid_out_fen"`
	Payable  int64 `json:"payable_fen"`
	Without  int64 `json:"payable_without_zeroing_fen"`
	Remedy   int64 `json:"remedy_value_fen"`
	Final    bool
	NotFinal string `json:"not_final"`
}

// Due is what the resident owes; Back what they get.
func (w ownWinter) Due() int64 { return max(0, -w.Balance) }

// Back is what is due to the resident.
func (w ownWinter) Back() int64 { return max(0, w.Balance) }

// ownStatement is a statement.
type ownStatement struct {
	ID, Kind, Season string
	Winter           int
	Number           int64
	AsOf             time.Time `json:"as_of"`
	MadeAt           time.Time `json:"made_at"`
	Policy, Digest   string
	Balance          int64 `json:"balance_fen"`
	Lines            []ownLine
}

// billsData is the page of bills.
type billsData struct {
	Home       ownHome
	Winters    []ownWinter
	Statements []ownStatement
	Ways       *ways
}

// ways is the ways to pay, and why others are not open.
type ways struct {
	At, Due string
	Late    bool
	Known   bool // whether the pack has rules for this winter
	Options []wayToPay
	Reasons []reasonToPay
}

// wayToPay is one.
type wayToPay struct {
	Channel string
	Title   twoTongues
	Open    bool
	Reasons []reasonToPay
	Bring   []twoTongues
}

// reasonToPay is why a way is closed, or what holds for all of them.
type reasonToPay struct {
	ID     string
	Words  twoTongues
	Source string
}

// bills asks for a home's statements.
func (r *request) bills() (b billsData, err error) {
	err = r.get(r.of("/statements"), &b)
	return b, optional(err)
}

// lastWinter is what the last winter's statements come to; nil if there are none.
func (r *request) lastWinter() (*ownWinter, error) {
	b, err := r.bills()
	if err != nil || len(b.Winters) == 0 {
		return nil, err
	}
	last := &b.Winters[0]
	for i := range b.Winters {
		if b.Winters[i].Winter > last.Winter {
			last = &b.Winters[i]
		}
	}
	return last, nil
}

// billsPage is GET /home/{home}/bills.
func billsPage(r *request) error {
	home, err := r.ownHome()
	if err != nil {
		return err
	}
	b, err := r.bills()
	if err != nil {
		return err
	}
	b.Home = home
	if home.Account != "" {
		var w ways
		err := r.get("/api/v1/accounts/"+url.PathEscape(home.Account)+"/payment-options", &w)
		if optional(err) != nil {
			return err
		}
		if err == nil && w.Known {
			b.Ways = &w
		}
	}
	return r.show("home_bills.html", r.say("home.bills"), b)
}
