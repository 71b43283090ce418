// Package intake is one reading's way: from a request into the evidence log, and from the log into the store of samples
// and the ledger.
//
// # Into the log
//
// [Intake.Accept] is called by many handlers at once. It splits what was decoded by whom it concerns, so that one home's proof
// discloses no neighbour, and appends everything of a request at once: what is acknowledged is synced. Only what the token may
// not write is refused, line by line. What is implausible or of an unknown device is accepted too: it is evidence that it
// was sent, and set aside later, where nothing is lost by it.
//
// The only time of receipt is the log's own stamp. A line without a time, and a clock that is ahead, are judged by the
// stamp that stands in the log under its hash; so whoever reads the log again, years later, judges the same.
//
// # Out of the log
//
// The [Forwarder] reads the log in order from a watermark, many entries at a time. It writes their samples to the store, then, in one
// transaction of the ledger, the lines that are set aside, the events that were declared, the households to be judged again and the
// new watermark. Killed between the two it does both again, and neither notices: at least once, idempotent. With the store away it
// tries again and again, and nothing but the lag grows.
//
// # What is in the store
//
// A series belongs to a device, a station or a household, not to a room. Therefore what is in the store depends on the log alone, not
// on the registry: every sample that is plausible by itself is written, also of a device that nobody knows yet. Whom it judges is
// decided by the assignments when it is read, and a device that is assigned nowhere judges nobody. Its lines are in quarantine all the
// same, where they can be seen and counted. When the device is assigned, releasing them writes two things to the ledger: that they are
// released, and which households to judge again from when. Nothing is read from the log, nothing can be forgotten, and a rebuilt store is
// equal to the first whatever became of the registry in between. It costs no more than the row that the quarantine holds anyway.
//
// A line that is implausible by itself ([ingest.Check]) is not in the store. Of two values of a series for one time the one first
// received is, and the line with the other is set aside as a conflict (section 2 of the contract); nothing releases it. A line with
// several values is set aside when one of them is in conflict; the others are in the store.
//
// # What is declared
//
// A household's demand (A3) and its setpoints are not measured: of two at one time the one given later holds, the opposite of the
// store's rule. They are few, and they go to the ledger as rows named by their place in the log, so that the order in which they were
// given is never in doubt; [InForce] says which hold. They are in the store as well, to be drawn beside the temperatures. There
// the first of two of one time stays; that is no conflict, and sets nothing aside.
//
// A valve's position is measured many times a day, is never demand, and feeds allocation only: a series like any other.
package intake
