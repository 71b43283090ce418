package signin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net"
	"net/http"
	"strings"
)

// The cookie's names. With the prefix __Host- browsers keep it to this host and to TLS, also against its subdomains.
const (
	secureCookie = "__Host-nuanju"
	plainCookie  = "nuanju"
)

// secretBytes is the length of what a browser shows.
const secretBytes = 32

func newSecret() string {
	b := make([]byte, secretBytes)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// hashOf is what is kept of a secret of 256 random bits, which need no slow hash.
func hashOf(secret string) []byte {
	sum := sha256.Sum256([]byte(secret))
	return sum[:]
}

// Secure reports whether a request came by TLS, as far as its cookie is concerned: any request does, but one to a loopback name that no
// proxy says came by TLS, and any if the door is plain.
func (d *Door) Secure(r *http.Request) bool {
	if d.o.Plain {
		return false
	}
	if r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https") {
		return true
	}
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return !strings.EqualFold(host, "localhost") && (ip == nil || !ip.IsLoopback())
}

// Cookie is what a browser is given that signed in. It ends with the browser; the session ends by itself.
func (d *Door) Cookie(r *http.Request, secret string) *http.Cookie {
	c := &http.Cookie{Name: plainCookie, Value: secret, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
	if d.Secure(r) {
		c.Name, c.Secure = secureCookie, true
	}
	return c
}

// Cleared is the cookie that takes away what Cookie gave.
func (d *Door) Cleared(r *http.Request) *http.Cookie {
	c := d.Cookie(r, "")
	c.MaxAge = -1
	return c
}

// Shown is the secret of a request's cookie; false without one that can be one, and with two. A plain cookie says nothing where
// a secure one is due.
func (d *Door) Shown(r *http.Request) (secret string, ok bool) {
	name := plainCookie
	if d.Secure(r) {
		name = secureCookie
	}
	all := r.CookiesNamed(name)
	if len(all) != 1 || len(all[0].Value) != base64.RawURLEncoding.EncodedLen(secretBytes) {
		return "", false
	}
	return all[0].Value, true
}

// CSRF is what a page of a session must send with whatever changes something: it follows from the session's secret, which no
// other page can read, and does not tell it.
func CSRF(secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("csrf"))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// SameCSRF compares in constant time.
func SameCSRF(shown, secret string) bool { return hmac.Equal([]byte(shown), []byte(CSRF(secret))) }

// CrossOrigin reports whether a browser says that a request which changes something comes from a page of another origin. Requests
// that are not of browsers say nothing, and are not.
func (d *Door) CrossOrigin(r *http.Request) bool { return d.origins.Check(r) != nil }
