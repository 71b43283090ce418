package main

import (
	"context"

	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/intake"
)

// said is what was said for households, as the checker asks it.
type said struct{ *ledger.Ledger }

// Events implements checker.Events.
func (s said) Events(ctx context.Context, households []string, from sensors.Instant) ([]intake.Event, error) {
	byHousehold, err := s.Ledger.Events(ctx, households, from)
	var all []intake.Event
	for _, h := range households {
		all = append(all, byHousehold[h]...)
	}
	return all, err
}
