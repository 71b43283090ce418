package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"github.com/nuanju/nuanju/sensors/ingest"
	"github.com/nuanju/nuanju/sensors/intake"
)

// writes takes readings in: line protocol as InfluxDB 2 does it, JSON and CSV in our own way.
type writes struct {
	failing
	clock     clock
	intake    Intake
	bodies    *bodies
	decodings *decodings
}

// writeAccess is who may write readings.
func writeAccess() []access {
	return []access{
		{method: http.MethodPost, pattern: "/api/v2/write", who: writers, influx: true, quiet: true},
		{method: http.MethodPost, pattern: "/api/v1/readings", who: writers, quiet: true},
	}
}

// lineProtocol is POST /api/v2/write as InfluxDB 2 has it: org and bucket are accepted and not needed, precision is ns
// (the default), us, ms or s, the body may be gzip. 204: everything is durable. 400 with a message that begins with
// "partial write": the lines that it lists were refused, all others are durable. Clients know that word and do not send
// the body again. 429 and 503 have a Retry-After, and nothing was written.
//
// InfluxDB 2.7 itself refuses a body with one unreadable line as a whole, and keeps the rest if a point is
// refused later (422); InfluxDB 1 and 3 keep what is readable and answer 400, and so do we: a gateway's one bad line must
// not cost the readings of its other homes.
func (h *writes) lineProtocol(c *gin.Context) {
	precision, err := ingest.ParsePrecision(c.Query("precision"))
	if err != nil {
		writeInflux(c, http.StatusBadRequest, err.Error(), 0)
		return
	}
	text, err := h.bodies.read(c.Request)
	if err != nil {
		h.influxBody(c, err)
		return
	}
	defer h.bodies.release(text)
	if len(text.bytes) == 0 {
		writeInflux(c, http.StatusBadRequest, "writing requires points", 0)
		return
	}
	d := h.decodings.get()
	defer h.decodings.put(d)
	d.decoder.LineProtocol(&d.batch, text.bytes, precision, h.clock.now())
	unreadable := d.batch.Rejected
	if _, err := h.take(c.Request.Context(), &d.batch); err != nil {
		p := problemOf(err)
		writeInflux(c, p.Status, p.Detail, p.retryAfter)
		return
	}
	switch {
	case d.batch.Rejected == 0:
		c.Status(http.StatusNoContent)
		c.Writer.WriteHeaderNow()
	case len(d.batch.Records) == 0 && unreadable == 0:
		writeInflux(c, http.StatusForbidden, "insufficient permissions for write: "+dropped(&d.batch), 0)
	default:
		writeInflux(c, http.StatusBadRequest, fmt.Sprintf("partial write: %d written, %d dropped: unable to parse %s",
			len(d.batch.Records), d.batch.Rejected, dropped(&d.batch)), 0)
	}
}

// take gives a batch to the intake. An error of the intake is a *problem that asks the sender to try again: what was not
// acknowledged is theirs to keep.
func (h *writes) take(ctx context.Context, b *ingest.Batch) (intake.Receipt, error) {
	receipt, err := h.intake.Accept(ctx, b, &callerOf(ctx).token.scope)
	if err == nil || errors.Is(err, context.Canceled) {
		return receipt, err
	}
	h.logger.LogAttrs(ctx, slog.LevelError, "taking readings in", slog.String("request", requestID(ctx)), slog.Any("err", err))
	if p := problemOf(err); p.retryAfter > 0 {
		return intake.Receipt{}, p
	}
	return intake.Receipt{}, busy(http.StatusServiceUnavailable, "nothing can be written at the moment; nothing was", 10)
}

// maxListed bounds the lines that a partial write's message names, as InfluxDB does it.
const maxListed = 100

// dropped says which lines were refused and why.
func dropped(b *ingest.Batch) string {
	var m strings.Builder
	listed := b.Errors[:min(len(b.Errors), maxListed)]
	for i, e := range listed {
		if i > 0 {
			m.WriteString("; ")
		}
		m.WriteString(e.Error())
	}
	if more := b.Rejected - len(listed); more > 0 {
		fmt.Fprintf(&m, "; and %d more", more)
	}
	return m.String()
}

// influxBody answers a body that was not read.
func (h *writes) influxBody(c *gin.Context, err error) {
	p := bodyProblem(err)
	writeInflux(c, p.Status, p.Detail, p.retryAfter)
}

// bodyProblem is what the sender of a body is told that was not read.
func bodyProblem(err error) *problem {
	switch {
	case errors.Is(err, errTooLarge):
		return newProblem(http.StatusRequestEntityTooLarge, err.Error())
	case errors.Is(err, errEncoding):
		return newProblem(http.StatusUnsupportedMediaType, err.Error())
	case errors.Is(err, errBodies):
		return busy(http.StatusTooManyRequests, err.Error(), 1)
	}
	return newProblem(http.StatusBadRequest, err.Error())
}

// influxCodes are InfluxDB 2's codes of errors.
func influxCode(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "invalid"
	case http.StatusUnauthorized:
		return "unauthorized"
	case http.StatusForbidden:
		return "forbidden"
	case http.StatusNotFound:
		return "not found"
	case http.StatusMethodNotAllowed:
		return "method not allowed"
	case http.StatusRequestEntityTooLarge:
		return "request too large"
	case http.StatusUnsupportedMediaType:
		return "unsupported media type"
	case http.StatusTooManyRequests:
		return "too many requests"
	case http.StatusServiceUnavailable:
		return "unavailable"
	}
	return "internal error"
}

// influxError is the body of an error as InfluxDB 2 has it.
type influxError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// writeInflux ends a request with an error as InfluxDB 2 writes it.
func writeInflux(c *gin.Context, status int, message string, retryAfter int) {
	code := influxCode(status)
	c.Header("X-Platform-Error-Code", code)
	if retryAfter > 0 {
		c.Header("Retry-After", strconv.Itoa(retryAfter))
	}
	c.AbortWithStatusJSON(status, influxError{code, message})
}
