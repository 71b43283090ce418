package main

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/influx"
	"github.com/nuanju/nuanju/sensors/influx/influxtest"
)

// Dashboards find tiles and what happened to tickets in InfluxDB. A tile that another judgment took away does not stay in sight.
func TestVerdictsAndTicketsAreShownToDashboards(t *testing.T) {
	server := influxtest.Start(t)
	bucket := server.Database(t)
	store, err := influx.Open(influx.Config{URL: server.URL, Bucket: bucket})
	must(t, err)
	l, err := ledger.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "ledger.db"))
	must(t, err)
	t.Cleanup(func() {
		must(t, store.Close())
		must(t, l.Close())
	})
	s := showing{l, store, slog.New(slog.DiscardHandler)}
	const hour = sensors.Instant(3600e9)
	begin := compliance.DateOf(2016, 1, 10).Start(mustPolicy(t).Zone)
	judge := func(tiles ...ledger.Tile) {
		t.Helper()
		must(t, s.WriteJudgments(t.Context(), []ledger.Judgment{{
			Household: "h1", From: begin, Until: begin + 4*hour, Settled: begin, Digest: "sha256:x", EpisodesFrom: begin,
			Rooms: []ledger.RoomTiles{{Tiles: tiles}}, Carry: []byte("{}"),
		}}, begin+4*hour))
	}
	judge(
		ledger.Tile{Start: begin, End: begin + hour, Status: compliance.Compliant, Clause: compliance.A3},
		ledger.Tile{Start: begin + hour, End: begin + 4*hour, Status: compliance.Below, Clause: compliance.A722})
	judge(ledger.Tile{Start: begin, End: begin + 4*hour, Status: compliance.Compliant, Clause: compliance.A3})

	tell := telling{nowhere{}, store, s.logger}
	_, err = tell.Append(t.Context(), []ledger.OutboxEntry{{
		Content: []byte(`{"ticket":"T1","household":"h1","kind":"leak","event":"filed","at":"2016-01-10T08:00:00Z","from":"","to":"open"}`),
	}})
	must(t, err)

	got := query(t, server.URL, bucket, `SELECT status FROM tile WHERE room='*'`)
	if strings.Count(got, `"compliant"`) != 2 || strings.Contains(got, "below") {
		t.Errorf("tiles: %s", got)
	}
	if got := query(t, server.URL, bucket, `SELECT ticket, "to" FROM ticket`); !strings.Contains(got, `"T1","open"`) {
		t.Errorf("tickets: %s", got)
	}
}

// nowhere is a log that takes everything.
type nowhere struct{}

func (nowhere) Size() int64                                                 { return 0 }
func (nowhere) Append(context.Context, []ledger.OutboxEntry) (int64, error) { return 0, nil }
func (nowhere) Contents(context.Context, int64, func(int64, []byte)) error  { return nil }

func query(t *testing.T, server, database, influxQL string) string {
	t.Helper()
	res, err := http.Get(server + "/query?" + url.Values{"db": {database}, "q": {influxQL}}.Encode())
	must(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	must(t, err)
	return string(body)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func mustPolicy(t *testing.T) *compliance.Policy {
	t.Helper()
	policies, err := policyPacks()
	must(t, err)
	return policies["beijing-metered"]
}
