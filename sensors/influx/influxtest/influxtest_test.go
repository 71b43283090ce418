package influxtest_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/sensors/influx/influxtest"
)

func TestAServerThatIsStoppedAndStartedKeepsItsData(t *testing.T) {
	s := influxtest.Start(t)
	resp, err := http.Get(s.URL + "/ping")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if got := resp.Header.Get("X-Influxdb-Version"); got != "1.8.10" {
		t.Errorf("it is version %q", got)
	}
	bucket := s.Database(t)
	resp, err = http.Post(s.URL+"/api/v2/write?precision=ns&bucket="+bucket, "text/plain", strings.NewReader("m,k=v f=42 1"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		t.Fatalf("write: %s", resp.Status)
	}
	s.Stop(t)
	if resp, err := http.Get(s.URL + "/ping"); err == nil {
		resp.Body.Close()
		t.Error("a stopped server answers")
	}
	s.Start(t)
	resp, err = http.Get(s.URL + "/query?" + url.Values{"db": {bucket}, "q": {"SELECT * FROM m"}}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(body), "42") {
		t.Errorf("after a restart: %s (%v)", body, err)
	}
}
