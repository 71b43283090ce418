package ledger

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"
)

// querier is what reads: a database or a transaction.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// tx is a transaction that writes. Queries have ? for their arguments, on either database.
type tx struct {
	*sql.Tx
	dialect dialect
}

// reader is a database that is read. Queries have ? for their arguments.
type reader struct {
	*sql.DB
	dialect dialect
}

// QueryContext is sql.DB's.
func (r reader) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return r.DB.QueryContext(ctx, r.dialect.bind(query), args...)
}

// QueryRowContext is sql.DB's.
func (r reader) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return r.DB.QueryRowContext(ctx, r.dialect.bind(query), args...)
}

// QueryContext is sql.Tx's.
func (t tx) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return t.Tx.QueryContext(ctx, t.dialect.bind(query), args...)
}

// QueryRowContext is sql.Tx's.
func (t tx) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	return t.Tx.QueryRowContext(ctx, t.dialect.bind(query), args...)
}

// exec runs a statement and returns how many rows it changed.
func (t tx) exec(ctx context.Context, statement string, args ...any) (int64, error) {
	res, err := t.ExecContext(ctx, t.dialect.bind(statement), args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// bind writes the ? of a query as the database wants them. No query has a ? in its text.
func (d dialect) bind(query string) string {
	if d != inPostgres {
		return query
	}
	var b strings.Builder
	b.Grow(len(query) + 64)
	n := 0
	for {
		before, after, found := strings.Cut(query, "?")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		n++
		b.WriteByte('$')
		b.WriteString(strconv.Itoa(n))
		query = after
	}
}

// reading runs f on a connection for reading.
func (l *Ledger) reading(_ context.Context, doing string, f func(q querier) error) error {
	if l.closed.Load() {
		return &Error{Doing: doing, Kind: ErrClosed}
	}
	if err := f(reader{l.read, l.dialect}); err != nil {
		return l.failed(doing, err)
	}
	return nil
}

// snapshot runs several reads that see the same state.
func (l *Ledger) snapshot(ctx context.Context, doing string, f func(q querier) error) error {
	if l.closed.Load() {
		return &Error{Doing: doing, Kind: ErrClosed}
	}
	t, err := l.read.BeginTx(ctx, &sql.TxOptions{Isolation: l.dialect.snapshotLevel()})
	if err != nil {
		return l.failed(doing, err)
	}
	defer func() { _ = t.Rollback() }() // nothing was written
	if err := f(tx{t, l.dialect}); err != nil {
		return l.failed(doing, err)
	}
	return nil
}

// snapshotLevel is the isolation at which every read of a transaction sees the same state.
func (d dialect) snapshotLevel() sql.IsolationLevel {
	if d == inPostgres {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault // SQLite's readers always do
}

// writing runs f in a transaction: all of it or, with an error, nothing.
func (l *Ledger) writing(ctx context.Context, doing string, f func(t tx) error) (err error) {
	if l.closed.Load() {
		return &Error{Doing: doing, Kind: ErrClosed}
	}
	t, err := l.write.BeginTx(ctx, nil)
	if err != nil {
		return l.failed(doing, err)
	}
	defer func() {
		if err != nil {
			// An error of Rollback adds nothing: the transaction is not committed, whatever became of the connection.
			_ = t.Rollback()
			err = l.failed(doing, err)
		}
	}()
	if err := f(tx{t, l.dialect}); err != nil {
		return err
	}
	return t.Commit()
}

// failed is fail, for a ledger that may have been closed meanwhile.
func (l *Ledger) failed(doing string, err error) error {
	if known, ok := errors.AsType[*Error](err); ok {
		return known
	}
	if l.closed.Load() {
		return &Error{Doing: doing, Kind: ErrClosed, Cause: err}
	}
	return fail(doing, err)
}

// alone makes transactions that read first and then write by what they read wait for each other. SQLite has one writer anyway.
func (t tx) alone(ctx context.Context, what turn) error {
	if t.dialect == inSQLite {
		return nil
	}
	_, err := t.exec(ctx, "SELECT pg_advisory_xact_lock(?)", int64(what))
	return err
}

// turn is an arbitrary number for what is done by one transaction at a time.
type turn int64

const (
	turnRegistry turn = 7_355_608_101 + iota
	turnVerdicts
	turnDeclarations
	turnContracts
	turnDelegations
	turnClaims
)

// maxValues bounds the arguments of one statement.
const maxValues = 3000

// insert adds n rows of width columns, many in one statement. The head ends in VALUES; the tail may hold ON CONFLICT.
func (t tx) insert(ctx context.Context, head, tail string, width, n int, values func(i int, to []any) []any) error {
	most := maxValues / width
	row := ",(" + placeholders(width) + ")"
	statement := func(rows int) string { return t.dialect.bind(head + " " + strings.Repeat(row, rows)[1:] + " " + tail) }
	args := make([]any, 0, min(n, most)*width)
	fill := func(from, rows int) {
		args = args[:0]
		for i := range rows {
			args = values(from+i, args)
		}
	}
	i := 0
	if n >= 2*most { // worth preparing
		whole, err := t.PrepareContext(ctx, statement(most))
		if err != nil {
			return err
		}
		defer whole.Close() // the transaction ends soon, and the statement with it
		for ; n-i >= most; i += most {
			fill(i, most)
			if _, err := whole.ExecContext(ctx, args...); err != nil {
				return err
			}
		}
	}
	for ; i < n; i += most {
		rows := min(most, n-i)
		fill(i, rows)
		if _, err := t.ExecContext(ctx, statement(rows), args...); err != nil {
			return err
		}
	}
	return nil
}

// placeholders is "?,?,?" for n arguments.
func placeholders(n int) string { return strings.TrimSuffix(strings.Repeat("?,", n), ",") }

// chunks calls f with at most maxValues/2 of the items at a time.
func chunks[T any](items []T, f func([]T) error) error {
	const most = maxValues / 2
	for len(items) > 0 {
		n := min(most, len(items))
		if err := f(items[:n]); err != nil {
			return err
		}
		items = items[n:]
	}
	return nil
}

// collect reads all rows of a query.
func collect[T any](rows *sql.Rows, err error, scan func(*T) []any) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close() // its error is that of Err
	var all []T
	for rows.Next() {
		var v T
		if err := rows.Scan(scan(&v)...); err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// anys is strings, integers … as arguments.
func anys[T any](items []T) []any {
	all := make([]any, len(items))
	for i, item := range items {
		all[i] = item
	}
	return all
}

// in is "(a, b) IN …" for n pairs of arguments.
func (d dialect) in(columns string, n int) string {
	list := strings.TrimSuffix(strings.Repeat("(?,?),", n), ",")
	if d == inSQLite {
		return columns + " IN (VALUES " + list + ")"
	}
	return columns + " IN (" + list + ")"
}
