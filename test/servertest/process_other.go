//go:build !linux

package servertest

import "syscall"

// attributes are none: only Linux ends a child with its parent.
func attributes() *syscall.SysProcAttr { return nil }
