package web

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
)

// Why a body was not read.
var (
	errTooLarge = errors.New("the body is too large")
	errEncoding = errors.New("the body's Content-Encoding is not gzip")
	errGzip     = errors.New("the body is not gzip as its Content-Encoding says")
	errBroken   = errors.New("the body could not be read to its end")
	errBodies   = errors.New("too many bodies are being written at the moment")
)

// bodies reads the bodies of writes, which may be large and many, into buffers that are used again. However small a
// compressed body is, no more than most bytes of it are decompressed, and all bodies together stay below total.
type bodies struct {
	most, total int64
	held        atomic.Int64
	buffers     sync.Pool // of *body
	unzips      sync.Pool // of *gzip.Reader
}

const (
	smallBody = 4 << 10
	// keptBody is the largest buffer that is kept for later: a body of 5,000 lines has some 300 kB.
	keptBody = 1 << 20
)

// body is a body that was read. Release it when nothing points into it any more.
type body struct {
	bytes []byte
	held  int64
}

func newBodies(most, total int64) *bodies {
	b := &bodies{most: most, total: total}
	b.buffers.New = func() any { return &body{bytes: make([]byte, 0, smallBody)} }
	return b
}

func (b *bodies) inProgress() float64 { return float64(b.held.Load()) }

// read is the body of a request, decompressed. Its errors are those above.
func (b *bodies) read(r *http.Request) (*body, error) {
	if r.ContentLength > b.most {
		return nil, errTooLarge
	}
	to := b.buffers.Get().(*body)
	err := b.decode(to, r)
	if err != nil {
		b.release(to)
		return nil, err
	}
	return to, nil
}

func (b *bodies) decode(to *body, r *http.Request) error {
	// What a client says that it will send is believed only so far: room is made as bytes come.
	if err := b.grow(to, max(min(r.ContentLength+1, keptBody), int64(cap(to.bytes)))); err != nil {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))) {
	case "", "identity":
		return b.fill(to, r.Body, errBroken)
	case "gzip", "x-gzip":
	default:
		return errEncoding
	}
	// What is compressed is bounded as well: gzip may have members of nothing without end.
	compressed := io.LimitReader(r.Body, b.most+1)
	z, ok := b.unzips.Get().(*gzip.Reader)
	if !ok {
		z = new(gzip.Reader)
	}
	defer b.unzips.Put(z)
	if err := z.Reset(compressed); err != nil {
		return errGzip
	}
	return b.fill(to, z, errGzip)
}

// fill reads to the end. A failure is said to be what failed.
func (b *bodies) fill(to *body, from io.Reader, what error) error {
	for {
		if len(to.bytes) == cap(to.bytes) {
			if int64(len(to.bytes)) > b.most {
				return errTooLarge
			}
			if err := b.grow(to, int64(cap(to.bytes))*2); err != nil {
				return err
			}
		}
		n, err := from.Read(to.bytes[len(to.bytes):cap(to.bytes)])
		to.bytes = to.bytes[:len(to.bytes)+n]
		switch {
		case int64(len(to.bytes)) > b.most:
			return errTooLarge
		case err == io.EOF:
			return nil
		case err != nil:
			return what
		}
	}
}

// grow makes room for size bytes, but not for more than one beyond the bound, which tells that there are more.
func (b *bodies) grow(to *body, size int64) error {
	size = min(size, b.most+1)
	if size < int64(cap(to.bytes)) {
		size = int64(cap(to.bytes))
	}
	if b.held.Add(size-to.held) > b.total {
		b.held.Add(to.held - size)
		return errBodies
	}
	to.held = size
	if size > int64(cap(to.bytes)) {
		larger := make([]byte, len(to.bytes), size)
		copy(larger, to.bytes)
		to.bytes = larger
	}
	return nil
}

// release gives a body's buffer back.
func (b *bodies) release(to *body) {
	b.held.Add(-to.held)
	to.held, to.bytes = 0, to.bytes[:0]
	if cap(to.bytes) <= keptBody {
		b.buffers.Put(to)
	}
}
