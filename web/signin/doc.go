// Package signin lets people in: staff by a name and a password, residents and those whom they let see their home by their
// contract and a one-time code. What a browser keeps is a cookie with 256 random bits, of which the ledger has a hash.
//
// It knows nothing of gin or of the API: the API and the pages both use a [Door], and find out with [Of] who is signed in.
//
// Whoever tries is told nothing that they do not know: a name that nobody has costs the same work and gets the same answer
// as a wrong password, an account number that nobody has the same as one that somebody has.
package signin
