package simulate_test

import (
	"fmt"
	"time"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/simulate"
)

// A small town, what goes wrong in it, and the first lines that it sends.
func Example() {
	zone := time.FixedZone("UTC+8", 8*3600)
	town, err := simulate.New(simulate.Options{
		Seed: 1, Homes: 4, Days: 7, Zone: zone, DeepCold: true, Faults: []simulate.Kind{simulate.RiserBlocked},
		From: sensors.At(time.Date(2026, 1, 5, 0, 0, 0, 0, zone)),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range town.Faults() {
		fmt.Println(f.ZH(), f.EN(), len(f.Rooms), "rooms")
	}
	life := town.Start()
	lines := 0
	err = life.Advance(town.End(), func(m *simulate.Message) error {
		lines++
		return nil
	})
	fmt.Println(lines > 4000, err)
	// Output:
	// 立管 b1-r1 堵塞 Riser b1-r1 is blocked 5 rooms
	// true <nil>
}
