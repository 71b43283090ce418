package pages

import (
	"crypto/rand"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// field is one input of a form. What it is called and how it is explained stand in the messages, under desk.field.
type field struct {
	name    string
	kind    fieldKind
	options []string // of a choice; their names stand in the messages, under desk.option
	need    bool
	value   string
}

// fieldKind is what a field holds, and so how it is shown and sent.
type fieldKind string

const (
	lineField   fieldKind = "line"
	textField   fieldKind = "text" // several lines
	timeField   fieldKind = "time" // a local time of the pages' zone; the API gets it with its offset
	dateField   fieldKind = "date"
	numberField fieldKind = "number"
	choiceField fieldKind = "choice"
	checkField  fieldKind = "check"
	placeField  fieldKind = "place"  // two inputs: how much of the town, and its id
	hiddenField fieldKind = "hidden" // as it was shown
)

// localTime is how browsers write a time in a form.
const localTime = "2006-01-02T15:04"

// form is a form that does one thing.
type form struct {
	Verb    string // what it does, and the end of where it is sent
	Action  string
	Fields  []shownField
	Version int64
	Key     string // so that sent twice it is done once; empty: doing it twice does no harm, or is refused
	Open    bool   // it is shown unfolded
}

// shownField is a field as templates see it.
type shownField struct {
	Name, Kind, Value, Place string
	Options                  []string
	Need                     bool
}

// places are how much of a town something concerns.
var places = []string{"household", "riser", "building", "substation", "everywhere"}

// form makes a form of its fields. One that was just sent and refused keeps what was in it.
func (r *request) form(verb, action string, version int64, fields ...field) form {
	f := form{Verb: verb, Action: action, Version: version}
	sent := r.Request.Method == http.MethodPost && r.Request.URL.Path == action
	f.Open = sent
	for _, one := range fields {
		s := shownField{Name: one.name, Kind: string(one.kind), Value: one.value, Options: one.options, Need: one.need}
		if one.kind == placeField {
			s.Options, s.Place = places, r.Query(one.name)
			if s.Value == "" {
				s.Value = r.Query(one.name + "_id")
			}
		}
		if sent {
			s.Value = r.PostForm(one.name)
			if one.kind == placeField {
				s.Place, s.Value = r.PostForm(one.name), r.PostForm(one.name+"_id")
			}
		}
		f.Fields = append(f.Fields, s)
	}
	return f
}

// once makes a form that opens something do so once, however often it is sent.
func (f form) once(r *request) form {
	if f.Key = r.PostForm("key"); f.Key == "" {
		f.Key = rand.Text()
	}
	return f
}

// sent is what the fields of a form came with, as the API takes it. A field that was left empty is left out.
func (r *request) sent(fields ...field) map[string]any {
	body := map[string]any{}
	if v, err := strconv.ParseInt(r.PostForm("version"), 10, 64); err == nil && v > 0 {
		body["version"] = v
	}
	if key := r.PostForm("key"); key != "" {
		r.Request.Header.Set("Idempotency-Key", key)
	}
	for _, f := range fields {
		text := strings.TrimSpace(r.PostForm(f.name))
		switch {
		case f.kind == checkField:
			body[f.name] = text != ""
		case f.kind == placeField:
			place := map[string]string{"kind": text}
			if id := strings.TrimSpace(r.PostForm(f.name + "_id")); id != "" && text != "everywhere" {
				place["id"] = id
			}
			body[f.name] = place
		case text == "" && f.kind != textField: // words are sent even if there are none: some of the API's forms want to see that
		case f.kind == timeField:
			body[f.name] = r.withOffset(text)
		case f.kind == numberField:
			body[f.name] = text
			if n, err := strconv.ParseFloat(text, 64); err == nil {
				body[f.name] = n
			}
		default:
			body[f.name] = text
		}
	}
	return body
}

// withOffset is a local time of the pages' zone as the API takes it. What is no time stays, for the API to complain of.
func (r *request) withOffset(text string) string {
	for _, layout := range []string{localTime, localTime + ":05"} {
		if at, err := time.ParseInLocation(layout, text, r.pages.options.Zone); err == nil {
			return at.Format(time.RFC3339)
		}
	}
	return text
}

// local is a time as a form's field has it.
func (r *request) local(at time.Time) string { return at.In(r.pages.options.Zone).Format(localTime) }
