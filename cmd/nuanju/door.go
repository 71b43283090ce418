package main

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/notify"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/web/signin"
)

// openDoor makes what lets people in.
func (s *server) openDoor() *signin.Door {
	return signin.NewDoor(signin.Options{
		Store: s.ledger, Sender: codeSender{s.ledger, s.now}, Clock: s.now, Logger: s.logger,
		Plain: s.settings.SignIn.PlainHTTP, PrintCodes: s.settings.SignIn.PrintCodes,
	})
}

// codeSender puts one-time codes into the outbox of messages, from where they are sent until they are too old.
type codeSender struct {
	ledger *ledger.Ledger
	now    func() time.Time
}

// SendCode implements signin.Sender.
func (c codeSender) SendCode(ctx context.Context, phone, code string, goodFor time.Duration) error {
	now := sensors.At(c.now())
	return c.ledger.Notify(ctx, []notify.Alert{{
		Key: "sign-in/" + rand.Text(), To: notify.Audience{Kind: notify.Phone, ID: phone}, Message: notify.SignInCode,
		Values: map[string]string{"code": code}, Until: now.Add(goodFor),
	}}, now)
}
