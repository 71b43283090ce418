package pages

import (
	"net/http"
	"time"
)

// signInPages are signing in and out, the way in by role, and what everybody may ask for.
func signInPages() []page {
	return []page{
		{method: http.MethodGet, pattern: "/", public: true, do: front},
		{method: http.MethodGet, pattern: "/sign-in", public: true, do: signInForm},
		{method: http.MethodPost, pattern: "/sign-in", public: true, do: signIn},
		{method: http.MethodPost, pattern: "/sign-in/code", public: true, do: askForCode},
		{method: http.MethodPost, pattern: "/sign-out", public: true, do: signOut},
		{method: http.MethodGet, pattern: "/lang/:lang", public: true, do: chooseLang},
		{method: http.MethodGet, pattern: "/events", who: everybody, do: events},
	}
}

// The roles that pages are for.
var everybody = []string{"resident", "dispatcher", "billing", "tester", "mediator", "auditor", "admin"}

// ways in, by role.
var fronts = map[string]string{
	"resident": "/home", "dispatcher": "/desk", "admin": "/desk", "tester": "/tests", "billing": "/billing", "auditor": "/audit", "mediator": "/disputes",
}

// front sends everybody to their own first page.
func front(r *request) error {
	if at, ok := fronts[r.who.Role]; ok {
		return r.to(at)
	}
	return r.to("/sign-in")
}

// signInData is what the page of signing in shows.
type signInData struct {
	Next      string
	Challenge string // a code was sent; it is asked for
}

func signInForm(r *request) error {
	if r.who.SignedIn() {
		return front(r)
	}
	return r.show("sign_in.html", r.say("sign_in.title"), signInData{Next: here(r.Query("next"), "/")})
}

// signIn is the second step of residents and the only one of staff.
func signIn(r *request) error {
	data := signInData{Next: here(r.PostForm("next"), "/"), Challenge: r.PostForm("challenge")}
	body := map[string]string{"name": r.PostForm("name"), "password": r.PostForm("password")}
	if data.Challenge != "" {
		body = map[string]string{"challenge": data.Challenge, "code": r.PostForm("code")}
	}
	a, err := r.exchange(http.MethodPost, "/api/v1/session", body)
	if err != nil {
		return r.again(err, "sign_in.html", r.say("sign_in.title"), data)
	}
	takeCookies(r, a)
	return r.to(data.Next)
}

func askForCode(r *request) error {
	data := signInData{Next: here(r.PostForm("next"), "/")}
	var sent struct {
		Challenge string `json:"challenge"`
	}
	if err := r.post("/api/v1/session/code", map[string]string{"account": r.PostForm("account"), "name": r.PostForm("name")}, &sent); err != nil {
		return r.again(err, "sign_in.html", r.say("sign_in.title"), data)
	}
	data.Challenge = sent.Challenge
	return r.show("sign_in.html", r.say("sign_in.title"), data)
}

func signOut(r *request) error {
	path := "/api/v1/session"
	if r.PostForm("everywhere") != "" {
		path += "?everywhere=true"
	}
	a, err := r.exchange(http.MethodDelete, path, nil)
	if p := asProblem(err); err != nil && (p == nil || p.Status != http.StatusUnauthorized) {
		return err
	}
	if a != nil {
		takeCookies(r, a)
	}
	return r.to("/sign-in")
}

func takeCookies(r *request, a *answer) {
	for _, c := range a.header.Values("Set-Cookie") {
		r.Writer.Header().Add("Set-Cookie", c)
	}
}

// chooseLang keeps a language and goes back to where it was chosen.
func chooseLang(r *request) error {
	l := Lang(r.Param("lang"))
	if l != ZH && l != EN {
		return &Problem{Status: http.StatusNotFound}
	}
	http.SetCookie(r.Writer, &http.Cookie{
		Name: langCookie, Value: string(l), Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()), HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
	return r.to(here(r.Query("next"), "/"))
}
