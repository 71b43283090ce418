package web

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/evidence/files"
)

// proofGivers is who has something to prove, or papers to hand in with an application.
var proofGivers = []disputes.Role{disputes.Resident, disputes.Dispatcher, disputes.Billing, disputes.Admin}

// proofAccess is who may upload proofs, and who may see those of a stoppage or an exemption.
func proofAccess() []access {
	return []access{
		{method: http.MethodPost, pattern: "/api/v1/proofs", who: proofGivers},
		{method: http.MethodGet, pattern: "/api/v1/outages/:id/proofs/:digest", who: matterReader},
		{method: http.MethodGet, pattern: "/api/v1/exemptions/:id/proofs/:digest", who: matterReader},
	}
}

// addProofRoutes adds what Huma does not serve: files.
func addProofRoutes(engine *gin.Engine, api huma.API, o Options, f failing) {
	h := newMatters(o, f)
	engine.POST("/api/v1/proofs", h.upload)
	engine.GET("/api/v1/outages/:id/proofs/:digest", h.serveProof(disputes.StoppageMatter))
	engine.GET("/api/v1/exemptions/:id/proofs/:digest", h.serveProof(disputes.ExemptionMatter))
	engine.GET("/api/v1/suspensions/:id/proofs/:digest", (&suspensions{matters: h}).paper)
	describeProofs(api)
}

// proofView is a file that was uploaded.
type proofView struct {
	Digest string `json:"digest" doc:"Its sha-256, by which a proof or a record names it."`
	Type   string `json:"type" doc:"What it is, as its content shows."`
	Size   int64  `json:"size" doc:"In bytes."`
}

// upload keeps a file, to be named by a proof or a record afterwards. Nobody sees it before.
func (h *matters) upload(c *gin.Context) {
	ctx := c.Request.Context()
	if t := callerOf(ctx).token; t.Role == disputes.Resident && len(t.Scope.Households) == 0 { // nothing that they can hand in
		reject(c, false, newProblem(http.StatusForbidden, "the token is for no household"))
		return
	}
	in, err := readAttachment(c.Request)
	var file files.File
	if err == nil {
		file, err = h.files.Put(in.file, maxFile)
	}
	if err != nil {
		reject(c, false, problemOf(h.problem(ctx, "keeping a file", fileProblem(err))))
		return
	}
	c.JSON(http.StatusCreated, proofView{file.Digest, file.Type, file.Size})
}

// attached is an error unless each file that a proof names is kept, and as it was.
func (h *matters) attached(digests []string) error {
	var errs []error
	for i, d := range digests {
		file, err := h.files.Open(d)
		if errors.Is(err, files.ErrNotFound) {
			errs = append(errs, &disputes.FieldError{Field: "attachments[" + strconv.Itoa(i) + "]", Reason: "was not uploaded"})
			continue
		}
		if err != nil {
			return err
		}
		if err := file.Close(); err != nil {
			return err
		}
	}
	return errors.Join(errs...)
}

// serveProof serves a file that a matter names to whoever may see the matter. Nothing in it is ever run.
func (h *matters) serveProof(kind disputes.MatterKind) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx, digest := c.Request.Context(), c.Param("digest")
		file, err := h.proof(ctx, kind, c.Param("id"), digest)
		var head [512]byte
		n := 0
		if err == nil {
			defer file.Close() // it was only read
			if n, err = io.ReadFull(file, head[:]); errors.Is(err, io.ErrUnexpectedEOF) {
				err = nil
			}
		}
		if err == nil {
			_, err = file.Seek(0, io.SeekStart)
		}
		content := ""
		if err == nil {
			content, err = files.TypeOf(head[:n])
		}
		if err != nil {
			reject(c, false, problemOf(h.problem(ctx, "serving a proof", fileProblem(err))))
			return
		}
		disposition := "attachment"
		if strings.HasPrefix(content, "image/") {
			disposition = "inline"
		}
		header := c.Writer.Header()
		header.Set("Content-Type", content)
		header.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": digest}))
		header.Set("Content-Security-Policy", "sandbox; default-src 'none'")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		header.Set("ETag", strconv.Quote(digest))
		http.ServeContent(c.Writer, c.Request, "", time.Time{}, file)
	}
}

// proof is a file that a matter names, if the caller may see it.
func (h *matters) proof(ctx context.Context, kind disputes.MatterKind, id, digest string) (*os.File, error) {
	m, _, err := h.find(ctx, kind, id)
	if err != nil {
		return nil, err
	}
	proofs, err := bodyOf[disputes.Proofs](m)
	if err == nil && !slices.Contains(proofs.Attachments, digest) {
		err = files.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return h.files.Open(digest)
}

// describeProofs adds the routes to the API's document.
func describeProofs(api huma.API) {
	schemas := api.OpenAPI().Components.Schemas
	problems := &huma.Response{Description: "A problem (RFC 9457)", Content: map[string]*huma.MediaType{
		"application/problem+json": {Schema: huma.SchemaFromType(schemas, reflectType[huma.ErrorModel]())},
	}}
	binary := map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
	api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "upload-proof", Method: http.MethodPost, Path: "/api/v1/proofs", Tags: []string{"exemptions", "outages"},
		Summary:     "Upload a photo, a recording or a PDF of at most 20 MiB, to be named by a proof or a record afterwards",
		RequestBody: &huma.RequestBody{Required: true, Content: binary},
		Responses: map[string]*huma.Response{
			"201": {Description: "It is kept", Content: map[string]*huma.MediaType{
				"application/json": {Schema: huma.SchemaFromType(schemas, reflectType[proofView]())},
			}},
			"default": problems,
		},
	})
	for _, of := range []string{"outages", "exemptions", "suspensions"} {
		api.OpenAPI().AddOperation(&huma.Operation{
			OperationID: "get-proof-of-" + of, Method: http.MethodGet, Path: "/api/v1/" + of + "/{id}/proofs/{digest}", Tags: []string{of},
			Summary: "A file that it names",
			Parameters: []*huma.Param{
				{Name: "id", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}},
				{Name: "digest", In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}},
			},
			Responses: map[string]*huma.Response{"200": {Description: "The file", Content: binary}, "default": problems},
		})
	}
}
