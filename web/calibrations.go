package web

import (
	"context"
	"encoding/base64"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/ledger/registrycsv"
	"github.com/nuanju/nuanju/sensors"
)

// Calibrations writes what is found of devices into the registry; see the methods of ledger.Ledger.
type Calibrations interface {
	ImportRegistry(ctx context.Context, d *registrycsv.Declared, o ledger.ImportOptions, now sensors.Instant) (ledger.Import, error)
}

// calibrations is the sensors that disagreed with a test, and what was done about it (section 6).
type calibrations struct {
	failing
	clock  clock
	tests  Tests
	ledger Calibrations
	homes  Homes
	zone   *time.Location
}

func calibrationAccess() []access {
	return []access{
		{method: http.MethodGet, pattern: "/api/v1/calibrations/due", who: staff},
		{method: http.MethodPost, pattern: "/api/v1/devices/:id/calibrations", who: dispatch, maxBody: form},
	}
}

func (h *calibrations) register(api huma.API) {
	const tag = "calibrations"
	huma.Register(api, operationOf(tag, "list-calibrations-due", http.MethodGet, "/api/v1/calibrations/due",
		"List the sensors that disagreed with a test and were not calibrated since, the newest tests first", ""), h.due)
	o := operationOf(tag, "calibrate-device", http.MethodPost, "/api/v1/devices/{id}/calibrations", "Write a device's calibration",
		"It holds from its time until the next one's. The homes that the device judged since are judged again. One of the same time supersedes the one before.")
	o.DefaultStatus = http.StatusCreated
	huma.Register(api, o, h.calibrate)
}

// dueInput is a page of the list.
type dueInput struct {
	Cursor string `query:"cursor" doc:"Where the list before this one ended: its next."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50" doc:"How many at most."`
}

// dueView is a sensor that is off.
type dueView struct {
	Device     string    `json:"device"`
	Household  string    `json:"household"`
	Room       string    `json:"room"`
	Test       string    `json:"test"`
	At         time.Time `json:"at" doc:"The start of the test."`
	Difference float64   `json:"difference" doc:"Of the sensor from the test, °C."`
}

// dueOutput is a list of sensors that are off.
type dueOutput struct {
	Body struct {
		Items []dueView `json:"items" nullable:"false"`
		Next  string    `json:"next,omitempty" doc:"The cursor for more; absent at the end."`
	}
}

func (h *calibrations) due(ctx context.Context, in *dueInput) (*dueOutput, error) {
	at, test, ok := parseDue(in.Cursor)
	if !ok {
		return nil, cursorProblem(ledger.ErrInvalid)
	}
	out := &dueOutput{}
	out.Body.Items = []dueView{}
	t := callerOf(ctx).token
	for {
		found, err := h.tests.SensorsOff(ctx, at, test, in.Limit+1)
		if err != nil {
			return nil, h.problem(ctx, "listing calibrations", err)
		}
		for i := range found {
			f := &found[i]
			home, known := h.homes.Home(f.Household)
			if !known || !t.coversHome(f.Household, h.homes) {
				continue
			}
			device := deviceAt(home, f.Room, f.Start)
			if last, ok := home.Resolver.Calibration(device, sensors.Forever-1); device == "" || ok && last.From >= f.Start {
				continue // it is not there any more, or was calibrated since
			}
			if len(out.Body.Items) == in.Limit {
				out.Body.Next = base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(int64(at), 10) + " " + test))
				return out, nil
			}
			out.Body.Items = append(out.Body.Items, dueView{device, f.Household, f.Room, f.Test, f.Start.Time().In(home.Zone), f.Difference})
			at, test = f.Start, f.Test
		}
		if len(found) <= in.Limit {
			return out, nil
		}
		last := &found[len(found)-1]
		at, test = last.Start, last.Test
	}
}

// parseDue is the place of a cursor in the list; the start for none.
func parseDue(cursor string) (at sensors.Instant, test string, ok bool) {
	if cursor == "" {
		return 0, "", true
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	number, test, found := strings.Cut(string(text), " ")
	n, wrong := strconv.ParseInt(number, 10, 64)
	return sensors.Instant(n), test, err == nil && wrong == nil && found && n != 0 && sensors.CheckID(test) == nil
}

// calibrateInput is a calibration.
type calibrateInput struct {
	ID   string `path:"id" maxLength:"128" doc:"The device's id."`
	Key  string `header:"Idempotency-Key" maxLength:"255" doc:"The time is its key: the same calibration sent again is written once."`
	Body struct {
		From        string  `json:"from" format:"date-time" doc:"From when on it holds: as early as the error is known to have been there."`
		Offset      float64 `json:"offset_celsius" minimum:"-20" maximum:"20" doc:"Is added to what the device sends."`
		Certificate string  `json:"certificate" maxLength:"128" doc:"Who found it and where it is written."`
	}
}

// Resolve finds what is wrong beside what the schema says.
func (in *calibrateInput) Resolve(huma.Context) []error {
	var errs []error
	if _, err := parseMoment("from", in.Body.From); err != nil {
		errs = append(errs, err)
	}
	if err := sensors.CheckID(in.Body.Certificate); err != nil {
		errs = append(errs, &disputes.FieldError{Field: "certificate", Reason: err.Error()})
	}
	if math.Round(in.Body.Offset*1000)/1000 != in.Body.Offset {
		errs = append(errs, &disputes.FieldError{Field: "offset_celsius", Reason: "has more than 3 decimals"})
	}
	return details(nil, errs...)
}

// calibrationOutput is a calibration as it was written.
type calibrationOutput struct {
	Body struct {
		Device      string    `json:"device"`
		From        time.Time `json:"from"`
		Offset      float64   `json:"offset_celsius"`
		Certificate string    `json:"certificate"`
		Changed     bool      `json:"changed" doc:"False if it was written before."`
		Households  []string  `json:"households" nullable:"false" doc:"That are judged again."`
	}
}

func (h *calibrations) calibrate(ctx context.Context, in *calibrateInput) (*calibrationOutput, error) {
	const doing = "writing a calibration"
	from, ok := parseTime(in.Body.From)
	now := h.clock.now()
	if !ok || from > now {
		return nil, newProblem(http.StatusUnprocessableEntity, "validation failed", &huma.ErrorDetail{Location: "body.from", Message: "is in the future"})
	}
	if sensors.CheckID(in.ID) != nil {
		return nil, h.problem(ctx, doing, ledger.ErrNotFound)
	}
	if !callerOf(ctx).token.Scope.Everything() {
		return nil, newProblem(http.StatusForbidden, "the token is for a part of the homes, and a device may judge others")
	}
	d := &registrycsv.Declared{Registry: registrycsv.Registry{Registry: sensors.Registry{Calibrations: []sensors.Calibration{
		{Device: in.ID, From: from, OffsetCelsius: in.Body.Offset, Certificate: in.Body.Certificate},
	}}}}
	done, err := h.ledger.ImportRegistry(ctx, d, ledger.ImportOptions{}, now)
	if problems, ok := errors.AsType[registrycsv.Problems](err); ok && len(problems) > 0 {
		return nil, newProblem(http.StatusNotFound, "there is no such device")
	}
	if err != nil {
		return nil, h.problem(ctx, doing, err)
	}
	out := &calibrationOutput{}
	b := &out.Body
	b.Device, b.From, b.Offset, b.Certificate, b.Changed = in.ID, from.Time().In(h.zone), in.Body.Offset, in.Body.Certificate, done.Same == 0
	b.Households = []string{}
	for _, m := range done.Dirty {
		b.Households = append(b.Households, m.Household)
	}
	return out, nil
}
