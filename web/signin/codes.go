package signin

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// CodeGoodFor is how long a one-time code is good.
const CodeGoodFor = 5 * time.Minute

// Ask asks for a one-time code to be sent to the phone that the contract of an account number names beside a name, and returns
// the challenge that the code answers. It says nothing of whether there is such a one, and does the same for everybody: one
// look, one write, one answer; what is sent is sent behind the caller's back. *Wait, or the ledger's errors.
func (d *Door) Ask(ctx context.Context, account, name, address string) (challenge string, err error) {
	now := d.o.Clock()
	if wait := max(d.perAddress.Take(address, now), d.perAccount.Take(account, now)); wait > 0 {
		return "", &Wait{wait}
	}
	phone := ""
	if plausible(account) && plausible(name) {
		if phone, err = d.o.Store.PhoneOf(ctx, account, name); err != nil {
			return "", err
		}
	}
	challenge, code := newSecret(), newCode()
	kept := ledger.Code{
		Challenge: hashOf(challenge), Hash: codeHash(challenge, code), Account: account, Name: name, Phone: phone,
		CreatedAt: sensors.At(now), ExpiresAt: sensors.At(now.Add(CodeGoodFor)),
	}
	if phone == "" {
		kept.Account, kept.Name = "", ""
	}
	if err := d.o.Store.CreateCode(ctx, kept); err != nil {
		return "", err
	}
	if phone != "" && d.perPhone.Take(phone, now) == 0 {
		d.send(context.WithoutCancel(ctx), phone, code)
	}
	return challenge, nil
}

// plausible reports whether a text can be in a contract at all; a database need not be asked for one that cannot be written in it.
func plausible(s string) bool {
	return s != "" && len(s) <= 1024 && utf8.ValidString(s) && !strings.ContainsRune(s, 0)
}

// send hands a code to the sender. When too many are on their way already, it is not sent: the resident asks again.
func (d *Door) send(ctx context.Context, phone, code string) {
	if d.o.PrintCodes {
		d.o.Logger.Warn("a one-time code, which sign_in.print_codes has printed", "code", code)
	}
	if d.o.Sender == nil {
		return
	}
	select {
	case d.slots <- struct{}{}:
	default:
		d.o.Logger.Error("a one-time code was not sent: too many are on their way")
		return
	}
	d.sending.Go(func() {
		defer func() { <-d.slots }()
		ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		if err := d.o.Sender.SendCode(ctx, phone, code, CodeGoodFor); err != nil {
			d.o.Logger.LogAttrs(ctx, slog.LevelError, "a one-time code was not sent", slog.Any("err", err))
		}
	})
}

// Answer signs in whoever knows the code of a challenge, and returns the secret of a new session, for the cookie. A code is good
// once, for five minutes and five tries. ErrRefused, *Wait, or the ledger's errors.
func (d *Door) Answer(ctx context.Context, challenge, code, address string) (secret string, err error) {
	if wait := d.perAddress.Take(address, d.o.Clock()); wait > 0 {
		return "", &Wait{wait}
	}
	name, phone, err := d.o.Store.UseCode(ctx, hashOf(challenge), codeHash(challenge, strings.TrimSpace(code)), sensors.At(d.o.Clock()))
	if err != nil {
		return "", err
	}
	if phone == "" {
		return "", ErrRefused
	}
	return d.begin(ctx, ledger.Session{Name: name, Phone: phone, Idle: residentIdle}, residentMost)
}

// newCode is six digits, each as likely as any other.
func newCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return fmt.Sprintf("%06d", n)
}

// codeHash is what is kept of a code. The challenge, of 256 random bits, is in it, so that who reads the ledger cannot try the
// million codes.
func codeHash(challenge, code string) []byte {
	sum := sha256.Sum256([]byte(challenge + "\x00" + code))
	return sum[:]
}
