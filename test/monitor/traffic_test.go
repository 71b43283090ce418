package monitor_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
)

// seeded is randomness that a failure tells how to repeat.
func seeded(t testing.TB, seed uint64) *rand.Rand {
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the seed was %d", seed)
		}
	})
	return rand.New(rand.NewPCG(seed, 0))
}

// precisions are InfluxDB's; what is sent falls on whole seconds.
var precisions = []struct {
	query string
	unit  time.Duration
}{
	{"", time.Nanosecond}, {"?precision=us", time.Microsecond}, {"?precision=ms&org=o&bucket=b", time.Millisecond}, {"?precision=s", time.Second},
}

// request is one body as it is sent.
type request struct {
	query   string
	body    []byte
	headers map[string]string
}

// requests is everything that was said at homes, each once and some of it twice or more, in random order, in requests of random
// sizes, precisions and encodings.
func requests(r *rand.Rand, homes ...*home) []request {
	var all []said
	for _, h := range homes {
		all = append(all, h.sent...)
	}
	for range len(all) / 10 {
		all = append(all, all[r.IntN(len(all))])
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	var out []request
	for len(all) > 0 {
		n := min(1+r.IntN(1+r.IntN(600)), len(all))
		out = append(out, newRequest(r, all[:n]))
		all = all[n:]
	}
	return out
}

func newRequest(r *rand.Rand, all []said) request {
	p := precisions[r.IntN(len(precisions))]
	var b bytes.Buffer
	for _, together := range all {
		for _, l := range together {
			fmt.Fprintf(&b, "%s %d\n", l.text, l.at.UnixNano()/int64(p.unit))
		}
	}
	q := request{query: p.query, body: b.Bytes()}
	if r.IntN(2) == 0 {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, _ = w.Write(q.body) // a buffer takes everything
		_ = w.Close()
		q.body, q.headers = packed.Bytes(), map[string]string{"Content-Encoding": "gzip"}
	}
	return q
}

// send sends requests from several gateways at once. Every one has to be acknowledged.
func (s *server) send(all []request) {
	s.T.Helper()
	s.Token("device")
	var g errgroup.Group
	g.SetLimit(4)
	for _, q := range all {
		g.Go(func() error {
			status, answer, err := s.Do("device", http.MethodPost, "/api/v2/write"+q.query, q.body, q.headers)
			if err == nil && status != http.StatusNoContent {
				err = fmt.Errorf("POST /api/v2/write%s: %d %s", q.query, status, answer)
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		s.T.Fatalf("%v\n%s", err, s.Stderr)
	}
}

// missing lists what a home's devices sent and the server does not have, and what it has and was not sent, or twice.
func (h *home) wrongReadings(got roomReadings) (wrong []string) {
	type key struct {
		device string
		at     int64
	}
	want := map[key]string{}
	for _, together := range h.sent {
		for _, l := range together {
			if rest, ok := strings.CutPrefix(l.text, "temperature,device="); ok {
				device, value, _ := strings.Cut(rest, " celsius=")
				want[key{device, l.at.UnixNano()}] = value
			}
		}
	}
	for _, series := range got.Series {
		for _, r := range series.Readings {
			k := key{series.Device, r.Time.UnixNano()}
			value, ok := want[k]
			if !ok {
				wrong = append(wrong, fmt.Sprintf("%s at %s was not sent, or is there twice", series.Device, r.Time))
			} else if !sameNumber(value, r.Celsius.String()) {
				wrong = append(wrong, fmt.Sprintf("%s at %s was %s and is %s", series.Device, r.Time, value, r.Celsius))
			}
			delete(want, k)
		}
	}
	for k := range want {
		wrong = append(wrong, fmt.Sprintf("%s at %s is missing", k.device, time.Unix(0, k.at).UTC()))
	}
	return wrong
}

func sameNumber(a, b string) bool {
	x, err := strconv.ParseFloat(a, 64)
	y, err2 := strconv.ParseFloat(b, 64)
	return err == nil && err2 == nil && x == y
}

// report fails a test with what is wrong, but not with all of it.
func report(t testing.TB, wrong []string) {
	t.Helper()
	const listed = 8
	for _, w := range wrong[:min(listed, len(wrong))] {
		t.Error(w)
	}
	if more := len(wrong) - listed; more > 0 {
		t.Errorf("and %d more", more)
	}
}
