package dashboards_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/dashboards"
	"github.com/nuanju/nuanju/test/servertest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }

// Every panel's queries are asked of the servers that Grafana would ask, and every variable too. A panel that says nothing is named.
func TestEveryPanelHasData(t *testing.T) {
	w := newWatched(t)
	w.live()
	w.scraped()
	w.settled()
	for _, b := range dashboards.Boards() {
		t.Run(b.UID, func(t *testing.T) {
			chosen := w.choose(t, b)
			for _, p := range b.Panels {
				var empty []string
				servertest.Until(t, fmt.Sprintf("panel %q (%s) has data", p.Title.EN, p.Title.ZH), func() bool {
					empty = empty[:0]
					for _, q := range p.Queries {
						if n := w.rows(t, p.Source, fill(q.Expr, chosen), q.Now); n == 0 {
							empty = append(empty, q.Expr)
						}
					}
					return len(empty) == 0
				}, func() string { return "no data: " + strings.Join(empty, "\n\t") })
			}
			for _, a := range b.Annotations {
				if w.rows(t, dashboards.InfluxDB, fill(a.Query, chosen), false) == 0 {
					t.Errorf("annotation %q has no data: %s", a.Name.EN, a.Query)
				}
			}
		})
	}
	panels := 0
	for _, b := range dashboards.Boards() {
		panels += len(b.Panels)
	}
	t.Logf("%d panels of %d boards have data", panels, len(dashboards.Boards()))
}

// fill puts what Grafana would in the place of a query's variables.
func fill(query string, chosen map[string]string) string {
	query = strings.ReplaceAll(query, "$timeFilter", "time > now() - 3d")
	query = strings.ReplaceAll(query, "$__interval", "10m")
	for name, value := range chosen {
		query = strings.ReplaceAll(query, "$"+name, value)
	}
	return query
}

// choose asks for the values of a board's variables, as Grafana does, and chooses: all of those of which several may be, the home
// that things happened to, else the first.
func (w *watched) choose(t *testing.T, b dashboards.Board) map[string]string {
	t.Helper()
	chosen := map[string]string{}
	for _, v := range b.Variables {
		values := w.values(t, v, chosen)
		if len(values) == 0 {
			t.Fatalf("%s: the variable %s has no values: %s", b.UID, v.Name, fill(v.Query, chosen))
		}
		switch {
		case v.Multi:
			chosen[v.Name] = "(" + strings.Join(quoted(values), "|") + ")"
		case v.Name == "household":
			chosen[v.Name] = w.home
		case v.Name == "building":
			chosen[v.Name] = w.building
		default:
			chosen[v.Name] = values[0]
		}
	}
	return chosen
}

func quoted(values []string) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = regexp.QuoteMeta(v)
	}
	return all
}

// values are those of a variable.
func (w *watched) values(t *testing.T, v dashboards.Variable, chosen map[string]string) (values []string) {
	t.Helper()
	if v.Source == dashboards.Prometheus {
		m := regexp.MustCompile(`^label_values\((\w+), (\w+)\)$`).FindStringSubmatch(v.Query)
		if m == nil {
			t.Fatalf("variable %s: cannot read %s", v.Name, v.Query)
		}
		var answer struct{ Data []string }
		w.read(t, w.prometheus+"/api/v1/label/"+m[2]+"/values?"+url.Values{"match[]": {m[1]}}.Encode(), &answer)
		return answer.Data
	}
	for _, s := range w.influx(t, fill(v.Query, chosen)) {
		for _, row := range s.Values {
			values = append(values, fmt.Sprint(row[1]))
		}
	}
	return values
}

// rows is how many series or rows a query gives.
func (w *watched) rows(t *testing.T, from dashboards.Source, query string, now bool) (n int) {
	t.Helper()
	if from == dashboards.InfluxDB {
		for _, s := range w.influx(t, query) {
			n += len(s.Values)
		}
		return n
	}
	at := time.Now()
	ask := "/api/v1/query_range?" + url.Values{
		"query": {query}, "start": {stamp(at.Add(-time.Minute))}, "end": {stamp(at)}, "step": {"2"},
	}.Encode()
	if now {
		ask = "/api/v1/query?" + url.Values{"query": {query}}.Encode()
	}
	var answer struct {
		Data struct {
			Result []struct {
				Value  []any
				Values [][]any
			}
		}
	}
	w.read(t, w.prometheus+ask, &answer)
	for _, r := range answer.Data.Result {
		if len(r.Value) == 2 {
			r.Values = append(r.Values, r.Value)
		}
		for _, v := range r.Values {
			if v[1] != "NaN" {
				n++
			}
		}
	}
	return n
}

func stamp(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// series is what InfluxDB answers with.
type series struct{ Values [][]any }

func (w *watched) influx(t *testing.T, query string) []series {
	t.Helper()
	var answer struct {
		Results []struct {
			Error  string
			Series []series
		}
	}
	w.read(t, w.influxdb+"/query?"+url.Values{"db": {w.bucket}, "q": {query}}.Encode(), &answer)
	if len(answer.Results) != 1 || answer.Results[0].Error != "" {
		t.Fatalf("%s: %+v", query, answer.Results)
	}
	return answer.Results[0].Series
}

func (w *watched) read(t *testing.T, address string, into any) {
	t.Helper()
	res, err := http.Get(address)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v\n%s", address, res.Status, err, text)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v\n%s", address, err, text)
	}
}
