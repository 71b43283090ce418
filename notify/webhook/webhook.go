// Package webhook gives notifications to a gateway over HTTP, which sends them on as text messages or pages. docs/notifications.md says
// what a gateway gets and how it verifies the signature.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/nuanju/nuanju/notify"
)

// The headers that a request has.
const (
	// SignatureHeader is t=UNIX SECONDS,v1=HEX of HMAC-SHA256 under the secret of "t.body".
	SignatureHeader = "X-Nuanju-Signature"
	// IdempotencyHeader is the same for every attempt of one notification, as is the body: a gateway that has seen it has sent it.
	IdempotencyHeader = "Idempotency-Key"
)

// MinSecret is the least length of a secret, in bytes.
const MinSecret = 16

// Config is where the gateway is.
type Config struct {
	URL    string // https, or http to this machine
	Secret []byte
	Clock  func() time.Time
	// Client is used if it is not nil; its redirects are not followed either way.
	Client *http.Client
}

// Gateway is a notify.Sender. Make it with New.
type Gateway struct {
	url    string
	secret []byte
	clock  func() time.Time
	client http.Client
}

var _ notify.Sender = (*Gateway)(nil)

// New makes the way to a gateway. It is an error if the URL is not one of a gateway or would carry messages over a network in the clear,
// or the secret is too short.
func New(c Config) (*Gateway, error) {
	if err := CheckURL(c.URL); err != nil {
		return nil, err
	}
	if len(c.Secret) < MinSecret {
		return nil, fmt.Errorf("webhook: the secret has %d bytes, fewer than %d", len(c.Secret), MinSecret)
	}
	if c.Clock == nil {
		return nil, errors.New("webhook: Config.Clock is missing")
	}
	g := &Gateway{url: c.URL, secret: bytes.Clone(c.Secret), clock: c.Clock}
	if c.Client != nil {
		g.client = *c.Client
	} else {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxConnsPerHost, transport.ResponseHeaderTimeout, transport.MaxResponseHeaderBytes = 16, notify.SendTimeout, 64<<10
		g.client.Transport = transport
	}
	g.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	g.client.Timeout = notify.SendTimeout
	return g, nil
}

// CheckURL says what is wrong with a gateway's URL, or nil: it is https, or http to a loopback address.
func CheckURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Fragment != "":
		return errors.New("webhook: want a URL such as https://sms.example/send")
	case u.User != nil:
		return errors.New("webhook: no name or password in the URL: the signature says who sends")
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	}
	return errors.New("webhook: want https: messages have phone numbers and codes in them")
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// Message is the body that a gateway gets.
type Message struct {
	ID        string            `json:"id"` // that of IdempotencyHeader
	Channel   notify.Channel    `json:"channel"`
	To        string            `json:"to"`
	Language  string            `json:"language"`
	Message   notify.Message    `json:"message"` // for gateways that send templates
	Values    map[string]string `json:"values"`  // for the same
	Text      string            `json:"text"`
	Link      string            `json:"link,omitempty"`
	CreatedAt time.Time         `json:"created_at"`
}

// Send implements notify.Sender. 2xx means that the gateway has it. 400, 404, 410, 413 and 422 are its refusals for good; 429 and 503 may say
// when to come back; anything else, a redirect too, is tried again.
func (g *Gateway) Send(ctx context.Context, n notify.Notification, text notify.Text) error {
	sum := sha256.Sum256([]byte(n.Key))
	id := hex.EncodeToString(sum[:16])
	body, err := json.Marshal(Message{
		id, n.Channel, n.Address, n.Language, n.Message, n.Values, text.Body, text.Link, n.CreatedAt.Time(),
	})
	if err != nil {
		return &notify.Refusal{Reason: "it cannot be written as JSON"}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.url, bytes.NewReader(body))
	if err != nil {
		return errors.New("the gateway's URL cannot be asked")
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "nuanju")
	req.Header.Set(IdempotencyHeader, id)
	req.Header.Set(SignatureHeader, Sign(g.secret, g.clock(), body))
	resp, err := g.client.Do(req)
	if err != nil {
		if ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded) {
			return errors.New("the gateway did not answer in time")
		}
		return errors.New("the gateway cannot be reached") // the error has the address
	}
	defer resp.Body.Close()                                      // nothing was written
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 4<<10)) // so that the connection can be used again; what it says is not for us
	return answer(resp)
}

// answer is what the gateway's status means.
func answer(resp *http.Response) error {
	said := "the gateway answered " + strconv.Itoa(resp.StatusCode)
	switch resp.StatusCode {
	case http.StatusBadRequest, http.StatusNotFound, http.StatusGone, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return &notify.Refusal{Reason: said}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 && s < 1<<20 {
			return &notify.Later{Reason: said, After: time.Duration(s) * time.Second}
		}
	}
	if resp.StatusCode/100 == 2 {
		return nil
	}
	return errors.New(said)
}

// Sign is the signature of a body at a time.
func Sign(secret []byte, at time.Time, body []byte) string {
	t := strconv.FormatInt(at.Unix(), 10)
	return "t=" + t + ",v1=" + hex.EncodeToString(mac(secret, t, body))
}

func mac(secret []byte, t string, body []byte) []byte {
	m := hmac.New(sha256.New, secret)
	m.Write([]byte(t + "."))
	m.Write(body)
	return m.Sum(nil)
}

// ErrSignature: the signature is not of that body under that secret, or too old, or from the future.
var ErrSignature = errors.New("webhook: the signature does not hold")

// Verify is what a gateway written in Go calls: nil if the signature is of the body under the secret, and at most tolerance from now.
func Verify(secret []byte, signature string, body []byte, now time.Time, tolerance time.Duration) error {
	head, shown, ok := strings.Cut(signature, ",v1=")
	t, ok2 := strings.CutPrefix(head, "t=")
	seconds, err := strconv.ParseInt(t, 10, 64)
	given, err2 := hex.DecodeString(shown)
	if !ok || !ok2 || err != nil || err2 != nil {
		return ErrSignature
	}
	if subtle.ConstantTimeCompare(given, mac(secret, t, body)) != 1 || now.Sub(time.Unix(seconds, 0)).Abs() > tolerance {
		return ErrSignature
	}
	return nil
}
