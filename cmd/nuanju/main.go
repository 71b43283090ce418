// Command nuanju judges whether a home was kept as warm as its heating contract promises, and says why.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/configs"
)

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Exit statuses: bad input is 1, a wrong call 2.
const (
	exitOK = iota
	exitFailed
	exitUsage
)

// version is set when the program is built.
var version = "development"

// app is what every command may need.
type app struct {
	ctx    context.Context
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	lang   compliance.Lang
}

type commands struct {
	Lang    string           `enum:"zh,en" default:"zh" env:"NUANJU_LANG" help:"Language of texts for people: zh or en."`
	Version kong.VersionFlag `help:"Print the version."`

	Check    checkCommand    `cmd:"" help:"Judge a case: one household, one season, in plain files."`
	Explain  explainCommand  `cmd:"" help:"Say what a clause means, where it is computed, and which scenarios show it."`
	Policies policiesCommand `cmd:"" help:"List policy packs and their editions, or check one of your own."`

	Serve   serveCommand   `cmd:"" help:"Run the monitor: readings in, verdicts current, tickets against their clocks."`
	Import  importCommand  `cmd:"" help:"Take a registry, or what a case declares, over into the ledger."`
	Export  exportCommand  `cmd:"" help:"Write the registry as CSV files."`
	Rebuild rebuildCommand `cmd:"" help:"Fill the store of readings again from the evidence log."`
	Settle  settleCommand  `cmd:"" help:"Settle a winter: statements, what goes back and what is owed."`
	Token   tokenCommand   `cmd:"" help:"Access tokens of devices, desks and residents."`
	Health  healthCommand  `cmd:"" help:"Ask the server on this machine whether it is ready."`
	Account accountCommand `cmd:"" help:"Accounts of the staff: who signs in with a name and a password."`
	Backup  backupCommand  `cmd:"" help:"Copy the embedded stores while the server runs."`
	Restore restoreCommand `cmd:"" help:"Bring a backup back into an empty data folder."`
	Verify  verifyCommand  `cmd:"" help:"Check the evidence log and the store, and name what is damaged."`

	Demo     demoCommand     `cmd:"" help:"A town with a past of two weeks that goes on living, to look around in."`
	Simulate simulateCommand `cmd:"" help:"A simulated town: its registry, its faults, and what its devices send."`
}

// run is the program without the process: it returns the exit status.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	var c commands
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("nuanju"),
		kong.Description("nuanju (暖据, evidence of warmth) judges whether a home was kept as warm as its heating contract promises, and says why, clause by clause."),
		kong.Vars{"version": "nuanju " + version},
		kong.Writers(stdout, stderr),
		kong.Exit(func(status int) { exit = status }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
	if err != nil {
		fmt.Fprintln(stderr, "nuanju:", err)
		return exitFailed
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	parsed, err := parser.Parse(args)
	if exit >= 0 { // --help or --version has been answered
		return exit
	}
	if err != nil {
		fmt.Fprintf(stderr, "nuanju: %v\nSee nuanju --help, or nuanju COMMAND --help for examples.\n", err)
		return exitUsage
	}
	a := &app{ctx: ctx, stdin: stdin, stdout: stdout, stderr: stderr, lang: compliance.Lang(c.Lang)}
	return a.status(parsed.Run(a))
}

// errUsage is a call that cannot be answered as it was made.
type errUsage struct{ error }

// status tells an error and gives the exit status for it. Problems of input are told one a line, as they are.
func (a *app) status(err error) int {
	var problems configs.Problems
	var usage errUsage
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &problems):
		fmt.Fprintln(a.stderr, problems)
		return exitFailed
	case errors.As(err, &usage):
		fmt.Fprintf(a.stderr, "nuanju: %v\n", err)
		return exitUsage
	case errors.Is(err, syscall.EPIPE):
		return exitFailed // whoever read the output has left
	}
	fmt.Fprintf(a.stderr, "nuanju: %v\n", err)
	return exitFailed
}
