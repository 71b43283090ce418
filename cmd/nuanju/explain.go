package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
)

type explainCommand struct {
	Clause string `arg:"" optional:"" name:"CLAUSE" help:"A clause such as A3 or A7.2.2.4; without one, all clauses are listed."`
}

// Help is shown by nuanju explain --help.
func (explainCommand) Help() string {
	return `
Examples:
  nuanju explain
  nuanju explain A7.2.2.4
  nuanju explain A3 --lang en`
}

// articles is every clause that the program knows, in contract order.
func articles() []compliance.Article {
	all := append(compliance.Articles(), billing.Articles()...)
	all = append(all, compliance.Duties()...)
	slices.SortStableFunc(all, func(a, b compliance.Article) int { return compliance.InContractOrder(a.Clause, b.Clause) })
	return all
}

// Run prints one clause, or lists all.
func (c explainCommand) Run(a *app) error {
	all := articles()
	out := bufio.NewWriter(a.stdout)
	if c.Clause == "" {
		for _, x := range all {
			fmt.Fprintf(out, "%-9s %s / %s\n", x.Clause, x.Title.ZH, x.Title.EN)
		}
		return out.Flush()
	}
	i := slices.IndexFunc(all, func(x compliance.Article) bool { return string(x.Clause) == c.Clause })
	if i < 0 {
		return errUsage{fmt.Errorf("no clause %q; nuanju explain lists them", c.Clause)}
	}
	return errors.Join(a.explain(out, all[i]), out.Flush())
}

func (a *app) explain(out io.Writer, x compliance.Article) error {
	fmt.Fprintf(out, "%s  %s / %s\n\n%s\n", x.Clause, x.Title.ZH, x.Title.EN, x.Plain.In(a.lang))
	if len(x.Rules) == 0 {
		fmt.Fprintf(out, "\n%s\n", x.Uncomputed.In(a.lang))
		return nil
	}
	fmt.Fprintf(out, "\n%s\n", compliance.Words{ZH: "计算于", EN: "Computed in"}.In(a.lang))
	for _, place := range x.Places() {
		fmt.Fprintf(out, "  %s\n", place)
	}
	found, err := x.Scenarios()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%s\n", compliance.Words{ZH: "情形", EN: "Scenarios"}.In(a.lang))
	for _, s := range found {
		mark := map[bool]string{true: "+", false: "-"}[s.Fires]
		fmt.Fprintf(out, "  %s %s\n      %s\n", mark, s.File, s.Title)
	}
	return nil
}
