package pages

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// Who is who looks at a page, as GET /api/v1/session says.
type Who struct {
	Role  string `json:"role"`
	Name  string `json:"name"`
	ID    string `json:"id"`
	CSRF  string `json:"csrf"`
	Homes []struct {
		Household string     `json:"household"`
		From      *time.Time `json:"from"`
		Until     *time.Time `json:"until"`
		Delegated bool       `json:"delegated"`
		MayReport bool       `json:"may_report"`
	} `json:"homes"`
}

// SignedIn reports whether somebody is.
func (w Who) SignedIn() bool { return w.Role != "" }

// request is one look at a page.
type request struct {
	*gin.Context
	pages *Pages
	who   Who
	lang  Lang
}

// handler makes a page's handler of gin's.
func (s *Pages) handler(p page) gin.HandlerFunc {
	return func(c *gin.Context) {
		r := &request{Context: c, pages: s, lang: langOf(c.Request)}
		if err := r.run(p); err != nil {
			r.fail(err)
		}
	}
}

// maxForm bounds a form without files, in bytes: more than the longest text that the API takes, encoded.
const maxForm = 128 << 10

// run finds out who looks, and lets the page answer.
func (r *request) run(p page) error {
	most := cmp.Or(p.most, maxForm)
	if r.Request.ContentLength > most {
		return &Problem{Status: http.StatusRequestEntityTooLarge}
	}
	r.Request.Body = http.MaxBytesReader(r.Writer, r.Request.Body, most)
	if _, err := r.Request.Cookie("nuanju"); err == nil || strings.Contains(r.Request.Header.Get("Cookie"), "nuanju=") {
		if err := r.get("/api/v1/session", &r.who); err != nil {
			if problem := asProblem(err); problem == nil || problem.Status != http.StatusUnauthorized {
				return err
			}
		}
	}
	switch {
	case p.public:
	case !r.who.SignedIn() && r.Request.Method == http.MethodGet:
		r.Redirect(http.StatusSeeOther, "/sign-in?next="+url.QueryEscape(r.Request.URL.RequestURI()))
		return nil
	case !r.who.SignedIn():
		return &Problem{Status: http.StatusUnauthorized}
	case !slices.Contains(p.who, r.who.Role):
		return &Problem{Status: http.StatusForbidden}
	}
	return p.do(r)
}

// get asks the API and reads what it answers.
func (r *request) get(path string, into any) error {
	a, err := ask(r.pages.options.API, r.Request, "", http.MethodGet, path, "", nil)
	if err != nil {
		return err
	}
	return json.Unmarshal(a.body.Bytes(), into)
}

// post sends JSON to the API with the form's token, and reads what it answers if into is not nil.
func (r *request) post(path string, body, into any) error {
	return r.send(http.MethodPost, path, body, into)
}

// exchange sends JSON, or nothing, and gives back the whole answer.
func (r *request) exchange(method, path string, body any) (*answer, error) {
	if body == nil {
		return ask(r.pages.options.API, r.Request, r.csrf(), method, path, "", nil)
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return ask(r.pages.options.API, r.Request, r.csrf(), method, path, "application/json", bytes.NewReader(text))
}

// send is post with another method.
func (r *request) send(method, path string, body, into any) error {
	a, err := r.exchange(method, path, body)
	if err != nil || into == nil || a.body.Len() == 0 {
		return err
	}
	return json.Unmarshal(a.body.Bytes(), into)
}

// forward sends a body as it is, of an upload say.
func (r *request) forward(method, path, contentType string, body io.Reader, into any) error {
	a, err := ask(r.pages.options.API, r.Request, r.csrf(), method, path, contentType, body)
	if err != nil || into == nil || a.body.Len() == 0 {
		return err
	}
	return json.Unmarshal(a.body.Bytes(), into)
}

// csrf is the token that the form sent, or htmx in a header. The API compares it.
func (r *request) csrf() string {
	if t := r.GetHeader("X-CSRF-Token"); t != "" {
		return t
	}
	return r.PostForm("csrf")
}

// now is the server's time.
func (r *request) now() time.Time { return r.pages.options.Clock() }

// say is a text in the language of whoever looks.
func (r *request) say(key string, args ...any) string {
	return r.pages.messages.say(r.lang, key, args...)
}

// to sends the browser on after something was done; htmx too.
func (r *request) to(path string) error {
	r.Redirect(http.StatusSeeOther, path)
	return nil
}

// partial reports whether htmx asks for a part of the page only.
func (r *request) partial() bool { return r.GetHeader("HX-Request") == "true" }

// here is a path of this site that a parameter names, or another one: no page sends anybody elsewhere.
func here(path, otherwise string) string {
	u, err := url.Parse(path)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(path, "//") || strings.Contains(path, "\\") {
		return otherwise
	}
	return path
}
