package web

import (
	"sync"

	"github.com/nuanju/nuanju/sensors/ingest"
)

// decoding is a decoder and the batch that it decodes into: what a write needs beside its body.
type decoding struct {
	decoder *ingest.Decoder
	batch   ingest.Batch
}

// decodings are used again: a decoder remembers the names of devices that it met.
type decodings struct{ pool sync.Pool }

// keptRecords is the largest batch that is kept for later.
const keptRecords = 16 << 10

func newDecodings() *decodings {
	return &decodings{sync.Pool{New: func() any { return &decoding{decoder: ingest.NewDecoder(ingest.DefaultBounds())} }}}
}

func (d *decodings) get() *decoding { return d.pool.Get().(*decoding) }

func (d *decodings) put(one *decoding) {
	if cap(one.batch.Records) > keptRecords || cap(one.batch.Errors) > keptRecords {
		one.batch = ingest.Batch{}
	}
	clear(one.batch.Records[:cap(one.batch.Records)]) // they point into a body that is someone else's next
	d.pool.Put(one)
}
