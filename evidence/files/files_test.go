package files_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/nuanju/nuanju/evidence/files"
)

// contents are the beginnings of files, by what each is found to be.
var contents = map[string]string{
	"image/jpeg":      "\xff\xd8\xff\xe0\x00\x10JFIF\x00",
	"image/png":       "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
	"image/webp":      "RIFF\x24\x00\x00\x00WEBPVP8 ",
	"image/heic":      "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
	"audio/mpeg":      "ID3\x04\x00\x00\x00\x00\x00\x00\xff\xfb",
	"audio/mp4":       "\x00\x00\x00\x20ftypM4A \x00\x00\x00\x00M4A mp42isom",
	"audio/ogg":       "OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x13OpusHead\x01",
	"audio/wav":       "RIFF\x24\x00\x00\x00WAVEfmt ",
	"audio/amr":       "#!AMR\n\x3c\x91",
	"video/webm":      "\x1a\x45\xdf\xa3\x9f\x42\x86\x81\x01\x42\xf7\x81\x01\x42\xf2\x81\x04\x42\xf3\x81\x08\x42\x82\x84webm",
	"application/pdf": "%PDF-1.7\n",
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func folder(t testing.TB) (*files.Folder, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "files")
	f, err := files.Open(dir)
	must(t, err)
	return f, dir
}

// kept are the files in a folder, with those that are arriving.
func kept(t testing.TB, dir string) (paths []string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			paths = append(paths, path)
		}
		return err
	}))
	return paths
}

// A file is known by its content, comes back byte for byte, and is kept once however often it is sent.
func TestPutAndOpen(t *testing.T) {
	f, dir := folder(t)
	for kind, content := range contents {
		content += strings.Repeat("x", 10_000)
		sum := sha256.Sum256([]byte(content))
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				got, err := f.Put(strings.NewReader(content), 1<<20)
				if want := (files.File{Digest: hex.EncodeToString(sum[:]), Type: kind, Size: int64(len(content))}); err != nil || got != want {
					t.Errorf("%s: %+v, %v", kind, got, err)
				}
			})
		}
		all.Wait()
		file, err := f.Open(hex.EncodeToString(sum[:]))
		must(t, err)
		back, err := io.ReadAll(file)
		must(t, errors.Join(err, file.Close()))
		if string(back) != content {
			t.Errorf("%s: %d bytes came back", kind, len(back))
		}
	}
	if all := kept(t, dir); len(all) != len(contents) {
		t.Errorf("%d files are kept: %v", len(all), all)
	}
}

// brokenOff is a client that leaves.
type brokenOff struct{ left io.Reader }

func (b *brokenOff) Read(p []byte) (int, error) {
	n, err := b.left.Read(p)
	if err == io.EOF {
		err = errors.New("connection reset")
	}
	return n, err
}

// What is not taken leaves nothing behind.
func TestWhatIsNotTaken(t *testing.T) {
	f, dir := folder(t)
	png := contents["image/png"]
	for name, c := range map[string]struct {
		r    io.Reader
		want error
	}{
		"empty":          {strings.NewReader(""), files.ErrEmpty},
		"a page":         {strings.NewReader("<html><script>alert(1)</script>"), files.ErrType},
		"an svg":         {strings.NewReader(`<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>`), files.ErrType},
		"a program":      {strings.NewReader("MZ\x90\x00"), files.ErrType},
		"an archive":     {strings.NewReader("PK\x03\x04aaaa"), files.ErrType},
		"text":           {strings.NewReader("hello"), files.ErrType},
		"too large":      {strings.NewReader(png + strings.Repeat("x", 1000-len(png)+1)), files.ErrTooLarge},
		"broken off":     {&brokenOff{strings.NewReader(png + strings.Repeat("x", 900))}, files.ErrUnread},
		"broken at once": {&brokenOff{strings.NewReader(png)}, files.ErrUnread},
	} {
		if got, err := f.Put(c.r, 1000); !errors.Is(err, c.want) || got != (files.File{}) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if all := kept(t, dir); len(all) != 0 {
		t.Errorf("left behind: %v", all)
	}
	if _, err := f.Put(strings.NewReader(png+strings.Repeat("x", 1000-len(png))), 1000); err != nil {
		t.Errorf("exactly as large as may be: %v", err)
	}
}

// A file that was changed on disk is not given out, and is mended when it is sent again. No digest leads out of the folder.
func TestDamage(t *testing.T) {
	f, dir := folder(t)
	content := contents["image/png"]
	file, err := f.Put(strings.NewReader(content), 1000)
	must(t, err)
	path := filepath.Join(dir, file.Digest[:2], file.Digest)
	must(t, os.WriteFile(path, bytes.ToUpper([]byte(content)), 0o600))
	if _, err := f.Open(file.Digest); !errors.Is(err, files.ErrDamaged) {
		t.Errorf("a changed file: %v", err)
	}
	_, err = f.Put(strings.NewReader(content), 1000)
	must(t, err)
	again, err := f.Open(file.Digest)
	must(t, err)
	must(t, again.Close())
	for _, digest := range []string{"", "..", "../../etc/passwd", strings.Repeat("0", 64), strings.ToUpper(file.Digest), file.Digest + "0"} {
		if _, err := f.Open(digest); !errors.Is(err, files.ErrNotFound) {
			t.Errorf("%q: %v", digest, err)
		}
	}
}

// A process that was killed in the middle leaves a file that nobody is given, and its successor opens the folder as it is.
func TestAfterAKill(t *testing.T) {
	_, dir := folder(t)
	left := filepath.Join(dir, "arriving", "half")
	must(t, os.WriteFile(left, []byte(contents["image/png"]), 0o600))
	old := filepath.Join(dir, "arriving", "old")
	must(t, os.WriteFile(old, []byte(contents["image/png"]), 0o600))
	info, err := os.Stat(old)
	must(t, err)
	must(t, os.Chtimes(old, info.ModTime().AddDate(0, 0, -2), info.ModTime().AddDate(0, 0, -2)))
	f, err := files.Open(dir)
	must(t, err)
	if all := kept(t, dir); len(all) != 1 || all[0] != left { // another process may be writing the young one
		t.Errorf("kept %v", all)
	}
	_, err = f.Put(strings.NewReader(contents["application/pdf"]), 1000)
	must(t, err)
}

// Whatever a file begins with, it is of a type that is taken or it is refused: never one that a browser runs.
func FuzzTypeOf(f *testing.F) {
	for _, content := range contents {
		f.Add([]byte(content))
	}
	f.Add([]byte("<html>"))
	f.Fuzz(func(t *testing.T, head []byte) {
		kind, err := files.TypeOf(head)
		if err == nil && !strings.HasPrefix(kind, "image/") && !strings.HasPrefix(kind, "audio/") && !strings.HasPrefix(kind, "video/") && kind != "application/pdf" {
			t.Fatal(kind)
		}
		if strings.Contains(kind, "svg") || strings.Contains(kind, "html") {
			t.Fatal(kind)
		}
	})
}
