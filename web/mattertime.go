package web

import (
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// matterTime is [from, to) in which what a matter of a household is about lay; of one that is about no time, when it was opened.
func matterTime(m disputes.Matter) (from, to sensors.Instant, err error) {
	switch m.Kind {
	case disputes.StoppageMatter, disputes.ExemptionMatter, disputes.ConfirmationMatter:
		b, err := bodyOf[struct{ Start, End time.Time }](m)
		return sensors.At(b.Start), sensors.At(b.End), err
	case disputes.TestMatter:
		b, err := bodyOf[disputes.Test](m)
		return b.From, max(b.To, b.From+1), err
	}
	return m.Opened, m.Opened + 1, nil
}

// seesMatter reports whether a matter is of a time of which a token may see something, as far as it is a household's own: whoever moved
// in later sees and does nothing about what was between the supplier and those who lived there before.
func (t *token) seesMatter(m disputes.Matter, homes Homes) (bool, error) {
	if m.Place.Kind != disputes.AtHousehold || t.Role != disputes.Resident {
		return true, nil
	}
	from, to, err := matterTime(m)
	return err == nil && len(t.ownTime(m.Place.ID, homes, from, to)) > 0, err
}

// seenMatters is those of some matters that a token may see; a page may have fewer than were asked for.
func seenMatters(t *token, all []disputes.Matter, homes Homes) (seen []disputes.Matter, _ error) {
	for _, m := range all {
		ok, err := t.seesMatter(m, homes)
		if err != nil {
			return nil, err
		}
		if ok {
			seen = append(seen, m)
		}
	}
	return seen, nil
}

// ownsTime reports whether all of [from, to) is a token's own in a household.
func (t *token) ownsTime(household string, homes Homes, from, to time.Time) bool {
	whole := stretch{sensors.At(from), sensors.At(to)}
	own := t.ownTime(household, homes, whole.from, whole.to)
	return len(own) == 1 && own[0] == whole
}
