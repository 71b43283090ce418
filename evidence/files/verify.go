package files

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Fault is something that is wrong with what a folder keeps.
type Fault struct {
	Name string // of the file, in the folder
	What string
}

// String is the fault in one line.
func (f Fault) String() string { return f.Name + ": " + f.What }

// Verify reads every file that a folder keeps and tells which are not what their name, their digest, says, which lie where none belongs,
// and which of those that are needed are missing. Needed are the digests that the ledger names; a folder that is not there keeps none.
// It makes and changes nothing.
func Verify(ctx context.Context, root string, needed []string) (faults []Fault, err error) {
	kept := map[string]bool{}
	f := &Folder{root}
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case os.IsNotExist(err) && path == root:
			return fs.SkipAll
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case e.IsDir() && path == f.arriving():
			return fs.SkipDir // not received to their end yet
		case e.IsDir():
			return nil
		}
		name := e.Name()
		if !Known(name) || path != f.path(name) {
			faults = append(faults, Fault{path[len(root):], "no file belongs here"})
			return nil
		}
		kept[name] = true
		same, err := intact(path, name)
		if err == nil && !same {
			faults = append(faults, Fault{name, ErrDamaged.Error()})
		}
		return err
	})
	for _, digest := range needed {
		if !kept[digest] {
			faults = append(faults, Fault{digest, "it is named in the ledger and is missing"})
		}
	}
	return faults, err
}

// intact reports whether a file's bytes have a digest.
func intact(path, digest string) (bool, error) {
	file, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer file.Close() // it is only read
	sum := sha256.New()
	_, err = io.Copy(sum, file)
	return hex.EncodeToString(sum.Sum(nil)) == digest, err
}
