package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/ledger"
)

type backupCommand struct {
	settingsFlag
	Folder    string `arg:"" type:"path" help:"A folder that is not there yet."`
	WithKey   bool   `help:"Copy the log's signing key, too. Whoever has the backup can then sign in the log's name."`
	WithStore bool   `help:"Copy the readings of the embedded store, too. Without them a restored server makes them again from the log."`
}

// Help is shown by nuanju backup --help.
func (backupCommand) Help() string {
	return `
Copies the embedded stores while the server runs: first the ledger, then the log, so that what the ledger says was told to the
log is in the log's copy, then attachments. The manifest has the digest of every file and the log's size and last checkpoint.
PostgreSQL and InfluxDB are backed up by their own programs, in the order that docs/operations.md says.

Examples:
  nuanju backup /backup/2026-01-15
  nuanju backup --config my.yaml --with-key /safe/2026-01-15`
}

// manifestName is the file that says what a backup is; it is written last.
const manifestName = "manifest.json"

// manifestFormat counts the forms that a manifest has had.
const manifestFormat = 1

// manifest says what is in a backup.
type manifest struct {
	Format     int               `json:"format"`
	Version    string            `json:"version"` // of the program
	At         time.Time         `json:"at"`
	LogName    string            `json:"log_name"`
	Public     string            `json:"public_key"` // of the log
	Leaves     int64             `json:"leaves"`
	Checkpoint string            `json:"checkpoint"` // the log's last; empty: it was never signed
	Files      map[string]string `json:"files"`      // path in the backup: sha256:…
}

// The files of a backup and of a data folder.
const (
	logFile, ledgerFile, blocksFile, keyFile, attachments = "log.db", "ledger.db", "blocks.db", "log.key", "files"
)

// Run backs up.
func (c backupCommand) Run(a *app) (err error) {
	ctx, stop := signal.NotifyContext(a.ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := c.read()
	if err != nil {
		return err
	}
	if !strings.HasPrefix(s.Log, "sqlite:") || !strings.HasPrefix(s.Ledger, "sqlite:") {
		return errUsage{errors.New("the log or the ledger is in PostgreSQL: back it up with pg_dump, as docs/operations.md says")}
	}
	if err := os.Mkdir(c.Folder, 0o700); err != nil {
		return errUsage{fmt.Errorf("the folder of a backup must not be there yet: %w", err)}
	}
	m, err := c.copyAll(ctx, s)
	if err != nil {
		return fmt.Errorf("%w; %s has no %s, so that nobody takes it for a backup", err, c.Folder, manifestName)
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := writeSynced(filepath.Join(c.Folder, manifestName), append(text, '\n')); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%d files, %d entries of the evidence log\n", len(m.Files), m.Leaves)
	return nil
}

// copyAll copies what a backup has: the ledger before the log.
func (c backupCommand) copyAll(ctx context.Context, s *configs.Settings) (*manifest, error) {
	key, err := evidence.LoadKey(s.Key)
	if err != nil {
		return nil, fmt.Errorf("the log's signing key: %w", err)
	}
	m := &manifest{Format: manifestFormat, Version: version, At: time.Now().UTC(), LogName: key.Name(), Public: key.Public(), Files: map[string]string{}}
	databases := [][2]string{{pathOf(s.Ledger), ledgerFile}, {pathOf(s.Log), logFile}}
	if c.WithStore && s.Store.Kind == "blocks" {
		// Before the log, like the ledger, whose watermark then is at most that of the readings that follow it from the log.
		databases = slices.Insert(databases, 1, [2]string{s.Store.Path, blocksFile})
	}
	for _, d := range databases {
		if err := ledger.CopySQLite(ctx, d[0], filepath.Join(c.Folder, d[1])); err != nil {
			return nil, fmt.Errorf("copying %s: %w", d[0], err)
		}
	}
	if err := copyTree(filepath.Join(s.Data, attachments), filepath.Join(c.Folder, attachments)); err != nil {
		return nil, err
	}
	if c.WithKey {
		if err := copyFile(s.Key, filepath.Join(c.Folder, keyFile)); err != nil {
			return nil, err
		}
	}
	if m.Leaves, m.Checkpoint, err = reach(ctx, filepath.Join(c.Folder, logFile), m.Public); err != nil {
		return nil, err
	}
	m.Files, err = digests(c.Folder)
	return m, err
}

// reach is how many leaves a copy of a log has, and its last checkpoint.
func reach(ctx context.Context, path, public string) (leaves int64, checkpoint string, err error) {
	log, err := evidence.Open(ctx, "sqlite:"+path, nil, evidence.Options{Trusted: []string{public}})
	if err != nil {
		return 0, "", err
	}
	if c, ok := log.Latest(); ok {
		checkpoint = c.Note
	}
	return log.Size(), checkpoint, log.Close()
}

// pathOf is the file of a sqlite URL.
func pathOf(url string) string {
	return strings.TrimPrefix(strings.TrimPrefix(url, "sqlite:"), "//")
}

// digests is the digest of every file in a folder but the manifest, by its path there.
func digests(folder string) (map[string]string, error) {
	all := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil || name == manifestName {
			return err
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s is no file", path)
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close() // it was only read
		h := sha256.New()
		if _, err := io.Copy(h, f); err != nil {
			return err
		}
		all[filepath.ToSlash(name)] = "sha256:" + hex.EncodeToString(h.Sum(nil))
		return nil
	})
	return all, err
}

// copyTree copies a folder of files that are never changed; one that is not there has none. What is only arriving is left out.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(from, path)
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "arriving":
			return fs.SkipDir
		case d.IsDir():
			return os.MkdirAll(filepath.Join(to, name), 0o700)
		case !d.Type().IsRegular():
			return fmt.Errorf("%s is no file", path)
		}
		return copyFile(path, filepath.Join(to, name))
	})
}

// copyFile copies a file to one that is not there yet, for its owner only, and syncs it.
func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close() // it was only read
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Sync()
}

func writeSynced(path string, text []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(text); err != nil {
		return err
	}
	return f.Sync()
}
