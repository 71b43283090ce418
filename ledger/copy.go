package ledger

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
)

// CopySQLite copies a SQLite database, which may be written to meanwhile, as it is at one moment, into a file that is not there yet; it is
// readable by its owner only and synced. It serves the other embedded stores as well.
func CopySQLite(ctx context.Context, from, to string) (err error) {
	if from, err = filepath.Abs(from); err != nil {
		return err
	}
	if _, err := os.Stat(from); err != nil {
		return err
	}
	// The file is its owner's from the first byte on; VACUUM INTO takes an empty one.
	f, err := os.OpenFile(to, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: from, RawQuery: "mode=ro&_pragma=busy_timeout(10000)"}).String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return err
	}
	return f.Sync()
}
