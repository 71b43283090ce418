package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/sensors/blocks"
)

type verifyCommand struct {
	settingsFlag
	Public []string `placeholder:"KEY" help:"Public keys whose checkpoints are the log's, instead of the settings' own key."`
}

// Help is shown by nuanju verify --help.
func (verifyCommand) Help() string {
	return `
Reads the whole evidence log and, if readings are in the embedded store, that too, and names every damaged
or forged entry, hash, checkpoint and block.

Examples:
  nuanju verify
  nuanju verify --config my.yaml --public "nuanju.local+1a2b3c4d+AXx…"

Exit status: 0 nothing is wrong; 1 something is, and is named on standard error.`
}

// errFaults means that what is wrong has been told already.
var errFaults = errors.New("damage was found")

// Run verifies the log and the store.
func (c verifyCommand) Run(a *app) error {
	s, err := c.read()
	if err != nil {
		return err
	}
	keys := c.Public
	if len(keys) == 0 {
		key, err := evidence.LoadKey(s.Key)
		if err != nil {
			return fmt.Errorf("the log's key: %w; --public names one", err)
		}
		keys = []string{key.Public()}
	}
	faults, err := evidence.VerifyStore(a.ctx, s.Log, keys...)
	if err != nil {
		return err
	}
	lines := make([]string, 0, len(faults))
	for _, f := range faults {
		lines = append(lines, "log: "+f.String())
	}
	if s.Store.Kind == "blocks" {
		store, err := blocks.Open(a.ctx, s.Store.Path)
		if err != nil {
			return errors.Join(err, a.tell(lines))
		}
		defer store.Close()
		damaged, err := store.Verify(a.ctx)
		if err != nil {
			return errors.Join(err, a.tell(lines))
		}
		for _, f := range damaged {
			lines = append(lines, "store: "+f.String())
		}
	}
	return a.tell(lines)
}

// tell prints what is wrong, or that nothing is.
func (a *app) tell(lines []string) error {
	if len(lines) == 0 {
		fmt.Fprintln(a.stdout, "ok")
		return nil
	}
	fmt.Fprintln(a.stderr, strings.Join(lines, "\n"))
	return errFaults
}
