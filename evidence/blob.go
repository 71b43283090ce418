package evidence

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/mod/sumdb/tlog"
)

// A cell is bytes as stored: the value, then its CRC-32C in big endian. The CRC is no defence against a forger, who
// can compute it; it tells which of two cells that contradict each other was damaged.

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

const crcSize = 4

func seal(value []byte) []byte {
	return binary.BigEndian.AppendUint32(value, crc32.Checksum(value, castagnoli))
}

var errCRC = errors.New("does not match its CRC-32C")

// unseal gives the value even when its CRC is wrong, for Verify to look into it.
func unseal(cell []byte) ([]byte, error) {
	if len(cell) < crcSize {
		return nil, errCRC
	}
	value := cell[: len(cell)-crcSize : len(cell)-crcSize]
	if crc32.Checksum(value, castagnoli) != binary.BigEndian.Uint32(cell[len(value):]) {
		return value, errCRC
	}
	return value, nil
}

const (
	saltSize = 32
	// maxBlob bounds what a damaged blob may make a reader allocate, in bytes.
	maxBlob = 1 << 30
)

// A blob is the contents of one commit, before compression:
//
//	blob   = call…
//	call   = uvarint(received, ns since the call before; of the first, since 1970) uvarint(number of records) record…
//	record = uvarint(length of payload + 1) payload, or uvarint(0) for an erased leaf
//	payload = subject 0x00 content

// appendRecord appends the record of one entry and returns where its payload is.
func appendRecord(dst []byte, subject string, content []byte) (all, payload []byte) {
	n := len(subject) + 1 + len(content)
	dst = binary.AppendUvarint(dst, uint64(n)+1)
	start := len(dst)
	dst = append(dst, subject...)
	dst = append(dst, 0)
	dst = append(dst, content...)
	return dst, dst[start:]
}

// appendCall appends the head of a call; its records follow.
func appendCall(dst []byte, sinceBefore int64, records int) []byte {
	dst = binary.AppendUvarint(dst, uint64(sinceBefore))
	return binary.AppendUvarint(dst, uint64(records))
}

// record is one leaf of a decoded blob. payload is nil when the leaf was erased.
type record struct {
	received int64
	payload  []byte
}

// parseBlob is strict: what it accepts is exactly the records of some calls, with receipt times that do not decrease.
// The payloads are parts of b.
func parseBlob(b []byte) ([]record, error) {
	var records []record
	var received int64
	for len(b) > 0 {
		since, rest, err := uvarint(b)
		if err != nil || since > 1<<63-1-uint64(received) {
			return nil, errors.New("malformed receipt time")
		}
		received += int64(since)
		n, rest, err := uvarint(rest)
		if err != nil || n == 0 || n > uint64(len(rest)) {
			return nil, errors.New("malformed number of records")
		}
		b = rest
		for range n {
			size, rest, err := uvarint(b)
			if err != nil || size > uint64(len(rest))+1 {
				return nil, fmt.Errorf("malformed record %d", len(records))
			}
			rec := record{received: received}
			if size > 0 {
				rec.payload = rest[: size-1 : size-1]
				rest = rest[size-1:]
			}
			records = append(records, rec)
			b = rest
		}
	}
	return records, nil
}

// formatBlob is the inverse of parseBlob, up to how records are grouped into calls.
func formatBlob(records []record) []byte {
	var b []byte
	var before int64
	for i := 0; i < len(records); {
		n := i
		for n < len(records) && records[n].received == records[i].received {
			n++
		}
		b = appendCall(b, records[i].received-before, n-i)
		before = records[i].received
		for ; i < n; i++ {
			if records[i].payload == nil {
				b = binary.AppendUvarint(b, 0)
				continue
			}
			b = binary.AppendUvarint(b, uint64(len(records[i].payload))+1)
			b = append(b, records[i].payload...)
		}
	}
	return b
}

func uvarint(b []byte) (uint64, []byte, error) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, errors.New("malformed number")
	}
	return v, b[n:], nil
}

// splitPayload gives the subject and the content of a payload.
func splitPayload(payload []byte) (subject string, content []byte, err error) {
	for i, c := range payload {
		if c == 0 {
			return string(payload[:i]), payload[i+1:], nil
		}
	}
	return "", nil, errors.New("payload without a subject")
}

// commitmentOf writes SHA-256(salt ‖ payload) to dst, with h as scratch.
func commitmentOf(h hash.Hash, dst *[sha256.Size]byte, salt, payload []byte) {
	h.Reset()
	h.Write(salt)
	h.Write(payload)
	h.Sum(dst[:0])
}

// leafHash is RecordHash of the commitment and the receipt time, without RecordHash's allocations.
func leafHash(commitment *[sha256.Size]byte, received int64) tlog.Hash {
	var b [1 + sha256.Size + 8]byte
	copy(b[1:], commitment[:])
	binary.BigEndian.PutUint64(b[1+sha256.Size:], uint64(received))
	return sha256.Sum256(b[:])
}

// codec compresses and decompresses blobs. Its encoder belongs to the committer; the decoder may be shared.
type codec struct {
	enc *zstd.Encoder
	dec *zstd.Decoder
}

func newCodec() (*codec, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderCRC(false)) // the cell has a CRC of its own, which covers the frame's header too
	if err != nil {
		return nil, err
	}
	dec, err := newDecoder()
	if err != nil {
		return nil, err
	}
	return &codec{enc: enc, dec: dec}, nil
}

func newDecoder() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxBlob))
}
