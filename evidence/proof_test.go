package evidence_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/nuanju/nuanju/evidence"
)

func TestABundleIsVerifiedWithNothingButThePublicKey(t *testing.T) {
	onBoth(t, func(t *testing.T, storeURL string) {
		key := newKey(t)
		log := open(t, storeURL, key, evidence.Options{Clock: ticking(winter)})
		entries := batch(0, 700)
		mustAppend(t, log, entries...)
		mustSign(t, log)
		mustAppend(t, log, batch(1, 1)...) // after the checkpoint
		for _, index := range []int64{0, 255, 256, 511, 512, 699} {
			b, err := log.Prove(t.Context(), index)
			if err != nil {
				t.Fatal(err)
			}
			data, err := json.Marshal(b)
			if err != nil {
				t.Fatal(err)
			}
			received, err := evidence.ParseBundle(data) // as the other party gets it
			if err != nil {
				t.Fatal(err)
			}
			if err := evidence.VerifyBundle(received, key.Public()); err != nil {
				t.Error(err)
			}
			if received.Subject != entries[index].Subject || string(received.Content) != string(entries[index].Content) || !received.Received.Equal(winter.Add(time.Second)) {
				t.Errorf("bundle of leaf %d holds %+v", index, received)
			}
		}
		if _, err := log.Prove(t.Context(), 700); !errors.Is(err, evidence.ErrNotSigned) {
			t.Errorf("a leaf after the checkpoint: %v", err)
		}
		if _, err := log.Prove(t.Context(), 701); !errors.Is(err, evidence.ErrNoLeaf) {
			t.Errorf("a leaf that is not there: %v", err)
		}
	})
}

func TestABundleThatWasChangedInAnyPartIsRefused(t *testing.T) {
	key := newKey(t)
	log := open(t, newSQLite(t), key, evidence.Options{Clock: ticking(winter)})
	mustAppend(t, log, batch(0, 10)...)
	older := mustSign(t, log)
	mustAppend(t, log, batch(1, 10)...)
	mustSign(t, log)
	sound, err := log.Prove(t.Context(), 4)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := evidence.NewKey(key.Name())
	if err != nil {
		t.Fatal(err)
	}
	if err := evidence.VerifyBundle(sound, stranger.Public()); err == nil {
		t.Error("verified with a stranger's key of the same name")
	}
	if err := evidence.VerifyBundle(sound); err == nil {
		t.Error("verified without any key")
	}
	if err := evidence.VerifyBundle(sound, "not a key"); err == nil {
		t.Error("verified with what is no key")
	}
	for name, change := range map[string]func(b *evidence.Bundle){
		"content":        func(b *evidence.Bundle) { b.Content[3] ^= 1 },
		"shorter":        func(b *evidence.Bundle) { b.Content = b.Content[1:] },
		"subject":        func(b *evidence.Bundle) { b.Subject += "0" },
		"salt":           func(b *evidence.Bundle) { b.Salt[0] ^= 1 },
		"short salt":     func(b *evidence.Bundle) { b.Salt = b.Salt[:31] },
		"index":          func(b *evidence.Bundle) { b.Index = 5 },
		"negative index": func(b *evidence.Bundle) { b.Index = -1 },
		"no such index":  func(b *evidence.Bundle) { b.Index = 20 },
		"a second later": func(b *evidence.Bundle) { b.Received = b.Received.Add(time.Second) },
		// 2^64 ns later: the same 64 bits under the hash.
		"584 years later": func(b *evidence.Bundle) {
			b.Received = b.Received.Add(1<<63 - 1).Add(1<<63 - 1).Add(2)
		},
		"audit path":       func(b *evidence.Bundle) { b.Inclusion[1][0] ^= 1 },
		"short path":       func(b *evidence.Bundle) { b.Inclusion = b.Inclusion[1:] },
		"older checkpoint": func(b *evidence.Bundle) { b.Checkpoint = older.Note },
		"checkpoint size":  func(b *evidence.Bundle) { b.Checkpoint = strings.Replace(b.Checkpoint, "\n20\n", "\n21\n", 1) },
		"no signature":     func(b *evidence.Bundle) { b.Checkpoint = b.Checkpoint[:strings.Index(b.Checkpoint, "—")] },
		// The boundary between subject and content is under the hash too.
		"moved boundary": func(b *evidence.Bundle) {
			b.Content = append([]byte(b.Subject[1:]+"\x00"), b.Content...)
			b.Subject = b.Subject[:1]
		},
	} {
		b := sound
		b.Content, b.Salt, b.Inclusion = slices.Clone(b.Content), slices.Clone(b.Salt), slices.Clone(b.Inclusion)
		change(&b)
		if err := evidence.VerifyBundle(b, key.Public()); err == nil {
			t.Errorf("%s: verified", name)
		}
	}
	if err := evidence.VerifyBundle(sound, stranger.Public(), key.Public()); err != nil {
		t.Errorf("unchanged: %v", err)
	}
}

// The formula of the package's documentation, spelt out: what an expert of the other side would compute.
func TestTheCommitmentIsAsDocumented(t *testing.T) {
	log := open(t, newSQLite(t), newKey(t), evidence.Options{Clock: func() time.Time { return winter }})
	mustAppend(t, log, evidence.Entry{Subject: "H1", Content: []byte("celsius=17.9")})
	c := mustSign(t, log)
	b, err := log.Prove(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	commitment := sha256.Sum256(slices.Concat(b.Salt, []byte("H1\x00celsius=17.9")))
	received := binary.BigEndian.AppendUint64(nil, uint64(winter.UnixNano()))
	leaf := sha256.Sum256(slices.Concat([]byte{0}, commitment[:], received))
	if want := fmt.Sprintf("heating.example/evidence\n1\n%s\n\n", base64.StdEncoding.EncodeToString(leaf[:])); !strings.HasPrefix(c.Note, want) {
		t.Errorf("the root of one leaf is its hash, but the checkpoint is\n%s\nwant\n%s", c.Note, want)
	}
}

func TestEqualContentsHaveDifferentHashes(t *testing.T) {
	log := open(t, newSQLite(t), newKey(t), evidence.Options{Clock: func() time.Time { return winter }})
	same := evidence.Entry{Subject: "H1", Content: []byte("celsius=17.9")}
	mustAppend(t, log, same, same, same)
	mustSign(t, log)
	b, err := log.Prove(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	other, err := log.Prove(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if b.Inclusion[0] == other.Inclusion[0] || string(b.Salt) == string(other.Salt) {
		t.Error("who knows one leaf can tell that its neighbour is the same")
	}
}

func TestCheckpointsAreKeptAndConsistent(t *testing.T) {
	onBoth(t, func(t *testing.T, storeURL string) {
		key := newKey(t)
		log := open(t, storeURL, key, evidence.Options{})
		if _, ok := log.Latest(); ok {
			t.Error("a checkpoint before the first")
		}
		signed := []evidence.Checkpoint{mustSign(t, log)} // of the empty log
		for i, n := range []int{1, 254, 1, 1, 700} {
			mustAppend(t, log, batch(i, n)...)
			signed = append(signed, mustSign(t, log))
		}
		if again := mustSign(t, log); again.Note != signed[len(signed)-1].Note {
			t.Error("signing twice gives two checkpoints")
		}
		if err := log.Close(); err != nil {
			t.Fatal(err)
		}
		log = open(t, storeURL, key, evidence.Options{})
		if latest, ok := log.Latest(); !ok || latest != signed[len(signed)-1] {
			t.Errorf("after a restart the latest checkpoint is %v", latest)
		}
		all, err := log.Checkpoints(t.Context())
		if err != nil || !slices.Equal(all, signed) {
			t.Errorf("%d checkpoints, want the %d that were signed: %v", len(all), len(signed), err)
		}
		for _, c := range signed {
			proof, err := log.ProveConsistency(t.Context(), c.Note)
			if err != nil {
				t.Fatal(err)
			}
			if err := evidence.VerifyConsistency(proof, key.Public()); err != nil {
				t.Error(err)
			}
			if c.Size == signed[len(signed)-1].Size {
				continue
			}
			proof.Old, proof.New = proof.New, proof.Old
			if err := evidence.VerifyConsistency(proof, key.Public()); err == nil {
				t.Errorf("%d leaves are the beginning of %d", signed[len(signed)-1].Size, c.Size)
			}
		}
		wantSound(t, log)
	})
}

func TestAKeyCanBeReplaced(t *testing.T) {
	storeURL := newSQLite(t)
	old, replacement := newKey(t), newKey(t)
	log := open(t, storeURL, old, evidence.Options{})
	mustAppend(t, log, batch(0, 3)...)
	first := mustSign(t, log)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := evidence.Open(t.Context(), storeURL, replacement, evidence.Options{}); err == nil {
		t.Error("opened a log that an unknown key has signed")
	}
	log = open(t, storeURL, replacement, evidence.Options{Trusted: []string{old.Public()}})
	second := mustSign(t, log) // same tree, another key
	if second.Note == first.Note || second.Root != first.Root {
		t.Errorf("the new key signs %v", second)
	}
	wantSound(t, log)
	if _, err := log.ProveConsistency(t.Context(), first.Note); err != nil {
		t.Error(err)
	}
	unsigned := open(t, newSQLite(t), nil, evidence.Options{})
	if _, err := unsigned.Sign(t.Context()); !errors.Is(err, evidence.ErrNoKey) {
		t.Errorf("signed without a key: %v", err)
	}
}

func TestKeyFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "evidence.key")
	key := newKey(t)
	if err := key.Save(path); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	if err := newKey(t).Save(path); !errors.Is(err, os.ErrExist) {
		t.Errorf("saving over a key: %v", err)
	}
	loaded, err := evidence.LoadKey(path)
	if err != nil || loaded.Public() != key.Public() || loaded.Name() != "heating.example/evidence" {
		t.Errorf("loaded %v, %v", loaded, err)
	}
	if _, err := note.NewVerifier(key.Public()); err != nil {
		t.Errorf("the public key is not one of signed notes: %v", err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := evidence.LoadKey(path); err == nil || !strings.Contains(err.Error(), "0640") {
		t.Errorf("loaded a key that others may read: %v", err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"empty": "", "public": key.Public(), "cut": string(data[:len(data)-9]), "two": string(data) + string(data),
		"spaced": " " + string(data), "other hash": strings.Replace(string(data), "evidence+", "evidence+0", 1),
	} {
		bad := filepath.Join(t.TempDir(), "bad.key")
		if err := os.WriteFile(bad, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		secret := strings.TrimSpace(string(data[len(data)-30:]))
		if _, err := evidence.LoadKey(bad); err == nil || !strings.Contains(err.Error(), bad) || strings.Contains(err.Error(), secret[:12]) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := evidence.LoadKey(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := evidence.NewKey("a name"); err == nil {
		t.Error("a name with a space")
	}
}
