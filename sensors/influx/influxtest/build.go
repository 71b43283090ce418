package influxtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const (
	version = "1.8.10"
	command = "github.com/influxdata/influxdb/cmd/influxd"
)

// build is the path of the program. It is built from the module in test/influxd, which pins its sources by their
// hashes, and kept in the user's cache directory. Test binaries that need it at the same time wait for one of them.
func build(t testing.TB) (string, error) {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "nuanju")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	program := filepath.Join(dir, "influxd-"+version)
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	lock, err := os.OpenFile(program+".lock", os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer lock.Close() // and so unlock
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	t.Logf("influxtest: building influxd %s into %s: about two minutes, once", version, dir)
	return program, compile(program)
}

// compile builds beside its place and moves it there whole.
func compile(program string) error {
	gomod, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return fmt.Errorf("go env GOMOD: %w", err)
	}
	module := filepath.Join(filepath.Dir(strings.TrimSpace(string(gomod))), "test", "influxd")
	fresh := fmt.Sprintf("%s.%d", program, os.Getpid())
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version="+version, "-o", fresh, command)
	build.Dir = module
	build.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off", "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return errors.Join(fmt.Errorf("building influxd %s in %s: %w\n%s", version, module, err, out), os.RemoveAll(fresh))
	}
	return os.Rename(fresh, program)
}
