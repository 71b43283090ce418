package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/ledger/registrycsv"
	"github.com/nuanju/nuanju/sensors"
)

// district is two replicas of a server over homes a, b and c of one riser and d of another building, and what the checker finds there.
type district struct {
	t        *testing.T
	ledger   *ledger.Ledger
	now      time.Time
	replicas []*server
	start    sensors.Instant
	tiles    map[string][]ledger.Tile
}

func openDistrict(t *testing.T) *district {
	d := &district{t: t, ledger: emptyLedger(t), now: workday, start: sensors.At(workday.Add(-24 * time.Hour)), tiles: map[string][]ledger.Tile{}}
	declared := &registrycsv.Declared{Registry: registrycsv.Registry{Registry: sensors.Registry{
		Substations: []sensors.Substation{{ID: "S"}}, Buildings: []sensors.Building{{ID: "B1", Substation: "S"}, {ID: "B2", Substation: "S"}},
		Risers: []sensors.Riser{{ID: "R1", Building: "B1"}},
		Households: []sensors.Household{
			{ID: "a", Building: "B1", Riser: "R1", Area: "80", Policy: "beijing-metered"},
			{ID: "b", Building: "B1", Riser: "R1", Area: "80", Policy: "beijing-metered"},
			{ID: "c", Building: "B1", Riser: "R1", Area: "80", Policy: "beijing-metered"},
			{ID: "d", Building: "B2", Area: "80", Policy: "beijing-metered"},
		},
	}}}
	_, err := d.ledger.ImportRegistry(t.Context(), declared, ledger.ImportOptions{}, d.start)
	must(t, err)
	policies, err := policyPacks()
	must(t, err)
	for range 2 {
		s := replica(t, d.ledger, &d.now)
		if s.town, err = openTown(t.Context(), d.ledger, policies, s.now); err != nil {
			t.Fatal(err)
		}
		d.replicas = append(d.replicas, s)
	}
	return d
}

// pass lets time go by in which a home has a status, and judges it.
func (d *district) pass(home string, status compliance.Status, minutes int) {
	d.t.Helper()
	from := d.start
	if all := d.tiles[home]; len(all) > 0 {
		from = all[len(all)-1].End
	}
	until := sensors.At(d.now.Add(time.Duration(minutes) * time.Minute))
	if all := d.tiles[home]; len(all) > 0 && all[len(all)-1].Status == status {
		all[len(all)-1].End = until
	} else {
		d.tiles[home] = append(all, ledger.Tile{Start: from, End: until, Status: status, Clause: compliance.A3})
	}
	j := ledger.Judgment{
		Household: home, From: d.start, Until: until, EpisodesFrom: d.start, Settled: d.start, Digest: strings.Repeat("0", 64),
		Rooms: []ledger.RoomTiles{{Room: "", Tiles: slices.Clone(d.tiles[home])}, {Room: "bed", Tiles: slices.Clone(d.tiles[home])}},
	}
	for _, tile := range d.tiles[home] {
		if tile.Status == compliance.Below {
			j.Episodes = append(j.Episodes, ledger.Episode{Room: "bed", Start: tile.Start, End: tile.End, Status: compliance.Suspected, Below: tile.End - tile.Start})
		}
	}
	must(d.t, d.ledger.WriteJudgments(d.t.Context(), []ledger.Judgment{j}, until))
}

// minutes lets time go by, minute after minute, in which every home has its status and both servers look at once.
func (d *district) minutes(n int, status map[string]compliance.Status) {
	d.t.Helper()
	for range n {
		for home, s := range status {
			d.pass(home, s, 1)
		}
		d.now = d.now.Add(time.Minute)
		var both sync.WaitGroup
		for _, s := range d.replicas {
			both.Go(func() {
				if err := s.findings(d.t.Context()); err != nil {
					d.t.Error(err)
				}
			})
		}
		both.Wait()
	}
}

// found is the findings in a state, as "household event event…", by household.
func (d *district) found(state disputes.State) (all []string) {
	d.t.Helper()
	tickets, _, err := d.ledger.Tickets(d.t.Context(), ledger.TicketFilter{Kind: disputes.Finding, State: state}, sensors.At(d.now))
	must(d.t, err)
	for _, t := range tickets {
		_, events, err := d.ledger.Ticket(d.t.Context(), t.ID)
		must(d.t, err)
		line := t.Household
		for _, e := range events {
			line += " " + string(e.Event)
		}
		all = append(all, line)
	}
	slices.Sort(all)
	return all
}

func (d *district) incidents() (all []disputes.Incident) {
	d.t.Helper()
	all, _, err := d.ledger.Incidents(d.t.Context(), "", "", 100)
	must(d.t, err)
	return all
}

const cold, fine = compliance.Below, compliance.Compliant

// A home that is cold for half an hour is found, once, by two servers that look each minute; it is closed when it has been warm for three hours,
// and no resident's clock runs on it. Cold again, it is found again.
func TestAFindingIsOpenedAndClosedOnce(t *testing.T) {
	d := openDistrict(t)
	d.pass("d", fine, 0)
	d.minutes(29, map[string]compliance.Status{"d": cold})
	if got := d.found(""); len(got) != 0 {
		t.Fatalf("too early: %v", got)
	}
	d.minutes(31, map[string]compliance.Status{"d": cold})
	if got := d.found(disputes.Open); !slices.Equal(got, []string{"d filed"}) {
		t.Fatalf("%v", got)
	}
	d.minutes(179, map[string]compliance.Status{"d": fine})
	if got := d.found(disputes.Open); len(got) != 1 {
		t.Fatalf("closed too early: %v", d.found(""))
	}
	d.minutes(2, map[string]compliance.Status{"d": fine})
	if got := d.found(disputes.Resolved); !slices.Equal(got, []string{"d filed clear"}) && !slices.Equal(got, []string{"d filed miss_target clear"}) {
		t.Fatalf("%v", got)
	}
	d.minutes(29, map[string]compliance.Status{"d": cold})
	if got := d.found(disputes.Open); len(got) != 0 {
		t.Fatalf("found again too early: %v", got)
	}
	d.minutes(2, map[string]compliance.Status{"d": cold})
	if got := d.found(""); len(got) != 2 || len(d.found(disputes.Open)) != 1 {
		t.Fatalf("%v", got)
	}
	tickets, _, err := d.ledger.Tickets(t.Context(), ledger.TicketFilter{State: disputes.Open}, sensors.At(d.now))
	must(t, err)
	if tickets[0].Reply.Runs() || tickets[0].Update.Runs() || !tickets[0].Target.Runs() || !strings.Contains(tickets[0].Text, "bed") {
		t.Errorf("%+v", tickets[0])
	}
}

// Three homes of a riser within the hour are one incident, a report counts as well as a finding, and a fourth home's joins it. What somebody takes
// out stays out.
func TestManyFindingsAreOneIncident(t *testing.T) {
	d := openDistrict(t)
	for _, home := range []string{"a", "b", "c", "d"} {
		d.pass(home, fine, 0)
	}
	status := map[string]compliance.Status{"a": cold, "b": fine, "c": fine, "d": fine}
	d.minutes(40, status)
	status["b"] = cold
	d.minutes(40, status)
	if got := d.incidents(); len(got) != 0 || len(d.found(disputes.Open)) != 2 {
		t.Fatalf("two homes are no incident: %+v", got)
	}
	report, events, err := disputes.File(disputes.Filing{
		ID: "report", Household: "c", Kind: disputes.NoHeat, Actor: disputes.Actor{Role: disputes.Resident, ID: "c"},
	}, disputes.ContractDuties(func(sensors.Instant) bool { return true }), sensors.At(d.now))
	must(t, err)
	must(t, d.ledger.FileTicket(t.Context(), report, events, nil))
	d.minutes(3, status)
	all := d.incidents()
	if len(all) != 1 || all[0].Place != (disputes.Place{Kind: disputes.AtRiser, ID: "R1"}) || all[0].OpenedBy.Role != disputes.Monitor {
		t.Fatalf("%+v", all)
	}
	_, _, parts, err := d.ledger.Incident(t.Context(), all[0].ID)
	must(t, err)
	if len(parts) != 3 {
		t.Fatalf("%d tickets", len(parts))
	}
	for _, p := range parts {
		if _, timeline, err := d.ledger.Ticket(t.Context(), p.ID); err != nil || len(timeline) != 2 || timeline[1].Event != disputes.Joined {
			t.Errorf("%s: %+v %v", p.ID, timeline, err)
		}
	}
	before, _, err := d.ledger.Ticket(t.Context(), "report")
	must(t, err)
	after, events, err := disputes.Apply(before, disputes.Command{
		Event: disputes.Left, Facts: disputes.Facts{Incident: all[0].ID}, Actor: disputes.Actor{Role: disputes.Dispatcher, ID: "x"},
	}, sensors.At(d.now))
	must(t, err)
	must(t, d.ledger.SaveTicket(t.Context(), before, after, events, nil))
	d.minutes(3, status)
	if left, _, err := d.ledger.Ticket(t.Context(), "report"); err != nil || left.Incident != "" || len(d.incidents()) != 1 {
		t.Errorf("%+v %v", left, err)
	}
}

// A finding is over when the season is, or the home is not registered any more; a home that nobody has judged for an hour opens none.
func TestFindingsOfOldKnowledge(t *testing.T) {
	d := openDistrict(t)
	d.pass("d", fine, 0)
	d.pass("d", cold, 40)
	d.now = d.now.Add(2 * time.Hour)
	d.minutes(1, nil)
	if got := d.found(""); len(got) != 0 {
		t.Fatalf("%v", got)
	}
	d.pass("d", cold, 0)
	d.minutes(1, nil)
	if got := d.found(disputes.Open); len(got) != 1 {
		t.Fatalf("%v", got)
	}
	d.now = time.Date(2016, 3, 16, 0, 1, 0, 0, workday.Location())
	d.minutes(1, nil)
	if got := d.found(disputes.Resolved); len(got) != 1 || !strings.HasSuffix(got[0], "clear") {
		t.Fatalf("%v", fmt.Sprint(d.found("")))
	}
}
