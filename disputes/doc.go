// Package disputes is what people do about the cold: a ticket and the two clocks that run on it (A6.6). It is pure: it
// opens nothing and reads no clock; every function is told the time. What it returns, its caller writes down, the ticket
// and its events in one transaction.
//
// The transitions are data ([Transitions]); TRANSITIONS.md shows the same table and a test compares them.
//
// # The clocks
//
// A report of a resident is owed a reply within an hour, and a report of low temperature or of no heat is told what was done
// about it within six. The clocks are independent of each other and of the ticket's state: only a reply answers the first
// and only an update the second; neither resolving a ticket nor cancelling it stops one, and a reply or an update
// may still come afterwards. A clock is a due instant and the instant at which it was answered, if it was; whether it is running,
// met or breached at a given time follows from these two, so that it never depends on when somebody looked. Exactly at the due
// instant is in time. A late answer is kept beside the breach and does not undo it.
package disputes
