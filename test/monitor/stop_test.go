package monitor_test

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nuanju/nuanju/test/servertest"
)

// SIGTERM comes while requests are in progress: those are answered, new ones find nobody, a checkpoint of everything is
// signed, and the exit status is 0. After the next start everything is there.
func TestGracefulStop(t *testing.T) {
	t.Parallel()
	h := newHome("3-2-601", 3)
	s := newServer(t)
	s.register(h)
	s.Token("device")
	s.Start()

	// Each has sent half of its body when the server is told to stop.
	var halves []half
	for i, r := range h.rooms {
		l := line{fmt.Sprintf("temperature,device=%s celsius=1%d.5", h.device(r.name), i), h.from}
		h.sent = append(h.sent, said{l})
		halves = append(halves, s.halfAWrite(fmt.Sprintf("%s %d", l.text, l.at.UnixNano())))
	}
	s.Terminate()
	address := strings.TrimPrefix(s.Address(), "http://")
	servertest.Until(t, "new connections are refused", func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close() // it was accepted too early
		}
		return errors.Is(err, syscall.ECONNREFUSED)
	})
	for _, half := range halves {
		if status := half.finish(t); status != http.StatusNoContent {
			t.Errorf("a request in progress is answered %d", status)
		}
	}
	s.Stopped()

	s.Start()
	s.hasSigned(1)
	s.settle()
	report(t, h.wrongReadings(s.readings(h.household, h.from, h.to)))
	s.Stop()
	if out := s.Must("verify"); out != "ok\n" {
		t.Errorf("verify says %q", out)
	}
}

// A client that never sends the rest of its body does not keep the server from signing what it has, nor from stopping.
func TestStopDespiteASilentClient(t *testing.T) {
	t.Parallel()
	h := newHome("3-2-601", 1)
	settings, err := os.ReadFile(filepath.Join("..", "..", "configs", "nuanju.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	impatient := strings.Replace(string(settings), "drain: 20s", "drain: 1s", 1)
	if impatient == string(settings) {
		t.Fatal("the settings that come with the program do not drain for 20 s")
	}
	file := filepath.Join(t.TempDir(), "nuanju.yaml")
	if err := os.WriteFile(file, []byte(impatient), 0o600); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, "CONFIG="+file)
	s.register(h)
	s.Token("device")
	s.Token("dispatcher")
	s.Start()
	body := fmt.Sprintf("temperature,device=%s celsius=18.5 %d", h.device(h.rooms[0].name), h.from.UnixNano())
	if err := s.Write("", body); err != nil {
		t.Fatal(err)
	}
	s.halfAWrite(body)
	s.file(t, time.Now()) // which the log is told of within seconds, or on stop
	s.Terminate()
	s.Stopped()
	if log := s.Stderr.String(); !strings.Contains(log, "broken off") || strings.Contains(log, "panic") {
		t.Error(log)
	}
	s.Start()
	s.hasSigned(2)
}

// hasSigned holds the checkpoint that was signed on the last stop to all leaves of the log, which must be so many at least.
func (s *server) hasSigned(least float64) {
	s.T.Helper()
	leaves := s.metric("nuanju_log_leaves")
	if note := string(s.Get("", "/log/checkpoint")); !strings.Contains(note, fmt.Sprintf("\n%.0f\n", leaves)) || leaves < least {
		s.T.Errorf("the log has %.0f leaves, want at least %.0f; the checkpoint signed on stop says\n%s", leaves, least, note)
	}
}

// half is a request of which the second half has not been sent.
type half struct {
	conn net.Conn
	read *bufio.Reader
	rest string
}

// halfAWrite sends the head of a write and, once the server asks for it, the first half of its body.
func (s *server) halfAWrite(body string) half {
	s.T.Helper()
	address := strings.TrimPrefix(s.Address(), "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		s.T.Fatal(err)
	}
	s.T.Cleanup(func() { _ = conn.Close() }) // closed after its answer
	middle := len(body) / 2
	if _, err := fmt.Fprintf(conn, "POST /api/v2/write HTTP/1.1\r\nHost: %s\r\nAuthorization: Token %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		address, s.Tokens["device"], len(body)); err != nil {
		s.T.Fatal(err)
	}
	read := bufio.NewReader(conn)
	for _, want := range []string{"HTTP/1.1 100 Continue\r\n", "\r\n"} {
		if line, err := read.ReadString('\n'); err != nil || line != want {
			s.T.Fatalf("the server answers %q (%v) to the head of a write", line, err)
		}
	}
	if _, err := fmt.Fprint(conn, body[:middle]); err != nil {
		s.T.Fatal(err)
	}
	return half{conn, read, body[middle:]}
}

// finish sends the rest and returns the status of the answer.
func (h half) finish(t *testing.T) int {
	t.Helper()
	if _, err := fmt.Fprint(h.conn, h.rest); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(h.read, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode
}
