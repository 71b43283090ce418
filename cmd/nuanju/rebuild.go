package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/sensors/intake"
)

type rebuildCommand struct{ settingsFlag }

// Help is shown by nuanju rebuild --help.
func (rebuildCommand) Help() string {
	return `
Fills the store of readings again from the evidence log, which is the truth: after the store was lost or damaged, or
when another kind of store is to be used. Stop the server first, and take the damaged store away. A rebuild that is
interrupted goes on when it is started again.

Examples:
  nuanju rebuild
  NUANJU_STORE_KIND=influx NUANJU_STORE_URL=http://db:8086 NUANJU_STORE_BUCKET=nuanju nuanju rebuild`
}

// Run forwards the whole log again.
func (c rebuildCommand) Run(a *app) (err error) {
	ctx, stop := signal.NotifyContext(a.ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	settings, err := c.read()
	if err != nil {
		return err
	}
	s := &server{settings: settings, logger: newLogger(a.stderr, settings.LogLevel), now: time.Now}
	defer func() { err = errors.Join(err, s.close()) }()
	if s.lock, err = takeFolder(settings); err != nil {
		return err
	}
	if s.log, err = openLog(ctx, settings, evidence.Options{Logger: s.logger, Clock: receiptTime(s.now)}); err != nil {
		return err
	}
	if s.ledger, err = openLedger(ctx, settings); err != nil {
		return err
	}
	if s.store, err = openStore(ctx, settings); err != nil {
		return err
	}
	policies, err := policyPacks()
	if err != nil {
		return err
	}
	if s.town, err = openTown(ctx, s.ledger, policies, s.now); err != nil {
		return err
	}
	n, err := s.forwarderOf(new(intake.Stats)).Rebuild(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%d entries of the evidence log forwarded\n", n)
	return nil
}
