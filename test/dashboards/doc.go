// Package dashboards runs every panel of the Grafana dashboards against real servers: a simulated town on nuanju with InfluxDB, watched
// by Prometheus.
package dashboards
