package evidence_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/nuanju/nuanju/evidence"
)

// A reading is appended, signed over and handed out with its proof; the other party needs the public key alone.
func Example() {
	if err := handOut(); err != nil {
		fmt.Println(err)
	}
	// Output:
	// B01-0101 temperature,device=T17 celsius=16.20 1767571200
	// verified
}

func handOut() (err error) {
	dir, err := os.MkdirTemp("", "evidence")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	key, err := evidence.NewKey("heating.example/evidence")
	if err != nil {
		return err
	}
	ctx := context.Background()
	log, err := evidence.Open(ctx, "sqlite://"+filepath.Join(dir, "evidence.db"), key, evidence.Options{})
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()

	position, err := log.Append(ctx, []evidence.Entry{
		{Subject: "B01-0101", Content: []byte("temperature,device=T17 celsius=16.20 1767571200")},
		{Subject: "B01-0102", Content: []byte("temperature,device=T18 celsius=21.00 1767571200")},
	})
	if err != nil {
		return err // not acknowledged
	}
	if _, err := log.Sign(ctx); err != nil {
		return err
	}
	bundle, err := log.Prove(ctx, position.Index)
	if err != nil {
		return err
	}
	if err := evidence.VerifyBundle(bundle, key.Public()); err != nil {
		return err
	}
	fmt.Printf("%s %s\nverified\n", bundle.Subject, bundle.Content)
	return nil
}
