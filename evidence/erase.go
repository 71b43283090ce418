package evidence

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// SubjectErasure is the subject of the leaves in which the log itself says what was erased and why; their content is
// JSON: {"erased": index, "reason": "…"}.
const SubjectErasure = "log/erasure"

// erasureContent is the content of an erasure's leaf.
type erasureContent struct {
	Erased int64  `json:"erased"`
	Reason string `json:"reason"`
}

// Erase removes the subject, content and salt of one leaf for good, and appends a leaf that says which and why: both in
// one commit. The leaf's hash and receipt time stay, so every proof and checkpoint stays valid; without the salt nobody
// can test a guess of the content against the hash. It returns where the erasure's own leaf is.
//
// SQLite overwrites the bytes in its file and in its write-ahead log before Erase returns; PostgreSQL does as it
// vacuums and recycles. Copies of the database are not within Erase's reach. An error that wraps [ErrErased] or
// [ErrNoLeaf] means that there was nothing to erase. The leaf of an erasure cannot itself be erased.
func (l *Log) Erase(ctx context.Context, index int64, reason string) (Position, error) {
	if strings.TrimSpace(reason) == "" {
		return Position{}, errors.New("evidence: erase: a reason is required")
	}
	content, err := json.Marshal(erasureContent{Erased: index, Reason: reason})
	if err != nil {
		return Position{}, fmt.Errorf("evidence: erase: %w", err)
	}
	c := &call{done: make(chan outcome, 1), erase: &index}
	c.fill([]Entry{{Subject: SubjectErasure, Content: content}})
	position, err := l.submit(ctx, c)
	if err != nil {
		return Position{}, err
	}
	l.writing.Lock()
	defer l.writing.Unlock()
	if err := l.db.scrub(ctx); err != nil {
		return position, fmt.Errorf("evidence: leaf %d is erased, but its bytes may remain in the database's files until it next cleans them: %w", index, err)
	}
	return position, nil
}

// withoutLeaf gives the row that holds leaf index, with the leaf replaced by its commitment.
func (l *Log) withoutLeaf(s *state, index int64) (*commitRow, error) {
	ctx, cancel := l.db.commitContext()
	defer cancel()
	row, records, salts, err := l.commitOf(ctx, s, index)
	if err != nil {
		return nil, fmt.Errorf("erase: %w", err)
	}
	leaf, err := row.leaf(records, salts, int(index-row.first))
	if err != nil {
		return nil, fmt.Errorf("erase: %w", err)
	}
	switch {
	case leaf.Erased:
		return nil, fmt.Errorf("erase leaf %d: %w", index, ErrErased)
	case leaf.Subject == SubjectErasure:
		return nil, fmt.Errorf("evidence: erase leaf %d: it says what was erased, and must stay", index)
	}
	commitment := leaf.commitment()
	copy(salts[(index-row.first)*saltSize:], commitment[:])
	records[index-row.first].payload = nil
	row.salts = seal(salts)
	row.blob = seal(l.codec.enc.EncodeAll(formatBlob(records), nil))
	return &row, nil
}
