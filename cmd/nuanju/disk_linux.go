package main

import (
	"syscall"

	"github.com/nuanju/nuanju/web"
)

// diskOf is the disk that a folder is on. Free is what is left for a user who is not root.
func diskOf(folder string) (web.Disk, error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return web.Disk{}, err
	}
	block := uint64(s.Bsize)
	return web.Disk{Free: s.Bavail * block, Size: s.Blocks * block}, nil
}
