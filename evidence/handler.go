package evidence

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// Handler serves the public part of the log in the C2SP tlog-tiles layout, to be mounted under the URL that the key's
// name says (with http.StripPrefix):
//
//	GET /checkpoint              the latest signed note, to be cached for 5 s
//	GET /tile/<L>/<N>[.p/<W>]    hashes, immutable
//
// A tile is served as far as the latest checkpoint covers it, partial ones of any width up to that. Entry bundles are
// not served: they hold what happens in homes. What does not exist is 404, a failing database 500 without its words.
func (l *Log) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /checkpoint", l.serveCheckpoint)
	mux.HandleFunc("GET /tile/{path...}", l.serveTile)
	return mux
}

func (l *Log) serveCheckpoint(w http.ResponseWriter, r *http.Request) {
	c := l.signed.Load()
	if c == nil {
		notFound(w)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "public, max-age=5")
	l.write(w, r, []byte(c.Note))
}

func (l *Log) serveTile(w http.ResponseWriter, r *http.Request) {
	c := l.signed.Load()
	tile, ok := parseTilePath(r.PathValue("path"))
	if !ok || c == nil || !covers(c.Size, tile) {
		notFound(w)
		return
	}
	data, err := l.current.Load().tree.tile(tile.L, tile.N, func(level int, n int64) ([]byte, error) {
		return l.db.fullTile(r.Context(), level, n)
	})
	if err == nil && len(data) < tile.W*tlog.HashSize {
		err = errors.New("evidence: " + tilePath(tile.L, tile.N, tile.W) + " is shorter than the checkpoint says")
	}
	if err != nil {
		if !errors.Is(err, context.Canceled) {
			l.logger.LogAttrs(r.Context(), slog.LevelError, "serving a tile of the evidence log", slog.String("path", r.URL.Path), slog.Any("err", err))
		}
		w.Header().Set("Cache-Control", "no-store")
		http.Error(w, "the log cannot be read", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	l.write(w, r, data[:tile.W*tlog.HashSize])
}

func (l *Log) write(w http.ResponseWriter, r *http.Request, body []byte) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	if _, err := w.Write(body); err != nil {
		l.logger.LogAttrs(r.Context(), slog.LevelDebug, "a reader of the evidence log went away", slog.Any("err", err))
	}
}

func notFound(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store") // it may exist after the next checkpoint
	http.Error(w, "not found", http.StatusNotFound)
}

// parseTilePath reads <L>/<N>[.p/<W>].
func parseTilePath(path string) (tlog.Tile, bool) {
	const longest = 48 // 2^63 leaves need less
	if len(path) > longest || strings.HasPrefix(path, "data/") {
		return tlog.Tile{}, false
	}
	tile, err := tlog.ParseTilePath("tile/" + strconv.Itoa(tileHeight) + "/" + path)
	return tile, err == nil && tile.L < tileLevels && tile.N >= 0
}

// covers tells whether a tree of size leaves has all hashes of a tile.
func covers(size int64, tile tlog.Tile) bool {
	have := size >> (tileHeight * tile.L) // hashes at the tile's level
	return tile.N <= have>>tileHeight && tile.N<<tileHeight+int64(tile.W) <= have
}
