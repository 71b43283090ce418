package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// Bundle is one leaf with all that is needed to verify it offline, with nothing but the log's public key: that this
// content was received at this time and stands at this index of the log that the checkpoint signs. It discloses no
// other leaf.
type Bundle struct {
	Index    int64     `json:"index"`
	Received time.Time `json:"received"`
	Subject  string    `json:"subject"`
	Content  []byte    `json:"content"` // base64 in JSON
	Salt     []byte    `json:"salt"`    // base64 in JSON, 32 bytes
	// Inclusion is the audit path of RFC 6962 from the leaf to the checkpoint's root.
	Inclusion tlog.RecordProof `json:"inclusion"`
	// Checkpoint is a signed note.
	Checkpoint string `json:"checkpoint"`
}

// Prove gives the bundle of a leaf under the latest checkpoint. It is verified before it is given: a log that was
// changed gives an error, not a bundle. Errors: ErrNoLeaf, ErrErased, ErrNotSigned (call Sign), or what is damaged.
func (l *Log) Prove(ctx context.Context, index int64) (Bundle, error) {
	c := l.signed.Load() // before the state, which then reaches as far at least
	s := l.current.Load()
	row, records, salts, err := l.commitOf(ctx, s, index)
	if err != nil {
		return Bundle{}, err
	}
	leaf, err := row.leaf(records, salts, int(index-row.first))
	if err != nil {
		return Bundle{}, err
	}
	if leaf.Erased {
		return Bundle{}, fmt.Errorf("%w: %d", ErrErased, index)
	}
	if c == nil || index >= c.Size {
		return Bundle{}, fmt.Errorf("%w: leaf %d", ErrNotSigned, index)
	}
	proof, err := tlog.ProveRecord(c.Size, index, l.hashes(ctx, s))
	if err != nil {
		return Bundle{}, fmt.Errorf("evidence: leaf %d: %w", index, err)
	}
	b := Bundle{
		Index: index, Received: leaf.Received, Subject: leaf.Subject, Content: leaf.Content, Salt: leaf.salt[:],
		Inclusion: proof, Checkpoint: c.Note,
	}
	if err := b.check(*c); err != nil {
		return Bundle{}, fmt.Errorf("%w; run verify", err)
	}
	return b, nil
}

// hashes reads the hashes of the tree as of s.
func (l *Log) hashes(ctx context.Context, s *state) tlog.HashReader {
	return s.tree.hashReader(func(level int, n int64) ([]byte, error) { return l.db.fullTile(ctx, level, n) })
}

// ParseBundle reads a bundle from JSON, strictly: unknown fields, a second value or a salt of another length are errors.
func ParseBundle(data []byte) (Bundle, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var b Bundle
	if err := dec.Decode(&b); err != nil {
		return Bundle{}, fmt.Errorf("evidence: bundle: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Bundle{}, errors.New("evidence: bundle: something follows it")
	}
	if len(b.Salt) != saltSize {
		return Bundle{}, fmt.Errorf("evidence: bundle: salt of %d bytes, want %d", len(b.Salt), saltSize)
	}
	return b, nil
}

// VerifyBundle checks a bundle with nothing but the public keys of the log: the checkpoint's signature, and that
// subject, content, salt, receipt time and index are under its root.
func VerifyBundle(b Bundle, publicKeys ...string) error {
	c, err := ParseCheckpoint(b.Checkpoint, publicKeys...)
	if err != nil {
		return err
	}
	return b.check(c)
}

func (b Bundle) check(c Checkpoint) error {
	if len(b.Salt) != saltSize {
		return fmt.Errorf("evidence: bundle of leaf %d: salt of %d bytes, want %d", b.Index, len(b.Salt), saltSize)
	}
	if !time.Unix(0, b.Received.UnixNano()).Equal(b.Received) { // a time beyond int64 wraps round to another's hash
		return fmt.Errorf("evidence: bundle of leaf %d: receipt time out of range", b.Index)
	}
	leaf := Leaf{Index: b.Index, Received: b.Received, Subject: b.Subject, Content: b.Content, salt: [saltSize]byte(b.Salt)}
	if err := tlog.CheckRecord(b.Inclusion, c.Size, c.Root, b.Index, leaf.hash()); err != nil {
		return fmt.Errorf("evidence: bundle of leaf %d: subject, content, salt or receipt time is not what the log of %d leaves holds there: %w",
			b.Index, c.Size, err)
	}
	return nil
}
