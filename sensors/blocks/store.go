// Package blocks is the embedded store of samples: a UTC day of a series is one compressed block, a row of an SQLite file
// of its own, so that a flood of readings never holds up a ticket. Values are exact, late samples merge into their
// block, and a block with a byte changed is found and named.
//
// Rows are ordered by day and then by series. What the devices of a town send in one minute therefore goes into blocks that lie
// side by side: a tick rewrites a few thousand neighbouring pages, where the other order would touch one page a series. Those pages
// stay in SQLite's own cache, so there is no second one here that could disagree with the file.
package blocks

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/internal/gate"
)

// ErrClosed is returned by every method after Close.
var ErrClosed = errors.New("blocks: the store is closed")

// schemaVersion is kept in the file. There are no migrations: the file is an index of the evidence log, and one of
// another version is built anew.
const schemaVersion = 1

// applicationID marks the file as one of ours: "nuBk".
const applicationID = 0x6e75426b

const schema = `
CREATE TABLE series (
	id   INTEGER PRIMARY KEY,
	name TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE blocks (
	key  INTEGER PRIMARY KEY, -- (day + 2^17) * 2^32 + series
	data BLOB NOT NULL
) STRICT;
CREATE INDEX blocks_by_series ON blocks (key & 4294967295); -- and then by key, that is by day
`

// readers is how many connections read at a time; WAL lets them read while one writes.
const readers = 4

// Store is a sensors.Store in one SQLite file.
type Store struct {
	path  string
	write *sql.DB // one connection
	read  *sql.DB

	statements struct{ span, last, block, put, replace *sql.Stmt }

	// writing is held by the one who writes; a channel, so that waiting ends with the context.
	writing chan struct{}
	enc     encoder   // of the writer
	merging mergeRoom // of the writer

	mu  sync.RWMutex
	ids map[sensors.Series]seriesID // all of the file's series

	gate gate.Gate
}

var _ sensors.Store = (*Store)(nil)

// Open opens the store in the file, which it makes if there is none. Its directory must exist.
//
// The file is written in WAL mode with synchronous=FULL: a Write that has returned is on the disk. The store could be
// rebuilt from the evidence log, and with synchronous=NORMAL a crash would only lose its last transactions; but whoever forwards the
// log remembers how far it came, in another file, and would not know that they are lost. One sync for a Write of thousands
// of samples is a small price for never having to know.
func Open(ctx context.Context, path string) (*Store, error) {
	s := &Store{path: path, writing: make(chan struct{}, 1), ids: make(map[sensors.Series]seriesID)}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("blocks: %s: %w", path, err), s.release())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context) error {
	abs, err := filepath.Abs(s.path)
	if err != nil {
		return err
	}
	if s.write, err = connect(abs, "busy_timeout(5000)", "journal_mode(WAL)", "synchronous(FULL)", "cache_size(-65536)",
		"journal_size_limit(67108864)", "foreign_keys(ON)"); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if err := s.prepareFile(ctx); err != nil {
		return err
	}
	if s.read, err = connect(abs, "busy_timeout(5000)", "query_only(ON)", "cache_size(-32768)"); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	if err := s.prepareStatements(ctx); err != nil {
		return err
	}
	return s.loadSeries(ctx)
}

func connect(abs string, pragmas ...string) (*sql.DB, error) {
	dsn := url.URL{Scheme: "file", Path: abs, RawQuery: url.Values{"_pragma": pragmas, "_txlock": {"immediate"}}.Encode()}
	return sql.Open("sqlite", dsn.String())
}

// prepareFile makes the schema in a new file and refuses one that is somebody else's.
func (s *Store) prepareFile(ctx context.Context) error {
	tx, err := s.write.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var application, version, tables int
	if err := errors.Join(
		tx.QueryRowContext(ctx, "PRAGMA application_id").Scan(&application),
		tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version),
		tx.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables),
	); err != nil {
		return err
	}
	switch {
	case application == applicationID && version == schemaVersion:
		return nil
	case application == applicationID:
		return fmt.Errorf("is of version %d and this program needs %d: remove it and rebuild it from the evidence log", version, schemaVersion)
	case tables > 0:
		return errors.New("is a database, but not of sensor blocks")
	}
	set := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, schemaVersion)
	if _, err := tx.ExecContext(ctx, schema+set); err != nil {
		return err
	}
	return tx.Commit()
}

func (s *Store) prepareStatements(ctx context.Context) error {
	var failed error
	prepare := func(db *sql.DB, query string) *sql.Stmt {
		stmt, err := db.PrepareContext(ctx, query)
		failed = errors.Join(failed, err)
		return stmt
	}
	s.statements.span = prepare(s.read, `SELECT key, data FROM blocks INDEXED BY blocks_by_series
		WHERE key & 4294967295 = ? AND key BETWEEN ? AND ? ORDER BY key`)
	s.statements.last = prepare(s.read, `SELECT key, data FROM blocks INDEXED BY blocks_by_series
		WHERE key & 4294967295 = ? AND key <= ? ORDER BY key DESC LIMIT 2`)
	s.statements.block = prepare(s.write, "SELECT data FROM blocks WHERE key = ?")
	s.statements.put = prepare(s.write, "INSERT INTO blocks (key, data) VALUES (?, ?)")
	s.statements.replace = prepare(s.write, "UPDATE blocks SET data = ?2 WHERE key = ?1")
	return failed
}

// loadSeries reads the names of all series: they are few and every call needs them.
func (s *Store) loadSeries(ctx context.Context) error {
	rows, err := s.read.QueryContext(ctx, "SELECT id, name FROM series")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var id seriesID
		if err := rows.Scan(&id.id, &id.name); err != nil {
			return err
		}
		series, err := sensors.ParseSeries(id.name)
		if err != nil {
			return err
		}
		s.ids[series] = id
	}
	return rows.Err()
}

// seriesID is how the file knows a series.
type seriesID struct {
	id   uint32
	name string // Series.String, made once
}

func (s *Store) id(series sensors.Series) (seriesID, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	id, ok := s.ids[series]
	return id, ok
}

// List is every series that something was written to, in no particular order.
func (s *Store) List(context.Context) ([]sensors.Series, error) {
	if !s.gate.Enter() {
		return nil, ErrClosed
	}
	defer s.gate.Leave()
	s.mu.RLock()
	defer s.mu.RUnlock()
	all := make([]sensors.Series, 0, len(s.ids))
	for series := range s.ids {
		all = append(all, series)
	}
	return all, nil
}

// Close waits for calls in progress and closes the file. A second Close does nothing.
func (s *Store) Close() error {
	if !s.gate.Close() {
		return nil
	}
	return s.release()
}

func (s *Store) release() error {
	var failed error
	for _, db := range []*sql.DB{s.read, s.write} { // the writer last: it removes the WAL
		if db != nil {
			failed = errors.Join(failed, db.Close())
		}
	}
	return failed
}

// keyOf is the row of a series' day. Days from −106752 to 106751, all that an Instant reaches, give positive keys.
func keyOf(day int64, id uint32) int64 { return (day+1<<17)<<32 | int64(id) }

func dayOf(key int64) int64 { return key>>32 - 1<<17 }
