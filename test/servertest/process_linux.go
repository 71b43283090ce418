package servertest

import "syscall"

// attributes has the kernel kill a server whose test was killed, and keeps an interrupt at the terminal for the test.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
