package smtp_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"net/mail"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nuanju/nuanju/notify"
	"github.com/nuanju/nuanju/notify/smtp"
	"github.com/nuanju/nuanju/sensors"
)

// server is a mail server on this machine: EHLO, STARTTLS, AUTH PLAIN, MAIL, RCPT, DATA, RSET, NOOP, QUIT.
type server struct {
	listener net.Listener
	tls      *tls.Config // nil: it has no STARTTLS
	mu       sync.Mutex
	rcpt     string // its answer to RCPT; empty: it takes it
	mails    []letter
}

type letter struct {
	auth, from, to string
	encrypted      bool
	data           []byte
}

func serve(t *testing.T, withTLS bool) (*server, *tls.Config) {
	t.Helper()
	web := httptest.NewUnstartedServer(nil) // for its certificate, which is of example.com and 127.0.0.1
	web.StartTLS()
	web.Close()
	pool := x509.NewCertPool()
	pool.AddCert(web.Certificate())
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{listener: l}
	if withTLS {
		s.tls = &tls.Config{Certificates: web.TLS.Certificates}
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { s.talk(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		running.Wait()
	})
	return s, &tls.Config{RootCAs: pool, ServerName: "example.com"}
}

func (s *server) port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// talk is one connection.
func (s *server) talk(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	text := textproto.NewConn(conn)
	var now letter
	say := func(line string) { _ = text.PrintfLine("%s", line) }
	say("220 test")
	for {
		line, err := text.ReadLine()
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(line, " ")
		switch strings.ToUpper(verb) {
		case "EHLO", "HELO":
			say("250-test")
			if s.tls != nil && !now.encrypted {
				say("250-STARTTLS")
			}
			say("250 AUTH PLAIN")
		case "STARTTLS":
			say("220 go")
			secured := tls.Server(conn, s.tls)
			text, now.encrypted = textproto.NewConn(secured), true
		case "AUTH":
			b, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
			now.auth = string(b)
			say("235 ok")
		case "MAIL":
			now.from = rest
			say("250 ok")
		case "RCPT":
			now.to = rest
			s.mu.Lock()
			answer := s.rcpt
			s.mu.Unlock()
			if answer == "" {
				answer = "250 ok"
			}
			say(answer)
		case "DATA":
			say("354 go on")
			if now.data, err = text.ReadDotBytes(); err != nil {
				return
			}
			s.mu.Lock()
			s.mails = append(s.mails, now)
			s.mu.Unlock()
			say("250 taken")
		case "QUIT":
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}

var (
	notification = notify.Notification{
		Key: "ticket/T1/2#1", Recipient: notify.Recipient{Channel: notify.Mail, Address: "li@heating.example", Language: "zh"},
		CreatedAt: sensors.At(time.Unix(1448942400, 0)),
	}
	text = notify.Text{Subject: "您的报修有答复", Body: "【暖据】您的报修 T1 已答复：来了 <b>", Link: "https://heating.example/tickets/T1"}
)

// A mail goes over STARTTLS, with authentication, and says in plain text what the message says; sent again it has the same Message-ID.
func TestAMail(t *testing.T) {
	s, roots := serve(t, true)
	m, err := smtp.New(smtp.Config{
		Host: "127.0.0.1", Port: s.port(), User: "u", Password: "p", From: "nuanju@heating.example", Security: smtp.StartTLS, TLS: roots,
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := m.Send(t.Context(), notification, text); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.mails) != 2 {
		t.Fatalf("%d mails", len(s.mails))
	}
	var ids []string
	for _, l := range s.mails {
		if !l.encrypted || l.auth != "\x00u\x00p" || !strings.Contains(l.from, "<nuanju@heating.example>") || !strings.Contains(l.to, "<li@heating.example>") {
			t.Errorf("got %+v", l)
		}
		read, err := mail.ReadMessage(bytes.NewReader(l.data))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, read.Header.Get("Message-ID"))
		subject, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject"))
		if err != nil || subject != text.Subject || read.Header.Get("Auto-Submitted") != "auto-generated" {
			t.Errorf("subject %q, %v, header %v", subject, err, read.Header)
		}
		if kind := read.Header.Get("Content-Type"); !strings.HasPrefix(kind, "text/plain") {
			t.Errorf("type %q", kind)
		}
		body, err := io.ReadAll(quotedprintable.NewReader(read.Body))
		if got := strings.ReplaceAll(string(body), "\r", ""); err != nil || strings.TrimSpace(got) != text.Body+"\n\n"+text.Link {
			t.Errorf("body %q, %v", got, err)
		}
	}
	if ids[0] != ids[1] || !strings.HasSuffix(ids[0], "@heating.example>") {
		t.Errorf("ids %v", ids)
	}
}

// A server without STARTTLS gets nothing, and what a server answers is told apart: refused for good, or later.
func TestServersThatDoNotTakeIt(t *testing.T) {
	plain, _ := serve(t, false)
	m, err := smtp.New(smtp.Config{Host: "127.0.0.1", Port: plain.port(), From: "n@heating.example", Security: smtp.StartTLS})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Send(t.Context(), notification, text); err == nil || len(plain.mails) != 0 {
		t.Errorf("in the clear: %v, %d mails", err, len(plain.mails))
	}
	strangers, _ := serve(t, true)
	m, err = smtp.New(smtp.Config{Host: "127.0.0.1", Port: strangers.port(), From: "n@heating.example", Security: smtp.StartTLS})
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Send(t.Context(), notification, text); err == nil || len(strangers.mails) != 0 {
		t.Errorf("to a server that nobody vouches for: %v, %d mails", err, len(strangers.mails))
	}
	if m, err = smtp.New(smtp.Config{Host: "127.0.0.1", Port: plain.port(), From: "n@heating.example", Security: smtp.Plain}); err != nil {
		t.Fatal(err)
	}
	for answer, refused := range map[string]bool{"550 5.1.1 no li@heating.example here": true, "451 later": false} {
		plain.mu.Lock()
		plain.rcpt = answer
		plain.mu.Unlock()
		err := m.Send(t.Context(), notification, text)
		_, is := errors.AsType[*notify.Refusal](err)
		if err == nil || is != refused || strings.Contains(err.Error(), "li@") {
			t.Errorf("%s: %v", answer, err)
		}
	}
	_ = plain.listener.Close()
	if err := m.Send(t.Context(), notification, text); err == nil || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("away: %v", err)
	}
	for name, c := range map[string]smtp.Config{
		"no sender":               {Host: "h", Security: smtp.StartTLS},
		"no security":             {Host: "h", From: "n@heating.example"},
		"a password in the clear": {Host: "h", From: "n@heating.example", Security: smtp.Plain, User: "u", Password: "p"},
	} {
		if _, err := smtp.New(c); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}
