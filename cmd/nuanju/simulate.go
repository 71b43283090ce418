package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/ledger/registrycsv"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/simulate"
)

type simulateCommand struct {
	Seed         uint64        `default:"1" help:"One seed is one town, to the byte."`
	Homes        int           `default:"60" help:"How many homes."`
	Buildings    int           `help:"How many buildings; one for each 20 homes if not given."`
	From         string        `placeholder:"DATE" help:"The first day, such as 2025-11-15; --days before today if not given."`
	Days         int           `default:"14" help:"How many days."`
	Policy       string        `default:"beijing-metered" help:"The policy that judges the homes: it says where, and which station observes."`
	Weather      string        `type:"path" placeholder:"FILE" help:"Observed weather, a CSV with the columns time and celsius, instead of the seed's."`
	DeepCold     bool          `help:"The seed's winter is always in the middle of January."`
	Fault        []string      `help:"Only faults of these kinds, or none; every kind if not given."`
	Registry     string        `type:"path" placeholder:"DIR" help:"Write the registry's CSV files and truth.json to this folder, and send nothing."`
	Temperatures time.Duration `placeholder:"EVERY" help:"With --registry: write the true temperature of each room so often to temperatures.tsv, too."`
	To           string        `placeholder:"URL" help:"Send to this server, such as http://127.0.0.1:8080."`
	TokenFile    string        `type:"path" placeholder:"FILE" help:"A file with the device token to send with."`
	Speed        float64       `help:"How many times as fast as life; 0 is as fast as the server takes it."`
	Live         bool          `help:"Send everything until now, then go on as time passes, until interrupted."`
}

// Help is shown by nuanju simulate --help.
func (simulateCommand) Help() string {
	return `
A simulated town: weather, buildings, rooms, people, sensors and faults, of which truth.json tells what they are and when.
It is sent through the write API as gateways do it, gzipped, and again when the server is busy.

Examples:
  nuanju simulate --seed 1 --days 30 --registry town/
  nuanju import registry town/
  nuanju token create --role device --name simulator > token
  nuanju simulate --seed 1 --days 30 --to http://127.0.0.1:8080 --token-file token
  nuanju simulate --seed 1 --days 14 --deep-cold --to http://127.0.0.1:8080 --token-file token --live

Give the same flags to both calls: they are the same town then. Readings of the past are received now, so that
what depends on the time of receipt (a clock that is ahead) shows only in --live.`
}

// Run writes the town's registry, or sends what the town says.
func (c simulateCommand) Run(a *app) error {
	ctx, stop := signal.NotifyContext(a.ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	if (c.Registry == "") == (c.To == "") {
		return errUsage{errors.New("give either --registry DIR or --to URL")}
	}
	if c.Speed < 0 || c.Temperatures < 0 || c.Temperatures%time.Minute != 0 || c.Live && c.Speed != 0 {
		return errUsage{errors.New("--speed must not be negative nor stand beside --live, and --temperatures be whole minutes")}
	}
	town, err := c.town(time.Now())
	if err != nil {
		return err
	}
	if c.Registry != "" {
		return c.write(a, town)
	}
	s, err := newSender(c.To, c.TokenFile)
	if err != nil {
		return err
	}
	began := time.Now()
	err = c.send(ctx, town, s)
	fmt.Fprintf(a.stdout, "%d lines in %d requests, %d of them again; %d faults; %s\n",
		s.lines, s.requests, s.again, len(town.Faults()), time.Since(began).Round(time.Second/10))
	if ctx.Err() != nil && c.Live {
		return nil // it ends by being interrupted
	}
	return err
}

// liveDays is how many days of faults a town that goes on has before it.
const liveDays = 30

// town is the town of the flags.
func (c simulateCommand) town(now time.Time) (*simulate.Town, error) {
	p, err := configs.Policy(c.Policy)
	if err != nil {
		return nil, errUsage{err}
	}
	o := simulate.Options{
		Seed: c.Seed, Homes: c.Homes, Buildings: c.Buildings, Days: c.Days, Policy: p.Name, Zone: p.Zone, DeepCold: c.DeepCold,
	}
	y, m, d := now.In(p.Zone).Date()
	first := time.Date(y, m, d-c.Days, 0, 0, 0, 0, p.Zone)
	if c.From != "" {
		if first, err = time.ParseInLocation(time.DateOnly, c.From, p.Zone); err != nil {
			return nil, errUsage{fmt.Errorf("--from %s is not a date such as 2025-11-15", c.From)}
		}
	}
	o.From = sensors.At(first)
	if c.Live {
		o.Days += liveDays
	}
	for i := range p.Editions {
		if out := p.Editions[i].Outdoor; out != nil {
			o.Station = out.Station
		}
	}
	if o.Faults, err = faultKinds(c.Fault); err != nil {
		return nil, errUsage{err}
	}
	if c.Weather != "" {
		f, err := os.Open(c.Weather)
		if err != nil {
			return nil, errUsage{fmt.Errorf("weather: %w", reason(err))}
		}
		defer f.Close()
		observed, err := simulate.ReadWeather(f)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Weather, err)
		}
		o.Weather = observed
	}
	town, err := simulate.New(o)
	if err != nil {
		return nil, errUsage{err}
	}
	return town, nil
}

// faultKinds are the kinds of some names; nil, which is every kind, without a name.
func faultKinds(names []string) (kinds []simulate.Kind, err error) {
	for _, name := range names {
		known := name == "none"
		for _, k := range simulate.Kinds() {
			if string(k) == name {
				kinds, known = append(kinds, k), true
			}
		}
		if !known {
			return nil, fmt.Errorf("%q is no kind of fault; they are none, %s", name, strings.Trim(fmt.Sprint(simulate.Kinds()), "[]"))
		}
	}
	if len(names) > 0 && kinds == nil {
		kinds = []simulate.Kind{}
	}
	return kinds, nil
}

// write writes the registry and the truth into a folder that is empty or not there.
func (c simulateCommand) write(a *app, town *simulate.Town) error {
	files, err := registrycsv.Write(town.Registry())
	if err != nil {
		return err
	}
	truth, err := json.MarshalIndent(truthOf(c.Seed, town), "", "  ")
	if err != nil {
		return err
	}
	files = append(files, registrycsv.File{Name: "truth.json", Text: append(truth, '\n')})
	if err := os.MkdirAll(c.Registry, 0o755); err != nil {
		return err
	}
	if entries, err := os.ReadDir(c.Registry); err != nil || len(entries) > 0 {
		return errUsage{errors.Join(fmt.Errorf("%s is not an empty folder", c.Registry), err)}
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(c.Registry, f.Name), f.Text, 0o644); err != nil {
			return err
		}
	}
	if c.Temperatures > 0 {
		if err := writeTemperatures(filepath.Join(c.Registry, "temperatures.tsv"), town, c.Temperatures); err != nil {
			return err
		}
	}
	fmt.Fprintf(a.stdout, "%d homes, %d rooms, %d faults\n", len(town.Households()), len(town.Rooms()), len(town.Faults()))
	return nil
}

// writeTemperatures writes what each room's air truly has, so often.
func writeTemperatures(path string, town *simulate.Town, every time.Duration) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	out := bufio.NewWriter(f)
	fmt.Fprintln(out, "time\thousehold\troom\tcelsius")
	rooms := town.Rooms()
	for s := town.Start(); s.Now() < town.End(); { // not CSV: import registry takes every CSV file of the folder for its own
		if err := s.Advance(s.Now().Add(every), nil); err != nil {
			return err
		}
		at := s.Now().Time().Format(time.RFC3339)
		for i, r := range rooms {
			fmt.Fprintf(out, "%s\t%s\t%s\t%.3f\n", at, r.Household, r.RoomID.Room, s.Celsius(i))
		}
	}
	return out.Flush()
}

// truthView is what is true of a town, as JSON.
type truthView struct {
	Seed   uint64      `json:"seed"`
	To     time.Time   `json:"to"`
	Faults []faultView `json:"faults"`
}

type faultView struct {
	ID      string     `json:"id"`
	Kind    string     `json:"kind"`
	Shows   string     `json:"shows"`
	Reason  string     `json:"reason,omitempty"`
	Clause  string     `json:"clause,omitempty"`
	Place   string     `json:"place,omitempty"`
	Rooms   []string   `json:"rooms,omitempty"`
	Devices []string   `json:"devices,omitempty"`
	From    time.Time  `json:"from"`
	To      time.Time  `json:"to"`
	Size    float64    `json:"size,omitempty"`
	Said    *time.Time `json:"announced,omitempty"`
	Test    *time.Time `json:"test,omitempty"`
	ZH      string     `json:"zh"`
	EN      string     `json:"en"`
}

func truthOf(seed uint64, town *simulate.Town) truthView {
	v := truthView{Seed: seed, To: town.End().Time(), Faults: []faultView{}}
	moment := func(at sensors.Instant) *time.Time {
		if at == 0 {
			return nil
		}
		t := at.Time()
		return &t
	}
	for _, f := range town.Faults() {
		one := faultView{
			ID: f.ID, Kind: string(f.Kind), Shows: string(f.Sign()), Reason: f.Reason(), Clause: f.Clause(), Place: f.Place,
			Devices: f.Devices, From: f.From.Time(), To: f.To.Time(), Size: f.Size, Said: moment(f.Announced), Test: moment(f.Test),
			ZH: f.ZH(), EN: f.EN(),
		}
		for _, r := range f.Rooms {
			one.Rooms = append(one.Rooms, r.String())
		}
		v.Faults = append(v.Faults, one)
	}
	return v
}
