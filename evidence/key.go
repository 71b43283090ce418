package evidence

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// Key is the Ed25519 key that signs checkpoints, with its name: the origin of the log, which should be the URL under
// which [Log.Handler] serves it, without scheme and trailing slash.
type Key struct {
	signer   note.Signer
	verifier note.Verifier
	public   string
	private  string
}

// NewKey makes a key. The name must not be empty nor contain a space, a plus sign or a newline.
func NewKey(name string) (*Key, error) {
	private, _, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return nil, fmt.Errorf("evidence key: %w", err)
	}
	return parseKey(private)
}

// parseKey reads PRIVATE+KEY+name+hash+base64(1, seed) and derives the public half, which note leaves to its caller.
func parseKey(private string) (*Key, error) {
	malformed := errors.New("evidence key: not a private key of a signed note (PRIVATE+KEY+name+hash+data)")
	signer, err := note.NewSigner(private)
	if err != nil {
		return nil, malformed // the error must not quote a key
	}
	fields := strings.Split(private, "+")
	data, err := base64.StdEncoding.DecodeString(strings.Join(fields[4:], "+"))
	if err != nil || len(data) != 1+ed25519.SeedSize {
		return nil, malformed
	}
	pub, ok := ed25519.NewKeyFromSeed(data[1:]).Public().(ed25519.PublicKey)
	if !ok {
		return nil, malformed
	}
	public, err := note.NewEd25519VerifierKey(signer.Name(), pub)
	if err != nil {
		return nil, fmt.Errorf("evidence key: %w", err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return nil, fmt.Errorf("evidence key: %w", err)
	}
	return &Key{signer: signer, verifier: verifier, public: public, private: private}, nil
}

// Name is the origin that the key signs for.
func (k *Key) Name() string { return k.signer.Name() }

// Public is the verifier key to hand out: name+hash+base64, as [VerifyBundle] and every reader of signed notes takes it.
func (k *Key) Public() string { return k.public }

// Save writes the private key to a new file that only its owner may read (0600), synced. It never overwrites: a lost
// key cannot be had again.
func (k *Key) Save(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("evidence key: %w", err)
	}
	_, err = f.WriteString(k.private + "\n")
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(fmt.Errorf("evidence key: %w", err), os.Remove(path))
	}
	return nil
}

// LoadKey reads a key that Save wrote. It refuses a file that others than its owner may read or write.
func LoadKey(path string) (*Key, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("evidence key: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("evidence key: %s has mode %04o: others may read it; chmod 600 it, or make a new key if they did",
			path, info.Mode().Perm())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("evidence key: %w", err)
	}
	key, err := parseKey(strings.TrimSuffix(string(data), "\n"))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return key, nil
}

// verifiers parses public keys; every faulty one is named.
func verifiers(publicKeys []string) ([]note.Verifier, error) {
	var list []note.Verifier
	var errs []error
	for _, key := range publicKeys {
		v, err := note.NewVerifier(key)
		if err != nil {
			errs = append(errs, fmt.Errorf("evidence: public key %q: %w", key, err))
			continue
		}
		list = append(list, v)
	}
	return list, errors.Join(errs...)
}
