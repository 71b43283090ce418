package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/casefile"
	"github.com/nuanju/nuanju/configs"
)

type checkCommand struct {
	Dir    string  `arg:"" name:"DIR" help:"The case directory; it holds case.yaml and CSV files."`
	JSON   bool    `help:"Print one JSON object instead of the view for people."`
	Policy *string `placeholder:"NAME|FILE" help:"Judge by this pack, or by a policy file, instead of the one that case.yaml names."`
	All    bool    `help:"In the view for people, give the reasons of every episode and tile, not of the longest."`
}

// Help is shown by nuanju check --help.
func (checkCommand) Help() string {
	return `
Examples:
  nuanju check docs/examples/cold-bedroom
  nuanju check docs/examples/cold-bedroom --lang en
  nuanju check docs/examples/cold-bedroom --json | jq .bill
  nuanju check docs/examples/cold-bedroom --policy beijing-metered-boiler
  nuanju check docs/examples/cold-bedroom --policy ./my-contract.yaml

Exit status: 0 judged; 1 the input is wrong, every error is on standard error as FILE:LINE: text,
and nothing was judged; 2 the call is wrong.`
}

// Run judges the case and prints the verdict.
func (c checkCommand) Run(a *app) error {
	j, err := c.judge(a)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(a.stdout, 1<<16)
	if c.JSON {
		err = j.writeJSON(out)
	} else {
		err = j.writeView(out, c.All)
	}
	return errors.Join(err, out.Flush())
}

// judge reads the case and judges it; nothing is printed before all of it is known to be right.
func (c checkCommand) judge(a *app) (*judgement, error) {
	var opts casefile.Options
	var err error
	if c.Policy != nil { // also an empty name is one, and unknown: it must not judge by another contract
		if opts.Policy, err = policyByName(*c.Policy); err != nil {
			return nil, err
		}
	}
	root, err := os.OpenRoot(c.Dir)
	if err != nil {
		return nil, errUsage{fmt.Errorf("%s is not a case directory: %w", c.Dir, reason(err))}
	}
	defer root.Close()
	read, err := casefile.Read(root.FS(), opts)
	if err != nil {
		return nil, err
	}
	return judgeCase(read, a.lang)
}

// judgeCase judges and bills a case that has been read.
func judgeCase(read *casefile.Case, lang compliance.Lang) (*judgement, error) {
	verdict, err := compliance.Judge(read.Policy, &read.Facts)
	if err != nil {
		return nil, err
	}
	j := &judgement{policy: read.Policy, verdict: verdict, lang: lang}
	for i := range read.Facts.Rooms {
		id := read.Facts.Rooms[i].ID
		for _, x := range read.Conflicts[id] {
			if asOf := read.Facts.AsOf; asOf == 0 || x.Later.At < asOf && x.Later.Received < asOf {
				j.conflicts = append(j.conflicts, conflict{id, x})
			}
		}
	}
	charged := billing.Charge(read.Policy, &read.Billing, verdict)
	j.usage, j.bill, j.remedy = charged.Usage, charged.Bill, charged.Remedy
	return j, nil
}

// policyByName is a pack, or a policy file if the name looks like one.
func policyByName(name string) (*compliance.Policy, error) {
	if !isFile(name) {
		p, err := configs.Policy(name)
		if err != nil {
			return nil, errUsage{err}
		}
		return p, nil
	}
	return policyFile(name)
}

// policyFile reads a policy of somebody's own.
func policyFile(name string) (*compliance.Policy, error) {
	b, err := readSmall(name)
	if err != nil {
		return nil, errUsage{fmt.Errorf("policy file %s: %w", name, reason(err))}
	}
	p, problems := configs.ParsePolicy(name, b)
	return p, problems.Err()
}

// maxSmall is the most that a policy or settings file may have, in bytes, and one more.
const maxSmall = 1<<20 + 1

// readSmall reads a regular file of at most a little over the size that strict YAML takes; its reader says if it is too long.
func readSmall(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, maxSmall))
}

// isFile reports whether a policy is named by its file: it has an ending, or leads somewhere.
func isFile(name string) bool {
	return strings.ContainsRune(name, filepath.Separator) || slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(name))
}

// reason is why a file could not be opened, without the path that the caller names anyway.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
