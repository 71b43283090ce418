// Package influxtest gives tests a real InfluxDB: version 1.8.10 with Flux, built once from its module by the Go toolchain.
// What cannot be built or started fails the test and never skips it.
package influxtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// Server is an influxd of one test.
type Server struct {
	// URL is where it answers, like http://127.0.0.1:41234. It stays the same when the server is stopped and started.
	URL string

	binary, dir, address string
	databases            atomic.Int64

	mu      sync.Mutex
	running *process // nil while stopped
}

// startTimeout is how long a server may take to answer; it takes a fraction of a second.
const startTimeout = time.Minute

// Start starts an influxd on a free port with an empty directory of its own, waits until it answers, and stops it when
// t ends. The first Start on a machine builds the program, which takes about two minutes.
func Start(t testing.TB) *Server {
	t.Helper()
	binary, err := build(t)
	if err != nil {
		t.Fatalf("influxtest: %v", err)
	}
	s := &Server{binary: binary, dir: t.TempDir()}
	// A port that was free a moment ago may be taken by now; then another one is.
	for range 5 {
		if s.address, err = freeAddress(); err != nil {
			break
		}
		if err = s.start(); err == nil || !strings.Contains(err.Error(), "address already in use") {
			break
		}
	}
	if err != nil {
		t.Fatalf("influxtest: %v", err)
	}
	s.URL = "http://" + s.address
	t.Cleanup(func() {
		if err := s.stop(); err != nil {
			t.Errorf("influxtest: %v", err)
		}
	})
	return s
}

// Database makes an empty database and returns its name, which the version 2 API takes as a bucket's.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", s.databases.Add(1))
	resp, err := http.PostForm(s.URL+"/query", url.Values{"q": {"CREATE DATABASE " + name}})
	if err != nil {
		t.Fatalf("influxtest: creating a database: %v", err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK || strings.Contains(string(body), "error") {
		t.Fatalf("influxtest: creating a database: %s %s (%v)", resp.Status, body, err)
	}
	return name
}

// Stop stops the server; what it has acknowledged stays on its disk. A stopped server refuses connections.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if err := s.stop(); err != nil {
		t.Fatalf("influxtest: %v", err)
	}
}

// Start starts a stopped server on the same data and address and waits until it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if err := s.start(); err != nil {
		t.Fatalf("influxtest: %v", err)
	}
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

const config = `
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = %[1]s
[data]
  dir = %[2]s
  wal-dir = %[3]s
  index-version = "tsi1"
  query-log-enabled = false
  max-concurrent-compactions = 1
[monitor]
  store-enabled = false
[subscriber]
  enabled = false
[http]
  bind-address = %[4]s
  flux-enabled = true
  log-enabled = false
  suppress-write-log = true
  max-body-size = 0
`

func (s *Server) start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running != nil {
		return errors.New("influxd is running already")
	}
	path := func(name string) string { return strconv.Quote(filepath.Join(s.dir, name)) }
	text := fmt.Sprintf(config, path("meta"), path("data"), path("wal"), strconv.Quote(s.address))
	file := filepath.Join(s.dir, "influxdb.conf")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return err
	}
	p, err := launch(s.binary, file)
	if err != nil {
		return err
	}
	s.running = p
	return nil
}

func (s *Server) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.running
	if p == nil {
		return nil
	}
	s.running = nil
	return p.stop()
}

// process is a running influxd.
type process struct {
	cmd    *exec.Cmd
	exited chan struct{} // closed when it has
	// watchdog kills influxd when its standard input ends: the kernel closes it with this process, even one that was killed.
	watchdog *exec.Cmd
	lifeline io.Closer

	mu  sync.Mutex
	log []string // the last lines
}

// launch starts influxd and waits until it says that it listens.
func launch(binary, config string) (*process, error) {
	p := &process{cmd: exec.Command(binary, "-config", config), exited: make(chan struct{})}
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt at the terminal is for the test
	output, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	listening := make(chan struct{})
	go p.follow(output, listening)
	if err := p.watch(); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	select {
	case <-listening:
		return p, nil
	case <-p.exited:
		err = errors.New("influxd ended")
	case <-ctx.Done():
		err = fmt.Errorf("influxd does not listen after %v", startTimeout)
	}
	p.stop() // err says more than how it ends
	return nil, fmt.Errorf("%w:\n%s", err, p.lastLines())
}

// follow keeps the last lines of the log, and closes listening at the one that says so.
func (p *process) follow(output io.Reader, listening chan<- struct{}) {
	const kept = 50
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 1<<20)
	open := listening
	for lines.Scan() {
		p.mu.Lock()
		p.log = append(p.log[max(0, len(p.log)-kept):], lines.Text())
		p.mu.Unlock()
		if open != nil && strings.Contains(lines.Text(), "Listening on HTTP") {
			close(open)
			open = nil
		}
	}
	io.Copy(io.Discard, output) // should a line have been too long
	p.cmd.Wait()                // how it ended is in the log
	close(p.exited)
}

func (p *process) lastLines() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.log, "\n")
}

func (p *process) watch() error {
	watchdog := exec.Command("/bin/sh", "-c", `cat >/dev/null; kill -9 "$0"`, strconv.Itoa(p.cmd.Process.Pid))
	watchdog.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	lifeline, err := watchdog.StdinPipe()
	if err != nil {
		return err
	}
	p.watchdog, p.lifeline = watchdog, lifeline
	return watchdog.Start()
}

// stop ends influxd in order, or by force when it takes too long, and returns when it is gone.
func (p *process) stop() error {
	// The watchdog goes first: it must not outlive the process whose number it knows.
	if p.watchdog != nil && p.watchdog.Process != nil {
		p.watchdog.Process.Kill()
		p.watchdog.Wait() // killed, as it should be
		p.lifeline.Close()
	}
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	select {
	case <-p.exited:
		return nil
	case <-ctx.Done():
		p.cmd.Process.Kill()
		<-p.exited
		return fmt.Errorf("influxd did not end within %v:\n%s", startTimeout, p.lastLines())
	}
}
