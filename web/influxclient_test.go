package web

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/api/write"
	"github.com/influxdata/influxdb-client-go/v2/domain"

	influxhttp "github.com/influxdata/influxdb-client-go/v2/api/http"

	"github.com/nuanju/nuanju/sensors"
)

// InfluxDB's own Go client, pointed at this server, cannot tell the difference.
func TestInfluxClient(t *testing.T) {
	h := open(t, nil)
	server := httptest.NewServer(h.engine)
	defer server.Close()
	for _, gzip := range []bool{false, true} {
		client := influxdb2.NewClientWithOptions(server.URL, h.tokens["gateway"], influxdb2.DefaultOptions().SetUseGZip(gzip).SetPrecision(time.Millisecond))
		health, err := client.Health(t.Context())
		if err != nil || health.Status != domain.HealthCheckStatusPass {
			t.Fatal(health, err)
		}
		if ok, err := client.Ping(t.Context()); err != nil || !ok {
			t.Fatal(ok, err)
		}
		blocking := client.WriteAPIBlocking("org", "bucket")
		at := noon.Add(-time.Hour)
		if gzip {
			at = at.Add(time.Minute)
		}
		point := write.NewPoint("temperature", map[string]string{"device": "d2"}, map[string]any{"celsius": 17.9967}, at)
		if err := blocking.WritePoint(t.Context(), point); err != nil {
			t.Fatal(err)
		}
		err = blocking.WriteRecord(t.Context(), "temperature,device=d2 celsius=18 1448938800000\ntemperature,device=d2", "temperature,device=d2 celsius=oops")
		failure, ok := errors.AsType[*influxhttp.Error](err)
		if !ok || failure.StatusCode != 400 || failure.Code != "invalid" || !strings.HasPrefix(failure.Message, "partial write: 1 written, 2 dropped") {
			t.Fatalf("%#v", err)
		}
		client.Close()
	}
	h.forward(t)
	series := sensors.Series{Quantity: sensors.Temperature, Owner: "d2"}
	got, err := h.store.Read(t.Context(), series, sensors.Earliest, sensors.Latest, nil)
	if err != nil {
		t.Fatal(err)
	}
	now := sensors.At(noon)
	want := []sensors.Sample{
		{At: now.Add(-time.Hour), Received: now, Value: 17.9967},
		{At: now.Add(-59 * time.Minute), Received: now, Value: 17.9967},
		{At: sensors.Instant(1448938800000 * 1e6), Received: now, Value: 18},
	}
	if want[2].At == want[0].At {
		want = want[:2] // the first received stands
	}
	if len(got) != len(want) || got[0] != want[0] || got[1] != want[1] {
		t.Fatalf("%v\nwant %v", got, want)
	}
}

// A token that is not good is an error that the client does not try again.
func TestInfluxClientUnauthorized(t *testing.T) {
	h := open(t, nil)
	server := httptest.NewServer(h.engine)
	defer server.Close()
	client := influxdb2.NewClient(server.URL, "nuanju_none")
	defer client.Close()
	err := client.WriteAPIBlocking("org", "bucket").WriteRecord(t.Context(), "temperature,device=d2 celsius=18")
	failure, ok := errors.AsType[*influxhttp.Error](err)
	if !ok || failure.StatusCode != 401 || failure.Code != "unauthorized" || failure.Message != "the token is not valid" {
		t.Fatalf("%#v", err)
	}
}
