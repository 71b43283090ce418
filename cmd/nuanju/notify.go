package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/notify"
	"github.com/nuanju/nuanju/notify/smtp"
	"github.com/nuanju/nuanju/notify/webhook"
)

// notifier makes the job that tells people what happened. It reads the secrets, so that a file that is not there keeps the server
// from starting and not a page from being sent.
func (s *server) notifier(registry *prometheus.Registry) (*notify.Job, error) {
	senders, err := s.senders()
	if err != nil {
		return nil, err
	}
	done := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "nuanju_notifications_sent_total", Help: "Notifications that were sent, by channel.",
	}, []string{"channel"})
	failed := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "nuanju_notifications_failed_total",
		Help: "Attempts that failed, by channel and what follows: waiting, when it is tried again, failed, when it was refused for good, or given_up.",
	}, []string{"channel", "state"})
	waiting := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "nuanju_notifications_waiting", Help: "Notifications and alerts that wait to be sent; NaN when the ledger does not say.",
	}, s.notificationsWaiting)
	if err := errors.Join(registry.Register(done), registry.Register(failed), registry.Register(waiting)); err != nil {
		return nil, err
	}
	return notify.NewJob(notify.Config{
		Outbox: s.ledger, Writer: notify.NewWriter(s.zone, s.settings.Notify.PublicURL), Senders: senders, OnCall: onCall(s.settings.Notify.OnCall),
		Clock: s.now, Logger: s.logger,
		Done: func(c notify.Channel, state notify.State) {
			if state == notify.Sent {
				done.WithLabelValues(string(c)).Inc()
			} else {
				failed.WithLabelValues(string(c), string(state)).Inc()
			}
		},
	})
}

// senders are the ways to people that the settings give.
func (s *server) senders() (map[notify.Channel]notify.Sender, error) {
	senders := map[notify.Channel]notify.Sender{}
	if c := s.settings.Notify.Webhook; c.URL != "" {
		secret, err := secretIn(c.SecretFile)
		if err != nil {
			return nil, fmt.Errorf("notify.webhook.secret_file: %w", err)
		}
		g, err := webhook.New(webhook.Config{URL: c.URL, Secret: []byte(secret), Clock: s.now})
		if err != nil {
			return nil, errUsage{err}
		}
		senders[notify.SMS], senders[notify.Page] = g, g
	}
	if c := s.settings.Notify.SMTP; c.Host != "" {
		password := ""
		if c.PasswordFile != "" {
			var err error
			if password, err = secretIn(c.PasswordFile); err != nil {
				return nil, fmt.Errorf("notify.smtp.password_file: %w", err)
			}
		}
		m, err := smtp.New(smtp.Config{
			Host: c.Host, Port: c.Port, User: c.User, Password: password, From: c.From, Security: smtp.Security(c.Security),
		})
		if err != nil {
			return nil, errUsage{err}
		}
		senders[notify.Mail] = m
	}
	return senders, nil
}

// maxSecret bounds a file that holds nothing but a secret, in bytes.
const maxSecret = 4 << 10

// secretIn is what a file holds, without the line break that editors add.
func secretIn(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close() // it was only read
	b, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	switch {
	case err != nil:
		return "", err
	case len(b) > maxSecret:
		return "", fmt.Errorf("%s is longer than %d bytes", path, maxSecret)
	}
	return strings.TrimRight(string(b), "\r\n"), nil
}

// onCall is who is on the settings' lists.
func onCall(lists []configs.OnCall) map[string][]notify.Recipient {
	all := map[string][]notify.Recipient{}
	for _, l := range lists {
		for _, c := range l.To {
			all[l.List] = append(all[l.List], notify.Recipient{Channel: notify.Channel(c.Channel), Address: c.Address, Language: "zh"})
		}
	}
	return all
}

// notificationsWaiting is how many wait to be sent.
func (s *server) notificationsWaiting() float64 {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	by, alerts, err := s.ledger.CountNotifications(ctx)
	if err != nil {
		s.logger.Error("counting notifications", "error", err)
		return math.NaN()
	}
	return float64(by[notify.Waiting] + alerts)
}
