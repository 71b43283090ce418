package web

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/nuanju/nuanju/sensors"
)

const benchHomes = 1700

// bigTown has a sensor in each of so many homes.
func bigTown() *sensors.Registry {
	r := &sensors.Registry{Buildings: []sensors.Building{{ID: "B"}}}
	for i := range benchHomes {
		home, device := fmt.Sprintf("h%04d", i), fmt.Sprintf("dev-%06d", i)
		room := sensors.RoomID{Household: home, Room: "bed"}
		r.Households = append(r.Households, sensors.Household{ID: home, Building: "B", Policy: "beijing-metered"})
		r.Rooms = append(r.Rooms, sensors.Room{RoomID: room, Kind: sensors.Bedroom})
		r.Devices = append(r.Devices, sensors.Device{ID: device})
		r.Assignments = append(r.Assignments, sensors.Assignment{Device: device, Target: sensors.InRoom(room), To: sensors.Forever})
	}
	return r
}

// serveBench is a house behind a real listener.
func serveBench(b *testing.B) (*house, string, *http.Client) {
	b.Helper()
	h := openRegistry(b, bigTown(), func(o *Options) { o.Logger = slog.New(slog.NewJSONHandler(io.Discard, nil)) })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	server := &http.Server{Handler: h.engine}
	go func() { _ = server.Serve(listener) }()
	transport := &http.Transport{MaxIdleConnsPerHost: 128, DisableCompression: true}
	b.Cleanup(func() {
		transport.CloseIdleConnections()
		_ = server.Close()
	})
	return h, "http://" + listener.Addr().String() + "/api/v2/write?precision=s", &http.Client{Transport: transport}
}

// send posts bodies from clients at once, n in all, and fails on any answer but 204.
func send(b *testing.B, h *house, client *http.Client, url string, clients, n int, body func(i int) []byte) {
	b.Helper()
	var next atomic.Int64
	var all sync.WaitGroup
	var failed atomic.Pointer[string]
	for range clients {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if text := post(b, h, client, url, body(i)); text != "" {
					failed.Store(&text)
					return
				}
			}
		})
	}
	all.Wait()
	if text := failed.Load(); text != nil {
		b.Fatal(*text)
	}
}

// post is empty, or what was answered but 204.
func post(b *testing.B, h *house, client *http.Client, url string, body []byte) string {
	r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err.Error()
	}
	r.Header.Set("Authorization", "Token "+h.tokens["gateway"])
	resp, err := client.Do(r)
	if err != nil {
		return err.Error()
	}
	text, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		return resp.Status + string(text)
	}
	return ""
}

// Readings acknowledged durable a second, 5,000 a request from 1,700 homes, over HTTP by clients in the same process.
func BenchmarkWriteBatches(b *testing.B) {
	const lines = 5000
	for _, c := range []struct {
		clients    int
		forwarding bool // the forwarder is at work beside it
	}{{1, false}, {4, false}, {4, true}} {
		b.Run(fmt.Sprintf("clients=%d/forwarding=%t", c.clients, c.forwarding), func(b *testing.B) {
			h, url, client := serveBench(b)
			if c.forwarding {
				ctx, stop := context.WithCancel(b.Context())
				stopped := make(chan struct{})
				go func() {
					defer close(stopped)
					h.forwarder.Run(ctx)
				}()
				defer func() { stop(); <-stopped }()
			}
			bodies := make([][]byte, 32)
			for k := range bodies {
				var t bytes.Buffer
				for i := range lines {
					fmt.Fprintf(&t, "temperature,device=dev-%06d celsius=%.2f %d\n", i*7%benchHomes, 18+float64(i%300)/100, noon.Unix()-int64(k*lines+i))
				}
				bodies[k] = t.Bytes()
			}
			b.ReportAllocs()
			b.ResetTimer()
			send(b, h, client, url, c.clients, b.N, func(i int) []byte { return bodies[i%len(bodies)] })
			b.ReportMetric(lines*float64(b.N)/b.Elapsed().Seconds(), "readings/s")
		})
	}
}

// Requests of one reading each, acknowledged durable, from 64 clients in the same process.
func BenchmarkWriteSingle(b *testing.B) {
	h, url, client := serveBench(b)
	b.ReportAllocs()
	b.ResetTimer()
	send(b, h, client, url, 64, b.N, func(i int) []byte {
		return fmt.Appendf(nil, "temperature,device=dev-%06d celsius=%.2f %d\n", i%benchHomes, 18+float64(i%300)/100, noon.Unix()-int64(i))
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

// A home's readings of a season in three rooms, as JSON.
func BenchmarkReadings(b *testing.B) {
	h := open(b, nil)
	var samples []sensors.Sample
	for i := range 121 * 96 {
		at := sensors.At(noon.AddDate(0, 0, -121)) + sensors.Instant(i)*900e9
		samples = append(samples, sensors.Sample{At: at, Received: at, Value: 18 + float64(i%100)/100})
	}
	var batches []sensors.Batch
	for _, d := range []string{"d1", "d3", "d4"} {
		batches = append(batches, sensors.Batch{Series: sensors.Series{Quantity: sensors.Temperature, Owner: d}, Samples: samples})
	}
	if _, err := h.store.Write(b.Context(), batches); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	bytes := 0
	for b.Loop() {
		w := want(b, h.ask("resident", http.MethodGet, "/api/v1/households/h1/readings?from=2015-08-01T00:00:00Z&to=2015-12-02T00:00:00Z", ""), 200)
		bytes = w.Body.Len()
	}
	b.SetBytes(int64(bytes))
}
