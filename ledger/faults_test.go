package ledger_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// words are of SQL's or of a database's; none may reach a caller.
var words = []string{"SELECT", "INSERT", "UPDATE", "SQL", "sqlite", "pgx", "constraint", "relation", "pg_", "tickets_", "SQLSTATE", "syntax"}

// strange fails when an error says more than it should, or is not of its kind.
func strange(t *testing.T, err, kind error) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("got %v (%v), want %v", err, cause(err), kind)
		return
	}
	for _, w := range words {
		if strings.Contains(err.Error(), w) {
			t.Errorf("%q is the database's word in: %v", w, err)
		}
	}
}

func bigStep(from int64, lines int) ledger.Step {
	s := ledger.Step{Watermark: "forward", From: from, To: from + 1, Dirty: []ledger.Mark{{Household: "h" + strconv.FormatInt(from, 10), From: 5}}}
	for n := range lines {
		q := line(from, n+1, "out_of_range")
		q.Raw = bytes.Repeat([]byte("x"), 1000)
		s.Quarantine = append(s.Quarantine, q)
	}
	return s
}

func TestAFullDiskLeavesNothingHalfWritten(t *testing.T) {
	l := open(t, databases[0].url(t))
	must(t, l.Advance(t.Context(), bigStep(0, 10), 1))
	l.LimitPages(t, 20)
	strange(t, l.Advance(t.Context(), bigStep(1, 500), 2), ledger.ErrFull)
	at, err := l.Watermark(t.Context(), "forward")
	must(t, err)
	held, err := l.ListQuarantine(t.Context(), ledger.QuarantineFilter{})
	must(t, err)
	if at != 1 || len(held) != 10 || len(taken(t, l)) != 1 {
		t.Errorf("watermark %d, %d lines, dirty %v", at, len(held), taken(t, l))
	}
	l.LimitPages(t, -1) // there is room again
	must(t, l.Advance(t.Context(), bigStep(1, 500), 3))
}

func TestABusyDatabase(t *testing.T) {
	l := open(t, databases[0].url(t))
	release := l.HoldWriter(t)
	strange(t, l.Advance(t.Context(), bigStep(0, 1), 1), ledger.ErrBusy)
	if _, err := l.TakeDirty(t.Context(), 1); err != nil {
		t.Errorf("reading waits for a writer: %v", err)
	}
	release()
	must(t, l.Advance(t.Context(), bigStep(0, 1), 1))
}

func TestAClosedLedger(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		must(t, l.Close())
		strange(t, l.Advance(t.Context(), bigStep(0, 1), 1), ledger.ErrClosed)
		_, err := l.TakeDirty(t.Context(), 1)
		strange(t, err, ledger.ErrClosed)
		_, err = l.Tiles(t.Context(), "h1", 0, 1)
		strange(t, err, ledger.ErrClosed)
		strange(t, l.Ping(t.Context()), ledger.ErrClosed)
	})
}

func TestACallerThatGaveUp(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		strange(t, l.Advance(ctx, bigStep(0, 1), 1), context.Canceled)
		if at, err := l.Watermark(t.Context(), "forward"); at != 0 || err != nil {
			t.Errorf("watermark %d: %v", at, err)
		}
	})
}

// A database that was tampered with gives errors without its own words; logs have them.
func TestErrorsKeepTheDatabasesWordsForLogs(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		must(t, l.Exec(t, "DROP TABLE quarantine"))
		err := l.Advance(t.Context(), bigStep(0, 1), 1)
		strange(t, err, ledger.ErrDatabase)
		var b bytes.Buffer
		slog.New(slog.NewTextHandler(&b, nil)).Error("tick", "err", err)
		if !strings.Contains(b.String(), "quarantine") || !strings.Contains(b.String(), "cause=") {
			t.Errorf("the log lacks the cause: %s", b.String())
		}
		ticket, events, err := disputes.File(disputes.Filing{ID: "t1", Household: "h1", Kind: disputes.NoHeat, Actor: resident}, contract(), morning)
		must(t, err)
		must(t, l.Exec(t, "DROP TABLE outbox"))
		strange(t, l.FileTicket(t.Context(), ticket, events, nil), ledger.ErrDatabase)
		_, _, err = l.Ticket(t.Context(), "t1") // filed with its events and its entry for the log, or not at all
		strange(t, err, ledger.ErrNotFound)
	})
}

// A process that is killed in the middle of a transaction leaves nothing of it, and all that it had acknowledged.
func TestKilledInTheMiddle(t *testing.T) {
	const lines = 400
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			url := db.url(t)
			must(t, open(t, url).Close())
			for kill := range 5 {
				acknowledged := killAt(t, url, lines, kill+2)
				l := open(t, url)
				at, err := l.Watermark(t.Context(), "forward")
				must(t, err)
				kept := l.Query(t, "SELECT count(*) FROM quarantine")
				dirty := l.Query(t, "SELECT count(*) FROM dirty")
				if at < acknowledged || at > acknowledged+1 || kept != at*lines || dirty != at {
					t.Fatalf("%d steps acknowledged, the watermark is at %d with %d lines and %d marks", acknowledged, at, kept, dirty)
				}
				must(t, l.Close())
			}
		})
	}
}

// killAt runs TestStepsUntilKilled in a process of its own and kills it while it writes its nth step. It returns the
// watermark that was acknowledged last.
func killAt(t *testing.T, url string, lines, n int) (acknowledged int64) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^TestStepsUntilKilled$", "-test.count=1")
	child.Env = append(os.Environ(), "LEDGER_URL="+url, "LEDGER_LINES="+strconv.Itoa(lines))
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	begun := 0
	for scanner := bufio.NewScanner(out); begun < n && scanner.Scan(); {
		what, number, _ := strings.Cut(scanner.Text(), " ")
		switch what {
		case "begin":
			begun++
		case "done":
			acknowledged, err = strconv.ParseInt(number, 10, 64)
			must(t, err)
		}
	}
	must(t, child.Process.Kill())
	if err := child.Wait(); err == nil || begun < n {
		t.Fatalf("the process ended by itself after %d steps: %v", begun, err)
	}
	return acknowledged
}

// TestStepsUntilKilled is the process that is killed; by itself it tests nothing.
func TestStepsUntilKilled(t *testing.T) {
	url := os.Getenv("LEDGER_URL")
	if url == "" {
		return
	}
	lines, err := strconv.Atoi(os.Getenv("LEDGER_LINES"))
	must(t, err)
	l := open(t, url)
	at, err := l.Watermark(t.Context(), "forward")
	must(t, err)
	fmt.Println("done", at)
	for {
		step := bigStep(at, lines)
		fmt.Println("begin", at)
		must(t, l.Advance(t.Context(), step, sensors.Instant(at)))
		at++
		fmt.Println("done", at)
	}
}

func TestSQLiteIsSetUpToKeepWhatItAcknowledges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ledger.db")
	l := open(t, "sqlite://"+path)
	for name, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "10000"} {
		if got := l.Pragma(t, name, true); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	if got := l.Pragma(t, "query_only", false); got != "1" {
		t.Errorf("readers can write: query_only is %s", got)
	}
	info, err := os.Stat(path)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("anybody may read it: %v", info.Mode())
	}
	if got := l.Pragma(t, "integrity_check", true); got != "ok" {
		t.Error(got)
	}
}

func TestWhatOpenRefuses(t *testing.T) {
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "text"), []byte(strings.Repeat("not a database ", 100)), 0o600))
	for url, want := range map[string]string{
		"mysql://x/y":                         "want sqlite:///path or postgres://…",
		"sqlite://host/path":                  "malformed store URL",
		"sqlite:///x?cache=shared":            "malformed store URL",
		"postgres://u:secret@h:bad/x":         "malformed store URL",
		"postgres://u:secret@h/x?port=bad":    "malformed PostgreSQL URL",
		"sqlite://" + dir + "/none/ledger.db": "no such file or directory",
		"sqlite://" + dir + "/text":           "the database failed",
		"postgres://u:secret@127.0.0.1:1/x":   "the database failed",
	} {
		l, err := ledger.Open(t.Context(), url)
		if err == nil {
			t.Errorf("%s was opened: %v", url, l.Close())
			continue
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %s", url, err, want)
		}
	}
}

// Opening again changes nothing; a ledger of a newer version is refused.
func TestVersions(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			url := db.url(t)
			l := open(t, url)
			before := l.Query(t, "SELECT count(*) FROM ledger_versions")
			must(t, l.Close())
			l = open(t, url)
			if after := l.Query(t, "SELECT count(*) FROM ledger_versions"); after != before {
				t.Errorf("%d versions became %d", before, after)
			}
			insert := "INSERT INTO ledger_versions (version_id, is_applied) VALUES (999, "
			if db.name == "sqlite" {
				insert += "1)"
			} else {
				insert += "true)"
			}
			must(t, l.Exec(t, insert))
			must(t, l.Close())
			if l, err := ledger.Open(t.Context(), url); err == nil || !strings.Contains(err.Error(), "written by a newer one") {
				t.Errorf("opened %v: %v", l, err)
			}
		})
	}
}

// Two processes that open an empty ledger at once both succeed.
func TestOpeningAtOnce(t *testing.T) {
	for _, db := range databases {
		t.Run(db.name, func(t *testing.T) {
			url, errs := db.url(t), make(chan error)
			for range 4 {
				go func() {
					l, err := ledger.Open(context.Background(), url)
					if err == nil {
						err = l.Close()
					}
					errs <- err
				}()
			}
			for range 4 {
				if err := <-errs; err != nil {
					t.Error(err, cause(err))
				}
			}
		})
	}
}
