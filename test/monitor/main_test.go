package monitor_test

import (
	"os"
	"testing"

	"github.com/nuanju/nuanju/test/servertest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }

// server is a real server with what these tests ask of it.
type server struct{ *servertest.Server }

// newServer is a server that has not been started; see servertest.New.
func newServer(t testing.TB, settings ...string) *server {
	t.Helper()
	return &server{servertest.New(t, settings...)}
}
