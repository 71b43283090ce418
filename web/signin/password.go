package signin

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// ErrBusy: too many passwords are being checked; nothing was. It can be tried again.
var ErrBusy = errors.New("too many are signing in at the moment")

// ErrPassword: a password that nobody may have. Its text says why.
var ErrPassword = errors.New("the password")

// Cost is what a hash of a password costs whoever computes it (argon2id, RFC 9106).
type Cost struct {
	Memory  uint32 // KiB
	Passes  uint32
	Threads uint8
}

// DefaultCost is OWASP's: some 30 ms.
var DefaultCost = Cost{Memory: 19 << 10, Passes: 2, Threads: 1}

// The bounds of costs that are believed of an encoded hash: a row that was tampered with must not exhaust the memory.
const (
	maxMemory  = 256 << 10 // KiB
	maxPasses  = 16
	maxThreads = 8

	saltBytes = 16
	hashBytes = 32

	minPassword = 10  // runes
	maxPassword = 256 // bytes

	// hashesAtOnce bounds the memory of hashing, and with it how fast passwords can be tried.
	hashesAtOnce = 2
	// hashesWaiting bounds those who wait for their turn.
	hashesWaiting = 64
)

// Hasher computes hashes of passwords, few at a time. Make it with NewHasher.
type Hasher struct {
	cost    Cost
	decoy   string
	turns   chan struct{}
	waiting chan struct{}
}

// NewHasher makes a hasher whose new hashes have a cost.
func NewHasher(cost Cost) *Hasher {
	h := &Hasher{cost: cost, turns: make(chan struct{}, hashesAtOnce), waiting: make(chan struct{}, hashesWaiting)}
	h.decoy = encode(cost, make([]byte, saltBytes), make([]byte, hashBytes))
	return h
}

// Check says why a password cannot be one; nil if it can. The error is an ErrPassword.
func Check(password string) error {
	switch {
	case !utf8.ValidString(password):
		return fmt.Errorf("%w is not UTF-8", ErrPassword)
	case utf8.RuneCountInString(password) < minPassword:
		return fmt.Errorf("%w has fewer than %d characters", ErrPassword, minPassword)
	case len(password) > maxPassword:
		return fmt.Errorf("%w is longer than %d bytes", ErrPassword, maxPassword)
	}
	return nil
}

// Hash is the encoded hash of a password, with its salt and cost. ErrPassword for one that cannot be one, ErrBusy when too many
// wait, or the context's error.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	if err := Check(password); err != nil {
		return "", err
	}
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails
	hash, err := h.compute(ctx, password, salt, h.cost)
	if err != nil {
		return "", err
	}
	return encode(h.cost, salt, hash), nil
}

// Matches reports whether a password is that of an encoded hash, which is compared in constant time. With an empty one it
// does the same work and reports false. ErrBusy when too many wait; any other error is of the encoding, or the context's.
func (h *Hasher) Matches(ctx context.Context, encoded, password string) (bool, error) {
	known := encoded != ""
	if !known {
		encoded = h.decoy
	}
	cost, salt, kept, err := decode(encoded)
	if err != nil {
		return false, err
	}
	if len(password) > maxPassword {
		password, known = "", false
	}
	hash, err := h.compute(ctx, password, salt, cost)
	if err != nil {
		return false, err
	}
	return subtle.ConstantTimeCompare(hash, kept) == 1 && known, nil
}

func (h *Hasher) compute(ctx context.Context, password string, salt []byte, cost Cost) ([]byte, error) {
	select {
	case h.waiting <- struct{}{}:
		defer func() { <-h.waiting }()
	default:
		return nil, ErrBusy
	}
	select {
	case h.turns <- struct{}{}:
		defer func() { <-h.turns }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return argon2.IDKey([]byte(password), salt, cost.Passes, cost.Memory, cost.Threads, hashBytes), nil
}

// encode writes a hash as the reference implementation of argon2 does.
func encode(c Cost, salt, hash []byte) string {
	b := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.Memory, c.Passes, c.Threads, b.EncodeToString(salt), b.EncodeToString(hash))
}

var errEncoded = errors.New("signin: the hash of a password is not one")

func decode(encoded string) (c Cost, salt, hash []byte, err error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, errEncoded
	}
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.Memory, &c.Passes, &c.Threads); err != nil || n != 3 ||
		c.Memory < 8 || c.Memory > maxMemory || c.Passes < 1 || c.Passes > maxPasses || c.Threads < 1 || c.Threads > maxThreads {
		return c, nil, nil, errEncoded
	}
	salt, err1 := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	hash, err2 := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if err1 != nil || err2 != nil || len(salt) < 8 || len(hash) != hashBytes {
		return c, nil, nil, errEncoded
	}
	return c, salt, hash, nil
}
