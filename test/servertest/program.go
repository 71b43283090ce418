package servertest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// program is the binary under test, built once.
var program string

// Main builds nuanju and runs the tests: func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }.
func Main(m *testing.M) int {
	dir, err := os.MkdirTemp("", "nuanju")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "nuanju")
	build := exec.Command("go", "build", "-o", program, "github.com/nuanju/nuanju/cmd/nuanju")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building nuanju: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// Program is the path of the program, for tests that start it in another way.
func Program() string { return program }
