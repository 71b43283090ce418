package main

import (
	"context"
	"reflect"
	"sync"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/compliance/checker"
	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/ledger/registrycsv"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/intake"
	"github.com/nuanju/nuanju/web"
)

// town is the registry in memory, in the form that each part of the server asks it in. The ledger's is the truth; refresh
// takes it over when it has changed, by whatever process.
type town struct {
	ledger   *ledger.Ledger
	policies map[string]*compliance.Policy
	now      func() time.Time

	mu        sync.Mutex
	known     *registrycsv.Registry // what the checker goes by
	taken     *registrycsv.Registry // what the intake and the directory go by
	homes     *checker.Homes
	places    *intake.Registry
	directory *web.Directory
}

// policyPacks is every pack that comes with the program, by name.
func policyPacks() (map[string]*compliance.Policy, error) {
	all := make(map[string]*compliance.Policy)
	for _, name := range configs.Policies() {
		p, err := configs.Policy(name)
		if err != nil {
			return nil, err
		}
		all[name] = p
	}
	return all, nil
}

// openTown reads the registry.
func openTown(ctx context.Context, l *ledger.Ledger, policies map[string]*compliance.Policy, now func() time.Time) (*town, error) {
	t := &town{ledger: l, policies: policies, now: now}
	r, err := l.Registry(ctx, sensors.At(now()))
	if err != nil {
		return nil, err
	}
	t.known, t.taken, t.homes = r, r, checker.NewHomes(&r.Registry)
	t.places = intake.NewRegistry(t.look(r))
	if t.directory, err = web.NewDirectory(&r.Registry, t.policy); err != nil {
		return nil, err
	}
	return t, nil
}

func (t *town) policy(name string) (*compliance.Policy, error) {
	if p := t.policies[name]; p != nil {
		return p, nil
	}
	return configs.Policy(name) // its error names the nearest
}

// look is the registry as the intake asks it: with each station the households that its observations judge.
func (t *town) look(r *registrycsv.Registry) *intake.Places {
	byPolicy := make(map[string][]string)
	for _, h := range r.Households {
		byPolicy[h.Policy] = append(byPolicy[h.Policy], h.ID)
	}
	stations := make(map[string][]intake.Audience)
	for _, s := range r.Stations {
		stations[s.ID] = nil
	}
	for name, p := range t.policies {
		seen := make(map[string]bool)
		for i := range p.Editions {
			if o := p.Editions[i].Outdoor; o != nil && !seen[o.Station] {
				seen[o.Station] = true
				stations[o.Station] = append(stations[o.Station], intake.Audience{Zone: p.Zone, Households: byPolicy[name]})
			}
		}
	}
	return intake.NewPlaces(&r.Registry, stations)
}

// Homes implements checker.Registry: what the ledger says now.
func (t *town) Homes(ctx context.Context) (*checker.Homes, error) {
	r, err := t.ledger.Registry(ctx, sensors.At(t.now()))
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if !reflect.DeepEqual(r, t.known) {
		t.known, t.homes = r, checker.NewHomes(&r.Registry)
	}
	return t.homes, nil
}

// refresh takes a changed registry over everywhere, and lets out of quarantine what it mends.
func (t *town) refresh(ctx context.Context, f *intake.Forwarder) error {
	r, err := t.ledger.Registry(ctx, sensors.At(t.now()))
	if err != nil {
		return err
	}
	t.mu.Lock()
	same := t.taken == t.known && reflect.DeepEqual(r, t.known)
	if !same {
		t.known, t.homes = r, checker.NewHomes(&r.Registry)
	}
	t.mu.Unlock()
	if same {
		return nil
	}
	if err := t.directory.Renew(&r.Registry); err != nil {
		return err
	}
	if _, err := f.Renew(ctx, t.look(r), "the registry has changed"); err != nil {
		return err
	}
	t.mu.Lock()
	t.taken = r
	t.mu.Unlock()
	return nil
}
