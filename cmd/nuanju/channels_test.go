package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/configs"
)

// A channel of the settings is one of the server's: its file is read by its columns, of which the account is nobody's here.
func TestTheSettingsChannelsAreTheServers(t *testing.T) {
	data := t.TempDir()
	t.Setenv("NUANJU_DATA", data)
	token, _, _ := strings.Cut(nuanju(t, exitOK, "token", "create", "--role", "billing", "--name", "clerk"), "\n")
	text := strings.Replace(string(configs.Annotated), "  channels: {}\n",
		"  channels:\n    bank: {reference: ref, account: acct, date: day, amount: sum, unit: fen, encoding: gbk}\n", 1)
	settings, problems := configs.ParseSettings("my.yaml", []byte(text), []string{"NUANJU_DATA=" + data})
	if err := problems.Err(); err != nil {
		t.Fatal(err)
	}
	s, err := newServer(t.Context(), settings, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	}()
	for channel, want := range map[string]string{"bank": `account \"A1\" is not that of one home`, "post": "the settings name no such channel"} {
		r := httptest.NewRequest(http.MethodPost, "/api/v1/payments/import?channel="+channel, strings.NewReader("ref,acct,day,sum\n1,A1,2015-11-10,100\n"))
		r.Header.Set("Content-Type", "text/csv")
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		s.handler.ServeHTTP(w, r)
		if body, _ := io.ReadAll(w.Body); w.Code != http.StatusUnprocessableEntity || !strings.Contains(string(body), want) {
			t.Errorf("%s: %d %s, want %s", channel, w.Code, body, want)
		}
	}
}
