package monitor_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/test/servertest"
)

// A byte is flipped in a file of a server that was stopped: in an entry of the log, in a hash, in a checkpoint, in a block
// of readings. `nuanju verify` says which.
func TestFlippedByteIsNamed(t *testing.T) {
	t.Parallel()
	const tileOf = 256 // hashes of a whole tile
	h := newHome("3-2-601", 1)
	device := h.device(h.rooms[0].name)
	s := newServer(t, "CRON_SIGN=@every 1s")
	s.register(h)
	s.Token("device")
	s.Start()
	servertest.Until(t, "the log has the import of the registry", func() bool { return s.metric("nuanju_log_leaves") == 1 })

	// A whole tile of devices that nobody knows, then a day of one that is known, then one more reading.
	var strangers, day strings.Builder
	for i := range tileOf {
		fmt.Fprintf(&strangers, "temperature,device=stranger-%d celsius=20 %d\n", i, h.from.Unix())
	}
	start := time.Date(2015, 12, 1, 0, 0, 0, 0, time.UTC)
	for i := range 100 {
		fmt.Fprintf(&day, "temperature,device=%s celsius=%g %d\n", device, 17.25+float64(i%18)/4, start.Add(time.Duration(i)*10*time.Minute).Unix())
	}
	last := fmt.Sprintf("temperature,device=%s celsius=18.5 %d", device, start.AddDate(0, 0, 1).Unix())
	for _, body := range []string{strangers.String(), day.String(), last} {
		if err := s.Write("?precision=s", body); err != nil {
			t.Fatal(err)
		}
	}
	s.settle()
	const leaves = 1 + tileOf + 2
	servertest.Until(t, "a checkpoint of all leaves", func() bool {
		status, note, err := s.Do("", "GET", "/log/checkpoint", nil, nil)
		return err == nil && status == 200 && strings.Contains(string(note), fmt.Sprintf("\n%d\n", leaves))
	})
	checkpoint := s.Get("", "/log/checkpoint")
	tile := s.Get("", "/log/tile/0/000")
	hashes := s.Get("", fmt.Sprintf("/log/tile/0/001.p/%d", leaves-tileOf))
	s.Stop()
	if out := s.Must("verify"); out != "ok\n" {
		t.Fatalf("before any damage verify says %q", out)
	}

	log, store := readFile(t, s.Data, "log.db"), readFile(t, s.Data, "blocks.db")
	// The last entry's commit: its hashes, their checksum, its salt with a checksum, then the compressed content.
	entry := only(t, log, hashes[len(hashes)-32:]) + 32 + 4
	content := entry + 36
	if !bytes.HasPrefix(log[content:], []byte{0x28, 0xb5, 0x2f, 0xfd}) {
		t.Fatal("where the content should be is no zstd frame")
	}
	block := []byte{100} // its count, least and most value
	block = binary.LittleEndian.AppendUint64(block, math.Float64bits(17.25))
	block = binary.LittleEndian.AppendUint64(block, math.Float64bits(21.5))
	random := seeded(t, 3)
	for _, c := range []struct {
		what, file string
		at, length int
		named      string
	}{
		{"an entry", "log.db", content, 40, fmt.Sprintf(`(?m)^log: leaf %d: `, leaves-1)},
		{"its salt", "log.db", entry, 32, fmt.Sprintf(`(?m)^log: leaf %d: `, leaves-1)},
		{"its hash", "log.db", entry - 36, 32, fmt.Sprintf(`(?m)^log: leaf %d: `, leaves-1)},
		{"a tile of hashes", "log.db", only(t, log, tile[:64]), 400, `(?m)^log: tile/0/000: `},
		{"a checkpoint", "log.db", only(t, log, checkpoint), len(checkpoint), `(?m)^log: checkpoint \d+: `},
		{"a block", "blocks.db", only(t, store, block), 60, `(?m)^store: the block of .*` + device + ` on 2015-12-01 `},
	} {
		t.Run(c.what, func(t *testing.T) {
			named := regexp.MustCompile(c.named)
			for range 16 {
				at, bit := c.at+random.IntN(c.length), byte(1)<<random.IntN(8)
				damaged := map[string][]byte{"log.db": bytes.Clone(log), "blocks.db": bytes.Clone(store)}
				damaged[c.file][at] ^= bit
				stdout, stderr, status := verifyCopy(t, s, damaged)
				if status != 1 || stdout != "" || !named.MatchString(stderr) {
					t.Errorf("byte %d of it, bit %b: exit status %d, want 1 and a line like %s\n%s%s", at-c.at, bit, status, c.named, stdout, stderr)
				}
			}
		})
	}
}

// verifyCopy verifies files as if they were the server's, beside its key.
func verifyCopy(t *testing.T, s *server, files map[string][]byte) (stdout, stderr string, status int) {
	t.Helper()
	dir := t.TempDir()
	files["log.key"] = readFile(t, s.Data, "log.key")
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return servertest.Run(t, servertest.Environment("DATA="+dir), "verify")
}

// readFile reads a file of a server that was stopped in order, which leaves nothing in a journal beside it.
func readFile(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if wal, err := os.Stat(filepath.Join(dir, name+"-wal")); err == nil && wal.Size() > 0 {
		t.Fatalf("%s-wal has %d bytes after a stop in order", name, wal.Size())
	}
	return b
}

// only is where something is in a file, which must have it in one place.
func only(t *testing.T, file, what []byte) int {
	t.Helper()
	at := bytes.Index(file, what)
	if at < 0 || bytes.LastIndex(file, what) != at {
		t.Fatalf("%q is in the file %d times, want once", what, bytes.Count(file, what))
	}
	return at
}
