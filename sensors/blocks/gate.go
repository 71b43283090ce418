package blocks

import "sync"

// gate counts the calls in progress, so that Close can wait for them. A sync.RWMutex would not do: a call that another call makes
// would wait for a Close that waits for the first.
type gate struct {
	mu     sync.Mutex
	empty  sync.Cond
	calls  int
	closed bool
}

func (g *gate) init() { g.empty.L = &g.mu }

// enter begins a call; false after close.
func (g *gate) enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.calls++
	return true
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.calls--; g.calls == 0 {
		g.empty.Broadcast()
	}
}

// close lets no more calls in and waits for those in progress; false if it was closed before.
func (g *gate) close() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	first := !g.closed
	g.closed = true
	for g.calls > 0 {
		g.empty.Wait()
	}
	return first
}
