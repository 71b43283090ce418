package main

import (
	"bufio"
	"fmt"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/configs"
)

type policiesCommand struct {
	List policiesList `cmd:"" default:"1" help:"List the packs that come with the program, and their editions."`
	Lint policiesLint `cmd:"" help:"Check a policy file and print every error."`
}

type policiesList struct{}

// Help is shown by nuanju policies list --help.
func (policiesList) Help() string {
	return `
Examples:
  nuanju policies
  nuanju policies --lang en`
}

// Run lists the packs.
func (policiesList) Run(a *app) error {
	out := bufio.NewWriter(a.stdout)
	for _, name := range configs.Policies() {
		p, err := configs.Policy(name)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s  %s\n", p.Name, p.Title.In(a.lang))
		for i := range p.Editions {
			e := &p.Editions[i]
			fmt.Fprintf(out, "  %s %s  %g °C  %s  %s\n", compliance.Words{ZH: "自", EN: "from"}.In(a.lang),
				editionFrom(e.From), e.Standard, e.Remedy, p.Digest(e))
			if notes := e.Notes.In(a.lang); notes != "" {
				fmt.Fprintf(out, "    [%s] %s\n", e.Certainty, notes)
			}
		}
	}
	return out.Flush()
}

type policiesLint struct {
	File string `arg:"" name:"FILE" help:"The policy file."`
}

// Help is shown by nuanju policies lint --help.
func (policiesLint) Help() string {
	return `
Examples:
  nuanju policies lint ./my-contract.yaml

Exit status: 0 the file is a policy; 1 it is not, and every error is on standard error; 2 the call is wrong.`
}

// Run checks the file.
func (c policiesLint) Run(a *app) error {
	p, err := policyFile(c.File)
	if err != nil {
		return err
	}
	for i := range p.Editions {
		e := &p.Editions[i]
		fmt.Fprintf(a.stdout, "%s from %s: %s\n", p.Name, editionFrom(e.From), p.Digest(e))
	}
	return nil
}

// editionFrom is an edition's first date as policy files write it.
func editionFrom(d compliance.Date) string {
	if d <= compliance.DateOf(1900, time.January, 1) {
		return "always"
	}
	return d.String()
}
