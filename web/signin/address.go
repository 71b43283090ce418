package signin

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// Address is what a request's rates are counted for: the address of its sender, of IPv6 the /64 that one customer has. When it
// comes from one of the proxies, it is the last address of X-Forwarded-For that is not a proxy's; else that header is not believed.
func Address(r *http.Request, proxies []netip.Prefix) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	at, err := netip.ParseAddr(host)
	if err != nil {
		return host // a listener that is not on TCP
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && trusted(at, proxies); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		at = next
	}
	at = at.Unmap().WithZone("")
	if at.Is6() {
		if p, err := at.Prefix(64); err == nil {
			return p.String()
		}
	}
	return at.String()
}

func trusted(at netip.Addr, proxies []netip.Prefix) bool {
	for _, p := range proxies {
		if p.Contains(at.Unmap().WithZone("")) {
			return true
		}
	}
	return false
}
