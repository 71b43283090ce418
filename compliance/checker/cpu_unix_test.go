//go:build unix

package checker_test

import (
	"syscall"
	"time"
)

// cpu is the time that the process has computed, without what it waited for.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano())
}
