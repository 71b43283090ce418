// Package pages works with the pages as people without scripts do, on a real server: it opens them, follows every link, and sends their forms.
package pages
