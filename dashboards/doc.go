// Package dashboards makes the Grafana dashboards: what dispatchers watch the town on. Each board is described once, in
// Chinese and English, and written twice over: with InfluxDB for towns that have it, and for embedded stores with what Prometheus
// knows alone. The JSON under grafana/dashboards is generated (go generate ./dashboards) and committed; a test compares it, and
// another runs every panel's query against real servers.
//
// Beside it lie what Grafana, Prometheus, Alertmanager, Telegraf and the MQTT broker are set up with, as docker-compose.yml mounts it.
package dashboards

//go:generate go run ./generate
