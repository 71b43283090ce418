package blocks_test

import (
	"path/filepath"
	"testing"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/blocks"
	"github.com/nuanju/nuanju/sensors/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t testing.TB) storetest.Place {
		path := filepath.Join(t.TempDir(), "a name with ?, # and %20.db")
		return func(t testing.TB) sensors.Store {
			s, err := blocks.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	})
}
