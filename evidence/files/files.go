// Package files keeps files by their content: photos, recordings and documents that were given as evidence. A file's name is the
// sha-256 of its bytes, which stands in the evidence log with the event that it belongs to, so that nobody can change the one without
// the other. Nothing here deletes: recordings of calls are kept at least until the next season starts (A6.6), and so is everything else.
package files

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/gabriel-vasile/mimetype"
)

// What can be wrong with a file.
var (
	// ErrEmpty: it has no bytes.
	ErrEmpty = errors.New("the file is empty")
	// ErrTooLarge: it has more bytes than may be.
	ErrTooLarge = errors.New("the file is too large")
	// ErrType: its content is of no type that is taken.
	ErrType = errors.New("the file's content is neither a photo (JPEG, PNG, WebP, HEIC), nor a recording (MP3, M4A, Ogg, WAV, AMR, WebM), nor a PDF")
	// ErrUnread: whoever sends it did not send it to its end.
	ErrUnread = errors.New("the file could not be read to its end")
	// ErrNotFound: there is no file of that digest.
	ErrNotFound = errors.New("there is no such file")
	// ErrDamaged: what is kept under a digest is not what it says.
	ErrDamaged = errors.New("the file is not what its digest says")
	// ErrFull: the disk is full. Nothing was kept.
	ErrFull = errors.New("the disk is full")
)

// File is a file that is kept.
type File struct {
	Digest string // sha-256, 64 digits of lower-case hexadecimal
	Type   string // media type, by its content and not by what anybody calls it
	Size   int64  // bytes
}

// types are the media types that are taken, with the name under which each is served. A recording in a WebM or an MP4 file may
// be found to be a video, and is served as one: no browser runs either.
var types = map[string]string{
	"image/jpeg": "image/jpeg", "image/png": "image/png", "image/webp": "image/webp", "image/heic": "image/heic", "image/heif": "image/heif",
	"audio/mpeg": "audio/mpeg", "audio/x-m4a": "audio/mp4", "audio/mp4": "audio/mp4", "video/mp4": "video/mp4",
	"audio/ogg": "audio/ogg", "application/ogg": "audio/ogg", "audio/wav": "audio/wav", "audio/amr": "audio/amr",
	"video/webm": "video/webm", "application/pdf": "application/pdf",
}

// sniffed is how much of a file tells what it is, in bytes.
const sniffed = 3 << 10

// TypeOf is the media type of a file that begins with some bytes, or ErrType.
func TypeOf(head []byte) (string, error) {
	if found, ok := types[mimetype.Detect(head).String()]; ok {
		return found, nil
	}
	return "", ErrType
}

// Folder keeps files in a folder. Its methods may be called concurrently, also by several processes.
type Folder struct{ root string }

// unfinished is how old a file that was not received to its end is before it is removed.
const unfinished = 24 * time.Hour

// Open makes the folder, for its owner only, if it is not there, and removes what an earlier process began and did not finish.
func Open(root string) (*Folder, error) {
	f := &Folder{root}
	if err := os.MkdirAll(f.arriving(), 0o700); err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	begun, err := os.ReadDir(f.arriving())
	if err != nil {
		return nil, fmt.Errorf("files: %w", err)
	}
	for _, e := range begun {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > unfinished {
			_ = os.Remove(filepath.Join(f.arriving(), e.Name())) // it is tried again at the next start
		}
	}
	return f, nil
}

func (f *Folder) arriving() string { return filepath.Join(f.root, "arriving") }

// path is where a file lies. Its digest has been checked.
func (f *Folder) path(digest string) string { return filepath.Join(f.root, digest[:2], digest) }

// Put keeps what a reader has, at most so many bytes. When it returns without an error the file is on disk, whatever happens to the process or
// the machine; with one, nothing is kept. The same bytes again are kept once.
func (f *Folder) Put(r io.Reader, most int64) (File, error) {
	name := filepath.Join(f.arriving(), rand.Text())
	temporary, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return File{}, failed(err)
	}
	file, err := receive(temporary, r, most)
	if err == nil {
		err = temporary.Sync()
	}
	err = errors.Join(err, temporary.Close())
	if err == nil {
		err = f.settle(name, file)
	}
	if err != nil {
		_ = os.Remove(name) // or at a later start
		return File{}, failed(err)
	}
	return file, nil
}

// receive writes what a reader has and tells what it is.
func receive(to io.Writer, r io.Reader, most int64) (File, error) {
	head := make([]byte, sniffed)
	n, err := io.ReadFull(r, head)
	switch {
	case err == io.EOF:
		return File{}, ErrEmpty
	case err != nil && err != io.ErrUnexpectedEOF:
		return File{}, unread(err)
	}
	head = head[:n]
	kind, err := TypeOf(head)
	if err != nil {
		return File{}, err
	}
	sum := sha256.New()
	from := &source{r: io.LimitReader(io.MultiReader(bytes.NewReader(head), r), most+1)}
	size, err := io.Copy(io.MultiWriter(to, sum), from)
	switch {
	case from.err != nil:
		return File{}, unread(from.err)
	case err != nil:
		return File{}, err
	case size > most:
		return File{}, ErrTooLarge
	}
	return File{hex.EncodeToString(sum.Sum(nil)), kind, size}, nil
}

// source remembers its failure, to tell it from one of writing.
type source struct {
	r   io.Reader
	err error
}

// Read is the reader's.
func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && err != io.EOF {
		s.err = err
	}
	return n, err
}

func unread(err error) error { return errors.Join(ErrUnread, err) }

// settle gives a file that is on disk its name, and makes the name last.
func (f *Folder) settle(from string, file File) error {
	to := f.path(file.Digest)
	if err := os.Mkdir(filepath.Dir(to), 0o700); err == nil {
		if err := syncFolder(f.root); err != nil {
			return err
		}
	} else if !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := os.Rename(from, to); err != nil { // in the place of the same bytes, if they are there; a damaged file is mended
		return err
	}
	return syncFolder(filepath.Dir(to))
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// failed keeps what is told to callers apart from the system's own words.
func failed(err error) error {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return errors.Join(ErrFull, err)
	}
	return fmt.Errorf("files: %w", err)
}

// Known reports whether a text has the form of a digest.
func Known(digest string) bool {
	b, err := hex.DecodeString(digest)
	return err == nil && len(b) == sha256.Size && hex.EncodeToString(b) == digest
}

// Open is a file that is kept, at its beginning, after all of it has been checked against its digest; the caller closes it. ErrNotFound or
// ErrDamaged.
func (f *Folder) Open(digest string) (*os.File, error) {
	if !Known(digest) {
		return nil, ErrNotFound
	}
	file, err := os.Open(f.path(digest))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, failed(err)
	}
	sum := sha256.New()
	_, err = io.Copy(sum, file)
	if err == nil && hex.EncodeToString(sum.Sum(nil)) != digest {
		err = ErrDamaged
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(failed(err), file.Close())
	}
	return file, nil
}
