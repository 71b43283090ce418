package web

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/ledger"
)

// problem is an error of the API as RFC 9457 writes it, with the headers that go with it.
type problem struct {
	huma.ErrorModel
	retryAfter int // s; 0: none
}

// GetHeaders is what the answer has beside the problem.
func (p *problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.retryAfter))
	}
	return h
}

func newProblem(status int, detail string, errs ...*huma.ErrorDetail) *problem {
	return &problem{ErrorModel: huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: detail, Errors: errs}}
}

// busy is a problem that passes: the caller tries again in some seconds.
func busy(status int, detail string, retryAfter int) *problem {
	p := newProblem(status, detail)
	p.retryAfter = retryAfter
	return p
}

// statusClientGone is what is logged when the client left before the answer; nobody receives it.
const statusClientGone = 499

// problemOf is what a caller is told of an error: of those that are about the request what is wrong with it, of all
// others only that something failed. The caller of problemOf logs the error.
func problemOf(err error) *problem {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	switch {
	case errors.Is(err, disputes.ErrInvalid), errors.Is(err, disputes.ErrNotAllowed):
		return disputeProblem(err)
	case errors.Is(err, disputes.ErrConflict):
		return newProblem(http.StatusConflict, err.Error())
	case errors.Is(err, ledger.ErrConflict):
		return newProblem(http.StatusConflict, disputes.ErrConflict.Error())
	case errors.Is(err, ledger.ErrNotFound):
		return newProblem(http.StatusNotFound, "there is no such thing")
	case errors.Is(err, ledger.ErrText):
		return newProblem(http.StatusUnprocessableEntity, ledger.ErrText.Error())
	case errors.Is(err, ledger.ErrFull):
		return busy(http.StatusServiceUnavailable, "nothing can be written at the moment; nothing was", 30)
	case errors.Is(err, ledger.ErrBusy), errors.Is(err, evidence.ErrBusy):
		return busy(http.StatusTooManyRequests, "too much is being written at the moment; nothing of this was", 1)
	case errors.Is(err, ledger.ErrClosed), errors.Is(err, evidence.ErrClosed):
		return busy(http.StatusServiceUnavailable, "the server is stopping", 5)
	case errors.Is(err, context.Canceled):
		return newProblem(statusClientGone, "the client left")
	case errors.Is(err, context.DeadlineExceeded):
		return busy(http.StatusServiceUnavailable, "it took too long", 5)
	}
	return newProblem(http.StatusInternalServerError, "something failed; the log has it under this request's id")
}

// disputeProblem lists every field that package disputes found wrong. What is not allowed is a problem of its own unless
// there are wrong fields to mend as well.
func disputeProblem(err error) *problem {
	var details []*huma.ErrorDetail
	notAllowed := ""
	for _, e := range joined(err) {
		if f, ok := errors.AsType[*disputes.FieldError](e); ok {
			details = append(details, &huma.ErrorDetail{Location: "body." + f.Field, Message: f.Reason})
		} else if errors.Is(e, disputes.ErrNotAllowed) {
			notAllowed = e.Error()
		}
	}
	if len(details) == 0 && notAllowed != "" {
		return newProblem(http.StatusForbidden, notAllowed)
	}
	if notAllowed != "" {
		details = append(details, &huma.ErrorDetail{Location: "body", Message: notAllowed})
	}
	return newProblem(http.StatusUnprocessableEntity, "validation failed", details...)
}

// joined is the errors that errors.Join joined.
func joined(err error) []error {
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		return many.Unwrap()
	}
	return []error{err}
}

// failing logs errors that are not the caller's and makes problems of all.
type failing struct{ logger *slog.Logger }

// problem is what the caller is told of an error. As an error, so that handlers return it as it is.
func (f failing) problem(ctx context.Context, doing string, err error) error {
	p := problemOf(err)
	if p.Status >= http.StatusInternalServerError || p.Status == http.StatusTooManyRequests {
		f.logger.LogAttrs(ctx, slog.LevelError, doing, slog.String("request", requestID(ctx)), slog.Any("err", err))
	}
	return p
}
