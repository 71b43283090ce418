package monitor_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience bounds every wait. Nothing is expected to take that long, and nothing is measured against it.
const patience = 2 * time.Minute

// server is `nuanju serve` with a data folder of its own. It may be stopped, killed and started again; its address changes
// then, and its data stays.
type server struct {
	t      testing.TB
	data   string
	env    []string
	client *http.Client

	tokens map[string]string // by role

	cmd    *exec.Cmd // nil: not running
	stderr *lastLines

	mu  sync.Mutex
	url string
}

// newServer is a server that has not been started. The settings are environment variables without NUANJU_, such as
// "STORE_KIND=influx", or others as they are, such as "TZ=Asia/Kolkata".
func newServer(t testing.TB, settings ...string) *server {
	t.Helper()
	s := &server{
		t: t, data: t.TempDir(), tokens: map[string]string{},
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: patience},
	}
	s.env = environment(append([]string{
		"DATA=" + s.data, "LISTEN=127.0.0.1:0", "CRON_TICK=@every 1s", "CRON_CLOCKS=@every 1s",
	}, settings...)...)
	t.Cleanup(func() {
		if s.cmd != nil {
			s.kill()
		}
		s.client.CloseIdleConnections()
	})
	return s
}

// environment is that of the test without what it says of nuanju, and with settings.
func environment(settings ...string) []string {
	env := slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "NUANJU_") })
	for _, s := range settings {
		if !strings.HasPrefix(s, "TZ=") {
			s = "NUANJU_" + s
		}
		env = append(env, s)
	}
	return env
}

// command runs another command of nuanju on the server's data.
func (s *server) command(args ...string) (stdout, stderr string, status int) {
	s.t.Helper()
	return runCommand(s.t, s.env, args...)
}

func runCommand(t testing.TB, env []string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = env, &out, &errs, attributes()
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatalf("nuanju %s: %v", strings.Join(args, " "), err)
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// must runs a command that has to succeed, and returns what it prints.
func (s *server) must(args ...string) string {
	s.t.Helper()
	stdout, stderr, status := s.command(args...)
	if status != 0 {
		s.t.Fatalf("nuanju %s: exit status %d\n%s", strings.Join(args, " "), status, stderr)
	}
	return stdout
}

// token is a token of a role that is good for everything that the role may do.
func (s *server) token(role string) string {
	s.t.Helper()
	if s.tokens[role] == "" {
		s.tokens[role] = s.newToken(role)
	}
	return s.tokens[role]
}

func (s *server) newToken(role string, scope ...string) string {
	s.t.Helper()
	return strings.TrimSpace(s.must(append([]string{"token", "create", "--role", role, "--name", role}, scope...)...))
}

// start starts the server and returns when it listens.
func (s *server) start() {
	s.t.Helper()
	if s.cmd != nil {
		s.t.Fatal("the server is running already")
	}
	s.stderr = &lastLines{}
	cmd := exec.Command(program, "serve")
	cmd.Env, cmd.Stderr, cmd.SysProcAttr = s.env, s.stderr, attributes()
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		_ = cmd.Wait() // its own words say more
		s.t.Fatalf("the server says no address: %v\n%s", err, s.stderr)
	}
	s.cmd = cmd
	s.mu.Lock()
	defer s.mu.Unlock()
	s.url = strings.TrimSpace(line)
}

// address is where the server answers, like http://127.0.0.1:41234.
func (s *server) address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

// kill ends the server as a failing machine would: kill -9.
func (s *server) kill() {
	if err := s.cmd.Process.Kill(); err != nil {
		s.t.Errorf("kill -9: %v", err)
	}
	_ = s.cmd.Wait() // killed, as it should be
	s.cmd = nil
}

// terminate asks the server to stop.
func (s *server) terminate() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatalf("SIGTERM: %v", err)
	}
}

// stop stops the server in order; its exit status has to be 0.
func (s *server) stop() {
	s.t.Helper()
	s.terminate()
	s.stopped()
}

// stopped waits for a server that was asked to stop.
func (s *server) stopped() {
	s.t.Helper()
	cmd := s.cmd
	s.cmd = nil
	if err := cmd.Wait(); err != nil {
		s.t.Fatalf("the server ends with %v\n%s", err, s.stderr)
	}
}

// do sends a request with the token of a role, or without one if that is empty. An error means that no answer came.
func (s *server) do(role, method, path string, body []byte, headers map[string]string) (status int, answer []byte, err error) {
	r, err := http.NewRequest(method, s.address()+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if role != "" {
		r.Header.Set("Authorization", "Token "+s.tokens[role])
	}
	for name, value := range maps.All(headers) {
		r.Header.Set(name, value)
	}
	resp, err := s.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// get reads what has to be there.
func (s *server) get(role, path string) []byte {
	s.t.Helper()
	if role != "" {
		s.token(role)
	}
	status, answer, err := s.do(role, http.MethodGet, path, nil, nil)
	if err != nil || status != http.StatusOK {
		s.t.Fatalf("GET %s: %d %s (%v)\n%s", path, status, answer, err, s.stderr)
	}
	return answer
}

// write sends line protocol with a device's token. An error means that it was not acknowledged.
func (s *server) write(query, body string) error {
	status, answer, err := s.do("device", http.MethodPost, "/api/v2/write"+query, []byte(body), nil)
	if err == nil && status != http.StatusNoContent {
		err = fmt.Errorf("POST /api/v2/write: %d %s", status, answer)
	}
	return err
}

// until asks again and again, until what is asked for is so, and fails the test if it never is.
func until(t testing.TB, what string, so func() bool) {
	t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Fatalf("after %v still not so: %s", patience, what)
		}
	}
}

// lastLines keeps the end of what a server logs.
type lastLines struct {
	mu   sync.Mutex
	text []byte
}

// Write implements io.Writer.
func (l *lastLines) Write(p []byte) (int, error) {
	const kept = 8 << 10
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	l.text = slices.Clone(l.text[max(0, len(l.text)-kept):])
	return len(p), nil
}

// String is the end of the log.
func (l *lastLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}
