package ledger

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// The kinds of failures.
var (
	// ErrConflict: what was to be changed is not as the caller read it. Read it again.
	ErrConflict = errors.New("changed meanwhile")
	// ErrExists: something of that name is there already.
	ErrExists = errors.New("exists already")
	// ErrNotFound: there is nothing of that name.
	ErrNotFound = errors.New("not found")
	// ErrInvalid: what the caller gave cannot be written.
	ErrInvalid = errors.New("cannot be written")
	// ErrText: a text has a character that the database does not keep.
	ErrText = errors.New("a text has a character that cannot be kept")
	// ErrFull: the disk is full. Nothing was written; it can be tried again when there is room.
	ErrFull = errors.New("the disk is full")
	// ErrBusy: another writer held the database for too long. Nothing was written; it can be tried again.
	ErrBusy = errors.New("the database is busy")
	// ErrClosed: the ledger is closed.
	ErrClosed = errors.New("the ledger is closed")
	// ErrDatabase: any other failure of the database.
	ErrDatabase = errors.New("the database failed")
)

// Error is a failure: what was being done, and its kind, one of those above or the context's error. Its text has no word of the
// database's. The cause has, and belongs into logs only, where slog puts it by itself.
type Error struct {
	Doing string
	Kind  error
	Cause error // may be nil
}

// Error is for callers and strangers.
func (e *Error) Error() string { return "ledger: " + e.Doing + ": " + e.Kind.Error() }

// Unwrap is the kind. The cause is left out, so that no text of the database's reaches a caller by accident.
func (e *Error) Unwrap() error { return e.Kind }

// LogValue adds the cause for logs.
func (e *Error) LogValue() slog.Value {
	attrs := []slog.Attr{slog.String("doing", e.Doing), slog.String("kind", e.Kind.Error())}
	if e.Cause != nil {
		attrs = append(attrs, slog.String("cause", e.Cause.Error()))
	}
	return slog.GroupValue(attrs...)
}

// fail makes an *Error of a cause. One that is an *Error already stays what it is.
func fail(doing string, cause error) error {
	if already, ok := errors.AsType[*Error](cause); ok {
		return already
	}
	return &Error{Doing: doing, Kind: kindOf(cause), Cause: cause}
}

// invalid is an ErrInvalid that says to the caller what is wrong.
func invalid(doing, what string) error { return &Error{Doing: doing + ": " + what, Kind: ErrInvalid} }

func kindOf(err error) error {
	for _, kind := range []error{
		ErrConflict, ErrExists, ErrNotFound, ErrInvalid, ErrTooMany, ErrClosed, context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, kind) {
			return kind
		}
	}
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		return kindOfSQLite(e.Code())
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return kindOfPostgres(e.Code)
	}
	return ErrDatabase
}

func kindOfSQLite(code int) error {
	switch code & 0xff { // the primary code; the rest is detail
	case sqlite3.SQLITE_FULL:
		return ErrFull
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return ErrBusy
	case sqlite3.SQLITE_INTERRUPT:
		return context.Canceled
	}
	if code == sqlite3.SQLITE_CONSTRAINT_UNIQUE || code == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY {
		return ErrExists
	}
	return ErrDatabase
}

func kindOfPostgres(code string) error {
	switch code {
	case "53100": // disk_full
		return ErrFull
	case "40001", "40P01", "55P03", "53300": // serialization, deadlock, lock_not_available, too_many_connections
		return ErrBusy
	case "57014": // query_canceled
		return context.Canceled
	case "23505": // unique_violation
		return ErrExists
	case "22021", "22P05": // character_not_in_repertoire, untranslatable_character: U+0000, which SQLite would keep
		return ErrText
	}
	return ErrDatabase
}
