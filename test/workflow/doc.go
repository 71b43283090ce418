// Package workflow holds the whole server, in one process and with a clock that tests move, to the verdicts and bills of cases
// whose reports, stoppages, exemptions, confirmations, third-party tests, payments and facts for bills people enter over HTTP when they happen.
package workflow
