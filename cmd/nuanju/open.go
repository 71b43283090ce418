package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/blocks"
	"github.com/nuanju/nuanju/sensors/influx"
)

// settingsFlag is the setting that every command of a server has.
type settingsFlag struct {
	Config string `type:"path" env:"NUANJU_CONFIG" placeholder:"FILE" help:"Settings; without it the defaults, which nuanju serve --print-config prints."`
}

// read is the settings of the file, or the defaults, with the environment's overrides.
func (f settingsFlag) read() (*configs.Settings, error) {
	if f.Config != "" {
		s, err := configs.ReadSettings(f.Config, os.Environ())
		var path *fs.PathError
		if errors.As(err, &path) {
			return nil, errUsage{fmt.Errorf("settings %s: %w", f.Config, path.Err)}
		}
		return s, err
	}
	s, problems := configs.DefaultSettings(os.Environ())
	return s, problems.Err()
}

// dataFolder makes the folder of the embedded stores, readable by its owner only.
func dataFolder(s *configs.Settings) error { return os.MkdirAll(s.Data, 0o700) }

// takeFolder makes the data folder and, if anything is embedded in it, takes it for this process alone.
func takeFolder(s *configs.Settings) (*os.File, error) {
	if err := dataFolder(s); err != nil {
		return nil, err
	}
	if !s.Embedded() {
		return nil, nil
	}
	return lockFolder(s.Data)
}

// openStore opens the store of readings.
func openStore(ctx context.Context, s *configs.Settings) (sensors.Store, error) {
	if s.Store.Kind == "blocks" {
		// Temperatures tell when a home is empty: the file is its owner's from the first byte on.
		f, err := os.OpenFile(s.Store.Path, os.O_CREATE|os.O_RDWR, 0o600)
		if err != nil {
			return nil, err
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
		return blocks.Open(ctx, s.Store.Path)
	}
	token := ""
	if s.Store.TokenFile != "" {
		b, err := os.ReadFile(s.Store.TokenFile)
		if err != nil {
			return nil, err
		}
		token = strings.TrimSpace(string(b))
	}
	return influx.Open(influx.Config{URL: s.Store.URL, Token: token, Org: s.Store.Org, Bucket: s.Store.Bucket})
}

// openLedger opens the ledger.
func openLedger(ctx context.Context, s *configs.Settings) (*ledger.Ledger, error) {
	return ledger.Open(ctx, s.Ledger)
}

// openLog opens the evidence log with its key, which is made at the first start.
func openLog(ctx context.Context, s *configs.Settings, options evidence.Options) (*evidence.Log, error) {
	key, err := evidence.LoadKey(s.Key)
	if errors.Is(err, fs.ErrNotExist) {
		if there, err := logHolds(ctx, s); err != nil {
			return nil, err
		} else if there {
			return nil, fmt.Errorf("the key that signs the evidence log, %s, is not there: bring it back from its copy, or copy it from another server of this log; a new one would not be the log's", s.Key)
		}
		if key, err = evidence.NewKey(s.LogName); err == nil {
			err = key.Save(s.Key)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the log's signing key: %w", err)
	}
	if key.Name() != s.LogName {
		return nil, fmt.Errorf("the key in %s signs as %q, but log_name is %q: a log keeps its name", s.Key, key.Name(), s.LogName)
	}
	return evidence.Open(ctx, s.Log, key, options)
}

// logHolds reports whether a log is there already, which has a key somewhere.
func logHolds(ctx context.Context, s *configs.Settings) (bool, error) {
	if path, embedded := strings.CutPrefix(s.Log, "sqlite:"); embedded {
		info, err := os.Stat(strings.TrimPrefix(path, "//"))
		return err == nil && info.Size() > 0, nil
	}
	log, err := evidence.Open(ctx, s.Log, nil, evidence.Options{})
	if err != nil {
		return false, err
	}
	return log.Size() > 0, log.Close()
}

// receiptTime is the time of receipt by a clock, to the millisecond: finer digits say nothing about a reading, and would cost its
// store more than its value does.
func receiptTime(now func() time.Time) func() time.Time {
	return func() time.Time { return now().Truncate(time.Millisecond) }
}
