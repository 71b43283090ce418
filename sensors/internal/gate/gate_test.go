package gate

import (
	"sync"
	"testing"
)

func TestCloseWaitsForCallsAndLetsNoneIn(t *testing.T) {
	var g Gate
	if !g.Enter() {
		t.Fatal("an open gate is closed")
	}
	closed := make(chan bool)
	go func() { closed <- g.Close() }()
	for g.Enter() { // until the other goroutine has closed it
		g.Leave()
	}
	select {
	case <-closed:
		t.Fatal("Close did not wait for the call in progress")
	default:
	}
	g.Leave()
	if !<-closed {
		t.Error("the first Close was not the first")
	}
	if g.Close() {
		t.Error("the second Close was the first, too")
	}
}

func TestManyCloseAtOnceAndOneIsFirst(t *testing.T) {
	var g Gate
	g.Enter()
	var wait sync.WaitGroup
	firsts := make(chan bool, 10)
	for range cap(firsts) {
		wait.Go(func() { firsts <- g.Close() })
	}
	for g.Enter() {
		g.Leave()
	}
	g.Leave()
	wait.Wait()
	close(firsts)
	n := 0
	for first := range firsts {
		if first {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d were first", n)
	}
}
