// Package workflow holds the whole server, in one process and with a clock that tests move, to the verdicts of cases whose reports,
// stoppages, exemptions, confirmations and third-party tests people enter over HTTP when they happen.
package workflow
