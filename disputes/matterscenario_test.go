package disputes_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/sensors"
)

// A scenario of a matter is a text file that a lawyer can read. Each line is a time, who, and what they do:
//
//	08:00:00 dispatcher announce 10:00:00 14:00:00: the valves are serviced
//	14:10:00 dispatcher end 14:05:00
//	14:20:00 dispatcher record: log 7 => words of the error with which it must fail
//	fact announced 08:00:00 from 10:00:00 to 14:05:00 proof log 7
//	state recorded
//
// "fact" is what the judge takes of the matter as it then is, "none" if nothing. Times are those of Beijing on 1 December 2015.
func TestMatterScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/matters/*.txt")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d scenarios: %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var s matterScenario
			for i, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
				if err := s.play(line); err != nil {
					t.Errorf("%s:%d: %s\n\t%v", file, i+1, line, err)
				}
			}
		})
	}
}

type matterScenario struct {
	matter  disputes.Matter
	outcome *disputes.Outcome // of a dispute, when it was settled
}

func (s *matterScenario) play(line string) error {
	words := strings.Fields(line)
	switch {
	case len(words) == 0 || words[0] == "#":
		return nil
	case words[0] == "fact":
		got, err := s.fact()
		if want := strings.Join(words[1:], " "); err != nil || got != want {
			return fmt.Errorf("fact %s, %w", got, err)
		}
		return nil
	case words[0] == "state":
		if string(s.matter.State) != words[1] {
			return fmt.Errorf("it is %s", s.matter.State)
		}
		return nil
	}
	line, refused, fails := strings.Cut(line, " => ")
	head, text, _ := strings.Cut(line, ": ")
	before := s.matter
	err := s.act(strings.Fields(head), text)
	switch {
	case !fails:
		return err
	case err == nil || !strings.Contains(err.Error(), refused):
		return fmt.Errorf("got error %w, want one with %q", err, refused)
	case s.matter.Version != before.Version || s.matter.State != before.State || string(s.matter.Body) != string(before.Body):
		return errors.New("it was refused and changed all the same")
	}
	return nil
}

// act does what words say: a time, who, what, and its times.
func (s *matterScenario) act(words []string, text string) error {
	now, actor := clockTime(words[0]), disputes.Actor{Role: disputes.Role(words[1]), ID: words[1] + "-1"}
	event, rest := disputes.EventKind(words[2]), words[3:]
	var times []time.Time
	for _, w := range rest {
		if strings.Count(w, ":") == 2 {
			times = append(times, clockTime(w).Time())
		}
	}
	times = append(times, time.Time{}, time.Time{})
	move := disputes.Move{Event: event, Text: text, Actor: actor}
	opening := disputes.Opening{ID: "m1", Place: disputes.Home("h1"), Text: text, Actor: actor}
	var next disputes.Matter
	var err, wrong error
	switch {
	case event == disputes.Announced:
		opening, wrong = disputes.AnnounceStoppage(opening, times[0], times[1], rest[len(rest)-1] != "unplanned")
		next, _, err = disputes.Begin(opening, now)
	case event == disputes.Claimed:
		opening, wrong = disputes.ClaimExemption(opening, compliance.Clause(rest[0]), times[0], times[1])
		next, _, err = disputes.Begin(opening, now)
	case event == disputes.DisputeOpened:
		opening, wrong = disputes.OpenDispute(opening, disputes.Subject{Kind: "other"})
		next, _, err = disputes.Begin(opening, now)
	case s.matter.Kind == disputes.DisputeMatter:
		m := disputes.DisputeMove{Move: move, Commission: strings.Join(rest, " ")}
		if !times[0].IsZero() {
			m.Outcome.Confirm = []disputes.Span{{Start: times[0], End: times[1]}}
		}
		next, _, s.outcome, err = disputes.AdvanceDispute(s.matter, m, now)
	case s.matter.Kind == "" && (event == disputes.ResidentConfirms || event == disputes.SupplierConfirms || event == disputes.Contested):
		opening.Kind, opening.Event = disputes.ConfirmationMatter, event
		opening.Body = disputes.Confirmation{Start: times[0], End: times[1]}
		next, _, err = disputes.Begin(opening, now)
	case s.matter.Kind == disputes.ConfirmationMatter:
		next, _, err = disputes.Advance(s.matter, move, now)
	case s.matter.Kind == disputes.StoppageMatter:
		m := disputes.StoppageMove{Move: move, Start: times[0], End: times[1]}
		if event == disputes.Ended {
			m.End = times[0]
		}
		next, _, err = disputes.AdvanceStoppage(s.matter, m, now)
	case event == disputes.CheckAsked:
		opening, wrong = disputes.AskBillCheck(opening, disputes.BillCheck{Statement: rest[0], Winter: 2015, Number: 1})
		next, _, err = disputes.Begin(opening, now)
	case s.matter.Kind == disputes.BillCheckMatter:
		next, _, err = disputes.AnswerBillCheck(s.matter, move, laterStatement(rest), now)
	case event == disputes.Applied:
		opening, wrong = applied(opening, rest)
		next, _, err = disputes.Begin(opening, now)
	case s.matter.Kind == disputes.SuspensionMatter:
		next, _, _, err = disputes.AdvanceSuspension(s.matter, move, now)
	case s.matter.Kind == disputes.ExemptionMatter:
		next, _, err = disputes.AdvanceExemption(s.matter, disputes.ExemptionMove{Move: move}, now)
	default:
		return fmt.Errorf("nothing is known of %q", event)
	}
	if err := errors.Join(wrong, err); err != nil {
		return err
	}
	s.matter = next
	return nil
}

// laterStatement is a statement that an answer names, as HOUSEHOLD WINTER NUMBER; nil for none.
func laterStatement(words []string) *disputes.Later {
	if len(words) == 0 {
		return nil
	}
	by := &disputes.Later{ID: "S" + words[2], Household: words[0]}
	_, _ = fmt.Sscan(words[1]+" "+words[2], &by.Winter, &by.Number)
	return by
}

// applied is an application of a pack that asks for a deed and an identity card: its wish, and the papers that come with it.
func applied(o disputes.Opening, words []string) (disputes.Opening, error) {
	v := disputes.Suspension{Wish: disputes.SuspensionWish(words[0]), Winter: 2015}
	for _, what := range words[1:] {
		v.Documents = append(v.Documents, disputes.Document{What: what, Attachment: strings.Repeat("a", 64)})
	}
	return disputes.ApplySuspension(o, v, [][]string{{"房产证", "deed"}, {"身份证", "card"}})
}

// fact is what the judge takes of the matter, in words.
func (s *matterScenario) fact() (string, error) {
	proof := func(words, p string) string {
		if p == "" {
			return words + " unproved"
		}
		return words + " proof " + p
	}
	span := func(from, to sensors.Instant) string { return "from " + short(from) + " to " + short(to) }
	switch s.matter.Kind {
	case disputes.StoppageMatter:
		f, err := disputes.StoppageFact(s.matter)
		if f == nil {
			return "none", err
		}
		return proof("announced "+short(f.Announced)+" "+span(f.Start, f.End), f.Proof), err
	case disputes.ConfirmationMatter:
		f, err := disputes.ConfirmationFact(s.matter)
		if f == nil {
			return "none", err
		}
		return "confirmed " + span(f.Start, f.End), err
	case disputes.DisputeMatter:
		if s.outcome == nil {
			return "none", nil
		}
		words := "outcome"
		for _, c := range s.outcome.Confirm {
			words += " " + span(sensors.At(c.Start), sensors.At(c.End))
		}
		return words, nil
	case disputes.ExemptionMatter:
		f, err := disputes.ExemptionFact(s.matter)
		if f == nil {
			return "none", err
		}
		return proof(string(f.Clause)+" "+span(f.Start, f.End), f.Proof), err
	}
	return "", fmt.Errorf("a %s is no fact", s.matter.Kind)
}
