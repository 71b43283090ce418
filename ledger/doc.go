// Package ledger is what is written down: the registry, tokens, quarantine, what has to be judged again, verdicts, and tickets. It
// keeps them in SQLite (one file, the default) or PostgreSQL, by the same statements, and its tests run on both.
//
// # What it promises
//
// Durable when it returns, and whole. A method that writes is one transaction: when it returns nil, the commit is synced; when it
// returns an error, nothing of it is there, but after a lost connection all of it may be (writes can be repeated). A process killed in the
// middle of one leaves nothing of it.
//
// Nothing is overwritten. A row of the registry, a tile or an episode is superseded by another and stays, so that one can ask what was
// known at an earlier instant. An event of a ticket, a quarantined line and an entry for the evidence log stay as they were written.
//
// No clock. Every method is told the time by its caller.
//
// Any number of goroutines may call any method. SQLite has one writer; the others wait up to ten seconds and then get [ErrBusy].
//
// Errors say what was being done and what kind of failure it was, in words for strangers: [Error]. The database's own words
// are only in their cause, for logs.
package ledger
