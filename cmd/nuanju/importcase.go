package main

import (
	"fmt"
	"os"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/casefile"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

type importCase struct {
	settingsFlag
	Dir       string `arg:"" name:"DIR" help:"The case directory."`
	Household string `required:"" help:"The household of the registry that the case is of."`
}

// Help is shown by nuanju import case --help.
func (importCase) Help() string {
	return `
Takes over what people declared: outages.csv, exemptions.csv, tests.csv and confirmations.csv. Readings, switches and
setpoints are sent to POST /api/v2/write, and so get their receipt in the evidence log.

Example:
  nuanju import case docs/examples/cold-bedroom --household 3-2-601`
}

// Run declares the case's facts, all of them or none.
func (c importCase) Run(a *app) error {
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return errUsage{fmt.Errorf("%s is not a case directory: %w", c.Dir, reason(err))}
	}
	defer root.Close()
	read, err := casefile.Read(root.FS(), casefile.Options{})
	if err != nil {
		return err
	}
	all := declarationsOf(&read.Facts, c.Household)
	return c.withLedger(a, func(l *ledger.Ledger) error {
		if err := l.Declare(a.ctx, all, sensors.At(time.Now())); err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "%d declarations of household %s\n", len(all), c.Household)
		return nil
	})
}

// declarationsOf is what people declared in a case, as facts of the household. Their ids are unique in the case, not in
// the town, so the household's is put before them.
func declarationsOf(f *compliance.Facts, household string) []ledger.Declaration {
	var all []ledger.Declaration
	add := func(d ledger.Declaration, from compliance.Instant) {
		d.Place, d.From = ledger.Place{Kind: ledger.AtHousehold, ID: household}, from
		all = append(all, d)
	}
	for _, v := range f.Stoppages {
		v.ID, v.Line = household+"/"+v.ID, 0
		add(ledger.Declaration{Stoppage: &v}, v.Start)
	}
	for _, v := range f.Exemptions {
		v.ID, v.Line = household+"/"+v.ID, 0
		add(ledger.Declaration{Exemption: &v}, v.Start)
	}
	for _, v := range f.Tests {
		v.ID, v.Line = household+"/"+v.ID, 0
		add(ledger.Declaration{Test: &v}, sensors.Earliest) // it may confirm what lies long before it
	}
	for _, v := range f.Confirmations {
		v.ID, v.Line = household+"/"+v.ID, 0
		add(ledger.Declaration{Confirmation: &v}, v.Start)
	}
	return all
}
