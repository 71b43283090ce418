package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/sensors"
)

// nuanju runs the program and fails the test unless its status is as wanted.
func nuanju(t *testing.T, status int, args ...string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if got := run(t.Context(), args, strings.NewReader(""), &stdout, &stderr); got != status {
		t.Fatalf("nuanju %s: status %d, want %d\n%s%s", strings.Join(args, " "), got, status, &stdout, &stderr)
	}
	return stdout.String() + stderr.String()
}

// A simulated town is registered and sent to a real server through its write API, and judged: the server has what the
// town says, and finds the stoppage that truth.json tells of.
func TestSimulatedTownIsJudged(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("NUANJU_DATA", filepath.Join(dir, "data"))
	town := filepath.Join(dir, "town")
	flags := []string{
		"--seed", "5", "--homes", "6", "--days", "8", "--from", "2024-12-01", "--deep-cold", "--fault", "stoppage_unannounced", "--fault", "sensor_garbage",
	}
	nuanju(t, exitOK, append([]string{"simulate", "--registry", town, "--temperatures", "6h"}, flags...)...)
	nuanju(t, exitOK, "import", "registry", town)
	token, _, _ := strings.Cut(nuanju(t, exitOK, "token", "create", "--role", "device", "--name", "simulator"), "\n")
	tokenFile := filepath.Join(dir, "token")
	if err := os.WriteFile(tokenFile, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	settings, problems := configs.DefaultSettings(os.Environ())
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
	server := httptest.NewServer(s.handler)
	defer server.Close()
	said := nuanju(t, exitOK, append([]string{"simulate", "--to", server.URL, "--token-file", tokenFile}, flags...)...)
	if !strings.Contains(said, " 0 of them again; 2 faults") {
		t.Error(said)
	}
	if _, err := s.forwarder.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.tick(t.Context()); err != nil {
		t.Fatal(err)
	}

	var truth truthView
	text, err := os.ReadFile(filepath.Join(town, "truth.json"))
	if err == nil {
		err = json.Unmarshal(text, &truth)
	}
	if err != nil || len(truth.Faults) != 2 {
		t.Fatal(err, truth)
	}
	for _, f := range truth.Faults {
		if f.Kind != "stoppage_unannounced" {
			continue
		}
		below := 0
		for _, room := range f.Rooms {
			household, _, _ := strings.Cut(room, "/")
			tiles, err := s.ledger.Tiles(t.Context(), household, sensors.At(f.From), sensors.At(f.To))
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range tiles {
				for _, tile := range r.Tiles {
					if tile.Status == compliance.Below {
						below++
					}
				}
			}
		}
		if below == 0 {
			t.Errorf("%s is not found", f.EN)
		}
	}
	if counts, err := s.ledger.CountQuarantine(t.Context()); err != nil || counts["out_of_range"] == 0 || len(counts) != 1 {
		t.Error(counts, err)
	}
	temperatures, err := os.ReadFile(filepath.Join(town, "temperatures.tsv"))
	if n := bytes.Count(temperatures, []byte("\n")); err != nil || n < 1+8*4*12 {
		t.Errorf("%d lines of temperatures, %v", n, err)
	}
	nuanju(t, exitUsage, "simulate", "--registry", town) // it is not empty
}

// A request that a busy server turns away, or whose answer is lost, is sent again until it is acknowledged, whole and in order; nothing
// else is sent meanwhile.
func TestSimulateSendsAgain(t *testing.T) {
	var lines, requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch n := requests.Add(1); {
		case n == 1:
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
		case n == 2:
			w.WriteHeader(http.StatusServiceUnavailable)
		case n == 3:
			panic(http.ErrAbortHandler) // the connection is lost
		default:
			z, err := gzip.NewReader(r.Body)
			if err != nil || r.Header.Get("Authorization") != "Bearer secret" || r.URL.RawQuery != "precision=s" {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			body, err := io.ReadAll(z)
			if err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			lines.Add(int64(bytes.Count(body, []byte("\n"))))
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	defer server.Close()
	server.Config.ErrorLog = nil
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("secret\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	said := nuanju(t, exitOK, "simulate", "--homes", "4", "--days", "3", "--to", server.URL, "--token-file", token)
	if !strings.Contains(said, "3 of them again") || lines.Load() < 4*2*96*2 {
		t.Errorf("%s (%d lines)", said, lines.Load())
	}
}

// What no attempt would change ends it at once, and says what the server said.
func TestSimulateGivesUp(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "this token is not good", http.StatusUnauthorized)
	}))
	defer server.Close()
	if said := nuanju(t, exitFailed, "simulate", "--homes", "2", "--days", "2", "--to", server.URL); !strings.Contains(said, "this token is not good") {
		t.Error(said)
	}
}

func TestSimulateWrongCalls(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"--to", "http://x", "--registry", "y"},
		{"--to", "somewhere"},
		{"--registry", "x", "--homes", "0", "--buildings", "99"},
		{"--registry", "x", "--from", "yesterday"},
		{"--registry", "x", "--fault", "dragon"},
		{"--registry", "x", "--policy", "none"},
		{"--to", "http://x", "--speed", "-1"},
		{"--to", "http://x", "--live", "--speed", "2"},
		{"--registry", "x", "--weather", "missing.csv"},
		{"--to", "http://x", "--token-file", "missing"},
		{"--registry", "x", "--temperatures", "90s"},
	} {
		nuanju(t, exitUsage, append([]string{"simulate"}, args...)...)
	}
}

// The dates of a town do not depend on the machine's zone.
func TestSimulateDates(t *testing.T) {
	now := time.Date(2025, 1, 2, 23, 0, 0, 0, time.UTC) // 3 January in Beijing
	c := simulateCommand{Seed: 1, Homes: 2, Days: 5, Policy: configs.DefaultPolicy}
	town, err := c.town(now)
	if err != nil {
		t.Fatal(err)
	}
	if end := town.End().Time(); !end.Equal(time.Date(2025, 1, 2, 16, 0, 0, 0, time.UTC)) {
		t.Error(end)
	}
}

// A town that goes on sends what was until now, and goes on until it is interrupted, which is no failure.
func TestSimulateLive(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	var lines, newest atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		body, err := io.ReadAll(z)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		for line := range strings.Lines(string(body)) {
			lines.Add(1)
			at, _ := strconv.ParseInt(strings.TrimSpace(line[strings.LastIndexByte(line, ' ')+1:]), 10, 64)
			newest.Store(max(newest.Load(), at))
		}
		w.WriteHeader(http.StatusNoContent)
		if time.Since(time.Unix(newest.Load(), 0)) < 10*time.Minute {
			interrupt()
		}
	}))
	defer server.Close()
	var stdout, stderr bytes.Buffer
	args := []string{"simulate", "--homes", "30", "--days", "3", "--fault", "none", "--to", server.URL, "--live"}
	if status := run(ctx, args, strings.NewReader(""), &stdout, &stderr); status != exitOK {
		t.Fatalf("status %d: %s%s", status, &stdout, &stderr)
	}
	if lines.Load() < 30*2*3*96 {
		t.Errorf("only %d lines of three days", lines.Load())
	}
	if newest.Load() > time.Now().Unix() {
		t.Error("something was sent before it was measured")
	}
}

// A town at some speed takes the time that it should: an hour at 7200 times as fast as life cannot be sent at once, and is sent bit by bit.
func TestSimulateSpeed(t *testing.T) {
	var requests atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	nuanju(t, exitOK, "simulate", "--homes", "2", "--days", "1", "--fault", "none", "--to", server.URL, "--speed", "86400")
	if n := requests.Load(); n != 1 {
		t.Errorf("%d requests of one step", n)
	}
	nuanju(t, exitOK, "simulate", "--homes", "2", "--days", "1", "--fault", "none", "--to", server.URL, "--speed", "28800")
	if n := requests.Load(); n != 4 {
		t.Errorf("%d requests, want 3 of three steps", n-1)
	}
}
