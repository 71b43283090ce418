package pages

import (
	"bytes"
	"crypto/rand"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"
)

//go:embed templates/*.html
var templateFiles embed.FS

// view is what every template is given.
type view struct {
	r     *request
	Who   Who
	Lang  Lang
	Title string
	Data  any
	// Wrong is what the API says is wrong with a form, by field; under "" what belongs to none.
	Wrong map[string]string
	// Here is the page's own address.
	Here string
}

// T is a text in the page's language.
func (v view) T(key string, args ...any) string { return v.r.say(key, args...) }

// Path is the page's path without its query.
func (v view) Path() string { return v.r.Request.URL.Path }

// Form is what was sent in a field of the form that is shown again.
func (v view) Form(field string) string { return v.r.Request.PostForm.Get(field) }

// Now is the server's time.
func (v view) Now() time.Time { return v.r.now() }

// Key is a new key for a form that is to do its work once, however often it is sent.
func (v view) Key() string { return rand.Text() }

// Grafana is where dashboards are; empty: nowhere.
func (v view) Grafana() string { return v.r.pages.options.Grafana }

// Version is what the program calls itself.
func (v view) Version() string { return v.r.pages.options.Version }

// Signed reports whether the evidence log has a checkpoint to show.
func (v view) Signed() bool {
	signed := v.r.pages.options.Signed
	return signed != nil && signed()
}

// With is the same view with other data, for a part of a page.
func (v view) With(data any) view {
	v.Data = data
	return v
}

// parse reads the templates. Each page is a template of its own name that fills "base".
func (s *Pages) parse() (*template.Template, error) {
	return template.New("").Funcs(template.FuncMap{
		"asset":   s.assets.path,
		"clock":   s.clockTime,
		"day":     s.dayTime,
		"moment":  s.moment,
		"iso":     func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"celsius": func(v float64) string { return fmt.Sprintf("%.1f", v) },
		"exact":   func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) },
		"yuan":    yuan,
		"hours":   hours,
		"join":    strings.Join,
		"dict":    dict,
	}).ParseFS(templateFiles, "templates/*.html")
}

// zoned is a time in its own zone if the API gave it one, else in the pages'.
func (s *Pages) zoned(t time.Time) time.Time {
	if t.Location() == time.UTC {
		return t.In(s.options.Zone)
	}
	return t
}

func (s *Pages) clockTime(t time.Time) string { return s.zoned(t).Format("15:04") }

func (s *Pages) dayTime(t time.Time) string { return s.zoned(t).Format("2006-01-02") }

func (s *Pages) moment(t time.Time) string { return s.zoned(t).Format("2006-01-02 15:04") }

// yuan is an amount of fen, as 12.34.
func yuan(fen int64) string {
	sign := ""
	if fen < 0 {
		sign, fen = "−", -fen
	}
	return fmt.Sprintf("%s%d.%02d", sign, fen/100, fen%100)
}

// hours is seconds as hours with one decimal.
func hours(seconds float64) string { return fmt.Sprintf("%.1f", seconds/3600) }

// dict is a map for templates: key, value, key, value …
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict of %d", len(pairs))
	}
	m := make(map[string]any, len(pairs)/2)
	for i := 0; i < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: key %v", pairs[i])
		}
		m[key] = pairs[i+1]
	}
	return m, nil
}

// show answers with a page.
func (r *request) show(template, title string, data any) error {
	return r.showAs(http.StatusOK, template, title, data, nil)
}

// again shows a form again with what is wrong with it. Another error than a problem of what was sent is returned.
func (r *request) again(err error, template, title string, data any) error {
	p := asProblem(err)
	if p == nil || p.Status >= http.StatusInternalServerError || p.Status == http.StatusForbidden {
		return err
	}
	return r.showAs(p.Status, template, title, data, r.wrong(p))
}

// wrong is a problem by field. Of one without fields the detail belongs to none.
func (r *request) wrong(p *Problem) map[string]string {
	wrong := map[string]string{}
	for _, e := range p.Errors {
		field := strings.TrimPrefix(strings.TrimPrefix(e.Location, "body."), "form.")
		if name, ok := strings.CutPrefix(e.Message, "expected required property "); ok { // its location is what it is missing from
			field, e.Message = strings.TrimSuffix(name, " to be present"), r.say("error.needed")
		}
		if field == "body" {
			field = ""
		}
		if at := strings.IndexAny(field, ".["); at > 0 {
			field = field[:at]
		}
		if before := wrong[field]; before != "" {
			wrong[field] = before + "; " + e.Message
		} else {
			wrong[field] = e.Message
		}
	}
	if len(wrong) == 0 {
		wrong[""] = r.explain(p)
	}
	return wrong
}

func (r *request) showAs(status int, name, title string, data any, wrong map[string]string) error {
	v := view{r: r, Who: r.who, Lang: r.lang, Title: title, Data: data, Wrong: wrong, Here: r.Request.URL.RequestURI()}
	var page bytes.Buffer
	if err := r.pages.templates.ExecuteTemplate(&page, name, v); err != nil {
		return err
	}
	r.Data(status, "text/html; charset=utf-8", page.Bytes())
	return nil
}

// fail answers with an error page: what the API said, in plain words, or that something failed here.
func (r *request) fail(err error) {
	p := asProblem(err)
	if p == nil {
		if r.Request.Context().Err() != nil {
			r.Abort()
			return
		}
		r.pages.options.Logger.Error("a page failed", "page", r.FullPath(), "error", err)
		p = &Problem{Status: http.StatusInternalServerError}
	}
	if p.RetryAfter != "" {
		r.Header("Retry-After", p.RetryAfter)
	}
	data := map[string]any{"Status": p.Status, "Text": r.explain(p), "Detail": p.Detail}
	if err := r.showAs(p.Status, "error.html", r.say("error.title"), data, nil); err != nil {
		r.pages.options.Logger.Error("the page of an error failed", "error", err)
		r.AbortWithStatus(p.Status)
	}
}

// explain says in the reader's language what a problem means.
func (r *request) explain(p *Problem) string {
	key := fmt.Sprintf("error.%d", p.Status)
	if _, ok := r.pages.messages[r.lang][key]; ok {
		return r.say(key)
	}
	return r.say("error.other")
}
