package replicas_test

import (
	"os"
	"testing"

	"github.com/nuanju/nuanju/test/servertest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }
