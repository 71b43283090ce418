package evidence

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the "sqlite" driver of database/sql
)

// database is the log's tables in SQLite or PostgreSQL. Nothing outside this file and rows.go knows SQL.
type database struct {
	postgres bool
	write    *sql.DB // one connection: a process commits one thing at a time
	read     *sql.DB
	stmts    statements
}

// commitTimeout bounds a commit on PostgreSQL, whose connection may hang. A local file needs no such bound.
const commitTimeout = 30 * time.Second

// busyTimeout is how long SQLite waits for another process that writes.
const busyTimeout = 10 * time.Second

const readConns = 4

// openDatabase opens the database and, unless it is only to be verified, creates the tables and prepares statements.
func openDatabase(ctx context.Context, rawURL string, readOnly bool) (*database, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, errors.New("evidence: malformed store URL; want sqlite:///path or postgres://…") // it may hold a password
	}
	var d *database
	switch u.Scheme {
	case "sqlite":
		d, err = openSQLite(u, readOnly)
	case "postgres", "postgresql":
		d, err = openPostgres(ctx, rawURL, readOnly)
	default:
		return nil, fmt.Errorf("evidence: store URL of scheme %q; want sqlite:///path or postgres://…", u.Scheme)
	}
	if err != nil {
		return nil, err
	}
	if !readOnly {
		if err := d.create(ctx); err != nil {
			return nil, errors.Join(err, d.close())
		}
		if err := d.prepare(ctx); err != nil {
			return nil, errors.Join(err, d.close())
		}
	}
	return d, nil
}

func openSQLite(u *url.URL, readOnly bool) (*database, error) {
	path := u.Path
	if u.Opaque != "" {
		path = u.Opaque // sqlite:relative/path
	}
	if path == "" || u.Host != "" || u.RawQuery != "" {
		return nil, errors.New("evidence: malformed store URL; want sqlite:///absolute/path or sqlite:relative/path")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	dsn := func(query string) string { return (&url.URL{Scheme: "file", Path: path, RawQuery: query}).String() }
	wait := fmt.Sprintf("_pragma=busy_timeout(%d)", busyTimeout.Milliseconds())
	if readOnly {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("evidence: %w", err)
		}
		db, err := sql.Open("sqlite", dsn("mode=ro&"+wait))
		if err != nil {
			return nil, fmt.Errorf("evidence: %w", err)
		}
		return &database{write: db, read: db}, nil
	}
	// The file holds what happens in homes: created for its owner only. SQLite gives its -wal and -shm the same mode.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	// FULL syncs the WAL at every commit: an acknowledgement means synced. secure_delete overwrites what Erase removes.
	write, err := sql.Open("sqlite", dsn(wait+"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=secure_delete(ON)"+
		"&_pragma=wal_autocheckpoint(4000)&_pragma=journal_size_limit(67108864)&_txlock=immediate"))
	if err != nil {
		return nil, fmt.Errorf("evidence: %w", err)
	}
	write.SetMaxOpenConns(1)
	read, err := sql.Open("sqlite", dsn(wait+"&_pragma=query_only(ON)"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("evidence: %w", err), write.Close())
	}
	read.SetMaxOpenConns(readConns)
	read.SetMaxIdleConns(readConns)
	return &database{write: write, read: read}, nil
}

func openPostgres(ctx context.Context, rawURL string, readOnly bool) (*database, error) {
	config, err := pgx.ParseConfig(rawURL)
	if err != nil {
		return nil, errors.New("evidence: malformed PostgreSQL URL") // pgx's error quotes parts of it
	}
	d := &database{postgres: true, write: stdlib.OpenDB(*config), read: stdlib.OpenDB(*config)}
	d.write.SetMaxOpenConns(1)
	d.read.SetMaxOpenConns(readConns)
	d.read.SetMaxIdleConns(readConns)
	if readOnly {
		return d, nil
	}
	// An acknowledgement means synced. A server told not to sync would make every one of them a lie.
	for _, setting := range []string{"fsync", "synchronous_commit"} {
		var value string
		if err := d.write.QueryRowContext(ctx, "SHOW "+setting).Scan(&value); err != nil {
			return nil, errors.Join(fmt.Errorf("evidence: %w", err), d.close())
		}
		if value == "off" {
			return nil, errors.Join(fmt.Errorf("evidence: PostgreSQL has %s = off; the log promises that what it acknowledges is synced",
				setting), d.close())
		}
	}
	return d, nil
}

func (d *database) close() error {
	if d.read == d.write {
		return d.write.Close()
	}
	return errors.Join(d.read.Close(), d.write.Close())
}

// rebind writes the ? of a query as PostgreSQL wants them.
func (d *database) rebind(query string) string {
	if !d.postgres {
		return query
	}
	var b strings.Builder
	n := 0
	for _, r := range query {
		if r == '?' {
			n++
			fmt.Fprintf(&b, "$%d", n)
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

// commitContext bounds a write. It is not the caller's context: a commit serves many callers.
func (d *database) commitContext() (context.Context, context.CancelFunc) {
	if d.postgres {
		return context.WithTimeout(context.Background(), commitTimeout)
	}
	return context.Background(), func() {}
}

// schema is written for both databases; BYTES stands for their types. Small columns come first, for SQLite reads a row
// from its beginning.
const schema = `
CREATE TABLE IF NOT EXISTS evidence_head (
	one         BIGINT PRIMARY KEY CHECK (one = 1),
	format      BIGINT NOT NULL,  -- of all tables; 1
	size        BIGINT NOT NULL,  -- leaves
	received    BIGINT NOT NULL,  -- of the last leaf, ns since 1970
	checkpoints BIGINT NOT NULL,  -- rows in evidence_checkpoints
	root        BYTES  NOT NULL   -- tree hash over all leaves
);
CREATE TABLE IF NOT EXISTS evidence_commits (
	first BIGINT PRIMARY KEY,     -- index of the first leaf
	count BIGINT NOT NULL,        -- leaves
	tail  BYTES NOT NULL,         -- hashes of the leaves after the last whole tile
	salts BYTES NOT NULL,         -- 32 bytes a leaf; of an erased leaf, its commitment
	blob  BYTES NOT NULL          -- receipt times, subjects and contents, one zstd frame
);
CREATE TABLE IF NOT EXISTS evidence_tiles (
	level  BIGINT NOT NULL,
	n      BIGINT NOT NULL,
	hashes BYTES NOT NULL,        -- 256 hashes
	PRIMARY KEY (level, n)
);
CREATE TABLE IF NOT EXISTS evidence_checkpoints (
	id   BIGINT PRIMARY KEY,      -- 1, 2, 3, …
	note BYTES NOT NULL           -- signed note
);`

// schemaLock is an arbitrary number: two processes that create the tables at once wait for each other.
const schemaLock = 7_355_608_001

func (d *database) create(ctx context.Context) (err error) {
	tx, err := d.write.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("evidence: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("evidence: creating tables: %w", err), ignoreDone(tx.Rollback()))
		}
	}()
	bytes := "BLOB"
	if d.postgres {
		bytes = "BYTEA"
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("SELECT pg_advisory_xact_lock(%d)", schemaLock)); err != nil {
			return err
		}
	}
	for _, statement := range strings.Split(strings.ReplaceAll(schema, "BYTES", bytes), ";\n") {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	var existing int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM evidence_head`).Scan(&existing); err != nil {
		return err
	}
	if existing == 0 {
		if err := d.firstHead(ctx, tx); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// firstHead writes the head of an empty log.
func (d *database) firstHead(ctx context.Context, tx *sql.Tx) error {
	// Only an empty log may lack its head: with leaves, it was removed, and writing a new one would hide that.
	var leaves int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM evidence_commits`).Scan(&leaves); err != nil {
		return err
	}
	if leaves > 0 {
		return errors.New("the log has leaves but no head; run verify")
	}
	root := (&tree{}).root()
	if _, err := tx.ExecContext(ctx, d.rebind(`INSERT INTO evidence_head (one, format, size, received, checkpoints, root) VALUES (1, ?, 0, 0, 0, ?)`),
		format, seal(root[:])); err != nil {
		return err
	}
	if d.postgres {
		// Hashes and zstd frames do not compress again.
		for _, column := range []string{"commits ALTER tail", "commits ALTER salts", "commits ALTER blob", "tiles ALTER hashes"} {
			if _, err := tx.ExecContext(ctx, "ALTER TABLE evidence_"+column+" SET STORAGE EXTERNAL"); err != nil {
				return err
			}
		}
	}
	return nil
}

func ignoreDone(err error) error {
	if errors.Is(err, sql.ErrTxDone) || errors.Is(err, sql.ErrConnDone) {
		return nil
	}
	return err
}
