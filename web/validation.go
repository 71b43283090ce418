package web

import (
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
)

var onlyAdmin = []disputes.Role{disputes.Admin}

// validation is a problem of one field.
func validation(location, message string) *problem {
	return newProblem(http.StatusUnprocessableEntity, "validation failed", &huma.ErrorDetail{Location: location, Message: message})
}

func isConflict(err error) bool { return errors.Is(err, ledger.ErrConflict) }
