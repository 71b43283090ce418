package simulate

import (
	"errors"
	"fmt"
	"slices"

	"github.com/nuanju/nuanju/sensors"
)

// Planned is a fault that is injected where and when the caller says, beside those that are drawn, which keep away from it.
type Planned struct {
	Kind Kind
	// Place is the id of a substation, riser, building or heat meter, or a room as HOUSEHOLD/ROOM, as the kind befalls one;
	// empty for a cold spell.
	Place    string
	From, To sensors.Instant
	// Size is as a Fault's; 0: drawn.
	Size float64
	// Announced is when a stoppage was; 0: drawn for kinds that are announced.
	Announced sensors.Instant
}

// order makes the n-th planned fault. It is an error if there is no such place or time.
func (t *Town) order(n int, p *Planned) (Fault, error) {
	f := Fault{ID: fmt.Sprintf("%s-planned-%d", p.Kind, n+1), Kind: p.Kind, Place: p.Place, From: p.From, To: p.To}
	i := slices.IndexFunc(habits, func(h habit) bool { return h.kind == p.Kind })
	switch {
	case i < 0:
		return f, fmt.Errorf("%s is no kind of fault", p.Kind)
	case p.From >= p.To || p.Announced > p.From:
		return f, fmt.Errorf("%s does not end after it begins, or is announced later", f.ID)
	case p.Kind == ColdSpell && t.options.Weather != nil:
		return f, errors.New("a cold spell cannot be injected into weather that was observed")
	}
	switch habits[i].scope {
	case everywhere:
		t.affect(&f, func(*home) bool { return true })
	case ofSubstation:
		f.Substation = p.Place
		t.affect(&f, func(h *home) bool { return t.buildings[h.building].substation == p.Place })
	case ofRiser:
		t.affect(&f, func(h *home) bool { return h.riser == p.Place })
	case ofBuilding:
		t.affect(&f, func(h *home) bool { return t.buildings[h.building].id == p.Place })
		if len(f.homes) > 0 {
			f.Devices = append(f.Devices, meterDevice(p.Place))
		}
	case ofMeter:
		if slices.ContainsFunc(t.buildings, func(b building) bool { return "m-"+b.id == p.Place }) {
			f.Devices = []string{meterDevice(p.Place[len("m-"):])}
		}
	case ofRoom:
		if j := slices.IndexFunc(t.places, func(r sensors.Room) bool { return r.RoomID.String() == p.Place }); j >= 0 {
			t.inRoom(&f, j)
		}
	}
	if len(f.Devices) == 0 {
		return f, fmt.Errorf("%s: there is no %q", f.ID, p.Place)
	}
	t.detail(t.dice.of(f.ID), n+1, &f)
	if p.Size != 0 {
		f.Size = p.Size
	}
	if p.Announced != 0 {
		f.Announced = p.Announced
	}
	return f, nil
}
