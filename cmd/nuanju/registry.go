package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/ledger/registrycsv"
	"github.com/nuanju/nuanju/sensors"
)

type importCommand struct {
	Registry importRegistry `cmd:"" help:"Take homes, rooms, meters, devices and calibrations over from CSV files."`
	Case     importCase     `cmd:"" help:"Take what was declared in a case over for a household: stoppages, exemptions, tests, confirmations."`
}

type exportCommand struct {
	Registry exportRegistry `cmd:"" help:"Write the registry as the CSV files that import registry reads."`
}

type importRegistry struct {
	settingsFlag
	Dir    string `arg:"" name:"DIR" help:"The folder with substations.csv, buildings.csv, households.csv, rooms.csv, devices.csv, assignments.csv, …"`
	DryRun bool   `help:"Say what would change, and change nothing."`
}

// Help is shown by nuanju import registry --help.
func (importRegistry) Help() string {
	return `
A row that is new is added; one that says something else supersedes what is known, which is kept; what the
files do not mention stays. A server that is running takes it over at its next tick.

Examples:
  nuanju import registry town/ --dry-run
  nuanju import registry town/
  nuanju export registry town/`
}

// Run imports the registry, all of it or nothing.
func (c importRegistry) Run(a *app) error {
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return errUsage{fmt.Errorf("%s: %w", c.Dir, reason(err))}
	}
	defer root.Close()
	found, problems := registrycsv.Read(root.FS())
	if len(problems) > 0 {
		return asProblems(problems)
	}
	return c.withLedger(a, func(l *ledger.Ledger) error {
		done, err := l.ImportRegistry(a.ctx, found, ledger.ImportOptions{Policies: configs.Policies(), DryRun: c.DryRun}, sensors.At(time.Now()))
		if errors.As(err, &problems) {
			return asProblems(problems)
		}
		if err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "%d added, %d changed, %d as they were; %d households to judge again\n",
			done.Added, done.Changed, done.Same, len(done.Dirty))
		return nil
	})
}

// asProblems are the registry's problems as every other input's.
func asProblems(all registrycsv.Problems) error {
	out := make(configs.Problems, len(all))
	for i, p := range all {
		out[i] = configs.Problem{File: p.File, Line: p.Line, Text: p.What}
	}
	return out
}

type exportRegistry struct {
	settingsFlag
	Dir string `arg:"" name:"DIR" help:"The folder to write to; it must be empty or not there."`
}

// Help is shown by nuanju export registry --help.
func (exportRegistry) Help() string { return "\nExample:\n  nuanju export registry town/" }

// Run writes the registry. Files appear whole or not at all, and none is overwritten.
func (c exportRegistry) Run(a *app) error {
	return c.withLedger(a, func(l *ledger.Ledger) error {
		r, err := l.Registry(a.ctx, sensors.At(time.Now()))
		if err != nil {
			return err
		}
		files, err := registrycsv.Write(r)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(c.Dir, 0o755); err != nil {
			return err
		}
		if entries, err := os.ReadDir(c.Dir); err != nil || len(entries) > 0 {
			return errUsage{errors.Join(fmt.Errorf("%s is not an empty folder", c.Dir), err)}
		}
		for _, f := range files {
			if err := os.WriteFile(filepath.Join(c.Dir, f.Name), f.Text, 0o644); err != nil {
				return err
			}
		}
		return nil
	})
}
