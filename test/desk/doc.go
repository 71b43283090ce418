// Package desk works with the pages of the desk, of testers, auditors and billing staff as people without scripts do: it opens them on a real
// server, follows their links and sends their forms.
package desk
