// Package replicas tests several real servers on one PostgreSQL and one InfluxDB: what they promise together while one after the other
// is killed.
package replicas
