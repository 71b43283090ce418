// Package browser looks at the pages of a real server with Debian's Chromium, as people see them: on a phone and on a desk, in both languages,
// with scripts and without, and asks axe-core whether everybody can.
package browser
