package main

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/notify/webhook"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/web"
)

// A leak pages whoever the settings put on call, through the gateway of the settings, signed with the secret of its file.
func TestALeakPagesWhoeverIsOnCall(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("0123456789abcdef\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var got []webhook.Message
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if err := webhook.Verify([]byte("0123456789abcdef"), r.Header.Get(webhook.SignatureHeader), body, time.Now(), time.Minute); err != nil {
			t.Error(err)
		}
		var m webhook.Message
		if err := json.Unmarshal(body, &m); err != nil {
			t.Error(err)
		}
		got = append(got, m)
	}))
	defer srv.Close()
	settings, problems := configs.DefaultSettings([]string{
		"NUANJU_NOTIFY_WEBHOOK_URL=" + srv.URL, "NUANJU_NOTIFY_WEBHOOK_SECRET_FILE=" + secret,
		"NUANJU_NOTIFY_PUBLIC_URL=https://heating.example", "NUANJU_NOTIFY_ON_CALL=emergency page:13911111111",
	})
	if problems != nil {
		t.Fatal(problems)
	}
	l, err := ledger.Open(t.Context(), "sqlite://"+filepath.Join(dir, "ledger.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	s := &server{settings: settings, ledger: l, now: time.Now, zone: time.UTC, logger: slog.New(slog.DiscardHandler)}
	registry := prometheus.NewRegistry()
	job, err := s.notifier(registry)
	if err != nil {
		t.Fatal(err)
	}
	ticket, events, err := disputes.File(disputes.Filing{
		ID: "t1", Household: "h1", Kind: disputes.Leak, Actor: disputes.Actor{Role: disputes.Resident, ID: "r"},
	}, disputes.ContractDuties(func(sensors.Instant) bool { return true }), sensors.At(time.Now()))
	if err != nil {
		t.Fatal(err)
	}
	if err := l.FileTicket(t.Context(), ticket, events, nil); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := job.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(got) != 1 || got[0].Channel != "page" || got[0].To != "13911111111" || got[0].Link != "https://heating.example/desk/tickets/t1" {
		t.Errorf("the gateway got %+v", got)
	}
	shown := httptest.NewRecorder()
	web.Metrics(registry).ServeHTTP(shown, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, line := range []string{`nuanju_notifications_sent_total{channel="page"} 1`, "nuanju_notifications_waiting 0"} {
		if !strings.Contains(shown.Body.String(), "\n"+line+"\n") {
			t.Errorf("want %s among\n%s", line, shown.Body)
		}
	}
	settings.Notify.Webhook.SecretFile = filepath.Join(dir, "gone")
	if _, err := s.notifier(prometheus.NewRegistry()); err == nil || !strings.Contains(err.Error(), "secret_file") {
		t.Errorf("without its secret: %v", err)
	}
}
