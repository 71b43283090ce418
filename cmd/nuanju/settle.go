package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/nuanju/nuanju/billing/settlement"
	"github.com/nuanju/nuanju/billing/sheet"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

type settleCommand struct {
	settingsFlag
	Season    int       `required:"" placeholder:"YEAR" help:"The winter, by the year in which it begins: 2015 is 2015/16."`
	Household []string  `help:"Only these households."`
	AsOf      time.Time `placeholder:"TIME" help:"What was known by then is settled, RFC 3339; now if absent. One that goes on keeps its own."`
	MoveOut   bool      `help:"Settle an account to the moment because its owner or tenant leaves (A9.1); with one --household."`
	DryRun    bool      `help:"Write nothing; say the totals and the ten largest changes."`
	Transfers string    `type:"path" placeholder:"FILE" help:"Write what goes back by bank transfer as CSV; the file must not be there."`
}

// Help is shown by nuanju settle --help.
func (settleCommand) Help() string {
	return `
Makes a statement for each household whose bill is not what its statements so far come to: the first in full, later ones the
differences. A settlement that was stopped, however, is gone on with when it is started again; none is written twice.

Examples:
  nuanju settle --season 2015 --dry-run
  nuanju settle --season 2015 --transfers back.csv
  nuanju settle --season 2015 --household 3-2-601 --move-out --as-of 2016-01-15T00:00:00+08:00

Exit status: 0 all settled; 1 some could not be billed, each is on standard error, all others are settled.`
}

// Run settles.
func (c settleCommand) Run(a *app) (err error) {
	if c.MoveOut && len(c.Household) != 1 {
		return errUsage{errors.New("--move-out settles one --household")}
	}
	ctx, stop := signal.NotifyContext(a.ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	settings, err := c.read()
	if err != nil {
		return err
	}
	s := &server{settings: settings, logger: newLogger(a.stderr, settings.LogLevel), now: time.Now}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := dataFolder(settings); err != nil {
		return err
	}
	if s.ledger, err = openLedger(ctx, settings); err != nil {
		return err
	}
	if s.store, err = openStore(ctx, settings); err != nil {
		return err
	}
	settler, zone, err := s.settler(ctx)
	if err != nil {
		return err
	}
	q := settlement.Request{
		ID: "R" + rand.Text()[:20], Winter: c.Season, Households: c.Household, MoveOut: c.MoveOut, DryRun: c.DryRun, By: "nuanju settle",
		Progress: a.progress(),
	}
	if !c.AsOf.IsZero() {
		q.AsOf = sensors.At(c.AsOf)
	}
	r, err := settler.Run(ctx, q)
	if ctx.Err() != nil {
		return fmt.Errorf("stopped after %d of its households; start it again to go on: %w", r.Settlement.Done, err)
	}
	if err != nil {
		return err
	}
	a.tellSettled(r, c.DryRun, zone)
	if c.Transfers != "" && !c.DryRun {
		if err := c.transfers(ctx, a, s.ledger, r.Settlement.ID); err != nil {
			return err
		}
	}
	if r.Failed > 0 {
		return fmt.Errorf("%d households could not be billed", r.Failed)
	}
	return nil
}

// settler makes what settles of the server's parts, without a log: what is settled reaches it through the outbox.
func (s *server) settler(ctx context.Context) (*settlement.Settler, *time.Location, error) {
	policies, err := policyPacks()
	if err != nil {
		return nil, nil, err
	}
	if s.town == nil {
		if s.town, err = openTown(ctx, s.ledger, policies, s.now); err != nil {
			return nil, nil, err
		}
	}
	if s.checker == nil {
		if s.checker, err = checker.New(checker.Config{
			Ledger: s.ledger, Store: s.store, Registry: s.town, Events: s.ledger, Declared: s.ledger, Policies: policies, Clock: s.now,
		}); err != nil {
			return nil, nil, err
		}
	}
	settler, err := settlement.New(settlement.Config{
		Ledger: s.ledger, Store: s.store, Verdicts: s.checker, Policies: policies, Clock: s.now,
		Registry: func(ctx context.Context) (*sensors.Registry, error) {
			r, err := s.ledger.Registry(ctx, sensors.Forever)
			if err != nil {
				return nil, err
			}
			return &r.Registry, nil
		},
	})
	return settler, zoneOf(policies), err
}

// zoneOf is the zone of the default policy.
func zoneOf(policies map[string]*compliance.Policy) *time.Location {
	for _, p := range policies {
		return p.Zone
	}
	return time.UTC
}

// progress tells on a terminal how far settling has come; elsewhere it is nil.
func (a *app) progress() func(done, total int) {
	f, ok := a.stderr.(*os.File)
	if !ok {
		return nil
	}
	if info, err := f.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return nil
	}
	return func(done, total int) {
		const width = 40
		full := width * done / max(total, 1)
		fmt.Fprintf(f, "\r[%-*s] %d/%d", width, fmt.Sprintf("%.*s", full, "########################################"), done, total)
		if done == total {
			fmt.Fprintln(f)
		}
	}
}

// tellSettled says what settling came to.
func (a *app) tellSettled(r settlement.Result, dry bool, zone *time.Location) {
	w := func(zh, en string) string { return compliance.Words{ZH: zh, EN: en}.In(a.lang) }
	switch {
	case dry:
		fmt.Fprintln(a.stdout, w("试算，未写入任何内容", "A dry run: nothing was written"))
	case r.Resumed:
		fmt.Fprintf(a.stdout, w("继续结算 %s（截至 %s）\n", "Went on with settlement %s, as of %s\n"), r.Settlement.ID, r.Settlement.AsOf.Time().In(zone).Format(time.RFC3339))
	default:
		fmt.Fprintf(a.stdout, w("结算 %s（截至 %s）\n", "Settlement %s, as of %s\n"), r.Settlement.ID, r.Settlement.AsOf.Time().In(zone).Format(time.RFC3339))
	}
	t := r.Totals
	for _, line := range []struct {
		name  string
		value any
	}{
		{w("户数", "households"), r.Households},
		{w("出具结算单", "statements"), t.Made},
		{w("无变化", "unchanged"), t.Unchanged},
		{w("应付热费（元）", "payable, yuan"), t.Payable},
		{w("已预付（元）", "prepaid, yuan"), t.Prepaid},
		{w("按零计量减少（元）", "taken off by zeroing, yuan"), t.Remedy},
		{w("退还或结转（元）", "given back or carried over, yuan"), t.Back},
		{w("欠费（元）", "owed, yuan"), t.Owed},
	} {
		fmt.Fprintf(a.stdout, "%s: %v\n", line.name, line.value)
	}
	if len(r.Largest) > 0 {
		fmt.Fprintln(a.stdout, w("变化最大的住户（元）：", "The largest changes, yuan:"))
	}
	for _, c := range r.Largest {
		fmt.Fprintf(a.stdout, "  %s: %s → %s\n", c.Household, c.Before, c.After)
	}
	for _, f := range r.Failures {
		fmt.Fprintln(a.stderr, f.Err)
	}
}

// transfers writes the bank transfer file of a settlement, whole or not at all.
func (c settleCommand) transfers(ctx context.Context, a *app, l *ledger.Ledger, id string) (err error) {
	f, err := os.OpenFile(c.Transfers, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			_ = os.Remove(c.Transfers)
		}
	}()
	n, err := writeTransfers(ctx, f, a.stderr, l, id)
	if err == nil {
		fmt.Fprintf(a.stdout, "%s: %d\n", c.Transfers, n)
	}
	return err
}

// writeTransfers writes what goes back by bank transfer. Those without a bank account are told and left out: they stay to be given back.
func writeTransfers(ctx context.Context, to, missing io.Writer, l *ledger.Ledger, id string) (n int, err error) {
	table, err := sheet.NewCSV(to)
	if err != nil {
		return 0, err
	}
	if err := sheet.Transfers(table); err != nil {
		return 0, err
	}
	for after := ""; ; {
		some, err := l.Payouts(ctx, id, ledger.Transfer, after, 1000)
		if err != nil {
			return n, err
		}
		for _, p := range some {
			after = p.Household
			switch err := sheet.TransferTo(table, p); {
			case errors.Is(err, sheet.ErrNoBank):
				fmt.Fprintf(missing, "household %s: %v for %s yuan\n", p.Household, err, p.Fen)
			case err != nil:
				return n, err
			default:
				n++
			}
		}
		if len(some) < 1000 {
			return n, table.Close()
		}
	}
}
