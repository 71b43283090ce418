package main

import (
	"context"
	"math/rand/v2"
	"net/url"
	"time"
)

const (
	liveStep   = 5 * time.Second
	liveReport = 4 * time.Minute  // between reports
	liveMost   = 12               // reports that are open at once; then nobody files another
	liveReply  = 25 * time.Minute // after which the dispatcher at night replies, if nobody did before
	liveDone   = 90 * time.Minute // after which they say that it is done
)

// goOn lets the town live as time passes, until the context ends: devices send, residents file a report now and then, and a
// dispatcher answers what whoever looks has left unanswered for long. What fails is told and tried again: somebody may have been faster.
func (s *story) goOn(ctx context.Context) {
	s.ctx = ctx
	dice := rand.New(rand.NewPCG(demoSeed, uint64(s.d.start.Unix())))
	report, answer := s.d.clock.now().Add(liveReport/2), s.d.clock.now()
	for pause(ctx, liveStep) == nil {
		s.err = nil
		now := s.d.clock.now()
		s.live(livedBy(now))
		if now.After(report) {
			s.somebodyReports(dice)
			report = now.Add(liveReport/2 + rand.N(liveReport))
		}
		if now.After(answer) {
			s.somebodyAnswers()
			answer = now.Add(time.Minute)
		}
		if s.err != nil && ctx.Err() == nil {
			s.d.s.logger.Warn("something in the demonstration did not happen", "error", s.err)
		}
	}
}

// queued is a report in the queue.
type queued struct {
	ID, Household, Kind string
	ReportedAt          time.Time  `json:"reported_at"`
	RepliedAt           *time.Time `json:"replied_at"`
	UpdatedAt           *time.Time `json:"updated_at"`
}

// waiting are the open reports of residents, as the dispatcher sees them.
func (s *story) waiting() (all []queued) {
	var found struct{ Tickets []queued }
	s.reads(s.colleague, "/tickets", url.Values{"state": {"open"}, "limit": {"200"}}, &found)
	for _, t := range found.Tickets {
		if t.Kind != "finding" {
			all = append(all, t)
		}
	}
	return all
}

// somebodyReports files a report of a home that has none: of cold where it is cold, else of something else.
func (s *story) somebodyReports(dice *rand.Rand) {
	open := s.waiting()
	if len(open) >= liveMost {
		return
	}
	has := map[string]bool{homeNow: true, homeUnsensed: true} // whoever looks reports for these
	for _, t := range open {
		has[t.Household] = true
	}
	homes := s.town.Households()
	for range 40 {
		who := s.residents[homes[dice.IntN(len(homes))]]
		if has[who.household] || who.household == homeLeft {
			continue
		}
		kind, text := "low_temperature", "屋里不到十八度。"
		if s.celsius(who.household, "bedroom") > 17.8 {
			texts := []string{"暖气片里有水声。", "请问什么时候抄表？", "楼道暖气跑水声很大。"}
			if dice.IntN(6) > 0 {
				continue // people who are warm seldom call
			}
			kind, text = "other", texts[dice.IntN(len(texts))]
		}
		s.does(who, "/tickets", form{"household": who.household, "kind": kind, "text": text})
		return
	}
}

// somebodyAnswers does what whoever looks has not done in time.
func (s *story) somebodyAnswers() {
	now := s.d.clock.now()
	for _, t := range s.waiting() {
		age := now.Sub(t.ReportedAt)
		do := func(verb, text string) { s.does(s.colleague, "/tickets/"+t.ID+"/"+verb, form{"text": text}) }
		switch {
		case t.ReportedAt.Before(s.d.start): // those of the past are whoever looks's
		case t.RepliedAt == nil && age > liveReply:
			do("reply", "收到，正在安排。")
		case t.RepliedAt != nil && age > liveDone:
			do("resolve", "已处理。")
		}
	}
}
