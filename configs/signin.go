package configs

import (
	"net/netip"
	"strings"
)

// SignIn is how people sign in.
type SignIn struct {
	// PlainHTTP: cookies also go over HTTP without TLS, to any machine.
	PlainHTTP bool
	// PrintCodes: one-time codes are written to the server's log.
	PrintCodes bool
	// Proxies are those whose X-Forwarded-For is believed.
	Proxies []netip.Prefix
}

func (o *overrides) signIn(m *Map) SignIn {
	return SignIn{
		PlainHTTP:  o.yes(m.Need("plain_http"), "SIGN_IN_PLAIN_HTTP"),
		PrintCodes: o.yes(m.Need("print_codes"), "SIGN_IN_PRINT_CODES"),
		Proxies:    o.networks(m.May("proxies"), "SIGN_IN_PROXIES"),
	}
}

// yes is true or false.
func (o *overrides) yes(v Value, name string) bool {
	written := v.Bool()
	value, ok := o.take(name)
	if !ok {
		return written
	}
	if value != "true" && value != "false" {
		o.doc.Report(0, "environment: NUANJU_%s: want true or false, got %q", name, value)
	}
	return value == "true"
}

// networks are addresses or networks, separated by commas.
func (o *overrides) networks(v Value, name string) (all []netip.Prefix) {
	for one := range strings.SplitSeq(o.text(v, name), ",") {
		one = strings.TrimSpace(one)
		if one == "" {
			continue
		}
		if at, err := netip.ParseAddr(one); err == nil {
			all = append(all, netip.PrefixFrom(at.Unmap(), at.Unmap().BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(one)
		if err != nil {
			o.doc.Report(v.Line(), "sign_in.proxies: %q is not an address or network such as 10.0.0.0/8", one)
			continue
		}
		all = append(all, p.Masked())
	}
	return all
}
