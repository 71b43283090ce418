package web

import (
	"context"
	"slices"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
)

// rejectedBefore is ErrConflict when an exemption of the same clause was rejected for a part of the same time and the same homes: what was
// decided is not undone by claiming it again under another number.
func (h *exemptions) rejectedBefore(ctx context.Context, m disputes.Matter) error {
	x, err := bodyOf[disputes.Exemption](m)
	if err != nil {
		return err
	}
	var homes []string
	f := ledger.MatterFilter{Kind: disputes.ExemptionMatter, States: []disputes.State{disputes.StateRejected}}
	for {
		found, next, err := h.ledger.Matters(ctx, f)
		if err != nil {
			return err
		}
		for i := range found {
			before, err := bodyOf[disputes.Exemption](found[i])
			if err != nil {
				return err
			}
			if before.Clause != x.Clause || !before.Start.Before(x.End) || !x.Start.Before(before.End) {
				continue
			}
			if homes == nil {
				if homes, err = h.ledger.HouseholdsAt(ctx, m.Place); err != nil {
					return err
				}
			}
			there, err := h.ledger.HouseholdsAt(ctx, found[i].Place)
			if err != nil {
				return err
			}
			if meet(homes, there) {
				return disputes.Stale(disputes.ExemptionMatter, "%s of that clause, time and place was rejected; who decided can uphold it after all", found[i].ID)
			}
		}
		if f.After = next; next == "" {
			return nil
		}
	}
}

// meet reports whether two lists have anything in common.
func meet(a, b []string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	b = slices.Sorted(slices.Values(b))
	return slices.ContainsFunc(a, func(s string) bool {
		_, ok := slices.BinarySearch(b, s)
		return ok
	})
}
