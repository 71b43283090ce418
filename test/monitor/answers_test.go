package monitor_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/test/servertest"
)

// tile, episode and reading are what the API and the expected verdicts say of them.
type tile struct {
	Start, End     time.Time
	Status, Clause string
}

type roomTiles struct {
	Room   string
	Judged bool
	Tiles  []tile
}

type episode struct {
	Room       string
	Start, End time.Time
	Below      float64 `json:"below_seconds"`
}

// verdict is the part of an expected verdict that a monitor has before anybody has tested anything.
type verdict struct {
	Rooms    []roomTiles
	Tiles    []tile
	Episodes []episode
}

type reading struct {
	Time, Received time.Time
	Celsius        json.Number
	Judged         bool
}

type roomReadings struct {
	Series []struct {
		Room, Device string
		Readings     []reading
	}
}

func decode(t testing.TB, b []byte, to any) {
	t.Helper()
	if err := json.Unmarshal(b, to); err != nil {
		t.Fatalf("%v in %.200s", err, b)
	}
}

// period is a time as the API's queries have it.
func period(from, to time.Time) string {
	return url.Values{"from": {from.Format(time.RFC3339)}, "to": {to.Format(time.RFC3339)}}.Encode()
}

// verdict is what the server says of a home in a time.
func (s *server) verdict(household string, from, to time.Time) verdict {
	s.T.Helper()
	home := "/api/v1/households/" + url.PathEscape(household)
	var v verdict
	decode(s.T, s.Get("auditor", home+"/tiles?because=false&"+period(from, to)), &v)
	decode(s.T, s.Get("auditor", home+"/episodes?because=false&"+period(from, to)), &v)
	return v
}

// readings is what the server has of a home.
func (s *server) readings(household string, from, to time.Time) roomReadings {
	s.T.Helper()
	var r roomReadings
	decode(s.T, s.Get("auditor", "/api/v1/households/"+url.PathEscape(household)+"/readings?"+period(from, to)), &r)
	return r
}

// metric is the value of a metric without labels, or with exactly those written behind its name.
func (s *server) metric(name string) float64 {
	s.T.Helper()
	for line := range strings.Lines(string(s.Get("auditor", "/metrics"))) {
		if text, ok := strings.CutPrefix(line, name+" "); ok {
			v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
			if err != nil {
				s.T.Fatal(err)
			}
			return v
		}
	}
	s.T.Fatalf("/metrics does not have %s", name)
	return 0
}

// settle waits until all that was acknowledged is in the store, and until the checker has judged it: a whole tick began
// after that and left nobody waiting.
func (s *server) settle() {
	s.T.Helper()
	servertest.Until(s.T, "no lag", func() bool { return s.metric("nuanju_forwarder_lag_leaves") == 0 })
	const lastGood = "nuanju_checker_last_good_tick_timestamp_seconds"
	for range 2 { // the first may have begun before
		before := s.metric(lastGood)
		servertest.Until(s.T, "a good tick", func() bool { return s.metric(lastGood) > before })
	}
	servertest.Until(s.T, "no household waits", func() bool { return s.metric("nuanju_checker_dirty_households") == 0 })
}

// ready is what /readyz says.
func (s *server) ready() (ready bool, checks map[string]string) {
	s.T.Helper()
	_, answer, err := s.Do("", http.MethodGet, "/readyz", nil, nil)
	if err != nil {
		s.T.Fatal(err)
	}
	var r struct {
		Ready  bool
		Checks map[string]string
	}
	decode(s.T, answer, &r)
	return r.Ready, r.Checks
}
