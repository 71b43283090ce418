package evidence

import (
	"math/bits"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	tileLevels = 64 / tileHeight
)

// tree is the right edge of the Merkle tree: enough to add leaves and to give the root, in memory of constant size.
// It is a value: a copy may grow without disturbing the original, as long as only one copy of each does.
type tree struct {
	size int64
	// edge[i] is the hash of the complete subtree of 2^i leaves that ends the tree, where bit i of size is set.
	edge [63]tlog.Hash
	// tails[l] is the partial tile at tile level l: fewer than 256 hashes.
	tails [tileLevels][]tlog.Hash
}

// fullTile is a tile that has become complete and will never change again.
type fullTile struct {
	level  int
	n      int64
	hashes []tlog.Hash
}

// push adds a leaf and appends the tiles that it completes to done.
func (t *tree) push(leaf tlog.Hash, done []fullTile) []fullTile {
	done = t.extend(0, leaf, done)
	h, level := leaf, 0
	for ; t.size>>level&1 == 1; level++ {
		h = tlog.NodeHash(t.edge[level], h)
		if (level+1)%tileHeight == 0 {
			done = t.extend((level+1)/tileHeight, h, done)
		}
	}
	t.edge[level] = h
	t.size++
	return done
}

func (t *tree) extend(level int, h tlog.Hash, done []fullTile) []fullTile {
	tail := t.tails[level]
	if tail == nil {
		tail = make([]tlog.Hash, 0, tileWidth)
	}
	tail = append(tail, h)
	if len(tail) == tileWidth {
		n := t.size >> (tileHeight * (level + 1))
		done = append(done, fullTile{level: level, n: n, hashes: tail})
		tail = nil
	}
	t.tails[level] = tail
	return done
}

// restore rebuilds the edge from size and the partial tiles, as they were read from the database.
func (t *tree) restore() {
	for level, tail := range t.tails {
		for bit := range tileHeight {
			width := 1 << bit
			if len(tail)&width == 0 || level*tileHeight+bit >= len(t.edge) {
				continue
			}
			start := len(tail) &^ (2*width - 1)
			t.edge[level*tileHeight+bit] = subtree(tail[start : start+width])
		}
	}
}

// subtree is the hash over a power of two of hashes.
func subtree(hashes []tlog.Hash) tlog.Hash {
	if len(hashes) == 1 {
		return hashes[0]
	}
	half := len(hashes) / 2
	return tlog.NodeHash(subtree(hashes[:half]), subtree(hashes[half:]))
}

// root is the tree hash of RFC 6962 over all leaves.
func (t *tree) root() tlog.Hash {
	if t.size == 0 {
		empty, _ := tlog.TreeHash(0, nil) // cannot fail: it reads no hashes
		return empty
	}
	low := bits.TrailingZeros64(uint64(t.size))
	h := t.edge[low]
	for level := low + 1; t.size>>level > 0; level++ {
		if t.size>>level&1 == 1 {
			h = tlog.NodeHash(t.edge[level], h)
		}
	}
	return h
}

// fullTiles is how many complete tiles a tree of size leaves has at a tile level.
func fullTiles(size int64, level int) int64 { return size >> (tileHeight * (level + 1)) }

// hashReader reads hashes of the tree of size leaves: those of complete tiles through full, those at the right edge
// from memory. It serves the proofs of tlog.
func (t *tree) hashReader(full func(level int, n int64) ([]byte, error)) tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		type key struct {
			level int
			n     int64
		}
		read := make(map[key][]byte)
		hashes := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			tile := tlog.TileForIndex(tileHeight, index)
			k := key{tile.L, tile.N}
			data, ok := read[k]
			if !ok {
				var err error
				if data, err = t.tile(tile.L, tile.N, full); err != nil {
					return nil, err
				}
				read[k] = data
			}
			var err error
			if hashes[i], err = tlog.HashFromTile(tile, data, index); err != nil {
				return nil, err
			}
		}
		return hashes, nil
	})
}

// tile is the bytes of a tile, as wide as the tree has it: nil beyond the tree's edge.
func (t *tree) tile(level int, n int64, full func(level int, n int64) ([]byte, error)) ([]byte, error) {
	if level < 0 || level >= tileLevels || n < 0 {
		return nil, nil
	}
	switch have := fullTiles(t.size, level); {
	case n < have:
		return full(level, n)
	case n == have:
		return hashBytes(t.tails[level]), nil
	}
	return nil, nil
}

func hashBytes(hashes []tlog.Hash) []byte {
	if len(hashes) == 0 {
		return nil
	}
	b := make([]byte, 0, len(hashes)*tlog.HashSize)
	for i := range hashes {
		b = append(b, hashes[i][:]...)
	}
	return b
}

// bytesHashes is the inverse of hashBytes. Whoever calls it has checked that the length is a multiple of the hash's.
func bytesHashes(b []byte) []tlog.Hash {
	hashes := make([]tlog.Hash, len(b)/tlog.HashSize)
	for i := range hashes {
		copy(hashes[i][:], b[i*tlog.HashSize:])
	}
	return hashes
}

// tilePath names a tile as it is served.
func tilePath(level int, n int64, width int) string {
	path := tlog.Tile{H: tileHeight, L: level, N: n, W: width}.Path()
	return "tile/" + path[len("tile/8/"):]
}
