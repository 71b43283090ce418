// Package backup tests that a backup of a real server, taken while it runs, brings everything back.
package backup
