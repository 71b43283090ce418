package influx_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/influx"
	"github.com/nuanju/nuanju/sensors/influx/influxtest"
)

var noon = sensors.At(time.Date(2016, time.January, 23, 12, 0, 0, 0, time.UTC))

func room(device string) sensors.Series {
	return sensors.Series{Quantity: sensors.Temperature, Owner: device}
}

func sample(minutes int, celsius float64) sensors.Sample {
	at := noon.Add(time.Duration(minutes) * time.Minute)
	return sensors.Sample{At: at, Received: at.Add(time.Second), Value: celsius}
}

func TestAServerThatIsAwayCostsNothingButTime(t *testing.T) {
	server := influxtest.Start(t)
	s := open(t, server, server.Database(t))
	defer s.Close()
	batch := func(minutes int, celsius float64) []sensors.Batch {
		return []sensors.Batch{{Series: room("d"), Samples: []sensors.Sample{sample(minutes, celsius)}}}
	}
	if _, err := s.Write(t.Context(), batch(0, 20)); err != nil {
		t.Fatal(err)
	}
	server.Stop(t)
	if _, err := s.Write(t.Context(), batch(15, 21)); err == nil {
		t.Fatal("a write to a stopped server gives no error")
	}
	if _, err := s.Read(t.Context(), room("d"), noon, noon.Add(time.Hour), nil); err == nil {
		t.Fatal("a read from a stopped server gives no error")
	}
	server.Start(t)
	conflicts, err := s.Write(t.Context(), batch(15, 21)) // as the forwarder does: the same call again
	if err != nil || len(conflicts) > 0 {
		t.Fatalf("after the outage: %v, %v", conflicts, err)
	}
	got, err := s.Read(t.Context(), room("d"), noon, noon.Add(time.Hour), nil)
	if err != nil || len(got) != 2 || got[0] != sample(0, 20) || got[1] != sample(15, 21) {
		t.Fatalf("got %v, %v", got, err)
	}
}

// TestAWriteWhoseAnswerIsLostIsNotOverwritten cuts the connection after the server took the points: the driver cannot
// know that they are there, and must look before it writes another value for one of their times.
func TestAWriteWhoseAnswerIsLostIsNotOverwritten(t *testing.T) {
	server := influxtest.Start(t)
	bucket := server.Database(t)
	var cut atomic.Bool
	to, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.ModifyResponse = func(r *http.Response) error {
		if cut.Load() && strings.HasSuffix(r.Request.URL.Path, "/write") {
			return errors.New("cut")
		}
		return nil
	}
	proxy.ErrorHandler = func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }
	between := httptest.NewServer(proxy)
	defer between.Close()
	s, err := influx.Open(influx.Config{URL: between.URL, Bucket: bucket})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Write(t.Context(), []sensors.Batch{{Series: room("d"), Samples: []sensors.Sample{sample(0, 20)}}}); err != nil {
		t.Fatal(err)
	}
	cut.Store(true)
	if _, err := s.Write(t.Context(), []sensors.Batch{{Series: room("d"), Samples: []sensors.Sample{sample(15, 21)}}}); err == nil {
		t.Fatal("a write without an answer gives no error")
	}
	cut.Store(false)
	later := sample(15, 5)
	later.Received = later.Received.Add(time.Hour)
	conflicts, err := s.Write(t.Context(), []sensors.Batch{{Series: room("d"), Samples: []sensors.Sample{later}}})
	if err != nil || len(conflicts) != 1 || conflicts[0].Stands != sample(15, 21) {
		t.Fatalf("conflicts %+v, %v", conflicts, err)
	}
}

// TestAnAnswerThatIsNotCSVIsNoAnswer: the client takes any text without a comma for an empty result, and the driver would
// then overwrite what it believes is not there.
func TestAnAnswerThatIsNotCSVIsNoAnswer(t *testing.T) {
	portal := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>Please sign in</html>") }))
	defer portal.Close()
	s, err := influx.Open(influx.Config{URL: portal.URL, Bucket: "b"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got, err := s.Read(t.Context(), room("d"), noon, noon+1, nil); err == nil || !strings.Contains(err.Error(), "text/html") {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestARequestIsBounded(t *testing.T) {
	release := make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer silent.Close()
	defer close(release)
	s, err := influx.Open(influx.Config{URL: silent.URL, Bucket: "b", Timeout: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := s.Write(t.Context(), []sensors.Batch{{Series: room("d"), Samples: []sensors.Sample{sample(0, 20)}}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Write to a server that never answers: %v", err)
	}
	if _, err := s.Read(t.Context(), room("d"), noon, noon+1, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Read from a server that never answers: %v", err)
	}
}

// TestTheBucketIsMadeWhereTheAPIHasIt plays the three calls of version 2's API that 1.8 does not have. The real one is
// checked by hand.
func TestTheBucketIsMadeWhereTheAPIHasIt(t *testing.T) {
	var made []string
	mux := http.NewServeMux()
	answer := func(w http.ResponseWriter, status int, body string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, `{"name":"influxdb","message":"ready","status":"pass","version":"v2.7.10"}`)
	})
	mux.HandleFunc("GET /api/v2/buckets", func(w http.ResponseWriter, _ *http.Request) { answer(w, 200, `{"buckets":[]}`) })
	mux.HandleFunc("GET /api/v2/orgs", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, `{"orgs":[{"id":"0000000000000001","name":"heat"}]}`)
	})
	mux.HandleFunc("POST /api/v2/buckets", func(w http.ResponseWriter, r *http.Request) {
		var bucket struct {
			Name           string
			OrgID          string
			RetentionRules []struct{ EverySeconds int }
		}
		if err := json.NewDecoder(r.Body).Decode(&bucket); err != nil {
			t.Error(err)
		}
		made = append(made, fmt.Sprintf("%+v %s", bucket, r.Header.Get("Authorization")))
		answer(w, 201, `{"id":"2","name":"warmth"}`)
	})
	mux.HandleFunc("POST /api/v2/query", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	})
	mux.HandleFunc("POST /api/v2/write", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	server := httptest.NewServer(mux)
	defer server.Close()
	s, err := influx.Open(influx.Config{URL: server.URL, Token: "secret", Org: "heat", Bucket: "warmth"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 2 {
		if _, err := s.Write(t.Context(), []sensors.Batch{{Series: room("d"), Samples: []sensors.Sample{sample(i, 20)}}}); err != nil {
			t.Fatal(err)
		}
	}
	if want := "{Name:warmth OrgID:0000000000000001 RetentionRules:[]} Token secret"; len(made) != 1 || made[0] != want {
		t.Errorf("made %q, want once %q", made, want)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range []influx.Config{
		{},
		{URL: "localhost:8086", Bucket: "b"},
		{URL: "file:///x", Bucket: "b"},
		{URL: "http://", Bucket: "b"},
		{URL: "http://localhost:8086"},
		{URL: "http://localhost:8086", Bucket: "b", Timeout: -1},
	} {
		if _, err := influx.Open(c); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}

func TestAMissingDatabaseIsSaid(t *testing.T) {
	server := influxtest.Start(t)
	s := open(t, server, "nowhere")
	defer s.Close()
	_, err := s.Write(t.Context(), []sensors.Batch{{Series: room("d"), Samples: []sensors.Sample{sample(0, 20)}}})
	if err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("Write: %v", err)
	}
}

// BenchmarkTick appends one sample to each of 30,000 series (three rooms of 10,000 households) and reads back the last
// six hours.
func BenchmarkTick(b *testing.B) {
	const series = 30_000
	server := influxtest.Start(b)
	s := open(b, server, server.Database(b))
	defer s.Close()
	name := func(i int) sensors.Series { return room(fmt.Sprintf("sensor-%05d", i)) }
	now := noon
	batches, spans := make([]sensors.Batch, series), make([]sensors.Span, series)
	for i := range batches {
		batches[i].Series = name(i)
		for k := range 24 {
			batches[i].Samples = append(batches[i].Samples, sample(k*15, 20+float64(i%100)/100))
		}
	}
	began := time.Now()
	if _, err := s.Write(b.Context(), batches); err != nil {
		b.Fatal(err)
	}
	filled := series * 24 / time.Since(began).Seconds()
	now = now.Add(24 * 15 * time.Minute)
	var writing, reading time.Duration
	rows := 0
	for b.Loop() {
		for i := range batches {
			batches[i] = sensors.Batch{Series: name(i), Samples: []sensors.Sample{{At: now, Received: now.Add(time.Second), Value: 20.5}}}
			spans[i] = sensors.Span{Series: name(i), From: now.Add(-6 * time.Hour), To: now + 1}
		}
		began := time.Now()
		if _, err := s.Write(b.Context(), batches); err != nil {
			b.Fatal(err)
		}
		wrote := time.Now()
		if err := s.ReadMany(b.Context(), spans, func(_ int, got []sensors.Sample) error { rows += len(got); return nil }); err != nil {
			b.Fatal(err)
		}
		writing, reading = writing+wrote.Sub(began), reading+time.Since(wrote)
		now = now.Add(15 * time.Minute)
	}
	b.ReportMetric(filled, "samples-written/s")
	b.ReportMetric(writing.Seconds()*1000/float64(b.N), "ms/write")
	b.ReportMetric(reading.Seconds()*1000/float64(b.N), "ms/read")
	b.ReportMetric(float64(rows)/reading.Seconds(), "samples-read/s")
}
