package evidence

import (
	"fmt"
	"testing"
)

// Committing reports whether the committer is at work on a commit.
func (l *Log) Committing() bool {
	if l.writing.TryLock() {
		l.writing.Unlock()
		return false
	}
	return true
}

// LimitPages makes SQLite run out of space: the file cannot grow beyond its present pages plus more.
func (l *Log) LimitPages(t testing.TB, more int) {
	t.Helper()
	var pages int
	if err := l.db.write.QueryRow(`PRAGMA page_count`).Scan(&pages); err != nil {
		t.Fatal(err)
	}
	if more < 0 {
		pages, more = 1<<30, 0
	}
	if err := l.db.write.QueryRow(fmt.Sprintf(`PRAGMA max_page_count = %d`, pages+more)).Scan(&pages); err != nil {
		t.Fatal(err)
	}
}

// Pragma reads a setting of the connection that writes.
func (l *Log) Pragma(t testing.TB, name string) (value string) {
	t.Helper()
	if err := l.db.write.QueryRow(`PRAGMA ` + name).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}
