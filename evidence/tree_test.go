package evidence

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"
)

func numbered(i int64) tlog.Hash {
	return tlog.RecordHash(binary.BigEndian.AppendUint64(nil, uint64(i)))
}

// reference is tlog's own storage of the same leaves.
type reference struct{ hashes []tlog.Hash }

func (r *reference) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(indexes))
	for i, x := range indexes {
		out[i] = r.hashes[x]
	}
	return out, nil
}

func (r *reference) push(t interface{ Fatal(...any) }, n int64, leaf tlog.Hash) {
	hashes, err := tlog.StoredHashesForRecordHash(n, leaf, r)
	if err != nil {
		t.Fatal(err)
	}
	r.hashes = append(r.hashes, hashes...)
}

func TestTreeIsTlogs(t *testing.T) {
	const size = 70_000 // the example of C2SP tlog-tiles: three levels, partial at each
	var ref reference
	var tr tree
	tiles := map[[2]int64][]byte{}
	full := func(level int, n int64) ([]byte, error) { return tiles[[2]int64{int64(level), n}], nil }
	for i := range int64(size) {
		ref.push(t, i, numbered(i))
		for _, tile := range tr.push(numbered(i), nil) {
			tiles[[2]int64{int64(tile.level), tile.n}] = hashBytes(tile.hashes)
		}
		if i < 1500 || i%4099 == 0 || i == size-1 {
			want, err := tlog.TreeHash(i+1, &ref)
			if err != nil {
				t.Fatal(err)
			}
			if got := tr.root(); got != want {
				t.Fatalf("root of %d leaves = %v, want %v", i+1, got, want)
			}
			again := tree{size: tr.size, tails: tr.tails}
			again.restore()
			if again.root() != want {
				t.Fatalf("root of %d leaves differs after restoring the edge from the tiles", i+1)
			}
		}
	}
	if n := len(tiles); n != 273+1 {
		t.Errorf("%d full tiles, want 274", n)
	}
	for level, width := range []int{112, 17, 1} {
		if len(tr.tails[level]) != width {
			t.Errorf("partial tile at level %d has %d hashes, want %d", level, len(tr.tails[level]), width)
		}
	}
	for _, tile := range tlog.NewTiles(tileHeight, 0, size) {
		want, err := tlog.ReadTileData(tile, &ref)
		if err != nil {
			t.Fatal(err)
		}
		got, err := tr.tile(tile.L, tile.N, full)
		if err != nil || string(got) != string(want) {
			t.Errorf("%s differs from tlog's", tile.Path())
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		newer := rapid.Int64Range(1, size).Draw(rt, "newer")
		older := rapid.Int64Range(1, newer).Draw(rt, "older")
		leaf := rapid.Int64Range(0, newer-1).Draw(rt, "leaf")
		newRoot, _ := tlog.TreeHash(newer, &ref)
		oldRoot, _ := tlog.TreeHash(older, &ref)
		inclusion, err := tlog.ProveRecord(newer, leaf, tr.hashReader(full))
		if err != nil || tlog.CheckRecord(inclusion, newer, newRoot, leaf, numbered(leaf)) != nil {
			rt.Fatalf("leaf %d of %d is not proved: %v", leaf, newer, err)
		}
		consistency, err := tlog.ProveTree(newer, older, tr.hashReader(full))
		if err != nil || tlog.CheckTree(consistency, newer, newRoot, older, oldRoot) != nil {
			rt.Fatalf("%d of %d is not proved consistent: %v", older, newer, err)
		}
	})
}

func TestLeafHashIsRecordHash(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var commitment [sha256.Size]byte
		copy(commitment[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "commitment"))
		received := rapid.Int64Min(0).Draw(t, "received")
		want := tlog.RecordHash(binary.BigEndian.AppendUint64(commitment[:], uint64(received)))
		if leafHash(&commitment, received) != want {
			t.Fatal("differs from tlog.RecordHash")
		}
	})
}
