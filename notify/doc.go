// Package notify tells people what happened: residents by text message, staff by text message, pager or e-mail.
//
// What is to be told is an [Alert], written into the ledger in the transaction that it tells of, so that neither is there without the
// other. It names an audience and not yet any recipient. A [Job], which the clock calls, finds out whom that is, makes a
// [Notification] for each, and sends it through a [Channel]: the webhook, to which gateways for text messages attach, or SMTP.
//
// # What it promises
//
// Nothing is lost: a notification waits in the ledger until it was sent, or was refused for good, or was given up after
// [MaxAttempts] attempts or when it was too late to be of use; and the ledger says which. Nothing is sent twice as long as no process
// dies, and no answer is lost, between sending and writing that down: whoever sends one has it for [Lease], and no other process
// takes it meanwhile. In those two cases it is sent again under the same key, and so the receiver can tell: [IdempotencyHeader].
//
// Texts have no more of a home than they need: no temperatures, no names. Order is not kept.
package notify
