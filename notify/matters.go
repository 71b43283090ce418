package notify

import (
	"encoding/json"
	"slices"

	"github.com/nuanju/nuanju/disputes"
)

// matterTelling is one row of the table of what is told of matters' events, and whom: a list of people on call, or the residents of
// the matter's place.
type matterTelling struct {
	kind    disputes.MatterKind
	event   disputes.EventKind
	list    string
	message Message
}

// matterTellings is the whole table. What has no row is told nobody.
func matterTellings() []matterTelling {
	return []matterTelling{
		{disputes.StoppageMatter, disputes.Announced, residents, StoppageAnnounced},
		{disputes.StoppageMatter, disputes.Rescheduled, residents, StoppageAnnounced},
		{disputes.StoppageMatter, disputes.CancelledIt, residents, StoppageCancelled},
		{disputes.StoppageMatter, disputes.Ended, residents, HeatRestored},
		{disputes.StoppageMatter, disputes.Contested, Desk, MatterContested},
		{disputes.ExemptionMatter, disputes.Claimed, residents, ExemptionClaimed},
		{disputes.ExemptionMatter, disputes.Contested, Desk, MatterContested},
		{disputes.SamplingMatter, disputes.Requested, Desk, SamplingRequested},
		{disputes.NoticeMatter, disputes.Dispatched, residents, NoticeSent},
	}
}

// OfMatter is what is to be told of a matter's events, each once: the keys follow from the events' own. It depends on nothing else.
func OfMatter(m disputes.Matter, events []disputes.MatterEvent) (all []Alert) {
	for _, e := range events {
		for _, row := range matterTellings() {
			if row.kind != m.Kind || row.event != e.Event {
				continue
			}
			to := Audience{OnCall, row.list}
			if row.list == residents {
				to = ResidentsAt(m.Place)
			}
			all = append(all, Alert{Key: e.Key(m) + "/" + to.name(), To: to, Message: row.message, Values: matterValues(row.message, m, e)})
		}
	}
	return all
}

// matterValues are what a message about a matter says, and no more.
func matterValues(message Message, m disputes.Matter, e disputes.MatterEvent) map[string]string {
	var b struct { // what the bodies of several kinds have
		Start, End, Clause, Kind string
	}
	_ = json.Unmarshal(m.Body, &b) // what is not there is not said
	all := map[string]string{
		"matter": m.ID, "notice": m.ID, "place": m.Place.ID, "text": bounded(oneLine(e.Text), 300), "clause": b.Clause, "kind": b.Kind, "from_at": b.Start, "to_at": b.End,
		"at_at": moment(e.At),
	}
	for name := range all {
		if !slices.Contains(needs()[message], name) {
			delete(all, name)
		}
	}
	return all
}
