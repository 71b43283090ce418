// Package influx is the store of samples in InfluxDB, 2.x or 1.8 with Flux.
//
// A sample is a point: its series' measurement, the owner (and room) as tags, and two fields, the value and, as
// nanoseconds, the time of receipt: temperature,device=D celsius=19.87,celsius_received=1453550401000000000i. Floats
// go as the shortest decimal that gives them back, so they return bit for bit.
//
// InfluxDB silently overwrites a point with one of the same time. This driver never lets it: it remembers the newest time
// of each series, appends what is newer, and for anything else first reads what is there.
//
// Only range, filter, keep, sort and last are used of Flux, which all versions have in common.
package influx

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	influxdb2 "github.com/influxdata/influxdb-client-go/v2"
	"github.com/influxdata/influxdb-client-go/v2/api"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/internal/gate"
)

// ErrClosed is returned by every method after Close.
var ErrClosed = errors.New("influx: the store is closed")

// Config says where an InfluxDB is.
type Config struct {
	URL    string // like http://localhost:8086
	Token  string // of 2.x; of 1.8 user:password, or empty
	Org    string // of 2.x; empty for 1.8
	Bucket string // of 1.8 a database, or database/retention-policy
	// Timeout bounds each request, from connecting to the last byte of its answer; 0 means 30 s.
	Timeout time.Duration
}

// DefaultTimeout bounds a request when Config does not.
const DefaultTimeout = 30 * time.Second

// Store is a sensors.Store in one bucket. Nobody else may write samples to the bucket while it is open.
type Store struct {
	config Config
	client influxdb2.Client
	http   *http.Client
	write  api.WriteAPIBlocking

	// writing is held by the one who writes; a channel, so that waiting ends with the context.
	writing chan struct{}
	ready   bool                        // of the writer: the bucket is there
	series  map[sensors.Series]*written // of the writer

	gate gate.Gate
}

var _ sensors.Store = (*Store)(nil)

// written is what the writer knows of a series. It is not more than one of these for each series in the bucket.
type written struct {
	listed bool // in the bucket's list of series
	known  bool // newest is the time of the latest point that may be there; false: ask
	newest sensors.Instant
}

// Open makes a store. It does not call the server, which may be away for now: calls fail until it is back. In a 2.x
// server the first call to Write creates the bucket, without a limit of retention, if it is not there.
func Open(config Config) (*Store, error) {
	u, err := url.Parse(config.URL)
	switch {
	case err != nil:
		return nil, fmt.Errorf("influx: %w", err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return nil, fmt.Errorf("influx: %q is not an http or https URL", u.Redacted())
	case config.Bucket == "":
		return nil, errors.New("influx: no bucket is given")
	case config.Timeout < 0:
		return nil, fmt.Errorf("influx: a timeout of %v", config.Timeout)
	}
	config.Timeout = cmp.Or(config.Timeout, DefaultTimeout)
	s := &Store{
		config: config, writing: make(chan struct{}, 1), series: make(map[sensors.Series]*written),
		http: &http.Client{Timeout: config.Timeout, Transport: answers{&http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 4, IdleConnTimeout: time.Minute}}},
	}
	options := influxdb2.DefaultOptions().SetHTTPClient(s.http).SetPrecision(time.Nanosecond).SetApplicationName("nuanju")
	s.client = influxdb2.NewClientWithOptions(config.URL, config.Token, options)
	s.write = s.client.WriteAPIBlocking(config.Org, config.Bucket)
	return s, nil
}

// answers lets only CSV pass as the answer to a query. The client takes anything else, like a proxy's page, for an empty
// result, and this store would overwrite what it believes is not there.
type answers struct{ *http.Transport }

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := a.Transport.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusOK || !strings.HasSuffix(r.URL.Path, "/api/v2/query") {
		return resp, err
	}
	kind := resp.Header.Get("Content-Type")
	if media, _, err := mime.ParseMediaType(kind); err == nil && media == "text/csv" {
		return resp, nil
	}
	return nil, errors.Join(fmt.Errorf("the answer is %q, not CSV", kind), resp.Body.Close())
}

// Close waits for calls in progress and closes the connections. A second Close does nothing.
func (s *Store) Close() error {
	if s.gate.Close() {
		s.client.Close()
		s.http.CloseIdleConnections()
	}
	return nil
}

// prepare creates the bucket where the API has it. The caller holds s.writing.
func (s *Store) prepare(ctx context.Context) error {
	if s.ready {
		return nil
	}
	health, err := s.client.Health(ctx)
	if err != nil {
		return err
	}
	if health.Version != nil && strings.HasPrefix(strings.TrimPrefix(*health.Version, "v"), "1.") {
		s.ready = true // 1.8 has no API for buckets; a missing database is an error of the first write
		return nil
	}
	buckets := s.client.BucketsAPI()
	if _, err := buckets.FindBucketByName(ctx, s.config.Bucket); err == nil {
		s.ready = true
		return nil
	}
	org, err := s.client.OrganizationsAPI().FindOrganizationByName(ctx, s.config.Org)
	if err != nil {
		return fmt.Errorf("organization %q: %w", s.config.Org, err)
	}
	if _, err := buckets.CreateBucketWithName(ctx, org, s.config.Bucket); err != nil {
		return fmt.Errorf("creating bucket %q: %w", s.config.Bucket, err)
	}
	s.ready = true
	return nil
}

// run runs a query and returns its answer as it comes. Each has a QueryAPI of its own: one that is shared races with
// itself (it makes its URL at the first query and reads it without its lock).
func (s *Store) run(ctx context.Context, flux string) (*api.QueryTableResult, error) {
	return s.client.QueryAPI(s.config.Org).Query(ctx, flux)
}

// failed is an error of this store: it names the bucket, and keeps the context's error when that has ended.
func (s *Store) failed(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ended := ctx.Err(); ended != nil && !errors.Is(err, ended) {
		err = fmt.Errorf("%w: %w", ended, err)
	}
	return fmt.Errorf("influx: bucket %q: %w", s.config.Bucket, err)
}
