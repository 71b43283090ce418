package influx_test

import (
	"testing"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/influx"
	"github.com/nuanju/nuanju/sensors/influx/influxtest"
	"github.com/nuanju/nuanju/sensors/storetest"
)

func open(t testing.TB, server *influxtest.Server, bucket string) sensors.Store {
	t.Helper()
	s, err := influx.Open(influx.Config{URL: server.URL, Bucket: bucket})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	server := influxtest.Start(t)
	storetest.Run(t, func(t testing.TB) storetest.Place {
		bucket := server.Database(t)
		return func(t testing.TB) sensors.Store { return open(t, server, bucket) }
	})
}
