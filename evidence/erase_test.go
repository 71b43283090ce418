package evidence_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/evidence"
)

func TestErasedContentIsGoneAndTheTreeStands(t *testing.T) {
	onBoth(t, func(t *testing.T, storeURL string) {
		key := newKey(t)
		log := open(t, storeURL, key, evidence.Options{Clock: ticking(winter)})
		mustAppend(t, log, batch(0, 300)...)
		before := mustSign(t, log)
		neighbour, err := log.Prove(t.Context(), 16)
		if err != nil {
			t.Fatal(err)
		}
		position, err := log.Erase(t.Context(), 17, "the household asked for it")
		if err != nil {
			t.Fatal(err)
		}
		all := leaves(t, log, 0)
		if position.Index != 300 || len(all) != 301 {
			t.Fatalf("the erasure is leaf %d of %d, want 300 of 301", position.Index, len(all))
		}
		if leaf := all[17]; !leaf.Erased || leaf.Subject != "" || leaf.Content != nil || !leaf.Received.Equal(all[16].Received) {
			t.Errorf("the erased leaf is %+v", leaf)
		}
		if leaf := all[300]; leaf.Subject != evidence.SubjectErasure || string(leaf.Content) != `{"erased":17,"reason":"the household asked for it"}` {
			t.Errorf("the erasure's leaf is %s %s", leaf.Subject, leaf.Content)
		}
		for i, e := range batch(0, 300) {
			if i != 17 && (all[i].Subject != e.Subject || !bytes.Equal(all[i].Content, e.Content)) {
				t.Fatalf("leaf %d was changed by the erasure of leaf 17", i)
			}
		}
		mustSign(t, log)
		c, err := log.ProveConsistency(t.Context(), before.Note)
		if err == nil {
			err = evidence.VerifyConsistency(c, key.Public())
		}
		if err != nil {
			t.Errorf("the log before the erasure is not the beginning of the log after it: %v", err)
		}
		if err := evidence.VerifyBundle(neighbour, key.Public()); err != nil {
			t.Errorf("a neighbour's old proof: %v", err)
		}
		if again, err := log.Prove(t.Context(), 16); err != nil || !bytes.Equal(again.Content, neighbour.Content) {
			t.Errorf("a neighbour's new proof: %v", err)
		}
		if _, err := log.Prove(t.Context(), 17); !errors.Is(err, evidence.ErrErased) {
			t.Errorf("proving the erased leaf says %v", err)
		}
		wantSound(t, log)
	})
}

func TestWhatCannotBeErased(t *testing.T) {
	log := open(t, newSQLite(t), newKey(t), evidence.Options{})
	mustAppend(t, log, batch(0, 3)...)
	if _, err := log.Erase(t.Context(), 1, "asked"); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		index  int64
		reason string
		want   error
		words  string
	}{
		{1, "again", evidence.ErrErased, ""},
		{4, "no such", evidence.ErrNoLeaf, ""},
		{-1, "no such", evidence.ErrNoLeaf, ""},
		{3, "hide that something was erased", nil, "must stay"},
		{0, " ", nil, "reason"},
	} {
		if _, err := log.Erase(t.Context(), test.index, test.reason); err == nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.words) {
			t.Errorf("erasing leaf %d: %v, want %v %s", test.index, err, test.want, test.words)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := log.Erase(ctx, 0, "asked"); err == nil && log.Size() != 5 {
		t.Error("neither erased nor refused")
	}
	mustAppend(t, log, batch(1, 1)...) // a refused erasure does not disturb the log
	wantSound(t, log)
}

// Random content does not compress: if it were anywhere in the files, it would be found there as it is.
func TestErasedBytesAreInNoFile(t *testing.T) {
	storeURL := newSQLite(t)
	log := open(t, storeURL, nil, evidence.Options{})
	secret := make([]byte, 20_000)
	_, _ = rand.Read(secret)
	mustAppend(t, log, evidence.Entry{Subject: "H0", Content: []byte("before")}, evidence.Entry{Subject: "H1", Content: secret}, evidence.Entry{Subject: "H2", Content: []byte("after")})
	holds := func() (found []string) {
		for _, suffix := range []string{"", "-wal"} {
			data, err := os.ReadFile(strings.TrimPrefix(storeURL, "sqlite://") + suffix)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i+16 <= len(secret); i += 16 {
				if bytes.Contains(data, secret[i:i+16]) {
					return append(found, "evidence.db"+suffix)
				}
			}
		}
		return found
	}
	if len(holds()) == 0 {
		t.Fatal("the content is nowhere even before its erasure: this test cannot see it")
	}
	if _, err := log.Erase(t.Context(), 1, "asked"); err != nil {
		t.Fatal(err)
	}
	if found := holds(); len(found) > 0 {
		t.Errorf("erased bytes are still in %v", found)
	}
}

func TestAnErasureThatNobodyRecordedIsNamed(t *testing.T) {
	// The same calls on two logs, of which only one erases: its row is then put into the other.
	erased, silent := newSQLite(t), newSQLite(t)
	key := newKey(t)
	log := open(t, erased, key, evidence.Options{Clock: ticking(winter)})
	mustAppend(t, log, batch(0, 1)...)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	copyFile(t, erased, silent)
	log = open(t, erased, key, evidence.Options{})
	if _, err := log.Erase(t.Context(), 0, "asked"); err != nil {
		t.Fatal(err)
	}
	wantSound(t, log)
	moveRow(t, erased, silent)
	wantNamed(t, "silent erasure", silent, key, "leaf 0")
}

func TestErasedContentThatCameBackIsNamed(t *testing.T) {
	current, backup := newSQLite(t), newSQLite(t)
	key := newKey(t)
	log := open(t, current, key, evidence.Options{Clock: ticking(winter)})
	mustAppend(t, log, batch(0, 1)...)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	copyFile(t, current, backup)
	log = open(t, current, key, evidence.Options{})
	if _, err := log.Erase(t.Context(), 0, "asked"); err != nil {
		t.Fatal(err)
	}
	moveRow(t, backup, current)
	wantNamed(t, "restored content", current, key, "leaf 0")
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data, err := os.ReadFile(strings.TrimPrefix(from, "sqlite://"))
	if err == nil {
		err = os.WriteFile(strings.TrimPrefix(to, "sqlite://"), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// moveRow replaces the salts and contents of the first commit by those of another store.
func moveRow(t *testing.T, from, to string) {
	t.Helper()
	var salts, blob []byte
	if err := database(t, from).QueryRow(`SELECT salts, blob FROM evidence_commits WHERE first = 0`).Scan(&salts, &blob); err != nil {
		t.Fatal(err)
	}
	if _, err := database(t, to).Exec(`UPDATE evidence_commits SET salts = $1, blob = $2 WHERE first = 0`, salts, blob); err != nil {
		t.Fatal(err)
	}
}
