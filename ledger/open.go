package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite" // the "sqlite" driver of database/sql
)

// Ledger is an open ledger. Make it with Open.
type Ledger struct {
	dialect dialect
	write   *sql.DB
	read    *sql.DB
	locks   *sql.DB // of what one server does at a time; nil in SQLite
	closed  atomic.Bool
}

// dialect is which database the ledger is in.
type dialect int

const (
	inSQLite dialect = iota
	inPostgres
)

const (
	readers         = 4 // connections for reading
	postgresWriters = 4
	lockers         = 8 // connections that hold a right to do something alone
)

// Open opens a ledger, creates what it needs or brings an older one up to date. The URL is sqlite:///absolute/path,
// sqlite:relative/path or postgres://…. A ledger written by a newer version is refused.
func Open(ctx context.Context, rawURL string) (*Ledger, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, errors.New("ledger: malformed store URL; want sqlite:///path or postgres://…") // it may hold a password
	}
	var l *Ledger
	switch u.Scheme {
	case "sqlite":
		l, err = openSQLite(u)
	case "postgres", "postgresql":
		l, err = openPostgres(rawURL)
	default:
		return nil, fmt.Errorf("ledger: store URL of scheme %q; want sqlite:///path or postgres://…", u.Scheme)
	}
	if err != nil {
		return nil, err
	}
	if err := l.migrate(ctx, newest); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

func openSQLite(u *url.URL) (*Ledger, error) {
	path := u.Path
	if u.Opaque != "" {
		path = u.Opaque // sqlite:relative/path
	}
	if path == "" || u.Host != "" || u.RawQuery != "" {
		return nil, errors.New("ledger: malformed store URL; want sqlite:///absolute/path or sqlite:relative/path")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	// The file holds names, phones and what happens in homes: created for its owner only. SQLite gives its -wal and -shm the
	// same mode.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("ledger: %w", err)
	}
	const every = "_pragma=busy_timeout(10000)&_pragma=foreign_keys(ON)&_pragma=trusted_schema(OFF)"
	open := func(pragmas string, connections int) (*sql.DB, error) {
		dsn := url.URL{Scheme: "file", Path: path, RawQuery: every + pragmas}
		db, err := sql.Open("sqlite", dsn.String())
		if err != nil {
			return nil, fmt.Errorf("ledger: %w", err)
		}
		db.SetMaxOpenConns(connections)
		db.SetMaxIdleConns(connections)
		return db, nil
	}
	// FULL syncs the WAL at every commit: what is acknowledged stays, also when the machine stops.
	write, err := open("&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=wal_autocheckpoint(4000)&_pragma=journal_size_limit(67108864)&_txlock=immediate", 1)
	if err != nil {
		return nil, err
	}
	read, err := open("&_pragma=query_only(ON)", readers)
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	return &Ledger{dialect: inSQLite, write: write, read: read}, nil
}

func openPostgres(rawURL string) (*Ledger, error) {
	config, err := pgx.ParseConfig(rawURL)
	if err != nil {
		return nil, errors.New("ledger: malformed PostgreSQL URL") // pgx's error quotes parts of it
	}
	config.RuntimeParams["lock_timeout"] = "10s"
	config.RuntimeParams["idle_in_transaction_session_timeout"] = "60s"
	config.RuntimeParams["application_name"] = "nuanju"
	l := &Ledger{dialect: inPostgres, write: stdlib.OpenDB(*config)}
	reading := config.Copy()
	reading.RuntimeParams["default_transaction_read_only"] = "on"
	l.read = stdlib.OpenDB(*reading)
	locking := config.Copy()
	// A machine that has gone says nothing any more: its locks end within half a minute.
	for name, value := range map[string]string{"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3", "tcp_user_timeout": "25000"} {
		locking.RuntimeParams[name] = value
	}
	l.locks = stdlib.OpenDB(*locking)
	l.locks.SetMaxOpenConns(lockers)
	l.locks.SetMaxIdleConns(lockers)
	l.write.SetMaxOpenConns(postgresWriters)
	l.write.SetMaxIdleConns(postgresWriters)
	l.read.SetMaxOpenConns(readers)
	l.read.SetMaxIdleConns(readers)
	return l, nil
}

// Close releases the database; calls in progress end first. Every method called afterwards returns ErrClosed. A second
// Close does nothing.
func (l *Ledger) Close() error {
	if l.closed.Swap(true) {
		return nil
	}
	err := errors.Join(l.read.Close(), l.write.Close())
	if l.locks != nil {
		err = errors.Join(err, l.locks.Close())
	}
	return err
}

// Ping reports whether the database answers.
func (l *Ledger) Ping(ctx context.Context) error {
	return l.reading(ctx, "asking the database", func(q querier) error {
		var one int
		return q.QueryRowContext(ctx, "SELECT 1").Scan(&one)
	})
}
