//go:build !unix

package checker_test

import "time"

// cpu is not told by this machine.
func cpu() time.Duration { return 0 }
