package pages

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

//go:embed static
var staticFiles embed.FS

// asset is a file that browsers may keep for good: its address has its hash.
type asset struct {
	kind        string
	plain, gzip []byte
}

// assets are the embedded files: by address, and the address of each by its name.
type assets struct {
	byPath map[string]asset
	paths  map[string]string
}

func readAssets() (*assets, error) {
	all := &assets{byPath: map[string]asset{}, paths: map[string]string{}}
	err := fs.WalkDir(staticFiles, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := staticFiles.ReadFile(name)
		if err != nil {
			return err
		}
		var packed bytes.Buffer
		z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(text); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		sum := sha256.Sum256(text)
		own := strings.TrimPrefix(name, "static/")
		at := "/static/" + hex.EncodeToString(sum[:6]) + "/" + path.Base(own)
		all.byPath[at] = asset{mime.TypeByExtension(path.Ext(name)), text, packed.Bytes()}
		all.paths[own] = at
		return nil
	})
	return all, err
}

// path is the address of an embedded file. A file that is not there fails the template that names it.
func (a *assets) path(name string) (string, error) {
	at, ok := a.paths[name]
	if !ok {
		return "", fmt.Errorf("no file static/%s", name)
	}
	return at, nil
}

// serve answers with a file.
func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	file, ok := a.byPath[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", file.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := file.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = file.gzip
	}
	h.Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}

// text is an embedded file's content; empty if there is none.
func (a *assets) text(name string) string { return string(a.byPath[a.paths[name]].plain) }
