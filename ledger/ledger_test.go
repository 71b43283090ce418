package ledger_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/ledger/pgtest"
)

// everywhere runs a test on an empty ledger in each database.
func everywhere(t *testing.T, test func(t *testing.T, l *ledger.Ledger)) {
	t.Parallel() // they mostly wait for the disk
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t, db.url(t)))
		})
	}
}

// databases makes the URL of an empty database of each kind.
var databases = []struct {
	name string
	url  func(testing.TB) string
}{
	{"sqlite", func(t testing.TB) string { return "sqlite://" + filepath.Join(t.TempDir(), "ledger.db") }},
	{"postgres", pgtest.Start},
}

func open(t testing.TB, url string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(context.Background(), url)
	must(t, err)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err, cause(err))
	}
}

// cause is the database's own words, for whoever reads a failing test.
func cause(err error) error {
	if e, ok := errors.AsType[*ledger.Error](err); ok {
		return e.Cause
	}
	return nil
}

func TestOpen(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) { must(t, l.Ping(t.Context())) })
}
