package ledger

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"strconv"
	"testing"
)

// Query reads one integer: tests look at what was kept, not only at what is returned.
func (l *Ledger) Query(t testing.TB, query string, args ...any) (n int64) {
	t.Helper()
	if err := (reader{l.read, l.dialect}).QueryRowContext(context.Background(), query, args...).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// LimitPages fills the disk: SQLite gets no more than some pages beyond what it has. Negative: no limit.
func (l *Ledger) LimitPages(t testing.TB, more int64) {
	t.Helper()
	limit := l.Query(t, "PRAGMA page_count") + more
	if more < 0 {
		limit = 1 << 30
	}
	if _, err := l.write.Exec("PRAGMA max_page_count = " + strconv.FormatInt(limit, 10)); err != nil {
		t.Fatal(err)
	}
}

// HoldWriter keeps the database's writer until the function it returns is called, and makes others give up at once.
func (l *Ledger) HoldWriter(t testing.TB) (release func()) {
	t.Helper()
	if _, err := l.write.Exec("PRAGMA busy_timeout = 1"); err != nil {
		t.Fatal(err)
	}
	other, err := sql.Open("sqlite", "file:"+l.file(t)+"?_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	held, err := other.Begin()
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := errors.Join(held.Rollback(), other.Close()); err != nil {
			t.Error(err)
		}
	}
}

// Exec runs a statement.
func (l *Ledger) Exec(t testing.TB, statement string) error {
	t.Helper()
	_, err := l.write.Exec(statement)
	return err
}

// Pragma is the value of a setting of SQLite's, of the connection that writes or of one that reads.
func (l *Ledger) Pragma(t testing.TB, name string, writer bool) (value string) {
	t.Helper()
	db := l.read
	if writer {
		db = l.write
	}
	if err := db.QueryRow("PRAGMA " + name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// file is SQLite's.
func (l *Ledger) file(t testing.TB) (path string) {
	t.Helper()
	var n, name string
	if err := l.read.QueryRow("PRAGMA database_list").Scan(&n, &name, &path); err != nil {
		t.Fatal(err)
	}
	return path
}

// MakeOld makes a ledger as a program of an earlier version left it, by the migrations up to one, with what statements write.
func MakeOld(t testing.TB, rawURL string, version int64, statements ...string) {
	t.Helper()
	var l *Ledger
	u, err := url.Parse(rawURL)
	if err == nil && u.Scheme == "sqlite" {
		l, err = openSQLite(u)
	} else if err == nil {
		l, err = openPostgres(rawURL)
	}
	if err == nil {
		err = l.migrate(context.Background(), version)
	}
	for _, s := range statements {
		if err == nil {
			_, err = l.write.Exec(s)
		}
	}
	if err == nil {
		err = l.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}
