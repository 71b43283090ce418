package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/ledger/registrycsv"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
	"github.com/nuanju/nuanju/simulate"
	"github.com/nuanju/nuanju/web/signin"
)

const (
	demoPolicy = "beijing-metered"
	demoDays   = 14 // of the past
	demoAfter  = 60 // days of the season agreed, from the start on
	demoSeed   = 1
	// demoStep is how much of the past is lived at once: what sensors said in it is received at its end, and judged.
	demoStep = 30 * time.Minute
)

// story is what happens in the demonstration. Its people act through the API, as real ones do: with a session each, at the time that
// the server's clock has then. What devices say goes through the write API. Nothing is written past the API but the registry and the
// accounts of the staff, which are the command line's to make.
type story struct {
	ctx     context.Context
	d       *demo
	zone    *time.Location
	season  compliance.Season
	town    *simulate.Town
	life    *simulate.Simulation
	gateway string // the token that devices send with
	mute    map[string]bool
	line    []byte
	lines   int

	acts    []act
	err     error // the first; nothing is done after it
	outdoor []observation
	cast
}

// act is something that people do at a time.
type act struct {
	at time.Time
	do func()
}

// observation is the true temperature outdoors.
type observation struct {
	at      time.Time
	celsius float64
}

// firstDay is the midnight at which the past begins.
func firstDay(start time.Time, zone *time.Location) time.Time {
	y, m, d := start.In(zone).Date()
	return time.Date(y, m, d-demoDays, 0, 0, 0, 0, zone)
}

func newStory(d *demo, policy *compliance.Policy) (*story, error) {
	s := &story{ctx: context.Background(), d: d, zone: policy.Zone, mute: map[string]bool{}}
	first := firstDay(d.start, s.zone)
	y, m, day := d.start.In(s.zone).Date()
	s.season = compliance.Season{
		Start: compliance.DateIn(sensors.At(first), s.zone), End: compliance.DateOf(y, m, day+demoAfter),
	}
	var err error
	s.town, err = simulate.New(simulate.Options{
		Seed: demoSeed, Homes: 60, Buildings: 3, From: sensors.At(first), Days: demoDays + liveDays, Policy: policy.Name, Zone: s.zone,
		Station: policy.Editions[len(policy.Editions)-1].Outdoor.Station, DeepCold: true, Faults: []simulate.Kind{}, Planned: s.faults(),
	})
	if err != nil {
		return nil, err
	}
	s.life = s.town.Start()
	for i, r := range s.town.Rooms() {
		if r.Household == homeUnsensed {
			s.mute[s.town.Device(i)] = true
		}
	}
	s.cast.assemble(s.town)
	return s, nil
}

// seasonLabel is the season agreed, as the registry and contracts write it. It covers the past and the weeks to come, whatever the month is
// in which somebody looks.
func (s *story) seasonLabel() string { return s.season.Start.String() + "/" + s.season.End.String() }

// day is a time of the day so many days before today.
func (s *story) day(before int, clock string) time.Time {
	var hour, minute int
	if _, err := fmt.Sscanf(clock, "%d:%d", &hour, &minute); err != nil {
		s.fail("a time of the story", fmt.Errorf("%q: %w", clock, err))
	}
	y, m, d := s.d.start.In(s.zone).Date()
	return time.Date(y, m, d-before, hour, minute, 0, 0, s.zone)
}

// ago is a time before the start.
func (s *story) ago(before time.Duration) time.Time { return s.d.start.Add(-before).In(s.zone) }

// on plans something.
func (s *story) on(at time.Time, do func()) { s.acts = append(s.acts, act{at, do}) }

// fail keeps the first error.
func (s *story) fail(doing string, err error) {
	if s.err == nil && err != nil {
		s.err = fmt.Errorf("%s, at %s: %w", doing, s.d.clock.now().In(s.zone).Format(time.DateTime), err)
	}
}

// perform makes the past: step by step the town lives, people act and the monitor does its rounds.
func (s *story) perform(ctx context.Context) error {
	s.ctx = ctx
	defer func() { s.ctx = context.WithoutCancel(ctx) }()
	if err := s.register(); err != nil {
		return err
	}
	s.plan()
	for at := firstDay(s.d.start, s.zone); at.Before(s.d.start); {
		at = at.Add(demoStep)
		if at.After(s.d.start) {
			at = s.d.start
		}
		for s.act(at) {
		}
		s.d.clock.set(at)
		s.live(sensors.At(at))
		s.round(at)
		if err := errors.Join(s.err, ctx.Err()); err != nil {
			return err
		}
	}
	if len(s.acts) > 0 {
		return fmt.Errorf("%d acts lie in the future, the first at %s", len(s.acts), s.acts[0].at)
	}
	return s.d.s.finish(ctx)
}

// act does what comes next, if it comes by a time; it may plan more.
func (s *story) act(by time.Time) bool {
	slices.SortStableFunc(s.acts, func(a, b act) int { return a.at.Compare(b.at) })
	if len(s.acts) == 0 || s.acts[0].at.After(by) || s.err != nil {
		return false
	}
	next := s.acts[0]
	s.acts = s.acts[1:]
	s.d.clock.set(next.at)
	next.do()
	return true
}

// round is what the monitor does by its clock. It judges and looks for findings every fourth hour of the past, and in its last
// hours at every step; clocks of tickets are recorded at their due times whenever that is done.
func (s *story) round(at time.Time) {
	sv := s.d.s
	if late := s.d.start.Sub(at); late > 3*time.Hour && at.Minute() == 0 && at.Hour()%4 != 0 || late > 3*time.Hour && at.Minute() != 0 {
		s.fail("the clocks", sv.clocks(s.ctx))
		return
	}
	_, err := sv.forwarder.CatchUp(s.ctx)
	s.fail("forwarding readings", err)
	s.fail("judging", sv.tick(s.ctx))
	s.fail("looking for findings", sv.findings(s.ctx))
	s.fail("the clocks", sv.clocks(s.ctx))
	s.fail("what is told", sv.messages.Run(s.ctx))
	if at.Hour() == 0 && at.Minute() == 0 {
		s.fail("delivering", sv.deliver(s.ctx))
		s.fail("signing", sv.sign(s.ctx))
	}
}

// live lets the town live until an instant, and sends what it says.
func (s *story) live(until sensors.Instant) {
	for s.life.Now() < until && s.err == nil {
		to := min(until, s.life.Now().Add(demoStep))
		err := s.life.Advance(to, func(m *simulate.Message) error {
			if !s.mute[m.Owner] || m.Kind != ingest.Temperature {
				s.line = m.AppendLine(s.line)
				s.lines++
			}
			return nil
		})
		s.fail("the town", err)
		s.outdoor = append(s.outdoor, observation{to.Time().In(s.zone), s.life.Outdoor()})
		if len(s.outdoor) > 200 {
			s.outdoor = slices.Delete(s.outdoor, 0, 100)
		}
		s.flush()
	}
}

// register imports the registry as nuanju import registry does, from files, and makes the accounts of the staff and the gateway's token.
func (s *story) register() error {
	dir := filepath.Join(s.d.dir, "registry")
	files, err := registrycsv.Write(s.registry())
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Text, 0o600); err != nil {
			return err
		}
	}
	found, problems := registrycsv.Read(os.DirFS(dir))
	if len(problems) > 0 {
		return asProblems(problems)
	}
	now, l := sensors.At(s.d.clock.now()), s.d.s.ledger
	if _, err := l.ImportRegistry(s.ctx, found, ledger.ImportOptions{Policies: configs.Policies()}, now); err != nil {
		return err
	}
	nobodys, err := signin.NewHasher(signin.DefaultCost).Hash(s.ctx, rand.Text()) // nobody signs in with a password
	if err != nil {
		return err
	}
	for _, p := range s.staff() {
		kept, err := l.CreateAccount(s.ctx, ledger.StaffAccount{Name: p.name, Role: p.role, Scope: p.scope}, nobodys, now)
		if err != nil {
			return err
		}
		p.account = kept.ID
	}
	s.gateway, _, err = l.CreateToken(s.ctx, ledger.Token{
		Role: disputes.Device, Name: "gateway", ExpiresAt: sensors.At(s.d.start.AddDate(1, 0, 0)),
	}, now)
	if err != nil {
		return err
	}
	return s.d.s.tick(s.ctx) // the server takes the registry over
}

// registry is the town as its supplier registers it: with the season agreed, and one home without thermometers.
func (s *story) registry() *registrycsv.Registry {
	r := s.town.Registry()
	for i := range r.Households {
		r.Households[i].Season = s.seasonLabel()
	}
	r.Devices = slices.DeleteFunc(r.Devices, func(d sensors.Device) bool { return s.mute[d.ID] })
	r.Assignments = slices.DeleteFunc(r.Assignments, func(a sensors.Assignment) bool { return s.mute[a.Device] })
	return r
}
