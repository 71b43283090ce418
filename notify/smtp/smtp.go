// Package smtp sends notifications as e-mail.
package smtp

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/wneessen/go-mail"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/notify"
)

// Security is how the connection to the server is encrypted.
type Security string

// The kinds of security. Plain is for a server on the same machine: it has no password sent to it.
const (
	StartTLS Security = "starttls" // needed: a server without it is not used
	TLS      Security = "tls"      // from the first byte on
	Plain    Security = "plain"
)

// Config is where the server is.
type Config struct {
	Host     string
	Port     int // 0: 587, 465 with TLS, 25 plain
	User     string
	Password string // both empty: without authentication
	From     string // the sender's address
	Security Security
	// TLS, unless nil, is used instead of the system's certificates.
	TLS *tls.Config
}

// Server is a notify.Sender. Make it with New.
type Server struct {
	client *mail.Client
	from   string
	domain string
}

var _ notify.Sender = (*Server)(nil)

// New makes the way to a mail server; nothing is asked of it yet.
func New(c Config) (*Server, error) {
	if problem := disputes.EmailProblem(c.From); problem != "" {
		return nil, fmt.Errorf("smtp: the sender's address %s", problem)
	}
	options := []mail.Option{mail.WithTimeout(notify.SendTimeout)}
	port := c.Port
	switch c.Security {
	case StartTLS:
		options, port = append(options, mail.WithTLSPolicy(mail.TLSMandatory)), or(port, 587)
	case TLS:
		options, port = append(options, mail.WithSSL()), or(port, 465)
	case Plain:
		if c.User != "" || c.Password != "" {
			return nil, errors.New("smtp: a password is not sent over a connection that is not encrypted")
		}
		options, port = append(options, mail.WithTLSPolicy(mail.NoTLS)), or(port, 25)
	default:
		return nil, fmt.Errorf("smtp: security %q is not one of starttls, tls, plain", c.Security)
	}
	options = append(options, mail.WithPort(port))
	if c.TLS != nil {
		options = append(options, mail.WithTLSConfig(c.TLS))
	}
	if c.User != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(c.User), mail.WithPassword(c.Password))
	}
	client, err := mail.NewClient(c.Host, options...)
	if err != nil {
		return nil, fmt.Errorf("smtp: %w", err)
	}
	return &Server{client, c.From, c.From[strings.LastIndex(c.From, "@")+1:]}, nil
}

func or(port, standard int) int {
	if port == 0 {
		return standard
	}
	return port
}

// Send implements notify.Sender. An answer of 5xx about the message or its recipient is a refusal. The Message-ID is the same for every
// attempt, so that a mailbox can tell.
func (s *Server) Send(ctx context.Context, n notify.Notification, text notify.Text) error {
	m := mail.NewMsg()
	if err := m.From(s.from); err != nil {
		return &notify.Refusal{Reason: "the sender's address is not one"}
	}
	if err := m.To(n.Address); err != nil {
		return &notify.Refusal{Reason: "the recipient's address is not one"}
	}
	sum := sha256.Sum256([]byte(n.Key))
	m.SetMessageIDWithValue(hex.EncodeToString(sum[:16]) + "@" + s.domain)
	m.SetDateWithValue(n.CreatedAt.Time())
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: nothing answers it by itself
	m.Subject(text.Subject)
	body := text.Body + "\n"
	if text.Link != "" {
		body += "\n" + text.Link + "\n"
	}
	m.SetBodyString(mail.TypeTextPlain, body)
	err := s.client.DialAndSendWithContext(ctx, m)
	if err == nil || m.IsDelivered() { // what went wrong after the server took it, such as QUIT, takes nothing back
		return nil
	}
	if e, ok := errors.AsType[*mail.SendError](err); ok && !e.IsTemp() && e.ErrorCode() >= 500 {
		return &notify.Refusal{Reason: fmt.Sprintf("the mail server answered %d", e.ErrorCode())}
	}
	if ctx.Err() != nil {
		return errors.New("the mail server did not answer in time")
	}
	return errors.New("the mail server did not take it") // its words may have the address
}
