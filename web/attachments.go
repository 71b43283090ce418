package web

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/evidence/files"
	"github.com/nuanju/nuanju/ledger"
)

// Files keeps files by their content; *files.Folder does.
type Files interface {
	// Put keeps what a reader has, at most so many bytes. When it returns without an error the file is on disk.
	Put(r io.Reader, most int64) (files.File, error)
	// Open is a file that has been checked against its digest; the caller closes it. files.ErrNotFound or files.ErrDamaged.
	Open(digest string) (*os.File, error)
}

// attachments is the photos, recordings and documents of tickets.
type attachments struct {
	tickets
	files Files
}

// attachmentAccess is who may add files to tickets, and who may see them.
func attachmentAccess() []access {
	return []access{
		{method: http.MethodPost, pattern: "/api/v1/tickets/:id/attachments", who: filers, delegates: reporters},
		{method: http.MethodGet, pattern: "/api/v1/attachments/:digest", who: homeReader},
	}
}

// maxFile bounds a file, in bytes.
const maxFile = 20 << 20

// addAttachmentRoutes adds what Huma does not serve: files go to disk as they come.
func addAttachmentRoutes(engine *gin.Engine, api huma.API, o Options, f failing) {
	h := &attachments{tickets{failing: f, clock: o.Clock, ledger: o.Ledger, homes: o.Homes, zone: o.Zone}, o.Files}
	engine.POST("/api/v1/tickets/:id/attachments", h.add)
	engine.GET("/api/v1/attachments/:digest", h.serve)
	describeAttachments(api)
}

// add is POST /tickets/{id}/attachments.
func (h *attachments) add(c *gin.Context) {
	ctx := c.Request.Context()
	view, added, err := h.attach(ctx, c.Param("id"), c.Request)
	if err != nil {
		reject(c, false, problemOf(h.problem(ctx, "adding a file", fileProblem(err))))
		return
	}
	status := http.StatusCreated
	if !added {
		status = http.StatusOK
	}
	c.JSON(status, view)
}

// attach adds the file of a request to a ticket. A file that the ticket has already changes nothing.
func (h *attachments) attach(ctx context.Context, id string, r *http.Request) (view disputes.View, added bool, err error) {
	in, err := readAttachment(r)
	if err != nil {
		return view, false, err
	}
	command := disputes.Command{Event: disputes.Attached, Text: in.text, Actor: actorOf(ctx)}
	command.Facts.Attachment = &disputes.Attachment{Digest: strings.Repeat("0", 64), Name: in.name}
	before, _, err := h.find(ctx, id)
	if err == nil { // nothing is received that could not be added
		_, _, err = disputes.Apply(before, command, h.clock.now())
	}
	if err != nil {
		return view, false, err
	}
	file, err := h.files.Put(in.file, maxFile)
	if err != nil {
		return view, false, err
	}
	command.Facts.Attachment = &disputes.Attachment{Digest: file.Digest, Type: file.Type, Size: file.Size, Name: in.name}
	after, events, err := h.change(ctx, id, command, nil)
	if errors.Is(err, ledger.ErrExists) {
		after, events, err = h.find(ctx, id)
		return h.show(ctx, after, events), false, err
	}
	return h.show(ctx, after, events), true, err
}

// sentFile is a file as it is sent, beside what is said of it.
type sentFile struct {
	file       io.Reader
	name, text string
}

// readAttachment is the file of a request: the body itself, or the part "file" of a form, with its name and a text in the query or in
// parts before it.
func readAttachment(r *http.Request) (in sentFile, err error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return in, newProblem(http.StatusUnprocessableEntity, "the query is not one")
	}
	in = sentFile{r.Body, query.Get("name"), query.Get("text")}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "multipart/form-data" {
		return in, nil
	}
	r.Body = http.MaxBytesReader(nil, r.Body, maxFile+form)
	parts, err := r.MultipartReader()
	for err == nil {
		part, next := parts.NextPart()
		if err = next; err != nil {
			break
		}
		switch part.FormName() {
		case "file":
			if in.name == "" {
				in.name = part.FileName()
			}
			in.file = part
			return in, nil
		case "text", "name":
			value, err := io.ReadAll(io.LimitReader(part, disputes.MaxText+1))
			if err != nil {
				return in, files.ErrUnread
			}
			if part.FormName() == "text" {
				in.text = string(value)
			} else {
				in.name = string(value)
			}
		}
	}
	if err == io.EOF {
		return in, newProblem(http.StatusUnprocessableEntity, "validation failed",
			&huma.ErrorDetail{Location: "body.file", Message: "the form has no file"})
	}
	return in, newProblem(http.StatusBadRequest, "the form could not be read to its end")
}

// fileProblem is what a caller is told of a file.
func fileProblem(err error) error {
	for _, known := range []struct {
		err    error
		status int
	}{
		{files.ErrEmpty, http.StatusUnprocessableEntity},
		{files.ErrTooLarge, http.StatusRequestEntityTooLarge},
		{files.ErrType, http.StatusUnsupportedMediaType},
		{files.ErrUnread, http.StatusBadRequest},
		{files.ErrNotFound, http.StatusNotFound},
	} {
		if errors.Is(err, known.err) {
			return newProblem(known.status, known.err.Error())
		}
	}
	if errors.Is(err, files.ErrFull) {
		return busy(http.StatusServiceUnavailable, "nothing can be written at the moment; nothing was", 30)
	}
	return err
}

// serve is GET /attachments/{digest}: to whoever may see a ticket that has the file. Nothing in it is ever run: it has the type that its content showed,
// and anything but a photo is downloaded.
func (h *attachments) serve(c *gin.Context) {
	ctx := c.Request.Context()
	a, file, err := h.open(ctx, c.Param("digest"))
	if err != nil {
		reject(c, false, problemOf(h.problem(ctx, "serving a file", fileProblem(err))))
		return
	}
	defer file.Close() // it was only read
	disposition := "attachment"
	if strings.HasPrefix(a.Type, "image/") {
		disposition = "inline"
	}
	name := a.Name
	if name == "" {
		name = a.Digest
	}
	header := c.Writer.Header()
	header.Set("Content-Type", a.Type)
	header.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": name}))
	header.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("ETag", strconv.Quote(a.Digest))
	http.ServeContent(c.Writer, c.Request, "", time.Time{}, file)
}

// open is a file that the caller may see.
func (h *attachments) open(ctx context.Context, digest string) (ledger.Attached, *os.File, error) {
	if !files.Known(digest) {
		return ledger.Attached{}, nil, files.ErrNotFound
	}
	holders, err := h.ledger.Attachment(ctx, digest)
	if err != nil {
		return ledger.Attached{}, nil, err
	}
	for _, a := range holders {
		if callerOf(ctx).token.seesAt(a.Household, h.homes, a.ReportedAt) {
			file, err := h.files.Open(digest)
			return a, file, err
		}
	}
	return ledger.Attached{}, nil, files.ErrNotFound
}

// describeAttachments adds the two routes to the API's document.
func describeAttachments(api huma.API) {
	schemas := api.OpenAPI().Components.Schemas
	problems := &huma.Response{Description: "A problem (RFC 9457)", Content: map[string]*huma.MediaType{
		"application/problem+json": {Schema: huma.SchemaFromType(schemas, reflectType[huma.ErrorModel]())},
	}}
	view := map[string]*huma.MediaType{"application/json": {Schema: huma.SchemaFromType(schemas, reflectType[disputes.View]())}}
	bytes := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	param := func(in, name, what string) *huma.Param {
		return &huma.Param{Name: name, In: in, Required: in == "path", Description: what, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "attach-to-ticket", Method: http.MethodPost, Path: "/api/v1/tickets/{id}/attachments", Tags: []string{"tickets"},
		Summary: "Add a photo, a recording or a PDF, at most 20 MiB",
		Description: "The body is the file, or a form whose part file it is. What it is shows in its content: JPEG, PNG, WebP, HEIC, MP3, M4A, Ogg, WAV, AMR, WebM, PDF. " +
			"Its sha-256 is in the ticket's timeline and in the evidence log. Sent again it changes nothing.",
		Parameters: []*huma.Param{
			param("path", "id", "The ticket's id."), param("query", "name", "What the file is called; at most 200 bytes."),
			param("query", "text", "What it shows; at most 8192 bytes."),
		},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/octet-stream": bytes,
			"multipart/form-data":      {Schema: &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{"file": {Type: huma.TypeString, Format: "binary"}}}},
		}},
		Responses: map[string]*huma.Response{
			"200": {Description: "The ticket has the file already", Content: view}, "201": {Description: "The ticket with the file", Content: view},
			"default": problems,
		},
	})
	api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "get-attachment", Method: http.MethodGet, Path: "/api/v1/attachments/{digest}", Tags: []string{"tickets"},
		Summary:    "A file of a ticket that the caller may see",
		Parameters: []*huma.Param{param("path", "digest", "The file's sha-256, 64 digits of hexadecimal.")},
		Responses: map[string]*huma.Response{
			"200":     {Description: "The file", Content: map[string]*huma.MediaType{"application/octet-stream": bytes}},
			"default": problems,
		},
	})
}
