// Package monitor shows that the monitor keeps its word as a whole: its tests build the program, run it as a process of its
// own on free ports, speak to it over HTTP as gateways, dispatchers and auditors do, kill it, damage its files and take its
// InfluxDB away. PostgreSQL and InfluxDB are real ones; what is missing fails a test and never skips it.
//
// Its benchmarks are the load tool of docs/performance.md:
//
//	go test ./test/monitor -run '^$' -bench Write -benchtime 200x
package monitor
