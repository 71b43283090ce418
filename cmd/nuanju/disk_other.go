//go:build !linux

package main

import (
	"errors"

	"github.com/nuanju/nuanju/web"
)

// diskOf is not known here.
func diskOf(string) (web.Disk, error) { return web.Disk{}, errors.ErrUnsupported }
