package web

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Declared tells what people declared; see the method of ledger.Ledger.
type Declared interface {
	Declarations(ctx context.Context, households []string) (map[string]ledger.Declarations, error)
}

// maintenance is how many of a season's planned stoppages count for a home, and which are exempt (A7.2.2⑤).
type maintenance struct {
	failing
	clock    clock
	declared Declared
	homes    Homes
}

func maintenanceAccess() []access {
	return []access{{method: http.MethodGet, pattern: "/api/v1/households/:id/maintenance", who: matterReader}}
}

func (h *maintenance) register(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "household-maintenance", Method: http.MethodGet, Path: "/api/v1/households/{id}/maintenance", Tags: []string{"households"},
		Summary: "Which of a season's planned stoppages are exempt for a home", Errors: errorsOf(http.StatusNotFound),
		Description: "Judged by A7.2.2.5 from what is declared now, in order of start; stoppages that are announced for later are among them.",
	}, h.get)
}

// maintenanceInput is a household and a winter.
type maintenanceInput struct {
	ID     string `path:"id" doc:"The household's id."`
	Winter int    `query:"winter" minimum:"1950" maximum:"2200" doc:"The year in which the season begins; that of the present winter if absent."`
}

// maintenanceOutput is a season's stoppages.
type maintenanceOutput struct {
	Body struct {
		Household string          `json:"household"`
		Season    seasonView      `json:"season"`
		Allowed   int             `json:"allowed" doc:"How many are exempt in a season at most."`
		Counted   int             `json:"counted" doc:"How many that have begun count towards that."`
		Stoppages []stoppageJudge `json:"stoppages" nullable:"false"`
	}
}

// seasonView is a season's first and last day.
type seasonView struct {
	First string `json:"first"`
	Last  string `json:"last"`
}

// stoppageJudge is what the judge says of a stoppage.
type stoppageJudge struct {
	ID      string          `json:"id"`
	Start   time.Time       `json:"start"`
	End     time.Time       `json:"end"`
	Begun   bool            `json:"begun"`
	Ordinal int             `json:"ordinal" doc:"How many of the season's count, up to and with this one."`
	Exempt  bool            `json:"exempt"`
	Reason  string          `json:"reason,omitempty" enum:"not_announced,too_long,over_three,not_proved" doc:"Why it is not exempt: the first that applies."`
	Because json.RawMessage `json:"because" doc:"The steps that led there."`
}

func (h *maintenance) get(ctx context.Context, in *maintenanceInput) (*maintenanceOutput, error) {
	if sensors.CheckID(in.ID) != nil || !callerOf(ctx).token.coversHome(in.ID, h.homes) {
		return nil, newProblem(http.StatusForbidden, "the token is not for this household")
	}
	home, ok := h.homes.Home(in.ID)
	if !ok {
		return nil, newProblem(http.StatusNotFound, "the household is not registered")
	}
	declared, err := h.declared.Declarations(ctx, []string{in.ID})
	if err != nil {
		return nil, h.problem(ctx, "reading stoppages", err)
	}
	out, err := judgeStoppages(home, in.Winter, declared[in.ID].Stoppages, h.clock.now())
	if err != nil {
		return nil, h.problem(ctx, "judging stoppages", err)
	}
	return out, nil
}

// judgeStoppages asks the judge of a winter's stoppages. It needs neither readings nor rooms to say what it does of them.
func judgeStoppages(home Home, winter int, stoppages []compliance.Stoppage, now sensors.Instant) (*maintenanceOutput, error) {
	p := home.Pack
	if winter == 0 {
		today := compliance.DateIn(now, p.Zone)
		if winter = today.Year(); today.Month() < time.July {
			winter--
		}
	}
	season, err := checker.SeasonOf(p, home.Season, winter)
	if err != nil {
		return nil, err
	}
	v, err := compliance.Judge(p, &compliance.Facts{
		Household: home.ID, Season: season, Rooms: []compliance.Room{{ID: "any", Kind: compliance.Bedroom}}, Stoppages: stoppages,
	})
	if err != nil {
		return nil, err
	}
	out := &maintenanceOutput{}
	b := &out.Body
	b.Household, b.Season = home.ID, seasonView{season.Start.String(), season.End.String()}
	b.Allowed, b.Stoppages = p.EditionOn(season.Start).Maintenance.PerSeason, []stoppageJudge{}
	for _, s := range v.Stoppages {
		because := []byte{'['}
		for i := range s.Because {
			if i > 0 {
				because = append(because, ',')
			}
			because = s.Because[i].AppendJSON(because, home.Zone)
		}
		begun := s.Span.Start <= now
		if begun {
			b.Counted = s.Ordinal
		}
		b.Stoppages = append(b.Stoppages, stoppageJudge{
			s.ID, s.Span.Start.Time().In(home.Zone), s.Span.End.Time().In(home.Zone), begun, s.Ordinal, s.Exempt, string(s.Reason), append(because, ']'),
		})
	}
	return out, nil
}
