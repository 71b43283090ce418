package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/web"
)

// stale is how long ago a home may have been judged last for what is known of it to open a ticket.
const stale = time.Hour

// findings opens a ticket for each home that the checker has found cold for some time, closes those of homes that are warm again, and makes
// one incident of what many homes have. Everything that it does is done once, also by two servers at once or after a kill: each step
// is one transaction, and looks at what is there.
func (s *server) findings(ctx context.Context) error {
	now := sensors.At(s.now())
	return errors.Join(s.find(ctx, now), s.clearFindings(ctx, now), s.gather(ctx, now))
}

func (s *server) findingRules() disputes.FindingRules {
	f := s.settings.Findings
	return disputes.FindingRules{After: f.After, Target: f.Target, WarnBefore: min(s.settings.Attention.WarnBefore, f.Target), Warm: f.Warm}
}

// find opens tickets for homes that are cold.
func (s *server) find(ctx context.Context, now sensors.Instant) error {
	rules := s.findingRules()
	all, err := s.ledger.Suspicions(ctx, now.Add(-rules.After), now.Add(-stale))
	if err != nil {
		return err
	}
	for _, c := range all {
		home, ok := s.town.directory.Home(c.Household)
		if !ok || !rules.Found(c.Cold, c.Closed, now) {
			continue
		}
		incident, err := s.incidentAt(ctx, home)
		if err != nil {
			return err
		}
		t, events, err := disputes.Find("F"+rand.Text()[:20], c.Cold, incident, textOfCold(c.Cold, home.Zone), rules, now)
		if err != nil {
			return err
		}
		err = s.ledger.FileTicket(ctx, t, events, nil)
		if err != nil && !errors.Is(err, ledger.ErrExists) && !errors.Is(err, ledger.ErrConflict) {
			return err // another server was faster, or the incident was resolved: the next tick looks again
		}
	}
	return nil
}

func textOfCold(c disputes.Cold, zone *time.Location) string {
	since := c.Since.Time().In(zone).Format("2006-01-02 15:04")
	return fmt.Sprintf("%s 自 %s 起低于应达温度。\n%s has been below what is owed since %s.", c.Room, since, c.Room, since)
}

func (s *server) incidentAt(ctx context.Context, home web.Home) (string, error) {
	for _, place := range home.Places() {
		if id, err := s.ledger.OpenIncidentAt(ctx, place); err != nil || id != "" {
			return id, err
		}
	}
	return "", nil
}

// clearFindings closes the findings of homes that have been compliant for long enough, or to which nothing is owed any more.
func (s *server) clearFindings(ctx context.Context, now sensors.Instant) error {
	for cursor := ""; ; {
		open, next, err := s.ledger.Tickets(ctx, ledger.TicketFilter{State: disputes.Open, Kind: disputes.Finding, After: cursor}, now)
		if err != nil {
			return err
		}
		homes := make([]string, len(open))
		for i, t := range open {
			homes[i] = t.Household
		}
		warm, err := s.ledger.WarmFor(ctx, homes, s.settings.Findings.Warm)
		if err != nil {
			return err
		}
		for _, t := range open {
			why := s.overBecause(t, warm[t.Household], now)
			if why == "" {
				continue
			}
			after, events, err := disputes.Clear(t, why, now)
			if err == nil {
				err = s.ledger.SaveTicket(ctx, t, after, events, nil)
			}
			if err != nil && !errors.Is(err, ledger.ErrConflict) && !errors.Is(err, disputes.ErrConflict) {
				return err
			}
		}
		if cursor = next; cursor == "" {
			return nil
		}
	}
}

// overBecause is why a finding is over; empty if it is not. Warm time counts from when it was found.
func (s *server) overBecause(t disputes.Ticket, warm bool, now sensors.Instant) string {
	home, ok := s.town.directory.Home(t.Household)
	long := s.settings.Findings.Warm
	switch {
	case !ok:
		return "住户已不在登记册中。\nThe household is not registered any more."
	case !home.InSeason(now):
		return "供热期已结束。\nThe season is over."
	case warm && now.Sub(t.ReportedAt) >= long:
		return fmt.Sprintf("各房间已连续达标 %s。\nEvery room has been compliant for %s.", long, long)
	}
	return ""
}

// gather makes incidents of tickets of many homes of one place.
func (s *server) gather(ctx context.Context, now sensors.Instant) error {
	f := s.settings.Findings
	// Twice the time: what lies in one such time together with a ticket of this minute is seen whole.
	loose, err := s.ledger.LooseTickets(ctx, now.Add(-2*f.IncidentsWithin))
	if err != nil {
		return err
	}
	byID := make(map[string]disputes.Ticket, len(loose))
	var located []disputes.Located
	for _, t := range loose {
		home, ok := s.town.directory.Home(t.Household)
		if !ok {
			continue
		}
		byID[t.ID] = t
		located = append(located, disputes.Located{
			Ticket: t.ID, Household: t.Household, Riser: home.Riser, Building: home.Building, Substation: home.Substation, At: t.ReportedAt,
		})
	}
	for _, c := range disputes.Clusters(located, f.IncidentHomes, f.IncidentsWithin) {
		id, err := s.incidentOf(ctx, c, now)
		if err != nil {
			return err
		}
		for _, ticket := range c.Tickets {
			if id == "" {
				break // the one that another server opened is resolved already: the next tick looks again
			}
			if err := s.join(ctx, byID[ticket], id, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// incidentOf is the incident that is open at a cluster's place, or a new one.
func (s *server) incidentOf(ctx context.Context, c disputes.Cluster, now sensors.Instant) (string, error) {
	id, err := s.ledger.OpenIncidentAt(ctx, c.Place)
	if err != nil || id != "" {
		return id, err
	}
	text := fmt.Sprintf("%d 件低温报告或监测发现，相隔不超过 %s。\n%d reports or findings of cold within %s.",
		len(c.Tickets), s.settings.Findings.IncidentsWithin, len(c.Tickets), s.settings.Findings.IncidentsWithin)
	i, first, err := disputes.OpenIncident("I"+rand.Text()[:20], c.Place, text, disputes.Actor{Role: disputes.Monitor}, now)
	if err != nil {
		return "", err
	}
	err = s.ledger.AddIncident(ctx, i, first)
	if errors.Is(err, ledger.ErrExists) { // another server was faster
		return s.ledger.OpenIncidentAt(ctx, c.Place)
	}
	return i.ID, err
}

// join makes a ticket a part of an incident, unless either has changed meanwhile: then the next tick looks again.
func (s *server) join(ctx context.Context, t disputes.Ticket, incident string, now sensors.Instant) error {
	after, events, err := disputes.Apply(t, disputes.Command{
		Event: disputes.Joined, Facts: disputes.Facts{Incident: incident}, Actor: disputes.Actor{Role: disputes.Monitor},
	}, now)
	if err == nil {
		err = s.ledger.SaveTicket(ctx, t, after, events, nil)
	}
	if errors.Is(err, ledger.ErrConflict) || errors.Is(err, disputes.ErrConflict) {
		return nil
	}
	return err
}
