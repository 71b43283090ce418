package main

import (
	"bufio"
	"fmt"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

type tokenCommand struct {
	Create tokenCreate `cmd:"" help:"Make an access token; it is shown once."`
	List   tokenList   `cmd:"" help:"List tokens, without their secrets."`
	Revoke tokenRevoke `cmd:"" help:"Make a token no good from now on."`
}

type tokenCreate struct {
	settingsFlag
	Role        string        `required:"" enum:"resident,dispatcher,billing,tester,mediator,auditor,device,admin" help:"What it may do: resident, dispatcher, billing, tester, mediator, auditor, device or admin."`
	Name        string        `required:"" help:"Whose it is, or what for."`
	Expires     time.Duration `default:"8760h" help:"How long it is good for."`
	Household   []string      `help:"Only for these households."`
	Device      []string      `help:"Only for these devices."`
	Station     []string      `help:"Only for these weather stations."`
	Building    []string      `help:"Only for these buildings."`
	Institution string        `help:"Of a tester: the id of the accredited institution."`
}

// Help is shown by nuanju token create --help.
func (tokenCreate) Help() string {
	return `
Examples:
  nuanju token create --role device --name telegraf
  nuanju token create --role device --name "bedroom 601" --device lora-17
  nuanju token create --role dispatcher --name "desk 1" --expires 2160h
  nuanju token create --role resident --name "3-2-601" --household 3-2-601

The token is printed on standard output. Only its hash is kept.`
}

// Run makes the token and prints it.
func (c tokenCreate) Run(a *app) error {
	return c.withLedger(a, func(l *ledger.Ledger) error {
		now := sensors.At(time.Now())
		token, kept, err := l.CreateToken(a.ctx, ledger.Token{
			Role: disputes.Role(c.Role), Name: c.Name, ExpiresAt: now.Add(c.Expires),
			Scope: ledger.Scope{Buildings: c.Building, Households: c.Household, Devices: c.Device, Stations: c.Station},
		}, now)
		if err != nil {
			return err
		}
		fmt.Fprintln(a.stdout, token)
		fmt.Fprintf(a.stderr, "token %s, role %s, good until %s\n", kept.ID, kept.Role, kept.ExpiresAt.Time().Format(time.RFC3339))
		return nil
	})
}

// withLedger opens the ledger of the settings for one command.
func (f settingsFlag) withLedger(a *app, use func(*ledger.Ledger) error) error {
	s, err := f.read()
	if err != nil {
		return err
	}
	if err := dataFolder(s); err != nil {
		return err
	}
	l, err := openLedger(a.ctx, s)
	if err != nil {
		return err
	}
	if err := use(l); err != nil {
		_ = l.Close()
		return err
	}
	return l.Close()
}

type tokenList struct{ settingsFlag }

// Help is shown by nuanju token list --help.
func (tokenList) Help() string { return "\nExample:\n  nuanju token list" }

// Run lists the tokens.
func (c tokenList) Run(a *app) error {
	return c.withLedger(a, func(l *ledger.Ledger) error {
		tokens, err := l.ListTokens(a.ctx)
		if err != nil {
			return err
		}
		out := bufio.NewWriter(a.stdout)
		for _, t := range tokens {
			state := "good until " + t.ExpiresAt.Time().Format(time.RFC3339)
			if t.RevokedAt != 0 {
				state = "revoked " + t.RevokedAt.Time().Format(time.RFC3339)
			}
			fmt.Fprintf(out, "%s  %-10s  %s  %s\n", t.ID, t.Role, state, t.Name)
		}
		return out.Flush()
	})
}

type tokenRevoke struct {
	settingsFlag
	ID string `arg:"" name:"ID" help:"The token's id, as nuanju token list shows it."`
}

// Help is shown by nuanju token revoke --help.
func (tokenRevoke) Help() string { return "\nExample:\n  nuanju token revoke 3f1c9a0d5e7b2468" }

// Run revokes the token.
func (c tokenRevoke) Run(a *app) error {
	return c.withLedger(a, func(l *ledger.Ledger) error {
		return l.RevokeToken(a.ctx, c.ID, sensors.At(time.Now()))
	})
}
