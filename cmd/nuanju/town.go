package main

import (
	"context"
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

// town is the registry in memory, in the form that each part of the server asks it in. The ledger's is the truth, and
// counts its changes; whichever process made one, it is taken over when its count is seen.
type town struct {
	ledger   *ledger.Ledger
	policies map[string]*compliance.Policy
	now      func() time.Time

	mu    sync.Mutex
	known int64 // how many changes the checker's homes know
	homes *checker.Homes

	refreshing sync.Mutex        // guards the next two
	taken      int64             // how many changes the intake and the directory know
	registry   *sensors.Registry // as the intake knows it

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
	count, r, err := t.read(ctx)
	if err != nil {
		return nil, err
	}
	t.known, t.taken, t.homes, t.registry = count, count, checker.NewHomes(&r.Registry), &r.Registry
	t.places = intake.NewRegistry(t.look(r))
	if t.directory, err = web.NewDirectory(&r.Registry, t.policy); err != nil {
		return nil, err
	}
	return t, nil
}

// read is the registry, and a count of changes that it has at least.
func (t *town) read(ctx context.Context) (int64, *registrycsv.Registry, error) {
	count, err := t.ledger.Watermark(ctx, ledger.RegistryWatermark)
	if err != nil {
		return 0, nil, err
	}
	r, err := t.ledger.Registry(ctx, sensors.Forever)
	return count, r, err
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
	t.mu.Lock()
	defer t.mu.Unlock()
	count, err := t.ledger.Watermark(ctx, ledger.RegistryWatermark)
	if err != nil || count == t.known {
		return t.homes, err
	}
	count, r, err := t.read(ctx)
	if err != nil {
		return nil, err
	}
	t.known, t.homes = count, checker.NewHomes(&r.Registry)
	return t.homes, nil
}

// refresh has the intake and the directory take a changed registry over, and lets out of quarantine what it mends.
func (t *town) refresh(ctx context.Context, f *intake.Forwarder) error {
	t.refreshing.Lock()
	defer t.refreshing.Unlock()
	count, err := t.ledger.Watermark(ctx, ledger.RegistryWatermark)
	if err != nil || count == t.taken {
		return err
	}
	count, r, err := t.read(ctx)
	if err != nil {
		return err
	}
	if err := t.directory.Renew(&r.Registry); err != nil {
		return err
	}
	if _, err := f.Renew(ctx, t.look(r), "the registry has changed"); err != nil {
		return err
	}
	t.taken, t.registry = count, &r.Registry
	return nil
}

// present is the registry as the intake knows it, and how many changes that has.
func (t *town) present() (int64, *sensors.Registry) {
	t.refreshing.Lock()
	defer t.refreshing.Unlock()
	return t.taken, t.registry
}
