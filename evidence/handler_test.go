package evidence_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/nuanju/nuanju/evidence"
)

// served is a log as testdata/tiles.txt describes it.
func served(t *testing.T, storeURL string) (*evidence.Log, *evidence.Key, *httptest.Server) {
	t.Helper()
	key := newKey(t)
	log := open(t, storeURL, key, evidence.Options{})
	mustAppend(t, log, batch(0, 515)...)
	mustSign(t, log)
	mustAppend(t, log, batch(1, 85)...)
	server := httptest.NewServer(log.Handler())
	t.Cleanup(server.Close)
	return log, key, server
}

func TestTilesAreServedAsC2SPSays(t *testing.T) {
	onBoth(t, func(t *testing.T, storeURL string) {
		_, _, server := served(t, storeURL)
		script, err := os.ReadFile("testdata/tiles.txt")
		if err != nil {
			t.Fatal(err)
		}
		var response *http.Response
		var body []byte
		for n, line := range strings.Split(string(script), "\n") {
			at := fmt.Sprintf("testdata/tiles.txt:%d: %s", n+1, line)
			method, path, isRequest := strings.Cut(line, " /")
			name, value, isHeader := strings.Cut(line, ": ")
			switch {
			case line == "" || strings.HasPrefix(line, "#"):
			case strings.HasPrefix(line, "begins "):
				if want := strings.ReplaceAll(line[len("begins "):], `\n`, "\n"); !strings.HasPrefix(string(body), want) {
					t.Errorf("%s: %q", at, body)
				}
			case strings.HasPrefix(line, "size "):
				if strconv.Itoa(len(body)) != line[len("size "):] {
					t.Errorf("%s: %d", at, len(body))
				}
			case isHeader:
				if got := response.Header.Get(name); got != value {
					t.Errorf("%s: %q", at, got)
				}
			case isRequest:
				response, body = request(t, method, server.URL+"/"+path)
			default:
				if strconv.Itoa(response.StatusCode) != line {
					t.Errorf("%s: %s %s", at, response.Status, body)
				}
			}
		}
	})
}

func request(t *testing.T, method, url string) (*http.Response, []byte) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := response.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return response, body
}

// client is anybody's reader of tiles: it knows C2SP and the public key, and nothing of this package's insides.
type client struct {
	t   *testing.T
	url string
}

func (c client) Height() int                     { return 8 }
func (c client) SaveTiles([]tlog.Tile, [][]byte) {}

func (c client) ReadTiles(tiles []tlog.Tile) (data [][]byte, err error) {
	for _, tile := range tiles {
		response, body := request(c.t, http.MethodGet, c.url+strings.Replace(tile.Path(), "tile/8/", "/tile/", 1))
		if response.StatusCode != http.StatusOK {
			return nil, fmt.Errorf("%s: %s", tile.Path(), response.Status)
		}
		data = append(data, body)
	}
	return data, nil
}

func TestAStrangerCanProveLeavesFromTheTiles(t *testing.T) {
	log, key, server := served(t, newSQLite(t))
	_, signed := request(t, http.MethodGet, server.URL+"/checkpoint")
	c, err := evidence.ParseCheckpoint(string(signed), key.Public())
	if err != nil {
		t.Fatal(err)
	}
	reader := tlog.TileHashReader(tlog.Tree{N: c.Size, Hash: c.Root}, client{t, server.URL})
	for _, index := range []int64{0, 255, 256, 514} {
		b, err := log.Prove(t.Context(), index)
		if err != nil {
			t.Fatal(err)
		}
		proof, err := tlog.ProveRecord(c.Size, index, reader) // authenticates every tile on its way
		if err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(proof) != fmt.Sprint(b.Inclusion) {
			t.Errorf("leaf %d: the stranger's proof is not the log's", index)
		}
	}
}

func TestNothingIsServedBeforeTheFirstCheckpoint(t *testing.T) {
	log := open(t, newSQLite(t), newKey(t), evidence.Options{})
	mustAppend(t, log, batch(0, 300)...)
	server := httptest.NewServer(log.Handler())
	defer server.Close()
	for _, path := range []string{"/checkpoint", "/tile/0/000", "/tile/1/000.p/1"} {
		if response, body := request(t, http.MethodGet, server.URL+path); response.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s %s", path, response.Status, body)
		}
	}
}

func TestADamagedTileIsNotServedNorExplainedToStrangers(t *testing.T) {
	storeURL := newSQLite(t)
	_, _, server := served(t, storeURL)
	flip{"tiles", "hashes", "level = 0 AND n = 1", 100, ""}.apply(t, database(t, storeURL))
	response, body := request(t, http.MethodGet, server.URL+"/tile/0/001")
	if response.StatusCode != http.StatusInternalServerError || response.Header.Get("Cache-Control") != "no-store" || strings.Contains(string(body), "CRC") {
		t.Errorf("%s %s", response.Status, body)
	}
}
