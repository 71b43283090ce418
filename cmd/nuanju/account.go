package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/web/signin"
)

type accountCommand struct {
	Add      accountAdd      `cmd:"" help:"Make an account."`
	List     accountList     `cmd:"" help:"List accounts."`
	Password accountPassword `cmd:"" help:"Give an account another password and end its sessions."`
	Disable  accountDisable  `cmd:"" help:"Let nobody in by an account any more, and end its sessions."`
}

// passwordFlag is where a password comes from: standard input, or chance.
type passwordFlag struct {
	Stdin bool `name:"password-stdin" help:"Read the password from the first line of standard input; without it one is made and shown once."`
}

// password is the one to be set, and whether it was made here and must be shown.
func (f passwordFlag) password(a *app) (password string, made bool, err error) {
	if !f.Stdin {
		return rand.Text(), true, nil // 128 bits
	}
	line, err := bufio.NewReader(io.LimitReader(a.stdin, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", false, err
	}
	return strings.TrimRight(line, "\r\n"), false, nil
}

// hash is the encoded hash of the password, and the password if it must be shown.
func (f passwordFlag) hash(a *app) (encoded, shown string, err error) {
	password, made, err := f.password(a)
	if err != nil {
		return "", "", err
	}
	if made {
		shown = password
	}
	encoded, err = signin.NewHasher(signin.DefaultCost).Hash(a.ctx, password)
	return encoded, shown, err
}

type accountAdd struct {
	settingsFlag
	passwordFlag
	Name        string   `arg:"" help:"What they sign in with; it stands in timelines, and is theirs for good."`
	Role        string   `required:"" enum:"dispatcher,billing,tester,mediator,auditor,admin" help:"What they may do: dispatcher, billing, tester, mediator, auditor or admin."`
	Institution string   `help:"Of a tester: the id of the accredited institution."`
	Building    []string `help:"Only for these buildings."`
	Household   []string `help:"Only for these households."`
}

// Help is shown by nuanju account add --help.
func (accountAdd) Help() string {
	return `
Examples:
  nuanju account add wang --role dispatcher
  nuanju account add "测试员 李" --role tester --institution CTI
  pass show nuanju/wang | nuanju account add wang --role dispatcher --password-stdin

A password has at least 10 characters. Only a slow, salted hash of it (argon2id) is kept.`
}

// Run makes the account.
func (c accountAdd) Run(a *app) error {
	if (c.Role == string(disputes.Tester)) != (c.Institution != "") {
		return errUsage{errors.New("--institution is for testers, and they need it")}
	}
	encoded, shown, err := c.hash(a)
	if err != nil {
		return err
	}
	return c.withLedger(a, func(l *ledger.Ledger) error {
		kept, err := l.CreateAccount(a.ctx, ledger.StaffAccount{
			Name: c.Name, Role: disputes.Role(c.Role),
			Scope: ledger.Scope{Institution: c.Institution, Buildings: c.Building, Households: c.Household},
		}, encoded, sensors.At(time.Now()))
		if err != nil {
			return err
		}
		fmt.Fprintf(a.stderr, "account %s, role %s, name %s\n", kept.ID, kept.Role, kept.Name)
		return show(a, shown)
	})
}

// show prints a password that was made, once.
func show(a *app, password string) error {
	if password == "" {
		return nil
	}
	_, err := fmt.Fprintln(a.stdout, password)
	return err
}

type accountList struct{ settingsFlag }

// Help is shown by nuanju account list --help.
func (accountList) Help() string { return "\nExample:\n  nuanju account list" }

// Run lists the accounts.
func (c accountList) Run(a *app) error {
	return c.withLedger(a, func(l *ledger.Ledger) error {
		accounts, err := l.ListAccounts(a.ctx)
		if err != nil {
			return err
		}
		out := bufio.NewWriter(a.stdout)
		for _, one := range accounts {
			state := "since " + one.CreatedAt.Time().Format(time.RFC3339)
			if one.DisabledAt != 0 {
				state = "disabled " + one.DisabledAt.Time().Format(time.RFC3339)
			}
			fmt.Fprintf(out, "%s  %-10s  %s  %s\n", one.ID, one.Role, state, one.Name)
		}
		return out.Flush()
	})
}

type accountPassword struct {
	settingsFlag
	passwordFlag
	Name string `arg:"" help:"Whose password it is."`
}

// Help is shown by nuanju account password --help.
func (accountPassword) Help() string {
	return "\nExamples:\n  nuanju account password wang\n  pass show nuanju/wang | nuanju account password wang --password-stdin"
}

// Run sets the password.
func (c accountPassword) Run(a *app) error {
	encoded, shown, err := c.hash(a)
	if err != nil {
		return err
	}
	return c.withLedger(a, func(l *ledger.Ledger) error {
		if err := l.SetPassword(a.ctx, c.Name, encoded, sensors.At(time.Now())); err != nil {
			return err
		}
		return show(a, shown)
	})
}

type accountDisable struct {
	settingsFlag
	Name string `arg:"" help:"Who is let in no more."`
}

// Help is shown by nuanju account disable --help.
func (accountDisable) Help() string { return "\nExample:\n  nuanju account disable wang" }

// Run disables the account.
func (c accountDisable) Run(a *app) error {
	return c.withLedger(a, func(l *ledger.Ledger) error {
		return l.DisableAccount(a.ctx, c.Name, sensors.At(time.Now()))
	})
}
