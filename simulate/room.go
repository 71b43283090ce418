package simulate

import "math"

// Physics, per m² of floor; the sources are in the package comment.
const (
	designOutdoor = -7.6 // °C
	designIndoor  = 18.0 // °C
	storeyHeight  = 2.7  // m
	airHeat       = 0.33 // Wh/(m³K)

	massHeat    = 230e3 // J/(m²K)
	envelope    = 0.65  // W/(m²K)
	atCorner    = 1.25  // times
	underRoof   = 0.30  // W/(m²K) more
	onGround    = 0.15  // W/(m²K) more
	airChanges  = 0.40  // per hour
	stack       = 0.015 // per hour, storey and √K
	openWindow  = 6.0   // per hour more
	tiltWindow  = 1.2   // per hour more
	airToMass   = 9.2   // W/(m²K)
	partition   = 0.8   // W/(m²K)
	slab        = 1.0   // W/(m²K)
	inside      = 3.8   // W/m²
	sunAtNoon   = 20.0  // W/m²
	radiatorExp = 1.25
	toAir       = 0.7 // of a radiator's heat

	waterDesign = 62.5 // °C, mean of 75 and 50, at the top of a riser
	riserDrop   = 12.0 // K from the top radiator to the lowest
)

// room is one room's physics and state. Conductances are W/K, of the whole room.
type room struct {
	area     float64 // m²
	capacity float64 // J/K
	walls    float64 // mass to outdoors
	joints   float64 // air to outdoors, of one air change an hour
	contact  float64 // air to mass
	doors    float64 // mass to the other rooms of the home
	slabs    float64 // mass to the other homes
	changes  float64 // air changes per hour on a calm day
	draught  float64 // air changes per hour and √K that the stack effect adds or takes
	rated    float64 // W of the radiator at design
	water    float64 // °C of the radiator's water at design
	sunny    float64 // share of the sun that it gets

	mass, air float64 // °C
	heat      float64 // W that the radiator gives now
	lost      float64 // W that go outdoors now
}

// boundary is what surrounds a room during a step.
type boundary struct {
	outdoor, wind float64
	extra         float64 // air changes of open windows
	gains         float64 // W/m² of people and things
	sun           float64 // W/m² in a sunny room
	home          float64 // °C, mean of the home's masses by area
	house         float64 // °C, mean of the building's masses by area
	water         float64 // the supply's excess over 18 °C, as a share of the design's
	flow          float64 // how much of its heat the radiator is given, 0 to 1
}

// leak is W/K from the air to outdoors.
func (r *room) leak(b *boundary) float64 {
	changes := r.changes + r.draught*math.Sqrt(math.Max(0, designIndoor+2-b.outdoor))
	return r.joints * (math.Max(changes, 0.1)*b.wind + b.extra)
}

// radiator is W at the air's temperature.
func (r *room) radiator(b *boundary) float64 {
	if b.flow <= 0 {
		return 0
	}
	excess := designIndoor + (r.water-designIndoor)*b.water - r.air
	if excess <= 0 {
		return 0
	}
	share := excess / (r.water - designIndoor)
	return b.flow * r.rated * share * math.Sqrt(math.Sqrt(share)) // to the power of radiatorExp
}

// step moves the room on by some seconds: what the mass gains is what comes in less what goes out, to the last joule.
func (r *room) step(b *boundary, seconds float64) {
	r.heat = r.radiator(b)
	free := r.area * (b.gains + b.sun*r.sunny)
	leak := r.leak(b)
	intoAir := toAir*r.heat + free/2
	r.air = (leak*b.outdoor + r.contact*r.mass + intoAir) / (leak + r.contact)
	r.lost = leak*(r.air-b.outdoor) + r.walls*(r.mass-b.outdoor)
	intoMass := (1-toAir)*r.heat + free/2 + r.contact*(r.air-r.mass) + r.walls*(b.outdoor-r.mass) + r.doors*(b.home-r.mass) +
		r.slabs*(b.house-r.mass)
	r.mass += intoMass * seconds / r.capacity
}

// site is where a room is in its building.
type site struct {
	storey, storeys int // from 1
	corner          bool
}

// newRoom draws a room and sizes its radiator, as many times what it needs at design as over says.
func newRoom(d dice, area float64, at site, sunny float64, over float64) room {
	walls := envelope
	if at.corner {
		walls *= atCorner
	}
	if at.storey == at.storeys {
		walls += underRoof
	}
	if at.storey == 1 {
		walls += onGround
	}
	middle := float64(at.storeys+1) / 2
	r := room{
		area: area, capacity: area * massHeat * d.between(1, 0.85, 1.15), walls: area * walls * d.between(2, 0.95, 1.05),
		joints: area * storeyHeight * airHeat, contact: area * airToMass, doors: area * partition, slabs: area * slab,
		changes: airChanges, draught: stack * (middle - float64(at.storey)) / math.Max(1, middle-1), sunny: sunny,
		water: waterDesign - riserDrop*float64(at.storeys-at.storey)/math.Max(1, float64(at.storeys-1)),
	}
	design := boundary{outdoor: designOutdoor, wind: 1}
	r.rated = over * (r.walls + r.leak(&design)) * (designIndoor - designOutdoor)
	return r
}

// supply is the curve of a substation: the water's excess over 18 °C, as a share of the design's, for an outdoor temperature.
func supply(outdoor float64) float64 {
	load := (designIndoor - math.Max(outdoor, designOutdoor)) / (designIndoor - designOutdoor)
	return math.Pow(math.Max(load, 0.05), 1/radiatorExp)
}
