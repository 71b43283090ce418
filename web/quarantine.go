package web

import (
	"cmp"
	"context"
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// quarantine is the readings that were set aside: accepted, kept, and not judged until their cause is mended.
type quarantine struct {
	failing
	lines Quarantine
	homes Homes
	zone  *time.Location
}

// quarantineAccess is who may see what was set aside.
func quarantineAccess() []access {
	return []access{
		{method: http.MethodGet, pattern: "/api/v1/quarantine", who: staff},
	}
}

func (h *quarantine) register(api huma.API) {
	huma.Register(api, huma.Operation{
		OperationID: "list-quarantine", Method: http.MethodGet, Path: "/api/v1/quarantine", Tags: []string{"readings"},
		Summary: "Readings that were set aside, in the order of the evidence log", Errors: errorsOf(),
	}, h.list)
}

// quarantineInput chooses lines.
type quarantineInput struct {
	Reason    string `query:"reason" maxLength:"64" doc:"Only lines set aside for this reason, such as unknown_device."`
	Device    string `query:"device" doc:"Only lines of this device, station or household, as sent."`
	Household string `query:"household" doc:"Only lines of this household."`
	Released  bool   `query:"released" doc:"Also lines that were released since."`
	Cursor    string `query:"cursor" doc:"Where the list before this one ended: its next."`
	Limit     int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"How many at most."`
}

// lineView is a line that was set aside.
type lineView struct {
	Reason      string     `json:"reason"`
	Device      string     `json:"device" doc:"The device, station or household, as sent."`
	Household   string     `json:"household,omitempty"`
	Raw         string     `json:"raw,omitempty" doc:"The line as received."`
	RawBase64   string     `json:"raw_base64,omitempty" doc:"The line as received, when it is not UTF-8."`
	Time        *time.Time `json:"time,omitempty" doc:"Of measurement, by the device's clock; absent when it could not be read."`
	Received    time.Time  `json:"received" doc:"By the server's clock."`
	Leaf        int64      `json:"leaf" doc:"Its place in the evidence log."`
	Line        int        `json:"line" doc:"Its line in the leaf."`
	ReleasedAt  *time.Time `json:"released_at,omitempty"`
	ReleasedWhy string     `json:"released_why,omitempty"`
}

// quarantineOutput is a list of lines, and how many there are.
type quarantineOutput struct {
	Body struct {
		Lines  []lineView     `json:"lines" nullable:"false"`
		Counts map[string]int `json:"counts,omitempty" doc:"All lines that are held, by reason; absent for tokens of some households."`
		Next   string         `json:"next,omitempty" doc:"The cursor for more; absent at the end."`
	}
}

func (h *quarantine) list(ctx context.Context, in *quarantineInput) (*quarantineOutput, error) {
	household, p := scopedTo(ctx, in.Household, h.homes)
	if p != nil {
		return nil, p
	}
	after, ok := parseLineCursor(in.Cursor)
	if !ok {
		return nil, newProblem(http.StatusUnprocessableEntity, "validation failed",
			&huma.ErrorDetail{Location: "query.cursor", Message: "is not one that a list gave"})
	}
	out := &quarantineOutput{}
	out.Body.Lines = []lineView{}
	if in.Device != "" && sensors.CheckID(in.Device) != nil || in.Reason != "" && !isPlain(in.Reason) {
		return out, nil // no line has such a one, and no database is asked
	}
	limit := cmp.Or(in.Limit, 100)
	lines, err := h.lines.ListQuarantine(ctx, ledger.QuarantineFilter{
		Reason: in.Reason, Owner: in.Device, Household: household, Released: in.Released, After: after, Limit: limit,
	})
	if err != nil {
		return nil, h.problem(ctx, "listing the quarantine", err)
	}
	for i := range lines {
		out.Body.Lines = append(out.Body.Lines, h.show(&lines[i]))
	}
	if n := len(lines); n == limit {
		out.Body.Next = strconv.FormatInt(lines[n-1].Leaf, 10) + "." + strconv.Itoa(lines[n-1].Line)
	}
	if callerOf(ctx).token.everywhere() {
		if out.Body.Counts, err = h.lines.CountQuarantine(ctx); err != nil {
			return nil, h.problem(ctx, "counting the quarantine", err)
		}
	}
	return out, nil
}

func (h *quarantine) show(q *ledger.Quarantined) lineView {
	zone := h.zone
	if home, ok := h.homes.Home(q.Household); ok {
		zone = home.Zone
	}
	v := lineView{
		Reason: q.Reason, Device: q.Owner, Household: q.Household, Time: timeOf(q.DeviceTime, zone),
		Received: q.Received.Time().In(zone), Leaf: q.Leaf, Line: q.Line, ReleasedAt: timeOf(q.ReleasedAt, zone), ReleasedWhy: q.ReleasedWhy,
	}
	if utf8.Valid(q.Raw) {
		v.Raw = string(q.Raw)
	} else {
		v.RawBase64 = base64.StdEncoding.EncodeToString(q.Raw)
	}
	return v
}

// timeOf is an instant in a zone; nil for 0, which is none.
func timeOf(i sensors.Instant, zone *time.Location) *time.Time {
	if i == 0 {
		return nil
	}
	t := i.Time().In(zone)
	return &t
}

// parseLineCursor reads LEAF.LINE; nothing is the beginning, before leaf 0.
func parseLineCursor(s string) (ledger.LineKey, bool) {
	if s == "" {
		return ledger.LineKey{Leaf: -1}, true
	}
	leaf, line, ok := strings.Cut(s, ".")
	l, err := strconv.ParseInt(leaf, 10, 64)
	n, err2 := strconv.ParseInt(line, 10, 32)
	return ledger.LineKey{Leaf: l, Line: int(n)}, ok && err == nil && err2 == nil && l >= 0 && n >= 0
}
