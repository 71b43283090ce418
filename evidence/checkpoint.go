package evidence

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Checkpoint is a signed statement of the log's size and root (C2SP tlog-checkpoint): whoever keeps one can later be
// shown that nothing before it was changed.
type Checkpoint struct {
	// Origin names the log; it is the name of the key that signed.
	Origin string
	// Size is the number of leaves, Root the tree hash over them.
	Size int64
	Root tlog.Hash
	// Note is the whole signed note, as it is served, stored and verified.
	Note string
}

// ParseCheckpoint reads a signed note and verifies that one of publicKeys, named like the origin, signed it.
func ParseCheckpoint(signed string, publicKeys ...string) (Checkpoint, error) {
	trusted, err := verifiers(publicKeys)
	if err != nil {
		return Checkpoint{}, err
	}
	return openCheckpoint(signed, trusted)
}

func openCheckpoint(signed string, trusted []note.Verifier) (Checkpoint, error) {
	n, err := note.Open([]byte(signed), note.VerifierList(trusted...))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("evidence: checkpoint: %w", err)
	}
	c, err := parseCheckpointText(n.Text)
	if err != nil {
		return Checkpoint{}, err
	}
	if n.Sigs[0].Name != c.Origin {
		return Checkpoint{}, fmt.Errorf("evidence: checkpoint of %q is signed by the key of %q", c.Origin, n.Sigs[0].Name)
	}
	c.Note = signed
	return c, nil
}

// text is the part of the note that is signed. This log writes no extension lines.
func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Origin, c.Size, c.Root)
}

func parseCheckpointText(text string) (Checkpoint, error) {
	malformed := func(what string) (Checkpoint, error) {
		return Checkpoint{}, errors.New("evidence: checkpoint: malformed " + what)
	}
	lines := strings.Split(text, "\n")
	if len(lines) < 4 || lines[len(lines)-1] != "" {
		return malformed("note: want origin, size and root, a line each")
	}
	for _, line := range lines[:len(lines)-1] {
		if line == "" {
			return malformed("note: empty line")
		}
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return malformed("size " + strconv.Quote(lines[1]))
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return malformed("root " + strconv.Quote(lines[2]))
	}
	return Checkpoint{Origin: lines[0], Size: size, Root: tlog.Hash(root)}, nil
}

// sign gives the signed note of a tree.
func (k *Key) sign(size int64, root tlog.Hash) (Checkpoint, error) {
	c := Checkpoint{Origin: k.Name(), Size: size, Root: root}
	signed, err := note.Sign(&note.Note{Text: c.text()}, k.signer)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("evidence: signing a checkpoint: %w", err)
	}
	c.Note = string(signed)
	return c, nil
}

// Consistency proves that the log of an older checkpoint is the beginning of the log of a newer one: that nothing was
// changed, removed or inserted between them. Both checkpoints are signed notes.
type Consistency struct {
	Old   string         `json:"old"`
	New   string         `json:"new"`
	Proof tlog.TreeProof `json:"proof"`
}

// VerifyConsistency checks a proof with nothing but the public keys of the log.
func VerifyConsistency(c Consistency, publicKeys ...string) error {
	older, err := ParseCheckpoint(c.Old, publicKeys...)
	if err != nil {
		return fmt.Errorf("old %w", err)
	}
	newer, err := ParseCheckpoint(c.New, publicKeys...)
	if err != nil {
		return fmt.Errorf("new %w", err)
	}
	return checkConsistency(older, newer, c.Proof)
}

func checkConsistency(older, newer Checkpoint, proof tlog.TreeProof) error {
	if older.Origin != newer.Origin {
		return fmt.Errorf("evidence: checkpoints of two logs, %q and %q", older.Origin, newer.Origin)
	}
	if older.Size == 0 { // every log begins with the empty one; tlog has no proof for it
		if empty := (&tree{}).root(); older.Root != empty || len(proof) != 0 {
			return errors.New("evidence: the old checkpoint has no leaves, but not the root of an empty log")
		}
		return nil
	}
	if err := tlog.CheckTree(proof, newer.Size, newer.Root, older.Size, older.Root); err != nil {
		return fmt.Errorf("evidence: the log of %d leaves does not begin with that of %d: %w", newer.Size, older.Size, err)
	}
	return nil
}
