//go:build !linux

package monitor_test

import "syscall"

// attributes are none: only Linux ends a child with its parent.
func attributes() *syscall.SysProcAttr { return nil }
