// Package servertest runs the real nuanju, as a process of its own, for tests: it may be stopped, killed and started again, and keeps
// its data. The program is built once for each test binary.
package servertest

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

// Patience bounds every wait. Nothing is expected to take that long, and nothing is measured against it.
const Patience = 2 * time.Minute

// Server is `nuanju serve` with a data folder of its own. It may be stopped, killed and started again; its address changes
// then, and its data stays.
type Server struct {
	T      testing.TB
	Data   string   // its folder
	Env    []string // its environment
	Client *http.Client

	Tokens map[string]string // by role

	Cmd    *exec.Cmd // nil: not running
	Stderr *LastLines

	mu  sync.Mutex
	url string
}

// New is a server that has not been started. The settings are environment variables without NUANJU_, such as
// "STORE_KIND=influx", or others as they are, such as "TZ=Asia/Kolkata".
func New(t testing.TB, settings ...string) *Server {
	t.Helper()
	s := &Server{
		T: t, Data: t.TempDir(), Tokens: map[string]string{},
		Client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: Patience},
	}
	s.Env = Environment(append([]string{
		"DATA=" + s.Data, "LISTEN=127.0.0.1:0", "CRON_TICK=@every 1s", "CRON_CLOCKS=@every 1s",
	}, settings...)...)
	t.Cleanup(func() {
		if s.Cmd != nil {
			s.Kill()
		}
		s.Client.CloseIdleConnections()
	})
	return s
}

// Environment is that of the test without what it says of nuanju, and with settings.
func Environment(settings ...string) []string {
	env := slices.DeleteFunc(os.Environ(), func(e string) bool { return strings.HasPrefix(e, "NUANJU_") })
	for _, s := range settings {
		if !strings.HasPrefix(s, "TZ=") {
			s = "NUANJU_" + s
		}
		env = append(env, s)
	}
	return env
}

// Command runs another command of nuanju on the server's data.
func (s *Server) Command(args ...string) (stdout, stderr string, status int) {
	s.T.Helper()
	return Run(s.T, s.Env, args...)
}

// Run runs a command of nuanju in an environment, and returns what it prints and its exit status.
func Run(t testing.TB, env []string, args ...string) (stdout, stderr string, status int) {
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

// Must runs a command that has to succeed, and returns what it prints.
func (s *Server) Must(args ...string) string {
	s.T.Helper()
	stdout, stderr, status := s.Command(args...)
	if status != 0 {
		s.T.Fatalf("nuanju %s: exit status %d\n%s", strings.Join(args, " "), status, stderr)
	}
	return stdout
}

// Token is a token of a role that is good for everything that the role may do.
func (s *Server) Token(role string) string {
	s.T.Helper()
	if s.Tokens[role] == "" {
		s.Tokens[role] = s.NewToken(role)
	}
	return s.Tokens[role]
}

// NewToken makes another token of a role, with flags that narrow its scope.
func (s *Server) NewToken(role string, scope ...string) string {
	s.T.Helper()
	return strings.TrimSpace(s.Must(append([]string{"token", "create", "--role", role, "--name", role}, scope...)...))
}

// Start starts the server and returns when it listens.
func (s *Server) Start() {
	s.T.Helper()
	if s.Cmd != nil {
		s.T.Fatal("the server is running already")
	}
	s.Stderr = &LastLines{}
	cmd := exec.Command(program, "serve")
	cmd.Env, cmd.Stderr, cmd.SysProcAttr = s.Env, s.Stderr, attributes()
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		s.T.Fatal(err)
	}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		_ = cmd.Wait() // its own words say more
		s.T.Fatalf("the server says no address: %v\n%s", err, s.Stderr)
	}
	s.Cmd = cmd
	s.mu.Lock()
	defer s.mu.Unlock()
	s.url = strings.TrimSpace(line)
}

// Address is where the server answers, like http://127.0.0.1:41234.
func (s *Server) Address() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.url
}

// Kill ends the server as a failing machine would: kill -9.
func (s *Server) Kill() {
	if err := s.Cmd.Process.Kill(); err != nil {
		s.T.Errorf("kill -9: %v", err)
	}
	_ = s.Cmd.Wait() // killed, as it should be
	s.Cmd = nil
}

// Terminate asks the server to stop.
func (s *Server) Terminate() {
	s.T.Helper()
	if err := s.Cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.T.Fatalf("SIGTERM: %v", err)
	}
}

// Stop stops the server in order; its exit status has to be 0.
func (s *Server) Stop() {
	s.T.Helper()
	s.Terminate()
	s.Stopped()
}

// Stopped waits for a server that was asked to stop.
func (s *Server) Stopped() {
	s.T.Helper()
	cmd := s.Cmd
	s.Cmd = nil
	if err := cmd.Wait(); err != nil {
		s.T.Fatalf("the server ends with %v\n%s", err, s.Stderr)
	}
}

// Do sends a request with the token of a role, or without one if that is empty. An error means that no answer came.
func (s *Server) Do(role, method, path string, body []byte, headers map[string]string) (status int, answer []byte, err error) {
	r, err := http.NewRequest(method, s.Address()+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if role != "" {
		r.Header.Set("Authorization", "Token "+s.Tokens[role])
	}
	for name, value := range maps.All(headers) {
		r.Header.Set(name, value)
	}
	resp, err := s.Client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	return resp.StatusCode, answer, err
}

// Get reads what has to be there.
func (s *Server) Get(role, path string) []byte {
	s.T.Helper()
	if role != "" {
		s.Token(role)
	}
	status, answer, err := s.Do(role, http.MethodGet, path, nil, nil)
	if err != nil || status != http.StatusOK {
		s.T.Fatalf("GET %s: %d %s (%v)\n%s", path, status, answer, err, s.Stderr)
	}
	return answer
}

// Write sends line protocol with a device's token. An error means that it was not acknowledged.
func (s *Server) Write(query, body string) error {
	status, answer, err := s.Do("device", http.MethodPost, "/api/v2/write"+query, []byte(body), nil)
	if err == nil && status != http.StatusNoContent {
		err = fmt.Errorf("POST /api/v2/write: %d %s", status, answer)
	}
	return err
}

// Until asks again and again, until what is asked for is so, and fails the test if it never is, saying more if it is told how.
func Until(t testing.TB, what string, so func() bool, more ...func() string) {
	t.Helper()
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-tick.C:
		case <-deadline.C:
			for _, say := range more {
				t.Log(say())
			}
			t.Fatalf("after %v still not so: %s", Patience, what)
		}
	}
}

// Tie has another program that a test starts end with the test, however that ends.
func Tie(cmd *exec.Cmd) { cmd.SysProcAttr = attributes() }

// LastLines keeps the end of what a server logs.
type LastLines struct {
	mu   sync.Mutex
	text []byte
}

// Write implements io.Writer.
func (l *LastLines) Write(p []byte) (int, error) {
	const kept = 8 << 10
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text = append(l.text, p...)
	l.text = slices.Clone(l.text[max(0, len(l.text)-kept):])
	return len(p), nil
}

// String is the end of the log.
func (l *LastLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}
