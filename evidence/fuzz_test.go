package evidence

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func FuzzParseBlob(f *testing.F) {
	records, _ := appendRecord(nil, "H1", []byte("celsius=17.9"))
	f.Add(append(appendCall(nil, 1767571200e9, 1), records...))
	f.Add(append(appendCall(nil, 0, 2), 0, 0))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 1, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		parsed, err := parseBlob(data)
		if err != nil {
			return
		}
		if len(parsed) > len(data) {
			t.Fatalf("%d records in %d bytes", len(parsed), len(data))
		}
		for i, rec := range parsed {
			if rec.received < 0 || i > 0 && rec.received < parsed[i-1].received {
				t.Fatalf("record %d was received at %d", i, rec.received)
			}
			if rec.payload != nil {
				_, _, _ = splitPayload(rec.payload)
			}
		}
		again, err := parseBlob(formatBlob(parsed))
		if err != nil || len(again) != len(parsed) {
			t.Fatalf("formatted and parsed again: %v", err)
		}
		for i := range again {
			if again[i].received != parsed[i].received || !bytes.Equal(again[i].payload, parsed[i].payload) || (again[i].payload == nil) != (parsed[i].payload == nil) {
				t.Fatalf("record %d changed", i)
			}
		}
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add("heating.example/evidence\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n")
	f.Add("o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\nextension\n")
	f.Add("o\n01\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCheckpointText(text)
		if err == nil && !strings.HasPrefix(text, c.text()) {
			t.Fatalf("%q was read as %q", text, c.text())
		}
		if _, err := ParseCheckpoint(text); err == nil {
			t.Fatal("accepted without a key")
		}
	})
}

func FuzzParseBundle(f *testing.F) {
	key, err := NewKey("heating.example/evidence")
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(`{"index":0,"received":"2026-01-05T00:00:00Z","subject":"H1","content":"","salt":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","inclusion":["CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I="],"checkpoint":"o\n1\n"}`))
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"index":-1}{}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ParseBundle(data)
		if err != nil {
			return
		}
		if VerifyBundle(b, key.Public()) == nil {
			t.Fatal("verified, though nothing was ever signed")
		}
		again, err := json.Marshal(b)
		if err != nil {
			return // a year beyond 9999 can be parsed but not written
		}
		if _, err := ParseBundle(again); err != nil {
			t.Fatalf("written and read again: %v", err)
		}
	})
}

func FuzzTilePath(f *testing.F) {
	for _, path := range []string{"0/000", "1/x001/x234/067", "0/002.p/3", "entries/000", "data/000", "0/.p/1", "63/000"} {
		f.Add(path, int64(515))
	}
	f.Fuzz(func(t *testing.T, path string, size int64) {
		tile, ok := parseTilePath(path)
		if !ok || size < 0 {
			return
		}
		if tilePath(tile.L, tile.N, tile.W) != "tile/"+path {
			t.Fatalf("%q is another name of %q", path, tilePath(tile.L, tile.N, tile.W))
		}
		if covers(size, tile) && tile.N > size {
			t.Fatalf("a log of %d leaves has %q", size, path)
		}
	})
}

func TestBlobsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var blob []byte
		var want []record
		var before int64
		for range rapid.IntRange(0, 5).Draw(t, "calls") {
			since := rapid.Int64Range(0, 1<<60).Draw(t, "since")
			if before > 1<<62 {
				since = 0
			}
			entries := rapid.IntRange(1, 4).Draw(t, "entries")
			blob = appendCall(blob, since, entries)
			before += since
			for range entries {
				var payload []byte
				blob, payload = appendRecord(blob, rapid.StringMatching(`[a-zA-Z/-]{1,20}`).Draw(t, "subject"), rapid.SliceOf(rapid.Byte()).Draw(t, "content"))
				want = append(want, record{before, bytes.Clone(payload)})
			}
		}
		got, err := parseBlob(blob)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%d records, want %d: %v", len(got), len(want), err)
		}
		for i := range want {
			if got[i].received != want[i].received || !bytes.Equal(got[i].payload, want[i].payload) {
				t.Fatalf("record %d = %+v, want %+v", i, got[i], want[i])
			}
		}
		for cut := range len(blob) {
			if short, err := parseBlob(blob[:cut]); err == nil && len(short) >= len(want) {
				t.Fatalf("cut at %d of %d, all records are there", cut, len(blob))
			}
		}
	})
}

func TestASealShowsEveryFlippedBit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := seal(rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "value"))
		if _, err := unseal(cell); err != nil {
			t.Fatal(err)
		}
		cell[rapid.IntRange(0, len(cell)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, err := unseal(cell); err == nil {
			t.Fatal("not noticed")
		}
	})
}
