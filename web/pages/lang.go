package pages

import (
	"embed"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

//go:embed messages/*.json
var messageFiles embed.FS

// Lang is a language of the pages.
type Lang string

// The languages. Chinese comes first.
const (
	ZH Lang = "zh"
	EN Lang = "en"
)

// messages are every text by language and key.
type messages map[Lang]map[string]string

func readMessages() (messages, error) {
	all := messages{}
	for _, l := range []Lang{ZH, EN} {
		text, err := messageFiles.ReadFile("messages/" + string(l) + ".json")
		if err != nil {
			return nil, err
		}
		some := map[string]string{}
		if err := json.Unmarshal(text, &some); err != nil {
			return nil, fmt.Errorf("messages/%s.json: %w", l, err)
		}
		all[l] = some
	}
	return all, nil
}

// say is the text of a key, with {0}, {1} … replaced. A key that nobody wrote shows itself, and fails a test.
func (m messages) say(l Lang, key string, args ...any) string {
	text, ok := m[l][key]
	if !ok {
		return key
	}
	for i, a := range args {
		text = strings.ReplaceAll(text, fmt.Sprintf("{%d}", i), fmt.Sprint(a))
	}
	return text
}

const langCookie = "lang"

// langOf is the language that somebody chose, or their browser's, or Chinese.
func langOf(r *http.Request) Lang {
	if c, err := r.Cookie(langCookie); err == nil {
		switch l := Lang(c.Value); l {
		case ZH, EN:
			return l
		}
	}
	for part := range strings.SplitSeq(r.Header.Get("Accept-Language"), ",") {
		tag, _, _ := strings.Cut(strings.TrimSpace(part), ";")
		switch base, _, _ := strings.Cut(strings.ToLower(tag), "-"); base {
		case "zh":
			return ZH
		case "en":
			return EN
		}
	}
	return ZH
}
