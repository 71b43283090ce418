package monitor_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuanju/nuanju/test/servertest"
)

const (
	townHomes = 1700
	townRooms = 3
	inRequest = 5000 // readings of a large request: nearly all rooms of the town

	processorTime = "process_cpu_seconds_total"
)

// startTown is a server with a town's registry and the settings that come with the program, on embedded stores.
func startTown(b *testing.B, settings ...string) *server {
	b.Helper()
	homes := make([]*home, townHomes)
	for i := range homes {
		homes[i] = newHome(fmt.Sprintf("h%04d", i), townRooms)
	}
	s := newServer(b, append([]string{"CRON_TICK=@every 1m", "CRON_CLOCKS=* * * * *"}, settings...)...)
	s.register(homes...)
	s.Token("device")
	s.Token("auditor")
	s.Start()
	return s
}

// townBody is a body of one reading of each of many rooms of the town, whose times and values are written anew for each request.
type townBody struct {
	text   []byte
	ends   []int // of each reading's value, which has two decimals
	random *rand.Rand
}

func newTownBody(readings int, seed uint64) *townBody {
	t := townBody{random: rand.New(rand.NewPCG(seed, 0))}
	var b bytes.Buffer
	for i := range readings {
		fmt.Fprintf(&b, "temperature,device=h%04d-bed%d celsius=19.00", i/townRooms, i%townRooms+1)
		t.ends = append(t.ends, b.Len())
		b.WriteString(" 0000000000\n")
	}
	t.text = b.Bytes()
	return &t
}

// at is the readings of an instant. Each room has a warmth of its own, most of them more than the standard, from 17.00 to
// 24.90 °C; a day's course of 1 °C; and a noise of 0.1 °C.
func (t *townBody) at(unix int64) []byte {
	digits := strconv.FormatInt(unix, 10)
	course := int(unix%86400-43200) / 864 // 0.01 °C, -50 to 50
	if course < 0 {
		course = -course
	}
	for i, end := range t.ends {
		n := 1700 + i*7919%780 + course + int(t.random.Uint32N(10))
		t.text[end-5] = byte('0' + n/1000)
		t.text[end-4] = byte('0' + n/100%10)
		t.text[end-2] = byte('0' + n/10%10)
		t.text[end-1] = byte('0' + n%10)
		copy(t.text[end+1:], digits)
	}
	return t.text
}

// BenchmarkWrite5000 has four gateways send the readings of a town of 1,700 homes, 5,000 a request, each request of the
// next 15 minutes. Readings are counted when they are acknowledged, and so durable.
func BenchmarkWrite5000(b *testing.B) {
	s := startTown(b)
	start := time.Date(2015, 11, 15, 0, 0, 0, 0, time.UTC).Unix()
	var clients, next atomic.Int64
	b.SetParallelism(2) // on two cores: four clients
	busy := s.metric(processorTime)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		body := newTownBody(inRequest, uint64(clients.Add(1)))
		for pb.Next() {
			s.mustWrite(b, body.at(start+900*next.Add(1)))
		}
	})
	b.StopTimer()
	s.figures(b, busy, float64(b.N)*inRequest, "readings/s")
}

// BenchmarkWriteSingle has 64 devices send one reading a request.
func BenchmarkWriteSingle(b *testing.B) {
	s := startTown(b)
	start := time.Date(2015, 11, 15, 0, 0, 0, 0, time.UTC).Unix()
	var devices, next atomic.Int64
	b.SetParallelism(32) // on two cores: 64 clients
	busy := s.metric(processorTime)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		d := devices.Add(1)
		prefix := fmt.Sprintf("temperature,device=h%04d-bed1 celsius=19.87 ", d)
		for pb.Next() {
			s.mustWrite(b, strconv.AppendInt([]byte(prefix), start+next.Add(1), 10))
		}
	})
	b.StopTimer()
	s.figures(b, busy, float64(b.N), "requests/s")
}

func (s *server) mustWrite(b *testing.B, body []byte) {
	status, answer, err := s.Do("device", http.MethodPost, "/api/v2/write?precision=s", body, nil)
	if err != nil || status != http.StatusNoContent {
		b.Errorf("%d %s (%v)", status, answer, err)
	}
}

// figures reports what was acknowledged in a second, how old the oldest of it was that was not in the store yet, the server's
// memory and processor time, and the rate at which all of it went into the store, which takes what time writes leave it.
func (s *server) figures(b *testing.B, busy, acknowledged float64, unit string) {
	b.Helper()
	took := b.Elapsed()
	b.ReportMetric(acknowledged/took.Seconds(), unit)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(s.metric("nuanju_forwarder_lag_seconds"), "lag-s")
	b.ReportMetric((s.metric(processorTime)-busy)/took.Seconds(), "server-cores")
	b.ReportMetric(s.resident("VmRSS")/1024, "RSS-MB")
	b.ReportMetric(s.resident("VmHWM")/1024, "peak-RSS-MB")
	acked := time.Now()
	servertest.Until(b, "no lag", func() bool { return s.metric("nuanju_forwarder_lag_leaves") == 0 })
	b.ReportMetric(acknowledged/(took+time.Since(acked)).Seconds(), "stored/s")
	var held struct{ Lines []json.RawMessage }
	decode(b, s.Get("auditor", "/api/v1/quarantine"), &held)
	if n := s.metric("nuanju_forwarder_readings_total"); n != acknowledged || len(held.Lines) > 0 {
		b.Errorf("%v readings were acknowledged, %v forwarded; set aside: %s", acknowledged, n, held.Lines)
	}
	s.Stop()
}

// resident is a line of /proc/PID/status, in kB; 0 where there is no such file.
func (s *server) resident(name string) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.Cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			kB, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 64)
			if err != nil {
				s.T.Fatal(err)
			}
			return kB
		}
	}
	return 0
}
