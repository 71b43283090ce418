package web

import (
	"fmt"
	"mime"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/nuanju/nuanju/sensors/ingest"
)

// receiptView is where readings are that were accepted.
type receiptView struct {
	Accepted int       `json:"accepted" doc:"Readings that are durable in the evidence log."`
	Leaf     int64     `json:"leaf" doc:"The first of its leaves that hold them."`
	Leaves   int       `json:"leaves" doc:"How many leaves."`
	Received time.Time `json:"received" doc:"The time of receipt that the log has."`
}

// readings is POST /api/v1/readings: JSON or CSV, by content type. 200: everything is durable. 422: one or more readings
// were refused; each is listed with everything that is wrong with it, and the detail says whether the others were written.
func (h *writes) readings(c *gin.Context) {
	kind, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || kind != "application/json" && kind != "text/csv" {
		reject(c, false, newProblem(http.StatusUnsupportedMediaType, "want Content-Type application/json or text/csv"))
		return
	}
	text, err := h.bodies.read(c.Request)
	if err != nil {
		reject(c, false, bodyProblem(err))
		return
	}
	defer h.bodies.release(text)
	d := h.decodings.get()
	defer h.decodings.put(d)
	if kind == "text/csv" {
		d.decoder.CSV(&d.batch, text.bytes)
	} else {
		d.decoder.JSON(&d.batch, text.bytes)
	}
	receipt, err := h.take(c.Request.Context(), &d.batch)
	switch {
	case err != nil:
		reject(c, false, problemOf(err))
	case d.batch.Rejected > 0:
		reject(c, false, refusedReadings(&d.batch))
	default:
		c.JSON(http.StatusOK, receiptView{receipt.Accepted, receipt.Index, receipt.Leaves, receipt.Received.Time()})
	}
}

// refusedReadings lists everything that is wrong with a body.
func refusedReadings(b *ingest.Batch) *problem {
	written := "nothing was written"
	if n := len(b.Records); n > 0 {
		written = fmt.Sprintf("the other %d are written", n)
	}
	p := newProblem(http.StatusUnprocessableEntity, fmt.Sprintf("%d refused, %s", b.Rejected, written))
	for _, e := range b.Errors {
		p.Errors = append(p.Errors, &huma.ErrorDetail{Location: placeOf(&e), Message: e.Reason})
	}
	if b.Unlisted > 0 {
		p.Errors = append(p.Errors, &huma.ErrorDetail{Location: "body", Message: fmt.Sprintf("and %d more errors", b.Unlisted)})
	}
	return p
}

// placeOf is where in a body an error is.
func placeOf(e *ingest.Error) string {
	switch {
	case e.Pointer != "":
		return "body" + e.Pointer
	case e.Line == 0:
		return "body"
	case e.Field != "":
		return "body line " + strconv.Itoa(e.Line) + " column " + e.Field
	case e.Column > 0:
		return "body line " + strconv.Itoa(e.Line) + " byte " + strconv.Itoa(e.Column)
	}
	return "body line " + strconv.Itoa(e.Line)
}

// describeWrites adds the two routes that Huma does not serve to its document.
func describeWrites(api huma.API) {
	schemas := api.OpenAPI().Components.Schemas
	text := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}}
	problems := &huma.Response{Description: "A problem (RFC 9457)", Content: map[string]*huma.MediaType{
		"application/problem+json": {Schema: huma.SchemaFromType(schemas, reflectType[huma.ErrorModel]())},
	}}
	influx := &huma.Response{Description: "An error as InfluxDB 2 has it", Content: map[string]*huma.MediaType{
		"application/json": {Schema: huma.SchemaFromType(schemas, reflectType[influxError]())},
	}}
	api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "write-readings", Method: http.MethodPost, Path: "/api/v1/readings", Tags: []string{"readings"},
		Summary: "Write readings as JSON or CSV",
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/json": {Schema: &huma.Schema{}}, "text/csv": text,
		}},
		Responses: map[string]*huma.Response{
			"200": {Description: "Everything is durable in the evidence log", Content: map[string]*huma.MediaType{
				"application/json": {Schema: huma.SchemaFromType(schemas, reflectType[receiptView]())},
			}},
			"default": problems,
		},
	})
	query := func(name, what string) *huma.Param {
		return &huma.Param{Name: name, In: "query", Description: what, Schema: &huma.Schema{Type: huma.TypeString}}
	}
	api.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "influx-write", Method: http.MethodPost, Path: "/api/v2/write", Tags: []string{"readings"},
		Summary: "Write readings as line protocol, as to InfluxDB 2",
		Parameters: []*huma.Param{
			query("org", "Accepted and not needed."), query("bucket", "Accepted and not needed."),
			query("precision", "Of timestamps: ns (the default), us, ms or s."),
		},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"text/plain": text}},
		Responses: map[string]*huma.Response{
			"204": {Description: "Everything is durable in the evidence log"}, "default": influx,
		},
	})
}

func reflectType[T any]() reflect.Type { return reflect.TypeFor[T]() }
