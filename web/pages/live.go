package pages

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// live tells pages that are open when something changed: by server-sent events, a number at a time. Which page must look again is
// the page's own affair.
type live struct {
	changes func(context.Context) (int64, error)

	mu      sync.Mutex
	readers map[chan int64]bool
	stop    context.CancelFunc
	closed  chan struct{}
}

const (
	// lookEvery is how often is looked whether something changed, while anybody wants to know.
	lookEvery = time.Second
	// maxReaders bounds the pages that are told.
	maxReaders = 10_000
	// beat keeps proxies from closing a connection on which nothing happens.
	beat = 20 * time.Second
)

func newLive(changes func(context.Context) (int64, error)) *live {
	return &live{changes: changes, readers: map[chan int64]bool{}, closed: make(chan struct{})}
}

// Close ends the pages' event streams, so that a server that stops does not wait for them. A page connects again by itself.
func (s *Pages) Close() {
	s.live.mu.Lock()
	defer s.live.mu.Unlock()
	select {
	case <-s.live.closed:
	default:
		close(s.live.closed)
	}
}

// join is told of changes until leave.
func (l *live) join() (chan int64, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.readers) >= maxReaders {
		return nil, false
	}
	reader := make(chan int64, 1)
	l.readers[reader] = true
	if len(l.readers) == 1 {
		ctx, stop := context.WithCancel(context.Background())
		l.stop = stop
		go l.look(ctx)
	}
	return reader, true
}

func (l *live) leave(reader chan int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.readers, reader)
	if len(l.readers) == 0 {
		l.stop()
	}
}

// look asks again and again, and tells everybody who wants to know.
func (l *live) look(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	last := int64(-1)
	for {
		if n, err := l.changes(ctx); err == nil && n != last {
			if last >= 0 {
				l.tell(n)
			}
			last = n
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (l *live) tell(n int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for reader := range l.readers {
		select {
		case reader <- n:
		default: // it has not read the change before yet, and will look at both at once
		}
	}
}

// events is GET /events.
func events(r *request) error {
	l := r.pages.live
	if l.changes == nil {
		return &Problem{Status: http.StatusNotFound}
	}
	reader, ok := l.join()
	if !ok {
		return &Problem{Status: http.StatusServiceUnavailable}
	}
	defer l.leave(reader)
	control := http.NewResponseController(r.Writer)
	r.Header("Content-Type", "text/event-stream")
	r.Header("X-Accel-Buffering", "no")
	write := func(text string) bool {
		_ = control.SetWriteDeadline(time.Now().Add(beat)) // the server's own deadline is for answers that end
		if _, err := fmt.Fprint(r.Writer, text); err != nil {
			return false
		}
		return control.Flush() == nil
	}
	if !write("retry: 2000\n\n") {
		return nil
	}
	alive := time.NewTicker(beat)
	defer alive.Stop()
	for {
		select {
		case <-r.Request.Context().Done():
			return nil
		case <-l.closed:
			return nil
		case n := <-reader:
			if !write(fmt.Sprintf("event: changed\ndata: %d\n\n", n)) {
				return nil
			}
		case <-alive.C:
			if !write(": \n\n") {
				return nil
			}
		}
	}
}
