package ledger

import (
	"context"
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
