// Package gate counts the calls in progress of something that can be closed.
package gate

import "sync"

// Gate lets calls in until it is closed. The zero value is open. A sync.RWMutex would not do in its place: a call that
// another call makes would wait for a Close that waits for the first.
type Gate struct {
	mu     sync.Mutex
	calls  int
	closed bool
	empty  chan struct{} // made by Close when there are calls, closed by the last of them
}

// Enter begins a call, which Leave ends. False: the gate is closed, and Leave must not be called.
func (g *Gate) Enter() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return false
	}
	g.calls++
	return true
}

// Leave ends a call that Enter began.
func (g *Gate) Leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.calls--; g.calls == 0 && g.empty != nil {
		close(g.empty)
	}
}

// Close lets no more calls in and returns when those in progress have left. True for the first Close only.
func (g *Gate) Close() bool {
	g.mu.Lock()
	first := !g.closed
	g.closed = true
	if g.empty == nil && g.calls > 0 {
		g.empty = make(chan struct{})
	}
	empty := g.empty
	g.mu.Unlock()
	if empty != nil {
		<-empty
	}
	return first
}
