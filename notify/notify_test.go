package notify

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/nuanju/nuanju/sensors"
)

var beijing = time.FixedZone("CST", 8*3600)

// Both languages have the same messages, of the same values and pages; every value in braces is one, and every one is in a text or its page.
func TestBothLanguagesSayTheSame(t *testing.T) {
	all := Messages()
	names := slices.Sorted(maps.Keys(all["zh"]))
	if len(names) < 20 || !slices.Equal(names, slices.Sorted(maps.Keys(all["en"]))) {
		t.Fatalf("zh has %v, en %v", names, slices.Sorted(maps.Keys(all["en"])))
	}
	braces := regexp.MustCompile(`\{([a-z_]+)\}`)
	for _, m := range names {
		zh, en := all["zh"][m], all["en"][m]
		if !slices.Equal(zh.Values, en.Values) || zh.Path != en.Path {
			t.Errorf("%s: zh and en differ in values or page", m)
		}
		for language, words := range map[string]Words{"zh": zh, "en": en} {
			used := map[string]bool{}
			for _, found := range braces.FindAllStringSubmatch(words.Subject+words.Text+words.Path, -1) {
				used[found[1]] = true
			}
			want := map[string]bool{}
			for _, v := range words.Values {
				want[v] = true
			}
			if !maps.Equal(used, want) || words.Subject == "" || words.Text == "" {
				t.Errorf("%s %s: it uses %v and is given %v", language, m, used, want)
			}
		}
	}
}

// A text message in Chinese is one or two parts, of 67 characters each, whatever anybody wrote into a ticket.
func TestTextsAreShort(t *testing.T) {
	w := NewWriter(beijing, "")
	for m, words := range Messages()["zh"] {
		values := map[string]string{}
		for _, v := range words.Values {
			switch {
			case strings.HasSuffix(v, "_at"):
				values[v] = "2015-12-31T23:59:59+08:00"
			case v == "text":
				values[v] = strings.Repeat("冷", 2000)
			case v == "kind":
				values[v] = "low_temperature"
			default:
				values[v] = "T" + strings.Repeat("X", 20)
			}
		}
		text, err := w.Write("zh", m, values)
		if n := utf8.RuneCountInString(text.Body); err != nil || n > 134 || strings.ContainsAny(text.Body, "{}\n") {
			t.Errorf("%s: %d characters, %v: %s", m, n, err, text.Body)
		}
	}
}

func TestWrite(t *testing.T) {
	w := NewWriter(beijing, "https://heating.example/")
	for _, c := range []struct {
		language string
		message  Message
		values   map[string]string
		want     string
		link     string
	}{
		{
			"zh", TicketFiled,
			map[string]string{"ticket": "T1", "kind": "leak", "household": "b2/h3", "due_at": "2015-12-01T01:00:00Z"},
			"【暖据】新报修 T1：漏水，户号 b2/h3。请于 12月1日09:00 前答复。", "https://heating.example/desk/tickets/T1",
		},
		{
			"en", TicketReplied,
			map[string]string{"ticket": "T 1/?", "text": "line 1\r\nline {ticket}\x00\u2028<b>3</b>"},
			"Your report T 1/? has a reply: line 1 line {ticket} <b>3</b>", "https://heating.example/tickets/T%201%2F%3F",
		},
		{"fr", SignInCode, map[string]string{"code": "012345"}, "【暖据】验证码 012345，5 分钟内有效。请勿告知他人。", ""},
	} {
		got, err := w.Write(c.language, c.message, c.values)
		if err != nil || got.Body != c.want || got.Link != c.link {
			t.Errorf("got %+v, %v\nwant %s %s", got, err, c.want, c.link)
		}
	}
	if _, err := w.Write("zh", SignInCode, nil); err == nil || !strings.Contains(err.Error(), `"code"`) {
		t.Errorf("without its value: %v", err)
	}
	if _, err := w.Write("zh", "no such", nil); err == nil {
		t.Error("an unknown message was written")
	}
}

// Any values make one line of bounded length without a control character.
func TestTextsOfAnyValues(t *testing.T) {
	w := NewWriter(beijing, "https://heating.example")
	rapid.Check(t, func(t *rapid.T) {
		values := map[string]string{"ticket": rapid.String().Draw(t, "ticket"), "text": rapid.String().Draw(t, "text")}
		text, err := w.Write(rapid.SampledFrom([]string{"zh", "en"}).Draw(t, "language"), TicketReplied, values)
		if err != nil || utf8.RuneCountInString(text.Body) > 200 || !utf8.ValidString(text.Body) || strings.ContainsFunc(text.Body, unicode.IsControl) {
			t.Fatalf("%q, %v", text.Body, err)
		}
		if strings.ContainsFunc(text.Link, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Fatalf("link %q", text.Link)
		}
	})
}

func TestAlertsAreChecked(t *testing.T) {
	good := Alert{Key: "k", To: Audience{OnCall, Desk}, Message: FindingOpened, Values: map[string]string{"ticket": "T1", "household": "h1"}}
	if err := good.Check(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Alert){
		"no key":            func(a *Alert) { a.Key = "" },
		"nobody":            func(a *Alert) { a.To.ID = "" },
		"no such audience":  func(a *Alert) { a.To.Kind = "all" },
		"no such message":   func(a *Alert) { a.Message = "x" },
		"without a value":   func(a *Alert) { a.Values = map[string]string{"ticket": "T1"} },
		"with a long value": func(a *Alert) { a.Values["household"] = strings.Repeat("x", maxGiven+1) },
	} {
		a := good
		a.Values = maps.Clone(good.Values)
		change(&a)
		if a.Check() == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// What becomes of a notification: how long it waits after each failure, and when it is given up.
func TestOutcome(t *testing.T) {
	now := sensors.At(time.Date(2015, 12, 1, 0, 0, 0, 0, time.UTC))
	away := errors.New("away")
	for _, c := range []struct {
		attempts int
		until    time.Duration // 0: none
		err      error
		state    State
		wait     time.Duration
	}{
		{1, 0, nil, Sent, 0},
		{1, 0, away, Waiting, 10 * time.Second},
		{2, 0, away, Waiting, 20 * time.Second},
		{7, 0, away, Waiting, 640 * time.Second},
		{8, 0, away, Waiting, 15 * time.Minute},
		{19, 0, away, Waiting, 15 * time.Minute},
		{20, 0, away, GivenUp, 0},
		{20, 0, nil, Sent, 0},
		{1, 0, &Refusal{"no such number"}, Failed, 0},
		{1, 0, &Later{"busy", time.Minute}, Waiting, time.Minute},
		{3, 0, &Later{"busy", time.Second}, Waiting, 40 * time.Second},
		{1, 0, &Later{"busy", 48 * time.Hour}, Waiting, time.Hour},
		{1, 10 * time.Second, away, Waiting, 10 * time.Second},
		{1, 9 * time.Second, away, GivenUp, 0},
	} {
		n := Notification{Attempts: c.attempts, State: Waiting}
		if c.until != 0 {
			n.Until = now.Add(c.until)
		}
		got := outcome(n, c.err, now, 0.5)
		if got.State != c.state || got.NextAt != now.Add(c.wait) || (got.DoneAt != 0) != (c.state != Waiting) || (got.Error == "") != (c.err == nil) {
			t.Errorf("%+v: got %+v", c, got)
		}
	}
}

// Whatever chance says, a delay lies within a fifth of its own, and the attempts of a gateway that is away for ten minutes are not used up.
func TestDelays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all time.Duration
		for i := 1; i < MaxAttempts; i++ {
			plain, d := delay(i, 0.5), delay(i, rapid.Float64Range(0, 0.9999).Draw(t, fmt.Sprint(i)))
			if d < plain*8/10 || d > plain*12/10 {
				t.Fatalf("attempt %d: %v, plainly %v", i, d, plain)
			}
			all += d
		}
		if all < 2*time.Hour {
			t.Fatalf("given up after %v", all)
		}
	})
}
