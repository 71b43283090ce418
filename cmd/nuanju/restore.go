package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/evidence"
)

type restoreCommand struct {
	settingsFlag
	Folder string `arg:"" type:"existingdir" help:"The backup."`
}

// Help is shown by nuanju restore --help.
func (restoreCommand) Help() string {
	return `
Brings a backup back into the data folder of the settings, which must be empty or hold nothing but log.key. Every file is held to the
manifest and the whole log is verified before anything is brought back. Without the readings in the backup the server makes them
again from the log when it starts. A backup without the key needs log.key put into the data folder first.

Example:
  NUANJU_DATA=/var/lib/nuanju nuanju restore /backup/2026-01-15`
}

// Run restores.
func (c restoreCommand) Run(a *app) error {
	ctx, stop := signal.NotifyContext(a.ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := c.read()
	if err != nil {
		return err
	}
	if !s.Embedded() || !strings.HasPrefix(s.Log, "sqlite:") || !strings.HasPrefix(s.Ledger, "sqlite:") {
		return errUsage{errors.New("the log or the ledger is in PostgreSQL: restore it with pg_restore, as docs/operations.md says")}
	}
	m, err := readManifest(c.Folder)
	if err != nil {
		return err
	}
	if err := m.holds(c.Folder); err != nil {
		return err
	}
	faults, err := evidence.VerifyStore(ctx, "sqlite:"+filepath.Join(c.Folder, logFile), m.Public)
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		lines := make([]string, len(faults))
		for i, f := range faults {
			lines[i] = "log: " + f.String()
		}
		return a.tell(lines)
	}
	leaves, checkpoint, err := reach(ctx, filepath.Join(c.Folder, logFile), m.Public)
	if err != nil {
		return err
	}
	if leaves != m.Leaves || checkpoint != m.Checkpoint {
		return fmt.Errorf("the log of the backup has %d entries, its manifest says %d, or another checkpoint", leaves, m.Leaves)
	}
	if err := m.bringBack(c.Folder, s); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "restored: %d files, %d entries of the evidence log, verified\n", len(m.Files), m.Leaves)
	return nil
}

func readManifest(folder string) (*manifest, error) {
	text, err := os.ReadFile(filepath.Join(folder, manifestName))
	if err != nil {
		return nil, fmt.Errorf("%s is no finished backup: %w", folder, err)
	}
	var m manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(folder, manifestName), err)
	}
	if m.Format != manifestFormat {
		return nil, fmt.Errorf("%s has format %d; this program knows %d", filepath.Join(folder, manifestName), m.Format, manifestFormat)
	}
	return &m, nil
}

// holds names every file that is not as the manifest says.
func (m *manifest) holds(folder string) error {
	found, err := digests(folder)
	if err != nil {
		return err
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(m.Files)) {
		switch got, ok := found[name]; {
		case !ok:
			errs = append(errs, fmt.Errorf("%s: is missing", name))
		case got != m.Files[name]:
			errs = append(errs, fmt.Errorf("%s: is not what the manifest says", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if _, ok := m.Files[name]; !ok {
			errs = append(errs, fmt.Errorf("%s: the manifest does not know it", name))
		}
	}
	for _, name := range []string{logFile, ledgerFile} {
		if _, ok := m.Files[name]; !ok {
			errs = append(errs, fmt.Errorf("%s: the manifest does not have it", name))
		}
	}
	return errors.Join(errs...)
}

// bringBack copies the files to where the settings have them, if nothing is there. The ledger comes last: without it nothing starts
// to serve a half.
func (m *manifest) bringBack(folder string, s *configs.Settings) (err error) {
	if err := takeEmpty(s, m); err != nil {
		return err
	}
	lock, err := lockFolder(s.Data)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := copyTree(filepath.Join(folder, attachments), filepath.Join(s.Data, attachments)); err != nil {
		return err
	}
	to := map[string]string{keyFile: s.Key, blocksFile: s.Store.Path, logFile: pathOf(s.Log), ledgerFile: pathOf(s.Ledger)}
	for _, name := range []string{keyFile, blocksFile, logFile, ledgerFile} {
		if _, ok := m.Files[name]; !ok {
			continue
		}
		if err := copyFile(filepath.Join(folder, name), to[name]); err != nil {
			return err
		}
	}
	return nil
}

// takeEmpty makes the data folder and refuses one in which something is that a backup brings, or in which the key will be missing.
func takeEmpty(s *configs.Settings, m *manifest) error {
	if err := dataFolder(s); err != nil {
		return err
	}
	var errs []error
	_, withKey := m.Files[keyFile]
	for _, path := range []string{pathOf(s.Log), pathOf(s.Ledger), s.Store.Path, filepath.Join(s.Data, attachments)} {
		if _, err := os.Lstat(path); err == nil {
			errs = append(errs, fmt.Errorf("%s is there already: a backup is restored into an empty data folder", path))
		}
	}
	key, err := evidence.LoadKey(s.Key)
	switch {
	case withKey && err == nil:
		errs = append(errs, fmt.Errorf("%s is there already", s.Key))
	case !withKey && err != nil:
		errs = append(errs, fmt.Errorf("the backup does not have the log's key: put it into %s first", s.Key))
	case !withKey && key.Public() != m.Public:
		errs = append(errs, fmt.Errorf("the key in %s is not the log's", s.Key))
	}
	return errors.Join(errs...)
}
