package pgtest_test

import (
	"database/sql"
	"testing"

	"github.com/nuanju/nuanju/ledger/pgtest"
)

func open(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", pgtest.Start(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func TestEachDatabaseIsEmptyAndItsOwn(t *testing.T) {
	first, second := open(t), open(t)
	for _, db := range []*sql.DB{first, second} {
		if _, err := db.Exec(`CREATE TABLE mine (n INTEGER)`); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := first.Exec(`INSERT INTO mine VALUES (1)`); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := second.QueryRow(`SELECT count(*) FROM mine`).Scan(&n); err != nil || n != 0 {
		t.Fatalf("a row of one database shows in the other: %d, %v", n, err)
	}
}

func TestCommitsAreSynced(t *testing.T) {
	db := open(t)
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var v string
		if err := db.QueryRow(`SHOW ` + setting).Scan(&v); err != nil || v != "on" {
			t.Errorf("%s = %q, %v; want on", setting, v, err)
		}
	}
}
