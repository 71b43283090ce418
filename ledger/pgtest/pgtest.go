// Package pgtest gives tests a real PostgreSQL: Debian's, started once for a test binary, a fresh database for each test.
//
// The server listens on a Unix socket only, in a directory that none but its user may enter, so tests that run side by
// side never compete for a port. It keeps PostgreSQL's own durability settings: what a test sees committed is synced.
// A missing PostgreSQL fails the test and never skips it.
package pgtest

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // the "pgx" driver of database/sql
)

// Start returns the URL of an empty database that belongs to t alone and is dropped when t ends, for pgx or for
// anything else that takes a postgres:// URL. The first call of a test binary starts the server (about two seconds);
// it stops when the binary ends, however it ends. Any goroutine of t may call it.
func Start(t testing.TB) string {
	t.Helper()
	srv, err := shared()
	if err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	name := fmt.Sprintf("test_%d", srv.databases.Add(1))
	if err := srv.exec("CREATE DATABASE " + name); err != nil {
		t.Fatalf("pgtest: creating database %s: %v", name, err)
	}
	t.Cleanup(func() {
		if err := srv.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("pgtest: dropping database %s: %v", name, err)
		}
	})
	return srv.url(name)
}

// shared starts the server of this test binary, once.
var shared = sync.OnceValues(start)

type server struct {
	dir       string
	databases atomic.Int64
	// lifeline is the only writing end of the watchdog's standard input. The kernel closes it with this process, even
	// one that was killed, and the watchdog then stops the server.
	lifeline io.Closer
}

func start() (*server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		return nil, err
	}
	cred, err := unprivileged(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	command := func(name string, args ...string) *exec.Cmd {
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Setpgid: true}
		return cmd
	}
	data, log := filepath.Join(dir, "data"), filepath.Join(dir, "log")
	pgctl := filepath.Join(bin, "pg_ctl")

	initdb := command(filepath.Join(bin, "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, errors.Join(fmt.Errorf("initdb: %w\n%s", err, out), os.RemoveAll(dir))
	}
	watchdog := command("/bin/sh", "-c", `cat >/dev/null; "$0" stop -D "$1" -m immediate; rm -rf "$2"`, pgctl, data, dir)
	lifeline, err := watchdog.StdinPipe()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := watchdog.Start(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	options := fmt.Sprintf("-c listen_addresses='' -c unix_socket_directories='%s' -c max_connections=200", dir)
	if err := command(pgctl, "start", "-D", data, "-l", log, "-w", "-t", "60", "-o", options).Run(); err != nil {
		text, _ := os.ReadFile(log) // the server's own words, if it came to any
		return nil, errors.Join(fmt.Errorf("pg_ctl start: %w\n%s", err, text), lifeline.Close())
	}
	return &server{dir: dir, lifeline: lifeline}, nil
}

// binaries is the directory of initdb and pg_ctl: the newest version that Debian's packages installed, else the PATH's.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	best, version := "", -1
	for _, path := range found {
		v, err := strconv.Atoi(strings.Split(path, "/")[4])
		if err == nil && v > version {
			best, version = filepath.Dir(path), v
		}
	}
	if best != "" {
		return best, nil
	}
	path, err := exec.LookPath("initdb")
	if err != nil {
		return "", errors.New("PostgreSQL is not installed (apt-get install postgresql): no /usr/lib/postgresql/*/bin/initdb, none in PATH")
	}
	return filepath.Dir(path), nil
}

// unprivileged is whom to run the server as. PostgreSQL refuses to run as root; root gives dir to the user postgres.
func unprivileged(dir string) (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	pg, err := user.Lookup("postgres")
	if err != nil {
		return nil, err
	}
	uid, err := strconv.ParseUint(pg.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(pg.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	if err := os.Chown(dir, int(uid), int(gid)); err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func (s *server) url(database string) string {
	q := url.Values{"host": {s.dir}, "user": {"postgres"}}
	return "postgres:///" + database + "?" + q.Encode()
}

// exec runs one statement outside any test's database.
func (s *server) exec(statement string) error {
	db, err := sql.Open("pgx", s.url("postgres"))
	if err != nil {
		return err
	}
	_, err = db.Exec(statement)
	return errors.Join(err, db.Close())
}
