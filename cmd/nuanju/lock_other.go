//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package main

import (
	"os"
	"path/filepath"
)

// lockFolder takes nothing here: this system has no lock that ends with its process.
func lockFolder(folder string) (*os.File, error) {
	return os.OpenFile(filepath.Join(folder, "nuanju.lock"), os.O_RDWR|os.O_CREATE, 0o600)
}
