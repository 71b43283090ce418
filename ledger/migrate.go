package ledger

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// The migrations are written once for both databases. In a file, statements end in ";" before an empty line, SERIAL stands for a
// key that the database counts up, what has neither CREATE nor ALTER TABLE is a comment, and a statement that begins with "-- sqlite:" or "-- postgres:" is for that one only.
//
//go:embed migrations/*.sql
var migrationFiles embed.FS

// versions is the table of the migrations that were done.
const versions = "ledger_versions"

// newest is the version of all migrations.
const newest = 1 << 40

// migrate brings the database up to a version, or to newest: each migration in a transaction of its own.
func (l *Ledger) migrate(ctx context.Context, version int64) error {
	const doing = "bringing the tables up to date"
	migrations, err := l.dialect.migrations()
	if err != nil {
		return fail(doing, err)
	}
	name := goose.DialectSQLite3
	options := []goose.ProviderOption{
		goose.WithGoMigrations(migrations...), goose.WithDisableGlobalRegistry(true), goose.WithTableName(versions),
		goose.WithLogger(goose.NopLogger()),
	}
	if l.dialect == inPostgres {
		name = goose.DialectPostgres
		locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300)) // seconds, times: processes that start at once wait
		if err != nil {
			return fail(doing, err)
		}
		options = append(options, goose.WithSessionLocker(locker))
	}
	provider, err := goose.NewProvider(name, l.write, nil, options...)
	if err != nil {
		return fail(doing, err)
	}
	current, target, err := provider.GetVersions(ctx)
	if err != nil {
		return fail(doing, err)
	}
	if current > target {
		return fmt.Errorf("ledger: it has version %d, this program knows %d: it was written by a newer one", current, target)
	}
	if _, err := provider.UpTo(ctx, min(version, target)); err != nil {
		return fail(doing, err)
	}
	return nil
}

// migrations are the embedded files in the words of the dialect.
func (d dialect) migrations() ([]*goose.Migration, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var all []*goose.Migration
	for _, name := range names {
		number, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_")
		version, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		statements := d.statements(string(text))
		all = append(all, goose.NewGoMigration(version, &goose.GoFunc{RunTx: func(ctx context.Context, tx *sql.Tx) error {
			// Another process may have been faster, between goose's look and this transaction, which has the database to itself.
			var there int
			if err := tx.QueryRowContext(ctx, fmt.Sprintf("SELECT count(*) FROM %s WHERE version_id = %d", versions, version)).Scan(&there); err != nil || there > 0 {
				return err
			}
			for _, s := range statements {
				if _, err := tx.ExecContext(ctx, s); err != nil {
					return err
				}
			}
			return nil
		}}, nil))
	}
	return all, nil
}

// statements are those of a file that are for the dialect.
func (d dialect) statements(text string) (all []string) {
	serial, own, other := "INTEGER PRIMARY KEY", "-- sqlite:", "-- postgres:"
	if d == inPostgres {
		serial, own, other = "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", other, own
	}
	for s := range strings.SplitSeq(text, ";\n\n") {
		s = strings.TrimSuffix(strings.TrimSpace(s), ";")
		if s == "" || strings.HasPrefix(s, other) || !strings.Contains(s, "CREATE") && !strings.Contains(s, "ALTER TABLE") {
			continue
		}
		s = strings.TrimPrefix(s, own)
		all = append(all, strings.ReplaceAll(s, "SERIAL", serial))
	}
	return all
}
