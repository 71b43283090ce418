package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/evidence/files"
	"github.com/nuanju/nuanju/sensors/blocks"
)

type verifyCommand struct {
	settingsFlag
	Public []string `placeholder:"KEY" help:"Public keys whose checkpoints are the log's, instead of the settings' own key."`
}

// Help is shown by nuanju verify --help.
func (verifyCommand) Help() string {
	return `
Reads the whole evidence log, the files that were given as evidence and, if readings are in the embedded store, that too, and
names every damaged or forged entry, hash, checkpoint, file and block, every file that is missing, and every ticket, matter and
incident of which an event is missing in its timeline or for the log.

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
	more, err := verifyWork(a.ctx, s)
	lines = append(lines, more...)
	if err != nil {
		return errors.Join(err, a.tell(lines))
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

// verifyWork names what is not whole in the ledger, and of the files that it names what is damaged or missing. A ledger that is not there
// yet has nothing wrong, and is not made.
func verifyWork(ctx context.Context, s *configs.Settings) (lines []string, err error) {
	if path, embedded := strings.CutPrefix(s.Ledger, "sqlite:"); embedded {
		if _, err := os.Stat(strings.TrimPrefix(path, "//")); errors.Is(err, fs.ErrNotExist) {
			return nil, nil
		}
	}
	l, err := openLedger(ctx, s)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	torn, err := l.Torn(ctx)
	for _, what := range torn {
		lines = append(lines, "ledger: "+what+": an event is missing")
	}
	if err != nil {
		return lines, err
	}
	needed, err := l.Files(ctx)
	if err != nil {
		return lines, err
	}
	faults, err := files.Verify(ctx, filepath.Join(s.Data, "files"), needed)
	for _, f := range faults {
		lines = append(lines, "files: "+f.String())
	}
	return lines, err
}
