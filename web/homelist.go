package web

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
)

// homeList says where homes are, for those who work on them: what is known of a home by its id.
type homeList struct {
	failing
	homes  Homes
	ledger Matters
}

// homeListAccess is who may ask where homes are.
func homeListAccess() []access {
	return []access{{method: http.MethodGet, pattern: "/api/v1/homes", who: []disputes.Role{
		disputes.Dispatcher, disputes.Billing, disputes.Mediator, disputes.Auditor, disputes.Admin,
	}}}
}

func (h *homeList) register(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "list-homes", Method: http.MethodGet, Path: "/api/v1/homes", Tags: []string{"households"},
		Summary: "Where homes are", Errors: errorsOf(),
		Description: "Of the homes that are named or found those that the caller has rights to, by id. Their telephone numbers are for dispatchers and admins.",
	}, h.list)
}

// maxHomes is how many homes a search finds at most.
const maxHomes = 100

// homeListInput names homes.
type homeListInput struct {
	ID []string `query:"id,explode" maxItems:"100" doc:"Households; repeat it for more than one."`
	Q  string   `query:"q" maxLength:"200" doc:"Or homes that are found by it: the number of a household or account, a telephone number, or words of an address; at most 100."`

	PlaceKind string `query:"place_kind" enum:"riser,building,substation,everywhere" doc:"Or the homes at a place."`
	PlaceID   string `query:"place_id" maxLength:"255" doc:"Of a riser, building or substation."`
	After     string `query:"after" maxLength:"255" doc:"Of the homes at a place those after this one, by id."`
}

// homeListed is where a home is.
type homeListed struct {
	ID         string   `json:"id"`
	Account    string   `json:"account,omitempty" doc:"Its number with the supplier."`
	Address    string   `json:"address,omitempty"`
	Building   string   `json:"building"`
	Riser      string   `json:"riser,omitempty"`
	Substation string   `json:"substation,omitempty"`
	Phone      string   `json:"phone,omitempty"`
	Policy     string   `json:"policy"`
	Rooms      []string `json:"rooms" nullable:"false" doc:"Those whose temperature is owed (A3)."`
}

// homeListOutput is where homes are.
type homeListOutput struct {
	Body struct {
		Homes []homeListed `json:"homes" nullable:"false"`
		Next  string       `json:"next,omitempty" doc:"The after with which there is more at a place; absent at the end."`
	}
}

// at is the homes at a place after another, by id.
func (h *homeList) at(ctx context.Context, p disputes.Place, after string) ([]string, error) {
	if err := p.Check(); err != nil {
		return nil, validation("query.place_id", err.Error())
	}
	all, err := h.ledger.HouseholdsAt(ctx, p)
	slices.Sort(all)
	all = slices.DeleteFunc(all, func(id string) bool { return id <= after })
	return all[:min(len(all), maxHomes)], err
}

func (h *homeList) list(ctx context.Context, in *homeListInput) (*homeListOutput, error) {
	t := callerOf(ctx).token
	out := &homeListOutput{}
	out.Body.Homes = []homeListed{}
	ids := slices.Clone(in.ID)
	if text := strings.TrimSpace(in.Q); text != "" {
		ids = append(ids, h.homes.Search(text, maxHomes)...)
	}
	if in.PlaceKind != "" {
		there, err := h.at(ctx, disputes.Place{Kind: disputes.PlaceKind(in.PlaceKind), ID: in.PlaceID}, in.After)
		if err != nil {
			return nil, h.problem(ctx, "listing homes", err)
		}
		ids = append(ids, there...)
		if len(there) == maxHomes {
			out.Body.Next = there[maxHomes-1]
		}
	}
	slices.Sort(ids)
	for _, id := range slices.Compact(ids) {
		home, ok := h.homes.Home(id)
		if !ok || !t.coversHome(id, h.homes) {
			continue
		}
		v := homeListed{
			ID: id, Account: home.Account, Address: home.Address, Building: home.Building, Riser: home.Riser, Substation: home.Substation,
			Policy: home.Policy, Rooms: []string{},
		}
		if slices.Contains(dispatch, t.Role) {
			v.Phone = home.Phone
		}
		for _, r := range home.Rooms {
			if compliance.RoomKind(r.Kind).Judged() {
				v.Rooms = append(v.Rooms, r.Room)
			}
		}
		out.Body.Homes = append(out.Body.Homes, v)
	}
	return out, nil
}
