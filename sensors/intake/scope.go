package intake

import "github.com/nuanju/nuanju/sensors/ingest"

// Scope is what a token may write. The zero value may write nothing; make one with NewScope, once a token.
type Scope struct {
	everything bool
	named      map[scoped]bool
	source     string
}

type scoped struct {
	kind byte // 'd', 's', 'h' or 'b'
	id   string
}

// Names are what a token names. Without any it may write everything.
type Names struct{ Devices, Stations, Households, Buildings []string }

// NewScope makes the scope of a token. Naming a household or a building lets it write for every device that is there at
// the reading's time. The source is who speaks by the token: ingest.Resident, ingest.Supplier, or "" for a gateway that hands on what
// others say. A heating event must not say that another gave it, and one that a supplier's token sends must say whose it is (A3):
// the log keeps the lines and not the tokens, and who switched the heat off must be in what is kept.
func NewScope(n Names, source string) Scope {
	s := Scope{named: make(map[scoped]bool), source: source}
	for kind, ids := range map[byte][]string{'d': n.Devices, 's': n.Stations, 'h': n.Households, 'b': n.Buildings} {
		for _, id := range ids {
			s.named[scoped{kind, id}] = true
		}
	}
	s.everything = len(s.named) == 0
	return s
}

// refuses is why a record may not be written, or "".
func (s *Scope) refuses(p *Places, r *ingest.Record) string {
	if !s.everything && !s.covers(p, r) {
		return "the token may not write for this " + ownerOf(r.Kind)
	}
	if r.Kind != ingest.Heating || s.source == "" {
		return ""
	}
	said := ""
	if r.Demand != nil {
		said = r.Demand.Source
	}
	switch {
	case said == "" && s.source == ingest.Supplier:
		return "a heating event of the supplier's says so: source is missing"
	case said != "" && said != s.source:
		return "the token does not speak for the " + said
	}
	return ""
}

func ownerOf(k ingest.Kind) string {
	switch k {
	case ingest.Temperature, ingest.HeatMeter:
		return "device"
	case ingest.Outdoor:
		return "station"
	}
	return "household"
}

func (s *Scope) covers(p *Places, r *ingest.Record) bool {
	switch ownerOf(r.Kind) {
	case "station":
		return s.named[scoped{'s', r.Owner}]
	case "device":
		if s.named[scoped{'d', r.Owner}] {
			return true
		}
	}
	household, building := p.home(r)
	return household != "" && s.named[scoped{'h', household}] || building != "" && s.named[scoped{'b', building}]
}
