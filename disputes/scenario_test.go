package disputes_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// A scenario is a text file that a lawyer can read. Each line is a time, who, and what:
//
//	08:00:00 resident filed low_temperature: the living room is at 15
//	09:00:00 dispatcher reply: we are coming
//	09:00:00 clock reply met 09:00:00
//	09:00:01 resident reply: mine => not allowed
//
// A command with "=> words" must fail with an error that has those words. After "timeline" the events follow as they
// must stand at the end. Times are those of Beijing on 1 December 2015, within the season unless "season never" says otherwise.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d scenarios: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s := scenario{inSeason: func(sensors.Instant) bool { return true }}
			for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
				if err := s.play(line); err != nil {
					t.Errorf("%s:%d: %s\n\t%v", file, i+1, line, err)
				}
			}
			if s.inTimeline && !slices.Equal(s.timeline(), s.want) {
				t.Errorf("%s: timeline\n\t%s\nwant\n\t%s", file, strings.Join(s.timeline(), "\n\t"), strings.Join(s.want, "\n\t"))
			}
		})
	}
}

var beijing = time.FixedZone("CST", 8*3600)

type scenario struct {
	ticket     disputes.Ticket
	events     []disputes.Event
	inSeason   func(sensors.Instant) bool
	inTimeline bool
	want       []string
}

func (s *scenario) play(line string) error {
	switch words := strings.Fields(line); {
	case len(words) == 0 || words[0] == "#":
		return nil
	case s.inTimeline:
		s.want = append(s.want, strings.Join(words, " "))
		return nil
	case words[0] == "timeline":
		s.inTimeline = true
		return nil
	case words[0] == "season":
		return s.season(words[1:])
	case len(words) < 3:
		return errors.New("want a time, who, and what")
	case words[1] == "clock":
		return s.expectClock(clockTime(words[0]), words[2:])
	case words[1] == "ticket":
		return s.expectTicket(clockTime(words[0]), words[2:])
	default:
		return s.command(line)
	}
}

func (s *scenario) season(words []string) error {
	switch {
	case len(words) == 1 && words[0] == "never":
		s.inSeason = func(sensors.Instant) bool { return false }
	case len(words) == 2 && words[0] == "from":
		start := clockTime(words[1])
		s.inSeason = func(at sensors.Instant) bool { return at >= start }
	default:
		return errors.New("want season never, or season from TIME")
	}
	return nil
}

func (s *scenario) command(line string) error {
	line, refused, _ := strings.Cut(line, " => ")
	head, text, _ := strings.Cut(line, ": ")
	words := strings.Fields(head)
	now, actor := clockTime(words[0]), disputes.Actor{Role: disputes.Role(words[1]), ID: words[1] + "-1"}
	var events []disputes.Event
	var err error
	switch what := words[2]; what {
	case "filed":
		f := disputes.Filing{ID: "t1", Household: "h1", Kind: disputes.Kind(words[3]), Text: text, Actor: actor}
		for i := 4; i < len(words); i++ {
			switch words[i] {
			case "emergency":
				f.Emergency = true
			case "reported":
				i++
				f.ReportedAt = clockTime(words[i])
			}
		}
		s.ticket, events, err = disputes.File(f, disputes.ContractDuties(s.inSeason), now)
	case "ticks":
		s.ticket, events = disputes.Breaches(s.ticket, now)
	case "alerts":
		var more []disputes.Event
		s.ticket, events = disputes.Breaches(s.ticket, now)
		s.ticket, more = disputes.Alerts(s.ticket, attention, now)
		events = append(events, more...)
	case "finds":
		rules := disputes.FindingRules{Target: 2 * time.Hour, WarnBefore: 15 * time.Minute}
		s.ticket, events, err = disputes.Find("t1", disputes.Cold{Household: "h1", Room: "bed", Since: now}, "", text, rules, now)
	case "clears":
		s.ticket, events, err = disputes.Clear(s.ticket, text, now)
	default:
		c := disputes.Command{Event: disputes.EventKind(what), Text: text, Actor: actor}
		words = factsOf(&c, words)
		if len(words) == 5 && words[3] == "version" {
			if _, err := fmt.Sscan(words[4], &c.Version); err != nil {
				return err
			}
		}
		s.ticket, events, err = disputes.Apply(s.ticket, c, now)
	}
	s.events = append(s.events, events...)
	if refused == "" {
		return err
	}
	if err == nil || !strings.Contains(err.Error(), refused) {
		return fmt.Errorf("got error %v, want one with %q", err, refused)
	}
	return nil
}

// attention warns 15 min before, and tells three in turn.
var attention = disputes.Attention{WarnBefore: 15 * time.Minute, Steps: []disputes.Step{
	{After: 0, To: "shift_lead"}, {After: 30 * time.Minute, To: "manager"}, {After: 2 * time.Hour, To: "director"},
}}

// factsOf takes what stands behind the event's name: assign WHO, appoint FROM UNTIL, visit [CELSIUS], join ID, leave ID, attach NAME.
func factsOf(c *disputes.Command, words []string) []string {
	rest := append(words[3:len(words):len(words)], "", "")
	switch c.Event {
	case disputes.Assigned:
		c.Facts.Assignee = rest[0]
	case disputes.Appointed:
		c.Facts.From, c.Facts.Until = clockTime(rest[0]), clockTime(rest[1])
	case disputes.Visited:
		var celsius float64
		if _, err := fmt.Sscan(rest[0], &celsius); err == nil {
			c.Facts.Celsius = &celsius
		}
	case disputes.Joined, disputes.Left:
		c.Facts.Incident = rest[0]
	case disputes.Attached:
		c.Facts.Attachment = &disputes.Attachment{Digest: strings.Repeat("a", 64), Type: "image/png", Size: 1, Name: rest[0]}
	default:
		return words
	}
	return words[:3]
}

// expectClock checks NAME met TIME, NAME running TIME (its due time), NAME breached [TIME of a late answer], NAME none.
func (s *scenario) expectClock(now sensors.Instant, words []string) error {
	clock := map[string]disputes.Clock{"reply": s.ticket.Reply, "update": s.ticket.Update, "target": s.ticket.Target}[words[0]]
	got := []string{words[0]}
	switch state := clock.State(now); state {
	case "":
		got = append(got, "none")
	case disputes.Running:
		got = append(got, string(state), short(clock.Due))
	default:
		got = append(got, string(state))
		if clock.Met != 0 {
			got = append(got, short(clock.Met))
		}
	}
	if !slices.Equal(got, words) {
		return fmt.Errorf("clock %s", strings.Join(got, " "))
	}
	return nil
}

// expectTicket checks STATE, then any of emergency, reported TIME, closed TIME, appointed FROM UNTIL, assignee WHO, incident ID.
func (s *scenario) expectTicket(_ sensors.Instant, words []string) error {
	got := []string{string(s.ticket.State)}
	if s.ticket.Emergency {
		got = append(got, "emergency")
	}
	if slices.Contains(words, "reported") {
		got = append(got, "reported", short(s.ticket.ReportedAt))
	}
	if slices.Contains(words, "closed") {
		got = append(got, "closed", short(s.ticket.ClosedAt))
	}
	if slices.Contains(words, "appointed") {
		got = append(got, "appointed", short(s.ticket.VisitFrom), short(s.ticket.VisitUntil))
	}
	for _, word := range []struct{ name, value string }{{"assignee", s.ticket.Assignee}, {"incident", s.ticket.Incident}} {
		if slices.Contains(words, word.name) {
			got = append(got, word.name, word.value)
		}
	}
	if !slices.Equal(got, words) {
		return fmt.Errorf("ticket %s", strings.Join(got, " "))
	}
	return nil
}

func (s *scenario) timeline() (lines []string) {
	for i, e := range s.events {
		if e.Seq != int64(i+1) {
			lines = append(lines, fmt.Sprintf("event %d has the number %d", i+1, e.Seq))
		}
		line := fmt.Sprintf("%s %s %s", short(e.At), e.Actor.Role, e.Event)
		if e.Event == disputes.Escalated {
			line += fmt.Sprintf(" %s %d %s", e.Facts.Clock, e.Facts.Step, e.Facts.To)
		}
		lines = append(lines, line)
	}
	return lines
}

// clockTime is a time of 1 December 2015 in Beijing; hours beyond 24 are of the next day.
func clockTime(s string) sensors.Instant {
	var h, m int
	var sec float64
	if _, err := fmt.Sscanf(s, "%d:%d:%f", &h, &m, &sec); err != nil {
		panic(fmt.Sprintf("time %q: %v", s, err))
	}
	day := time.Date(2015, 12, 1, 0, 0, 0, 0, beijing)
	return sensors.At(day.Add(time.Duration(h)*time.Hour + time.Duration(m)*time.Minute + time.Duration(sec*float64(time.Second))))
}

func short(i sensors.Instant) string { return i.Time().In(beijing).Format("15:04:05.999999999") }
