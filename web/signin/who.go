package signin

import (
	"context"

	"github.com/nuanju/nuanju/ledger"
)

// Who is who is signed in, for handlers.
type Who struct {
	ledger.SignedIn
	// CSRF is what a form of this session must send: in its field csrf, or in the header X-CSRF-Token.
	CSRF string
}

type whoKey struct{}

// With is a context of a request by somebody who is signed in.
func With(ctx context.Context, w Who) context.Context { return context.WithValue(ctx, whoKey{}, w) }

// Of is who is signed in; false when nobody is, also when the request came with a token.
func Of(ctx context.Context) (Who, bool) {
	w, ok := ctx.Value(whoKey{}).(Who)
	return w, ok
}
