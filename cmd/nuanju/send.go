package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/simulate"
)

const (
	// linesAtOnce is how many lines a request has at most.
	linesAtOnce = 5000
	// patience is how long a request is sent again before it is given up.
	patience = 10 * time.Minute
	// longestWait is the longest between two attempts, whatever the server asks for.
	longestWait = time.Minute
)

// sender sends lines through the write API as a gateway does: what is not acknowledged is sent again.
type sender struct {
	client                 *http.Client
	url, token             string
	body                   []byte
	waiting                int // lines in body
	packed                 bytes.Buffer
	zip                    *gzip.Writer
	lines, requests, again int
}

func newSender(server, tokenFile string) (*sender, error) {
	u, err := url.Parse(server)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errUsage{fmt.Errorf("--to %s is not an address such as http://127.0.0.1:8080", server)}
	}
	s := &sender{
		client: &http.Client{Timeout: time.Minute},
		url:    u.JoinPath("api/v2/write").String() + "?precision=" + simulate.Precision,
	}
	if tokenFile != "" {
		token, err := os.ReadFile(tokenFile)
		if err != nil {
			return nil, errUsage{fmt.Errorf("token: %s: %w", tokenFile, reason(err))}
		}
		s.token = strings.TrimSpace(string(token))
	}
	s.zip = gzip.NewWriter(&s.packed)
	return s, nil
}

// add keeps a message, and sends when there are enough.
func (s *sender) add(ctx context.Context, m *simulate.Message) error {
	s.body = m.AppendLine(s.body)
	if s.waiting++; s.waiting < linesAtOnce {
		return nil
	}
	return s.flush(ctx)
}

// flush sends what waits. When it returns nil the server has it durable.
func (s *sender) flush(ctx context.Context) error {
	if s.waiting == 0 {
		return nil
	}
	s.packed.Reset()
	s.zip.Reset(&s.packed)
	if _, err := s.zip.Write(s.body); err != nil {
		return err
	}
	if err := s.zip.Close(); err != nil {
		return err
	}
	s.requests++
	deadline := time.Now().Add(patience)
	for wait := time.Second; ; wait = min(wait*2, longestWait) {
		after, err := s.attempt(ctx)
		if err == nil {
			s.lines += s.waiting
			s.body, s.waiting = s.body[:0], 0
			return nil
		}
		var last errFinal
		if errors.As(err, &last) {
			return last.error
		}
		if time.Now().After(deadline) {
			return err
		}
		s.again++
		if after == 0 {
			after = wait/2 + rand.N(wait/2)
		}
		if err := pause(ctx, min(after, longestWait)); err != nil {
			return err
		}
	}
}

// errFinal is an answer that another attempt would not change.
type errFinal struct{ error }

// attempt sends the request once. After is how long the server wants to be left alone.
func (s *sender) attempt(ctx context.Context) (after time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, bytes.NewReader(s.packed.Bytes()))
	if err != nil {
		return 0, errFinal{err}
	}
	r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	r.Header.Set("Content-Encoding", "gzip")
	if s.token != "" {
		r.Header.Set("Authorization", "Bearer "+s.token)
	}
	answer, err := s.client.Do(r)
	if err != nil {
		if ctx.Err() != nil {
			return 0, errFinal{ctx.Err()}
		}
		return 0, err
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, 4<<10))
	switch {
	case answer.StatusCode == http.StatusNoContent:
		return 0, nil
	case err != nil:
		return 0, err
	}
	err = fmt.Errorf("the server answered %s: %s", answer.Status, bytes.TrimSpace(text))
	switch answer.StatusCode {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		seconds, bad := strconv.Atoi(answer.Header.Get("Retry-After"))
		if bad != nil || seconds < 0 {
			seconds = 0
		}
		return time.Duration(min(seconds, int(longestWait/time.Second))) * time.Second, err
	}
	return 0, errFinal{err}
}

// pause waits, or ends with the context.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// livedBy is until when a town may have lived at a time: a minute is lived when it has passed, so that nothing is sent before it
// was measured.
func livedBy(now time.Time) sensors.Instant { return sensors.At(now.Add(-time.Minute)) }

// send has the town live and sends what it says, at the speed of the flags.
func (c simulateCommand) send(ctx context.Context, town *simulate.Town, s *sender) error {
	life := town.Start()
	began, first := time.Now(), life.Now()
	until := town.End()
	if c.Live {
		until = min(until, livedBy(began))
	}
	step := time.Hour
	if c.Speed > 0 {
		step = max(time.Minute, time.Duration(c.Speed*float64(time.Second)))
	}
	visit := func(m *simulate.Message) error { return s.add(ctx, m) }
	for life.Now() < until {
		to := min(life.Now().Add(step), until)
		if c.Speed > 0 {
			lived := time.Duration(float64(to.Sub(first)) / c.Speed)
			if err := pause(ctx, time.Until(began.Add(lived))); err != nil {
				return err
			}
		}
		if err := life.Advance(to, visit); err != nil {
			return err
		}
		if c.Speed > 0 {
			if err := s.flush(ctx); err != nil {
				return err
			}
		}
	}
	if err := s.flush(ctx); err != nil || !c.Live {
		return err
	}
	for {
		if err := pause(ctx, 5*time.Second); err != nil {
			return err
		}
		if err := life.Advance(livedBy(time.Now()), visit); err != nil {
			return err
		}
		if err := s.flush(ctx); err != nil {
			return err
		}
	}
}
