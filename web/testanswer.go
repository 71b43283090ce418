package web

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/disputes/measured"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// testAnswer is what a test decides, as the judge finds it with the test among the household's facts. A dry run and the commit answer
// the same.
type testAnswer struct {
	ID          string    `json:"id" doc:"Follows from what was measured: the same test handed in twice is one."`
	Household   string    `json:"household"`
	Room        string    `json:"room"`
	Institution string    `json:"institution"`
	Accredited  bool      `json:"accredited" doc:"On the local day of from, by the register."`
	Side        string    `json:"commissioned_by"`
	Request     string    `json:"request,omitempty"`
	From        time.Time `json:"from" doc:"The first row."`
	To          time.Time `json:"to" doc:"The last row."`
	AsOf        time.Time `json:"as_of" doc:"The moment of judging. Given to the commit, it judges at the same moment."`
	Celsius     float64   `json:"celsius" doc:"The room's value: the mean over points and readings, not rounded."`
	Readings    int       `json:"readings"`
	Points      int       `json:"points"`
	Report      string    `json:"report" doc:"SHA-256 of the signed report."`

	Finding    string             `json:"finding" enum:"noncompliant,compliant,not_applicable"`
	Stands     bool               `json:"stands"`
	SetAsideBy string             `json:"set_aside_by,omitempty"`
	Payer      string             `json:"payer,omitempty"`
	Confirms   []testSpan         `json:"confirms" nullable:"false" doc:"Time that is confirmed by it and was not before."`
	Releases   []testSpan         `json:"releases" nullable:"false" doc:"Time that was confirmed and no longer is."`
	Dismisses  []testSpan         `json:"dismisses" nullable:"false" doc:"Time of the room that is dismissed by it and was not before."`
	Others     []otherTest        `json:"others" nullable:"false" doc:"Other tests of which it changes whether they stand or who pays."`
	Sensor     *testSensor        `json:"sensor,omitempty" doc:"The room's sensor at from; absent if no reading holds then."`
	Warnings   []measured.Problem `json:"warnings" nullable:"false"`
	Because    json.RawMessage    `json:"because" doc:"The steps that led to it."`
	Says       []compliance.Words `json:"says" nullable:"false" doc:"The same in words."`
}

// testSpan is a span of time. One that goes on has no end.
type testSpan struct {
	Start time.Time  `json:"start"`
	End   *time.Time `json:"end,omitempty"`
}

// otherTest is another test.
type otherTest struct {
	ID     string `json:"id"`
	Stands bool   `json:"stands"`
	Payer  string `json:"payer,omitempty"`
}

// testSensor is how the room's sensor compares with the test.
type testSensor struct {
	Device     string  `json:"device,omitempty"`
	Agrees     bool    `json:"agrees"`
	Difference float64 `json:"difference" doc:"°C."`
}

// judged is the household's season with the test and without it, and what is taken from both.
type judgedTest struct {
	home   Home
	fact   compliance.Test
	asOf   sensors.Instant
	answer *testAnswer
	before verdictOf
}

// verdictOf is what is compared of a verdict.
type verdictOf struct {
	confirmed, dismissed compliance.Spans
	tests                []compliance.TestVerdict
}

// judge fills in what the test decides, by asking the checker twice. The test without accreditation decides nothing and is no rival:
// so the household is judged without it, also when it stands declared already.
func (h *testPart) judge(ctx context.Context, home Home, fact compliance.Test, asOf sensors.Instant, answer *testAnswer) error {
	j := &judgedTest{home: home, fact: fact, asOf: asOf, answer: answer}
	answer.Confirms, answer.Releases, answer.Dismisses = []testSpan{}, []testSpan{}, []testSpan{}
	answer.Others, answer.Says, answer.Because = []otherTest{}, []compliance.Words{}, json.RawMessage("[]")
	answer.AsOf = asOf.Time().In(home.Zone)
	winter := compliance.DateIn(fact.Start, home.Zone)
	year := winter.Year()
	if winter.Month() < time.July {
		year--
	}
	season, err := checker.SeasonOf(home.Pack, home.Season, year)
	if err != nil {
		return err
	}
	if !season.In(home.Zone).Contains(fact.Start) {
		answer.Finding = string(compliance.NotApplicable)
		answer.Says = append(answer.Says, compliance.Words{ZH: "检测开始时不在采暖季内，不适用。", EN: "It began outside the season: it is not applicable."})
		return nil
	}
	without := fact
	without.Accredited = false
	questions := []checker.Question{
		{Household: home.ID, Season: season, AsOf: asOf, Also: ledger.Declarations{Tests: []compliance.Test{without}}},
		{Household: home.ID, Season: season, AsOf: asOf, Also: ledger.Declarations{Tests: []compliance.Test{fact}}},
	}
	return h.answers(ctx, questions, func(i int, a checker.Answer, err error) error {
		if err != nil {
			return err
		}
		if i == 0 {
			j.before = j.take(a.Verdict)
			return nil
		}
		return j.compare(a.Verdict)
	})
}

func (j *judgedTest) take(v *compliance.Verdict) verdictOf {
	out := verdictOf{confirmed: v.Confirmed, tests: slices.Clone(v.Tests)}
	for i := range v.Episodes {
		if e := &v.Episodes[i]; e.Room == j.fact.Room {
			out.dismissed = append(out.dismissed, e.DismissedTime...)
		}
	}
	out.dismissed = compliance.Union(out.dismissed...)
	return out
}

// compare fills in what the verdict with the test says beyond the one without it.
func (j *judgedTest) compare(v *compliance.Verdict) error {
	a, after := j.answer, j.take(v)
	found := slices.IndexFunc(after.tests, func(t compliance.TestVerdict) bool { return t.ID == j.fact.ID })
	if found < 0 {
		return fmt.Errorf("test %s was not judged", j.fact.ID)
	}
	t := &after.tests[found]
	a.Finding, a.Stands, a.Payer = string(t.Finding), t.Stands, string(t.Payer)
	a.Confirms = j.spans(after.confirmed.Subtract(j.before.confirmed), v.Until)
	a.Releases = j.spans(j.before.confirmed.Subtract(after.confirmed), v.Until)
	a.Dismisses = j.spans(after.dismissed.Subtract(j.before.dismissed), v.Until)
	for _, o := range after.tests {
		i := slices.IndexFunc(j.before.tests, func(b compliance.TestVerdict) bool { return b.ID == o.ID })
		if o.ID != t.ID && i >= 0 && (j.before.tests[i].Stands != o.Stands || j.before.tests[i].Payer != o.Payer) {
			a.Others = append(a.Others, otherTest{o.ID, o.Stands, string(o.Payer)})
		}
	}
	because := []byte{'['}
	for i := range t.Because {
		step := &t.Because[i]
		for _, value := range step.Values {
			if value.Name == "by" {
				a.SetAsideBy = value.Text
			}
			if value.Name == "difference" {
				a.Sensor = &testSensor{Agrees: !t.SensorOff, Difference: t.Difference, Device: deviceAt(j.home, t.Room, t.Start)}
			}
		}
		if i > 0 {
			because = append(because, ',')
		}
		because = step.AppendJSON(because, j.home.Zone)
		a.Says = append(a.Says, compliance.Words{
			ZH: step.Say(compliance.RuleWords(), compliance.ZH, j.home.Zone), EN: step.Say(compliance.RuleWords(), compliance.EN, j.home.Zone),
		})
	}
	a.Because = append(because, ']')
	return nil
}

// deviceAt is the device whose readings speak for a room at an instant, or empty.
func deviceAt(home Home, room string, at sensors.Instant) string {
	a, _ := home.Resolver.Judging(sensors.InRoom(sensors.RoomID{Household: home.ID, Room: room}), at)
	return a.Device
}

// spans shows spans of time. One that ends at the moment of judging goes on.
func (j *judgedTest) spans(all compliance.Spans, until sensors.Instant) []testSpan {
	out := []testSpan{}
	for _, s := range all {
		v := testSpan{Start: s.Start.Time().In(j.home.Zone)}
		if s.End != until || until != j.asOf {
			end := s.End.Time().In(j.home.Zone)
			v.End = &end
		}
		out = append(out, v)
	}
	return out
}

// body is the test as its matter keeps it.
func (a *testAnswer) body(fact compliance.Test, r *measured.Record, record string) disputes.Test {
	return disputes.Test{
		Household: a.Household, Room: a.Room, Institution: a.Institution, Accredited: a.Accredited, Side: fact.CommissionedBy, Request: a.Request,
		From: fact.Start, To: fact.End, Celsius: fact.Celsius, Record: record, Report: a.Report, Instrument: r.Instrument, Certificate: r.Certificate,
	}
}
