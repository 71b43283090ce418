package webhook_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/notify"
	"github.com/nuanju/nuanju/notify/webhook"
	"github.com/nuanju/nuanju/sensors"
)

var (
	secret = []byte("0123456789abcdef")
	now    = time.Unix(1448942400, 0)
)

func gateway(t *testing.T, url string, client *http.Client) *webhook.Gateway {
	t.Helper()
	g, err := webhook.New(webhook.Config{URL: url, Secret: secret, Clock: func() time.Time { return now }, Client: client})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

var notification = notify.Notification{
	Key: "ticket/T1/2#1", Recipient: notify.Recipient{Channel: notify.SMS, Address: "+8613800000000", Language: "zh"},
	Message: notify.TicketReplied, Values: map[string]string{"ticket": "T1", "text": "来了"}, CreatedAt: sensors.At(now),
}

// The request over TLS is what docs/notifications.md says, and its signature can be verified.
func TestWhatAGatewayGets(t *testing.T) {
	var body []byte
	var header http.Header
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		header = r.Header
		w.WriteHeader(http.StatusAccepted)
	}))
	defer srv.Close()
	if err := gateway(t, srv.URL, srv.Client()).Send(t.Context(), notification, notify.Text{Body: "来了", Link: "https://x/t"}); err != nil {
		t.Fatal(err)
	}
	const want = `{"id":"c6925853b76ccf032f39e92eda5654e0","channel":"sms","to":"+8613800000000","language":"zh","message":"ticket_replied",` +
		`"values":{"text":"来了","ticket":"T1"},"text":"来了","link":"https://x/t","created_at":"2015-12-01T04:00:00Z"}`
	if string(body) != want {
		t.Errorf("got %s", body)
	}
	var m webhook.Message
	if err := json.Unmarshal(body, &m); err != nil || header.Get(webhook.IdempotencyHeader) != m.ID || header.Get("Content-Type") != "application/json" {
		t.Errorf("%v, headers %v", err, header)
	}
	if err := webhook.Verify(secret, header.Get(webhook.SignatureHeader), body, now.Add(4*time.Minute), 5*time.Minute); err != nil {
		t.Error(err)
	}
}

// The example of docs/notifications.md, computed there with openssl.
func TestSignature(t *testing.T) {
	const want = "t=1448942400,v1=dbd67f367e31c5d3d8f2e3e231be3c16b528c5fd62b7e9ce7a7b8d40b8b0c156"
	got := webhook.Sign(secret, now, []byte(`{"id":"1"}`))
	if got != want {
		t.Errorf("got %s", got)
	}
	body := []byte(`{"id":"1"}`)
	for name, c := range map[string]struct {
		secret, signature, body string
		at                      time.Time
		good                    bool
	}{
		"as signed":          {string(secret), got, string(body), now, true},
		"at the edge":        {string(secret), got, string(body), now.Add(5 * time.Minute), true},
		"too old":            {string(secret), got, string(body), now.Add(5*time.Minute + 1), false},
		"from the future":    {string(secret), got, string(body), now.Add(-5*time.Minute - 1), false},
		"another secret":     {"0123456789abcdeg", got, string(body), now, false},
		"another body":       {string(secret), got, `{"id":"2"}`, now, false},
		"another time":       {string(secret), strings.Replace(got, "t=1448942400", "t=1448942401", 1), string(body), now, false},
		"cut off":            {string(secret), got[:len(got)-2], string(body), now, false},
		"no signature":       {string(secret), "", string(body), now, false},
		"another's format":   {string(secret), "sha256=" + got[18:], string(body), now, false},
		"nothing but a time": {string(secret), "t=1448942400,v1=", string(body), now, false},
	} {
		if err := webhook.Verify([]byte(c.secret), c.signature, []byte(c.body), c.at, 5*time.Minute); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What each answer means. A redirect is not followed: the message would go where nobody said.
func TestAnswers(t *testing.T) {
	status, asked := 0, 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		w.Header().Set("Location", "/elsewhere")
		w.Header().Set("Retry-After", "77")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, strings.Repeat("13800000000 ", 1<<16)) // the gateway may hang up on a client that reads no further
	}))
	defer srv.Close()
	g := gateway(t, srv.URL, nil)
	for code, want := range map[int]string{
		200: "sent", 202: "sent", 204: "sent", 301: "again", 302: "again", 307: "again", 308: "again", 400: "refused", 401: "again", 403: "again", 404: "refused",
		408: "again", 409: "again", 410: "refused", 413: "refused", 422: "refused", 429: "later", 500: "again", 502: "again", 503: "later", 504: "again",
	} {
		status, asked = code, 0
		err := g.Send(t.Context(), notification, notify.Text{Body: "x"})
		got := "again"
		if err == nil {
			got = "sent"
		} else if _, ok := errors.AsType[*notify.Refusal](err); ok {
			got = "refused"
		} else if later, ok := errors.AsType[*notify.Later](err); ok && later.After == 77*time.Second {
			got = "later"
		}
		if got != want || asked != 1 {
			t.Errorf("%d: %s after %d requests, want %s", code, got, asked, want)
		}
		if err != nil && strings.Contains(err.Error(), "138") {
			t.Errorf("%d: the error has what the gateway said: %v", code, err)
		}
	}
	srv.Close()
	if err := g.Send(t.Context(), notification, notify.Text{Body: "x"}); err == nil || strings.Contains(err.Error(), "127.0.0.1") {
		t.Errorf("away: %v", err)
	}
}

func TestGatewaysThatAreNotUsed(t *testing.T) {
	for url, good := range map[string]bool{
		"https://sms.example/send": true, "http://127.0.0.1:9/x": true, "http://localhost/x": true, "http://[::1]/x": true,
		"http://sms.example/send": false, "ftp://sms.example": false, "https://": false, "https://u:p@sms.example": false, "sms.example": false, "": false,
		"http://127.evil.example/": false,
	} {
		if err := webhook.CheckURL(url); (err == nil) != good {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := webhook.New(webhook.Config{URL: "https://x.example", Secret: []byte("short"), Clock: time.Now}); err == nil {
		t.Error("a short secret was taken")
	}
}
