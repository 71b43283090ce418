package notify

import (
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
)

// OfIncident is what is to be told of an incident's event: the desk learns that one was opened. It depends on nothing else.
func OfIncident(i disputes.Incident, e disputes.IncidentEvent) []Alert {
	if e.Event != disputes.Filed {
		return nil
	}
	return []Alert{{
		Key: e.Key(i) + "/" + Desk, To: Audience{OnCall, Desk}, Message: IncidentOpened,
		Values: map[string]string{"incident": i.ID, "place": i.Place.ID, "text": bounded(oneLine(i.Text), 300)},
	}}
}

// OfStatement tells the residents of a household that their statement of a season is made.
func OfStatement(id, household, season string) Alert {
	return Alert{
		Key: "statement/" + id, To: ResidentsAt(disputes.Home(household)), Message: StatementReady,
		Values: map[string]string{"statement": id, "season": season},
	}
}

// OfTest tells the residents of a household what a third-party test of one of their rooms was found to decide (A7.2.2). The same finding
// judged again is the same alert.
func OfTest(id, household string, finding compliance.Finding) Alert {
	return Alert{
		Key: "test/" + id + "/finding/" + string(finding), To: ResidentsAt(disputes.Home(household)), Message: TestResult,
		Values: map[string]string{"test": id, "finding": string(finding)},
	}
}
