package simulate

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func near(t interface {
	Helper()
	Errorf(string, ...any)
}, what string, got, want, within float64,
) {
	t.Helper()
	if math.Abs(got-want) > within {
		t.Errorf("%s: %v, want %v ± %v", what, got, want, within)
	}
}

// In the steady state a room loses what it is given, and stands where the two balances put it.
func TestSteadyState(t *testing.T) {
	r := newRoom(1, 20, site{storey: 3, storeys: 6}, 0, 1.15)
	b := boundary{outdoor: -5, wind: 1, gains: 4, water: 0.9, flow: 0.6}
	for range 60 * 24 * 60 {
		b.home, b.house = r.mass, r.mass // its neighbours are as warm
		r.step(&b, 60)
	}
	given := r.heat + r.area*b.gains
	near(t, "W that go outdoors", r.lost, given, 1e-6*given)
	// Solved by hand: a = leak, c = contact, w = walls; air and mass in a 2×2 system.
	a, c, w := r.leak(&b), r.contact, r.walls
	airIn, massIn := toAir*r.heat+r.area*2, (1-toAir)*r.heat+r.area*2
	mass := (c/(a+c)*(a*b.outdoor+airIn) + w*b.outdoor + massIn) / (c + w - c*c/(a+c))
	near(t, "mass", r.mass, mass, 1e-6)
	near(t, "air", r.air, (a*b.outdoor+c*mass+airIn)/(a+c), 1e-6)
}

// Without heat a room cools with the time constant of its mass against the outdoors, seen through walls and air.
func TestTimeConstant(t *testing.T) {
	r := newRoom(2, 15, site{storey: 2, storeys: 5, corner: true}, 0, 1.15)
	b := boundary{outdoor: 0, wind: 1}
	conductance := r.walls + r.contact*r.leak(&b)/(r.contact+r.leak(&b))
	tau := r.capacity / conductance
	if hours := tau / 3600; hours < 30 || hours > 90 {
		t.Errorf("%.0f hours; a heated brick building has 30 to 90", hours)
	}
	r.mass = 20
	for range int(tau / 60) {
		b.home, b.house = r.mass, r.mass
		r.step(&b, 60)
	}
	near(t, "°C after one time constant", r.mass, 20/math.E, 0.02)
}

// Whatever happens to rooms, no joule is made or lost: the masses' gain is radiators and gains less what went outdoors.
func TestEnergyBalance(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 5).Draw(t, "rooms")
		rooms := make([]room, n)
		area, gained := 0.0, 0.0
		for i := range rooms {
			at := site{storey: rapid.IntRange(1, 6).Draw(t, "storey"), storeys: 6, corner: rapid.Bool().Draw(t, "corner")}
			rooms[i] = newRoom(dice(i+1), rapid.Float64Range(5, 40).Draw(t, "area"), at, 1, 1.2)
			rooms[i].mass = rapid.Float64Range(5, 25).Draw(t, "mass")
			rooms[i].air = rooms[i].mass
			area += rooms[i].area
			gained -= rooms[i].mass * rooms[i].capacity
		}
		balance, scale := 0.0, 1.0
		for range rapid.IntRange(1, 300).Draw(t, "minutes") {
			b := boundary{
				outdoor: rapid.Float64Range(-20, 15).Draw(t, "outdoor"), wind: rapid.Float64Range(1, 2).Draw(t, "wind"),
				extra: rapid.Float64Range(0, 6).Draw(t, "window"), gains: 4, sun: 10, water: 0.8, flow: rapid.Float64Range(0, 1).Draw(t, "flow"),
			}
			for i := range rooms {
				b.home += rooms[i].mass * rooms[i].area / area
			}
			b.house = b.home
			for i := range rooms {
				rooms[i].step(&b, 60)
				joules := (rooms[i].heat + rooms[i].area*(b.gains+b.sun) - rooms[i].lost) * 60
				balance += joules
				scale += math.Abs(joules)
			}
		}
		for i := range rooms {
			gained += rooms[i].mass * rooms[i].capacity
		}
		near(t, "J kept", gained, balance, 1e-6*scale+1)
	})
}

// An open window moves the air by degrees within a minute, the mass hardly.
func TestWindow(t *testing.T) {
	r := newRoom(3, 12, site{storey: 2, storeys: 4}, 0, 1.2)
	r.mass, r.air = 20, 20
	b := boundary{outdoor: 0, wind: 1, home: 20, house: 20, gains: 4}
	r.step(&b, 60)
	before, mass := r.air, r.mass
	b.extra = openWindow
	r.step(&b, 60)
	if fell := before - r.air; fell < 4 || fell > 9 {
		t.Errorf("the air fell by %.1f °C", fell)
	}
	near(t, "mass", r.mass, mass, 0.1)
}

// A radiator gives its rated heat at design, more when the room is colder, and none when its water is colder than the room.
func TestRadiator(t *testing.T) {
	r := newRoom(4, 12, site{storey: 1, storeys: 6}, 0, 1.2)
	r.air = designIndoor
	b := boundary{water: 1, flow: 1}
	near(t, "W at design", r.radiator(&b), r.rated, 1e-9)
	r.air = 10
	if r.radiator(&b) <= r.rated {
		t.Error("a colder room gets no more")
	}
	r.air = 30
	b.water = 0.05
	near(t, "W of cold water", r.radiator(&b), 0, 0)
	near(t, "the curve at design", supply(designOutdoor), 1, 1e-12)
	near(t, "the curve beyond it", supply(designOutdoor-10), 1, 1e-12)
	if !(supply(5) < supply(0)) {
		t.Error("the curve does not fall")
	}
}
