package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/nuanju/nuanju/simulate"
	"github.com/nuanju/nuanju/web/signin"
)

// heard is what the server answers. It implements http.ResponseWriter.
type heard struct {
	status int
	header http.Header
	body   bytes.Buffer
}

func (a *heard) Header() http.Header { return a.header }

func (a *heard) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *heard) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// enter signs somebody in.
func (s *story) enter(ctx context.Context, p *person) (secret string, err error) {
	if p.account != "" {
		return s.d.s.door.AdmitStaff(ctx, p.account)
	}
	return s.d.s.door.AdmitResident(ctx, p.number, p.name)
}

// ask sends a request as somebody who signs in for it and out after it.
func (s *story) ask(who *person, method, path, contentType string, body io.Reader) (*heard, error) {
	secret, err := s.enter(s.ctx, who)
	if err != nil {
		return nil, err
	}
	a, err := s.send(method, path, contentType, body, func(r *http.Request) {
		r.AddCookie(s.d.s.door.Cookie(r, secret))
		r.Header.Set("X-CSRF-Token", signin.CSRF(secret))
	})
	return a, errors.Join(err, s.d.s.door.Leave(s.ctx, secret))
}

// send sends a request to the server's handler. An answer of 400 or more is an error with what it says.
func (s *story) send(method, path, contentType string, body io.Reader, as func(*http.Request)) (*heard, error) {
	r, err := http.NewRequestWithContext(s.ctx, method, "http://localhost"+path, body)
	if err != nil {
		return nil, err
	}
	r.RequestURI, r.RemoteAddr = path, "127.0.0.1:1"
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	as(r)
	a := &heard{header: http.Header{}}
	s.d.s.handler.ServeHTTP(a, r)
	if a.status >= http.StatusBadRequest {
		err = fmt.Errorf("%s %s: %d %s", method, path, a.status, bytes.TrimSpace(a.body.Bytes()))
	}
	return a, err
}

// flush sends the lines that wait, as a gateway does.
func (s *story) flush() {
	if s.lines == 0 || s.err != nil {
		return
	}
	_, err := s.send(http.MethodPost, "/api/v2/write?precision="+simulate.Precision, "text/plain; charset=utf-8", bytes.NewReader(s.line),
		func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+s.gateway) })
	s.fail("sending readings", err)
	s.line, s.lines = s.line[:0], 0
}

// form is the fields of a request.
type form map[string]any

// does sends a form and gives back the last part of where the thing is that it made, its id; empty if it made none.
func (s *story) does(who *person, path string, f form) string {
	body, err := json.Marshal(f)
	s.fail("writing a form", err)
	return s.upload(who, path, "application/json", body)
}

// upload is does with another body.
func (s *story) upload(who *person, to, contentType string, body []byte) string {
	a := s.reply(who, http.MethodPost, to, contentType, body, nil)
	if a == nil || a.header.Get("Location") == "" {
		return ""
	}
	return path.Base(a.header.Get("Location"))
}

// reply is the whole answer to a body, and reads it if into is not nil; nil after an error.
func (s *story) reply(who *person, method, to, contentType string, body []byte, into any) *heard {
	if s.err != nil {
		return nil
	}
	a, err := s.ask(who, method, "/api/v1"+to, contentType, bytes.NewReader(body))
	if err == nil && into != nil {
		err = json.Unmarshal(a.body.Bytes(), into)
	}
	s.fail(who.name, err)
	if err != nil {
		return nil
	}
	return a
}

// reads asks for something.
func (s *story) reads(who *person, path string, query url.Values, into any) {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	s.reply(who, http.MethodGet, path, "", nil, into)
}

// multiparted is a form with files.
func multiparted(fields map[string]string, files map[string][]byte) (contentType string, body []byte, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for name, text := range fields {
		err = errors.Join(err, w.WriteField(name, text))
	}
	for name, content := range files {
		part, failed := w.CreateFormFile(name, name)
		if failed == nil {
			_, failed = part.Write(content)
		}
		err = errors.Join(err, failed)
	}
	err = errors.Join(err, w.Close())
	return w.FormDataContentType(), b.Bytes(), err
}

// escaped is a path of parts that may have a slash.
func escaped(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString("/" + url.PathEscape(p))
	}
	return b.String()
}
