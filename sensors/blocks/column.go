package blocks

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// A column is a sequence of integers as base + unit·n, the n packed into as few bits as the largest of each group
// needs:
//
//	base  varint                the least of the numbers
//	unit  uvarint               the greatest common divisor of what they exceed it by; 0: they are all equal, nothing follows
//	group width byte, bits      for each groupLen numbers; the last group may be shorter
//
// The divisor is what makes clocks cheap: readings every 15 minutes with some missing have a unit of 15 minutes, and a
// time known to the millisecond costs no bits below it. All arithmetic wraps around, so any int64 comes back.
const groupLen = 32

var errCut = errors.New("ends in the middle")

// appendColumn packs the numbers. It uses them as its scratch space.
func appendColumn(dst []byte, numbers []int64) []byte {
	if len(numbers) == 0 {
		return dst
	}
	base := numbers[0]
	for _, n := range numbers {
		base = min(base, n)
	}
	unit := uint64(0)
	for i, n := range numbers {
		n -= base
		numbers[i] = n
		if unit != 1 {
			unit = gcd(unit, uint64(n))
		}
	}
	dst = binary.AppendVarint(dst, base)
	dst = binary.AppendUvarint(dst, unit)
	if unit == 0 {
		return dst
	}
	for ; len(numbers) > 0; numbers = numbers[min(groupLen, len(numbers)):] {
		dst = appendGroup(dst, numbers[:min(groupLen, len(numbers))], unit)
	}
	return dst
}

// gcd is the greatest common divisor; that of 0 and n is n.
func gcd(a, b uint64) uint64 {
	if a != 0 && b%a == 0 { // nearly always
		return a
	}
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func appendGroup(dst []byte, numbers []int64, unit uint64) []byte {
	all := uint64(0)
	for i, n := range numbers {
		q := uint64(n)
		if unit != 1 {
			q /= unit
		}
		numbers[i] = int64(q)
		all |= q
	}
	width := uint(bits.Len64(all))
	dst = append(dst, byte(width))
	acc, used := uint64(0), uint(0)
	for _, n := range numbers {
		q := uint64(n)
		acc |= q << used
		if used += width; used >= 64 {
			dst = binary.LittleEndian.AppendUint64(dst, acc)
			used -= 64
			acc = q >> (width - used) // a shift by 64, when nothing is left over, gives 0
		}
	}
	for ; used > 0; used -= min(8, used) {
		dst = append(dst, byte(acc))
		acc >>= 8
	}
	return dst
}

// column reads what appendColumn wrote, a group at a time.
type column struct {
	src  []byte
	base int64
	unit uint64
	left int
	buf  [groupLen]int64
}

// open begins a column of n numbers at the start of src.
func (c *column) open(src []byte, n int) error {
	c.src, c.left, c.base, c.unit = src, n, 0, 0
	if n == 0 {
		return nil
	}
	base, k := binary.Varint(src)
	if k <= 0 {
		return errCut
	}
	unit, m := binary.Uvarint(src[k:])
	if m <= 0 {
		return errCut
	}
	c.src, c.base, c.unit = src[k+m:], base, unit
	if unit == 0 {
		for i := range c.buf {
			c.buf[i] = base
		}
	}
	return nil
}

// next is the next group, valid until the call after; empty at the end.
func (c *column) next() ([]int64, error) {
	n := min(groupLen, c.left)
	c.left -= n
	if n == 0 || c.unit == 0 {
		return c.buf[:n], nil
	}
	if len(c.src) == 0 {
		return nil, errCut
	}
	width := uint(c.src[0])
	size := (n*int(width) + 7) / 8
	if width > 64 || len(c.src)-1 < size {
		return nil, errCut
	}
	packed := c.src[1:]
	c.src = packed[size:]
	if len(packed) < size+9 { // unpack reads up to nine bytes beyond
		var tail [groupLen*8 + 9]byte
		copy(tail[:], packed)
		packed = tail[:size+9]
	}
	out := c.buf[:n]
	if width <= 57 {
		unpackNarrow(out, packed, width, c.unit, uint64(c.base))
	} else {
		unpackWide(out, packed, width, c.unit, uint64(c.base))
	}
	return out, nil
}

// unpackNarrow reads numbers of at most 57 bits, each of which lies within the 8 bytes from the one it begins in.
func unpackNarrow(out []int64, packed []byte, width uint, unit, base uint64) {
	mask := uint64(1)<<width - 1
	bit := uint(0)
	for i := range out {
		word := binary.LittleEndian.Uint64(packed[bit>>3:])
		out[i] = int64(base + unit*(word>>(bit&7)&mask))
		bit += width
	}
}

func unpackWide(out []int64, packed []byte, width uint, unit, base uint64) {
	mask := ^uint64(0) >> (64 - width)
	bit := uint(0)
	for i := range out {
		at := bit >> 3
		word := binary.LittleEndian.Uint64(packed[at:])>>(bit&7) | uint64(packed[at+8])<<(64-bit&7)
		out[i] = int64(base + unit*(word&mask))
		bit += width
	}
}
