package notify

import (
	"embed"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Message names what is said; messages/zh.json and en.json have its words.
type Message string

// The messages.
const (
	TicketFiled       Message = "ticket_filed"
	TicketNoted       Message = "ticket_noted"
	EmergencyFiled    Message = "emergency_filed"
	TicketReplied     Message = "ticket_replied"
	TicketUpdated     Message = "ticket_updated"
	TicketResolved    Message = "ticket_resolved"
	TicketReopened    Message = "ticket_reopened"
	VisitAppointed    Message = "visit_appointed"
	ReplyDueSoon      Message = "reply_due_soon"
	UpdateDueSoon     Message = "update_due_soon"
	TargetDueSoon     Message = "target_due_soon"
	ReplyBreached     Message = "reply_breached"
	UpdateBreached    Message = "update_breached"
	TicketEscalated   Message = "ticket_escalated"
	FindingOpened     Message = "finding_opened"
	IncidentOpened    Message = "incident_opened"
	SignInCode        Message = "sign_in_code"
	DelegateInvited   Message = "delegate_invited"
	TestResult        Message = "test_result"
	ExemptionClaimed  Message = "exemption_claimed"
	MatterContested   Message = "matter_contested"
	StoppageAnnounced Message = "stoppage_announced"
	StoppageCancelled Message = "stoppage_cancelled"
	HeatRestored      Message = "heat_restored"
	SamplingRequested Message = "sampling_requested"
	NoticeSent        Message = "notice_sent"
	StatementReady    Message = "statement_ready"
)

// Words are what a message's text says and what it needs for that.
type Words struct {
	Subject string   `json:"subject"` // of an e-mail
	Text    string   `json:"text"`    // with values' names in braces
	Values  []string `json:"values"`  // the names
	Path    string   `json:"path"`    // of the page that a link leads to, with values in braces; empty: no link
}

// Text is a message in somebody's language.
type Text struct {
	Subject string
	Body    string // plain text, one line
	Link    string // empty: none
}

// Secret reports whether the message's values are not kept once it was sent.
func (m Message) Secret() bool { return m == SignInCode }

//go:embed messages/zh.json messages/en.json
var messageFiles embed.FS

// Messages is the words of every message by language and name. They come with the program; a test holds them whole.
func Messages() map[string]map[Message]Words {
	all := map[string]map[Message]Words{}
	for _, language := range []string{"zh", "en"} {
		b, err := messageFiles.ReadFile("messages/" + language + ".json")
		words := map[Message]Words{}
		if err == nil {
			err = json.Unmarshal(b, &words)
		}
		if err != nil { // the files are part of the program
			panic(fmt.Sprintf("notify: messages/%s.json: %v", language, err))
		}
		all[language] = words
	}
	return all
}

// Writer writes messages in people's languages.
type Writer struct {
	words  map[string]map[Message]Words
	zone   *time.Location
	public string // base URL of the pages; empty: no links
}

// NewWriter makes a writer that shows times in the zone and leads to pages under a base URL, such as https://heating.example; without
// one there are no links.
func NewWriter(zone *time.Location, public string) *Writer {
	return &Writer{Messages(), zone, strings.TrimSuffix(public, "/")}
}

// maxValue bounds a value in a text, in characters: what somebody wrote at length is on the page.
const maxValue = 60

// Write is a message's text. An unknown language is taken for zh. An error says which message or value is missing.
func (w *Writer) Write(language string, m Message, values map[string]string) (Text, error) {
	if language != "en" {
		language = "zh"
	}
	words, ok := w.words[language][m]
	if !ok {
		return Text{}, fmt.Errorf("there is no message %q", m)
	}
	pairs, plain := make([]string, 0, 2*len(words.Values)), make([]string, 0, 2*len(words.Values))
	for _, name := range words.Values {
		v, ok := values[name]
		if !ok {
			return Text{}, fmt.Errorf("message %q lacks its value %q", m, name)
		}
		pairs = append(pairs, "{"+name+"}", w.show(language, name, v))
		plain = append(plain, "{"+name+"}", pathPart(v))
	}
	r := strings.NewReplacer(pairs...) // replaces once: a value that looks like a name in braces stays what it is
	t := Text{Subject: r.Replace(words.Subject), Body: r.Replace(words.Text)}
	if words.Path != "" && w.public != "" {
		t.Link = w.public + strings.NewReplacer(plain...).Replace(words.Path)
	}
	return t, nil
}

// show is a value as a text has it: times in the zone, word lists in the language, everything else on one line and not too long.
func (w *Writer) show(language, name, value string) string {
	if strings.HasSuffix(name, "_at") {
		if t, err := time.Parse(time.RFC3339, value); err == nil {
			return t.In(w.zone).Format(map[string]string{"zh": "1月2日15:04", "en": "2 Jan 15:04"}[language])
		}
	}
	if word, ok := terms[name+"="+value]; ok {
		return word[map[string]int{"zh": 0, "en": 1}[language]]
	}
	return bounded(oneLine(value), maxValue)
}

// terms are values that have words in each language.
var terms = map[string][2]string{
	"kind=low_temperature":   {"温度不达标", "too cold"},
	"kind=no_heat":           {"不热", "no heat"},
	"kind=leak":              {"漏水", "a leak"},
	"kind=other":             {"其他", "other"},
	"kind=finding":           {"监测发现", "found by the monitor"},
	"kind=hazard":            {"隐患或违规", "a hazard or violation"},
	"kind=filling":           {"注水试压", "filling or a pressure test"},
	"kind=change":            {"电话、价格或办事程序变更", "numbers, prices or procedures"},
	"kind=stoppage":          {"停热或恢复供热", "a stoppage or restoration"},
	"clock=reply":            {"一小时答复", "one-hour reply"},
	"clock=update":           {"六小时告知", "six-hour update"},
	"clock=target":           {"内部处理", "internal target"},
	"finding=noncompliant":   {"不达标", "below the standard"},
	"finding=compliant":      {"达标", "at the standard"},
	"finding=not_applicable": {"不适用", "not applicable"},
}

// oneLine is a text without line breaks and other control characters.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "�"), func(r rune) bool { return unicode.IsControl(r) || r == ' ' || r == '\u2028' || r == '\u2029' }), " ")
}

// bounded is a text of at most so many characters.
func bounded(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// pathPart is a value as a path has it.
func pathPart(s string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
