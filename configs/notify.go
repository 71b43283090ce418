package configs

import (
	"net/url"
	"strings"
)

// Notify says how people are told of what happened; docs/notifications.md has the rest.
type Notify struct {
	PublicURL string // base of links; empty: none
	Webhook   Webhook
	SMTP      SMTP
	OnCall    []OnCall
}

// Webhook is the gateway for text messages and pages.
type Webhook struct {
	URL        string // empty: none
	SecretFile string
}

// SMTP is the mail server.
type SMTP struct {
	Host         string // empty: none
	Port         int    // 0: the usual one
	User         string
	PasswordFile string
	From         string
	Security     string // starttls, tls or plain
}

// OnCall is who is on a list of people on call.
type OnCall struct {
	List string
	To   []Contact
}

// Contact is a way to somebody.
type Contact struct {
	Channel string // sms, page or mail
	Address string // a number or an e-mail address
}

func (o *overrides) notify(m *Map) Notify {
	webhook, smtp := m.Need("webhook").Map(), m.Need("smtp").Map()
	n := Notify{
		PublicURL: o.text(m.May("public_url"), "NOTIFY_PUBLIC_URL"),
		Webhook: Webhook{
			URL:        o.text(webhook.May("url"), "NOTIFY_WEBHOOK_URL"),
			SecretFile: o.text(webhook.May("secret_file"), "NOTIFY_WEBHOOK_SECRET_FILE"),
		},
		SMTP: SMTP{
			Host:         o.text(smtp.May("host"), "NOTIFY_SMTP_HOST"),
			Port:         o.whole(smtp.Need("port"), "NOTIFY_SMTP_PORT", 0, 65535),
			User:         o.text(smtp.May("user"), "NOTIFY_SMTP_USER"),
			PasswordFile: o.text(smtp.May("password_file"), "NOTIFY_SMTP_PASSWORD_FILE"),
			From:         o.text(smtp.May("from"), "NOTIFY_SMTP_FROM"),
			Security:     o.text(smtp.Need("security"), "NOTIFY_SMTP_SECURITY"),
		},
		OnCall: o.onCall(m.May("on_call"), "NOTIFY_ON_CALL"),
	}
	return n
}

// onCall reads "desk sms:13800000000 mail:desk@heating.example; emergency page:13900000000": a list's name and the ways to those
// on it, and the next list.
func (o *overrides) onCall(v Value, name string) (all []OnCall) {
	for list := range strings.SplitSeq(o.text(v, name), ";") {
		words := strings.Fields(list)
		if len(words) == 0 {
			continue
		}
		on := OnCall{List: words[0]}
		for _, word := range words[1:] {
			channel, address, ok := strings.Cut(word, ":")
			digits := strings.TrimPrefix(address, "+")
			number := digits != "" && strings.Trim(digits, "0123456789") == ""
			if !ok || !(channel == "mail" && strings.Contains(address, "@") || (channel == "sms" || channel == "page") && number) {
				o.doc.Report(v.Line(), "notify.on_call: want lists such as \"desk sms:13800000000 mail:desk@heating.example; emergency page:13900000000\", got %q",
					shorten(word))
				return nil
			}
			on.To = append(on.To, Contact{channel, address})
		}
		for _, other := range all {
			if other.List == on.List {
				o.doc.Report(v.Line(), "notify.on_call: list %q is there twice", shorten(on.List))
			}
		}
		all = append(all, on)
	}
	return all
}

// check reports what cannot work. Whether files are there is seen when the server starts.
func (n *Notify) check(doc *Document) {
	if u, err := url.Parse(n.PublicURL); n.PublicURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		doc.Report(0, "notify.public_url: want the address of the pages, such as https://heating.example")
	}
	if (n.Webhook.URL == "") != (n.Webhook.SecretFile == "") {
		doc.Report(0, "notify.webhook: url and secret_file belong together: a gateway must be able to tell who sends")
	}
	if n.SMTP.Host != "" && !strings.Contains(n.SMTP.From, "@") {
		doc.Report(0, "notify.smtp.from: want the sender's address, such as nuanju@heating.example")
	}
	if (n.SMTP.User == "") != (n.SMTP.PasswordFile == "") {
		doc.Report(0, "notify.smtp: user and password_file belong together")
	}
	switch n.SMTP.Security {
	case "starttls", "tls", "plain":
	default:
		doc.Report(0, "notify.smtp.security: want starttls, tls or plain, got %q", n.SMTP.Security)
	}
}
