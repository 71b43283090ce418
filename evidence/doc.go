// Package evidence is the log of what was accepted: as it was received, in the order of receipt. What it holds decides
// disputes between two parties that distrust each other, and one of them runs the server; so the log is a Merkle tree
// whose signed checkpoints either party can keep, and whatever is changed afterwards is found and named.
//
// # What the log promises
//
// Durable when it returns. [Log.Append] returns nil only after the database has synced the commit that holds every
// entry of the call. A process killed or a machine stopped at any moment afterwards loses none of them. An error means
// that the call is not acknowledged: [ErrBusy], [ErrClosed], a refused entry or a context that ended mean that nothing
// of it was written; any other error (a full disk, a lost connection) means that all of it or nothing of it is there,
// never a part. Later calls can succeed once the cause is gone.
//
// Duplicates. The log does not know any: what is appended twice is two leaves, for both were received. Whoever retries
// after an error may therefore write a leaf again, and readers must be idempotent. The log itself writes a call once.
//
// Order. The entries of one call have consecutive indexes in the order given, and never share them with another call.
// Calls are ordered as they were received: the log stamps each on entering, and stamps never decrease with the index,
// even when the clock goes back.
//
// Who may call. Every method of [Log] may be called by many goroutines at once. Concurrent appends share a commit: one
// goroutine writes, and what arrives while it syncs goes into the next commit. The queue before it is bounded in calls
// and bytes; beyond it Append answers ErrBusy at once, for a server to answer 429 or 503. Several
// processes may append to one database: they commit and sign one after the other, each after adding to its tree what the
// others wrote. In PostgreSQL they hear of each other within a fraction of a second; see [Log.Refresh] for what is there now.
//
// # What a leaf is
//
//	commitment = SHA-256(salt ‖ subject ‖ 0x00 ‖ content)
//	leaf hash  = SHA-256(0x00 ‖ commitment ‖ received)      (RFC 6962; received in ns since 1970, 8 bytes, big endian)
//
// The salt is 32 random bytes of each leaf. A proof for one home shows the hashes of its neighbours, and without their
// salts nobody can try out what a neighbour's content may have been. The receipt time is under the hash as well, since
// clocks of the contract run from it.
//
// The commitment is taken over the content itself, not over its zstd frame. Compressing leaves of 100 bytes one by one
// took 8.2 µs and gave 75 bytes a leaf, half a core at 68,000 leaves a second; compressing a commit as one took 0.17 µs
// and gave 3 bytes (BenchmarkCompress). It also lets anyone check a leaf with sha256sum, whatever becomes of zstd, and
// lets the log be compressed anew without a hash changing.
//
// # What is stored
//
// A commit inserts one row (the contents as one zstd frame, the salts, the hashes of the leaves after the last whole
// tile), a row for each hash tile that it completes (C2SP tlog-tiles, 256 hashes) and updates the head. Nothing else is
// ever updated, except by [Log.Erase]: it removes the subject, content and salt of one leaf, keeps its commitment in
// the salt's place, so that the tree stays whole, and appends an entry that says so.
//
// Every stored cell ends in a CRC-32C, which tells which cell was damaged; the tree and the checkpoints tell what was
// changed on purpose. [Log.Verify] names both. What it cannot know is that the end of the log was cut off together with
// every later checkpoint and the head: for that, compare with a checkpoint kept elsewhere ([Log.ProveConsistency]).
package evidence
