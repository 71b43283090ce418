package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/configs"
)

type demoCommand struct {
	Listen string `default:"127.0.0.1:8080" help:"Where the pages are served: a loopback address; another free port is taken if this one is in use."`
	Data   string `type:"path" placeholder:"DIR" help:"Keep the data in this folder, which must be empty or not there; without it in a temporary one."`
	Keep   bool   `help:"Leave the temporary folder when it stops."`
}

// Help is shown by nuanju demo --help.
func (demoCommand) Help() string {
	return `
Three buildings, 60 homes and their last 14 days, with a cold spell, stoppages, a riser fault, reports, tests that disagree, exemptions,
a dispute and bills; then it goes on living. Nothing is sent to anybody. It prints a link a role; each signs in once, from this
machine only, and a new one is printed when it was used. Settings and environment variables of a real server are not looked at.

Examples:
  nuanju demo
  nuanju demo --lang en --listen 127.0.0.1:0
  nuanju demo --data demo/       # afterwards: NUANJU_DATA=demo nuanju verify

It stops on SIGINT or SIGTERM and removes its temporary folder.`
}

// Run builds the past and then serves until interrupted.
func (c demoCommand) Run(a *app) (err error) {
	ctx, stop := signal.NotifyContext(a.ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	if err := loopback(c.Listen); err != nil {
		return err
	}
	dir, leave, err := c.folder()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, leave()) }()
	began := time.Now()
	d, err := newDemo(ctx, dir, freeAddress(c.Listen), began, a.demoLogger())
	if err == nil {
		err = d.past(ctx)
	}
	if err != nil {
		if d != nil {
			err = errors.Join(err, d.s.close())
		}
		if ctx.Err() != nil {
			return nil // it was interrupted before it was ready
		}
		return fmt.Errorf("the demonstration: %w", err)
	}
	return d.serve(ctx, a, began)
}

// demoLogger tells of errors only: what the monitor does shows on the pages.
func (a *app) demoLogger() *slog.Logger { return newLogger(a.stderr, "error") }

// loopback refuses to show made-up people, whom a link signs in as, to other machines.
func loopback(listen string) error {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return errUsage{fmt.Errorf("--listen: %w", err)}
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return errUsage{fmt.Errorf("--listen %s: the demonstration is for this machine only; give an address such as 127.0.0.1:8080", listen)}
	}
	return nil
}

// freeAddress is the address, or another port of it when somebody else listens there.
func freeAddress(listen string) string {
	l, err := net.Listen("tcp", listen)
	if err == nil {
		_ = l.Close() // nothing was sent
		return listen
	}
	host, _, _ := net.SplitHostPort(listen) // loopback has looked at it
	return net.JoinHostPort(host, "0")
}

// folder makes the folder of the data. Leave removes it if it is temporary.
func (c demoCommand) folder() (dir string, leave func() error, err error) {
	stay := func() error { return nil }
	if c.Data != "" {
		if entries, err := os.ReadDir(c.Data); err == nil && len(entries) > 0 {
			return "", stay, errUsage{fmt.Errorf("%s is not an empty folder", c.Data)}
		}
		return c.Data, stay, os.MkdirAll(c.Data, 0o700)
	}
	dir, err = os.MkdirTemp("", "nuanju-demo-")
	if c.Keep || err != nil {
		return dir, stay, err
	}
	return dir, func() error { return os.RemoveAll(dir) }, nil
}

// demo is a server with a past that was made up.
type demo struct {
	s     *server
	clock *stageClock
	start time.Time // when the past ends and life begins
	dir   string
	story *story
	links *links
}

// newDemo puts the server together, on embedded stores in a folder, at the beginning of the past.
func newDemo(ctx context.Context, dir, listen string, start time.Time, logger *slog.Logger) (*demo, error) {
	settings, problems := configs.DefaultSettings([]string{"NUANJU_DATA=" + filepath.Join(dir, "data"), "NUANJU_LISTEN=" + listen, "NUANJU_LOG_NAME=demo.nuanju.local"})
	if err := problems.Err(); err != nil {
		return nil, err
	}
	d := &demo{start: start.Truncate(time.Second), dir: dir, clock: &stageClock{}}
	policy, err := configs.Policy(demoPolicy)
	if err != nil {
		return nil, err
	}
	d.clock.set(firstDay(d.start, policy.Zone))
	if d.s, err = newServerAt(ctx, settings, logger, d.clock.now); err != nil {
		return nil, err
	}
	d.story, err = newStory(d, policy)
	return d, err
}

// past makes everything happen that happened before the start, each at its time.
func (d *demo) past(ctx context.Context) error {
	if err := d.story.perform(ctx); err != nil {
		return err
	}
	d.clock.goOn(d.start)
	return nil
}

// serve serves the pages and goes on living until the context ends.
func (d *demo) serve(ctx context.Context, a *app, began time.Time) error {
	d.links = newLinks(d, a)
	d.s.handler = d.links.before(d.s.handler)
	living, stop := context.WithCancel(ctx)
	defer stop()
	done := make(chan struct{})
	close(done)
	err := d.s.run(ctx, func(address string) {
		d.links.announce("http://"+address, time.Since(began))
		done = make(chan struct{})
		go func() {
			defer close(done)
			d.story.goOn(living)
		}()
	})
	stop()
	<-done
	return err
}

// word is a text in the language of the terminal.
func (a *app) word(zh, en string) string {
	return cmp.Or(map[compliance.Lang]string{compliance.ZH: zh, compliance.EN: en}[a.lang], zh)
}
