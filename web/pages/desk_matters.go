package pages

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// deskMatter is anything that people open, act on and close: a stoppage, an exemption, a sampling, a dispute.
type deskMatter struct {
	ID       string
	Place    struct{ Kind, ID string }
	State    string
	Version  int64
	OpenedAt time.Time `json:"opened_at"`
	About    map[string]any
	Timeline []happened
}

// when is a time that is known of a matter; zero: it is not.
func (m *deskMatter) when(name string) time.Time {
	text, _ := m.About[name].(string)
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return at
}

// text is a text that is known of a matter.
func (m *deskMatter) text(name string) string {
	text, _ := m.About[name].(string)
	return text
}

// matterKind is how one kind of matters is listed, opened and worked on.
type matterKind struct {
	name   string // in the messages
	at     string // where its pages are, and at the end of /api/v1
	who    []string
	states []string // that are asked for; the first is what the list shows at first, if asked for nothing
	about  []string // what is known of one, in the order in which it is shown
	open   *matterOpening
	verbs  []matterVerb
	// path is where the API takes something that is done to one; nil: under its own address.
	path func(m *deskMatter, verb string) string
	// inside is the field of the API's answer in which one stands; empty: the answer is one.
	inside string
	// more is what its page shows besides.
	more func(r *request, m *deskMatter) (any, error)
	// proofs: the API serves the files that one names under its own address; else they are called by their digests.
	proofs bool
}

// matterOpening is how one is opened.
type matterOpening struct {
	verb   string
	who    []string
	fields func(r *request) []field
	body   func(body map[string]any)
}

// matterVerb is something done to one, by whom and in which states.
type matterVerb struct {
	verb   string
	who    []string
	states []string
	fields func(r *request, m *deskMatter) []field
	body   func(body map[string]any)
}

func words(_ *request, _ *deskMatter) []field {
	return []field{{name: "text", kind: textField, need: true}}
}

func note(_ *request, _ *deskMatter) []field { return []field{{name: "text", kind: textField}} }

func (k *matterKind) api() string { return "/api/v1" + strings.TrimPrefix(k.at, "/desk") }

// pages are the kind's: the list, one matter, opening one and acting on one.
func (k *matterKind) pages() []page {
	actors := slices.Clone(k.who)
	all := []page{
		{method: http.MethodGet, pattern: k.at, who: k.who, do: k.list},
		{method: http.MethodGet, pattern: k.at + "/:id", who: k.who, do: k.show},
		{method: http.MethodPost, pattern: k.at + "/:id/:verb", who: actors, do: k.act},
	}
	if k.open != nil {
		all = append(all, page{method: http.MethodPost, pattern: k.at, who: k.open.who, do: k.begin})
	}
	return all
}

// matterRow is a matter in a list.
type matterRow struct {
	deskMatter
	Path  string
	Facts []fact
	Home  deskHome
	Due   *dueClock // that runs on it
}

// fact is something known of a matter, by the name of what it is.
type fact struct {
	Name  string
	Text  string
	At    time.Time
	Links []string // to files
}

// matterListData is a list of matters.
type matterListData struct {
	Kind   string
	At     string
	State  string
	States []string
	About  []string
	Rows   []matterRow
	Next   string
	Open   *form
}

func (k *matterKind) list(r *request) error {
	data := matterListData{Kind: k.name, At: k.at, States: k.states, State: r.Query("state"), About: k.about}
	query := url.Values{"limit": {"50"}}
	for _, name := range []string{"state", "cursor", "household"} {
		if v := r.Query(name); v != "" {
			query.Set(name, v)
		}
	}
	var found struct {
		Items []deskMatter
		Next  string
	}
	if err := r.get(k.api()+"?"+query.Encode(), &found); err != nil {
		return err
	}
	var ids []string
	for _, m := range found.Items {
		if m.Place.Kind == "household" {
			ids = append(ids, m.Place.ID)
		}
	}
	homes := r.deskHomes(ids)
	for _, m := range found.Items {
		data.Rows = append(data.Rows, matterRow{
			deskMatter: m, Path: k.at + "/" + url.PathEscape(m.ID), Facts: k.facts(r, &m), Home: homes.Of(m.Place.ID), Due: running(&m),
		})
	}
	if found.Next != "" {
		query.Set("cursor", found.Next)
		data.Next = k.at + "?" + query.Encode()
	}
	if r.partial() {
		return r.show("desk_matter_rows.html", "", data)
	}
	data.Open = k.opening(r)
	return r.show("desk_matters.html", r.say("desk.page."+k.name), data)
}

// longestStoppage is how long a planned stoppage lasts at most to be exempt (A7.2.2.5).
const longestStoppage = 6 * time.Hour

// running is the clock of a stoppage that has begun and has not ended.
func running(m *deskMatter) *dueClock {
	start := m.when("start")
	if _, planned := m.About["planned"]; !planned || m.State != "announced" || start.IsZero() {
		return nil
	}
	return &dueClock{Due: start.Add(longestStoppage), State: "running"}
}

// opening is the form that opens one; nil for those who may not.
func (k *matterKind) opening(r *request) *form {
	if k.open == nil || !slices.Contains(k.open.who, r.who.Role) {
		return nil
	}
	f := r.form(k.open.verb, k.at, 0, k.open.fields(r)...).once(r)
	f.Open = f.Open || r.Query("household") != "" || r.Query("place_id") != ""
	return &f
}

// facts is what is known of a matter.
func (k *matterKind) facts(r *request, m *deskMatter) (all []fact) {
	for _, name := range k.about {
		v, ok := m.About[name]
		if !ok || v == nil {
			continue
		}
		f := fact{Name: name}
		switch v := v.(type) {
		case bool:
			f.Text = r.say("desk.no")
			if v {
				f.Text = r.say("desk.yes")
			}
		case string:
			if at, err := time.Parse(time.RFC3339, v); err == nil {
				f.At = at
				break
			}
			f.Text = v
			if key := "desk.value." + name + "." + v; r.say(key) != key {
				f.Text = r.say(key)
			}
		case []any:
			if name != "attachments" || !k.proofs {
				f.Text = r.listed(v)
				break
			}
			for _, digest := range v {
				if s, ok := digest.(string); ok {
					f.Links = append(f.Links, k.api()+"/"+url.PathEscape(m.ID)+"/proofs/"+url.PathEscape(s))
				}
			}
		case map[string]any:
			f.Text = r.listed([]any{v})
		default:
			text, err := json.Marshal(v)
			if err != nil {
				continue
			}
			f.Text = string(text)
		}
		if f.Text != "" || !f.At.IsZero() || f.Links != nil {
			all = append(all, f)
		}
	}
	return all
}

// listed is a list of things in words: each as its parts, by name.
func (r *request) listed(all []any) string {
	var lines []string
	for _, one := range all {
		parts, ok := one.(map[string]any)
		if !ok {
			text, _ := one.(string)
			lines = append(lines, text)
			continue
		}
		var said []string
		for _, name := range []string{"kind", "id", "by", "room", "celsius", "start", "end", "confirm", "uphold", "reject", "outcome"} {
			switch v := parts[name].(type) {
			case string:
				if at, err := time.Parse(time.RFC3339, v); err == nil {
					v = r.pages.moment(at)
				}
				said = append(said, r.say("desk.part."+name)+" "+v)
			case float64:
				text, err := json.Marshal(v)
				if err == nil {
					said = append(said, string(text)+" °C")
				}
			case []any:
				said = append(said, r.say("desk.part."+name)+" "+r.listed(v))
			case map[string]any:
				said = append(said, r.listed([]any{v}))
			}
		}
		lines = append(lines, strings.Join(said, " "))
	}
	return strings.Join(lines, "；")
}

// matterData is one matter's page.
type matterData struct {
	Kind   string
	At     string
	Matter deskMatter
	Facts  []fact
	Home   deskHome
	Forms  []form
	Due    *dueClock
	More   any
}

func (k *matterKind) find(r *request) (m deskMatter, err error) {
	var answered json.RawMessage
	if err := r.get(k.api()+"/"+url.PathEscape(r.Param("id")), &answered); err != nil {
		return m, err
	}
	return k.read(answered)
}

// read takes one out of an answer of the API.
func (k *matterKind) read(answered json.RawMessage) (m deskMatter, err error) {
	if k.inside != "" {
		parts := map[string]json.RawMessage{}
		if err := json.Unmarshal(answered, &parts); err != nil {
			return m, err
		}
		answered = parts[k.inside]
	}
	return m, json.Unmarshal(answered, &m)
}

func (k *matterKind) show(r *request) error { return k.shown(r, nil) }

func (k *matterKind) shown(r *request, wrong error) error {
	m, err := k.find(r)
	if err != nil {
		return err
	}
	data := matterData{Kind: k.name, At: k.at, Matter: m, Facts: k.facts(r, &m), Due: running(&m)}
	if m.Place.Kind == "household" {
		data.Home = r.deskHome(m.Place.ID)
	}
	for _, v := range k.verbs {
		if slices.Contains(v.states, m.State) && slices.Contains(v.who, r.who.Role) {
			data.Forms = append(data.Forms, r.form(v.verb, k.at+"/"+url.PathEscape(m.ID)+"/"+v.verb, m.Version, v.fields(r, &m)...))
		}
	}
	if k.more != nil {
		if data.More, err = k.more(r, &m); err != nil {
			return err
		}
	}
	title := r.say("desk.one."+k.name) + " " + m.ID
	if wrong != nil {
		return r.again(wrong, "desk_matter.html", title, data)
	}
	if r.partial() {
		return r.show("desk_matter_now.html", "", data)
	}
	return r.show("desk_matter.html", title, data)
}

// begin opens one.
func (k *matterKind) begin(r *request) error {
	body := r.sent(k.open.fields(r)...)
	if k.open.body != nil {
		k.open.body(body)
	}
	var answered json.RawMessage
	if err := r.post(k.api(), body, &answered); err != nil {
		return r.again(err, "desk_form.html", r.say("desk.verb."+k.open.verb), *k.opening(r))
	}
	m, err := k.read(answered)
	if err != nil {
		return err
	}
	return r.to(k.at + "/" + url.PathEscape(m.ID))
}

// act does something to one.
func (k *matterKind) act(r *request) error {
	for _, v := range k.verbs {
		if v.verb != r.Param("verb") || !slices.Contains(v.who, r.who.Role) {
			continue
		}
		m, err := k.find(r)
		if err != nil {
			return err
		}
		body := r.sent(v.fields(r, &m)...)
		if v.body != nil {
			v.body(body)
		}
		path := k.api() + "/" + url.PathEscape(m.ID) + "/" + v.verb
		if k.path != nil {
			path = k.path(&m, v.verb)
		}
		if err := r.post(path, body, nil); err != nil {
			return k.shown(r, err)
		}
		return r.to(k.at + "/" + url.PathEscape(m.ID))
	}
	return &Problem{Status: http.StatusNotFound}
}
