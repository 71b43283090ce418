// Package web is the server's face: InfluxDB's own write API, the JSON API under /api/v1 (described at /openapi.json), the
// public tiles of the evidence log, health and metrics.
//
// It decides nothing by itself. What is written goes through an [Intake] into the evidence log before it is acknowledged;
// what happens to tickets is decided by package disputes and written by the ledger; who may call what is one table (see
// access.go), and a route without a row in it keeps [New] from making a server at all.
//
// Whatever fails inside is logged with the request's id and told to the caller in words of this package only.
package web
