package ledger

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// PhoneOf is the phone of whoever signs in for an account number under a name: a resident of its contract, now or formerly, or
// somebody whom one lets see their home. The contract that began last counts. Empty when there is nobody.
func (l *Ledger) PhoneOf(ctx context.Context, account, name string) (phone string, err error) {
	err = l.snapshot(ctx, "looking a phone up", func(q querier) error {
		kept, err := contracts(ctx, q, "superseded_at IS NULL AND account = ? ORDER BY from_ns DESC, id DESC", account)
		if err != nil {
			return err
		}
		delegated, err := delegationsWhere(ctx, q, "name = ? AND revoked_at IS NULL ORDER BY created_at DESC, id", name)
		if err != nil {
			return err
		}
		for _, k := range kept {
			if i := slices.IndexFunc(k.Residents, func(p disputes.Person) bool { return p.Name == name && p.Phone != "" }); i >= 0 && phone == "" {
				phone = k.Residents[i].Phone
			}
		}
		for _, d := range delegated {
			ofHousehold := func(k KeptContract) bool { return k.Household == d.Household }
			if phone == "" && slices.ContainsFunc(kept, ofHousehold) {
				phone = d.Phone
			}
		}
		return nil
	})
	return phone, err
}

// readHomes reads what a person may see: what contracts say of them, and who lets them. The role is empty when that is nothing.
func (s *SignedIn) readHomes(ctx context.Context, q querier, now sensors.Instant) error {
	bound, err := contracts(ctx, q, "superseded_at IS NULL AND account IN (SELECT account FROM bindings WHERE name = ? AND phone = ?) ORDER BY household, from_ns",
		s.Name, s.Phone)
	if err != nil {
		return err
	}
	s.addHomes(bound, "", s.Name, s.Phone, HomeTime{})
	delegated, err := delegationsWhere(ctx, q, "name = ? AND phone = ? AND revoked_at IS NULL ORDER BY created_at, id", s.Name, s.Phone)
	if err != nil {
		return err
	}
	for _, d := range delegated {
		kept, err := contracts(ctx, q, "superseded_at IS NULL AND household = ? ORDER BY from_ns", d.Household)
		if err != nil {
			return err
		}
		s.addHomes(kept, d.Household, d.ByName, d.ByPhone, HomeTime{Delegated: true, MayReport: d.MayReport})
	}
	for _, h := range s.Homes {
		s.Role = disputes.Resident
		if h.From <= now && now < h.Until && !slices.Contains(s.Scope.Households, h.Household) {
			s.Scope.Households = append(s.Scope.Households, h.Household)
		}
	}
	return nil
}

// addHomes adds the times in which contracts name a person.
func (s *SignedIn) addHomes(kept []KeptContract, household, name, phone string, as HomeTime) {
	for _, k := range kept {
		named := slices.ContainsFunc(k.Residents, func(p disputes.Person) bool { return p.Name == name && p.Phone == phone })
		if named && (household == "" || k.Household == household) {
			as.Household, as.From, as.Until = k.Household, k.Begins, k.Ends
			s.Homes = append(s.Homes, as)
		}
	}
}

// Person names a resident or delegate in logs and timelines: it tells two of one name apart and says nothing of the phone.
func (s *Session) Person() string {
	sum := sha256.Sum256([]byte("person\x00" + s.Name + "\x00" + s.Phone))
	return hex.EncodeToString(sum[:8])
}
