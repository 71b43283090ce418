package signin

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

// Store keeps accounts, sessions and codes; see the methods of ledger.Ledger.
type Store interface {
	AccountNamed(ctx context.Context, name string) (a ledger.StaffAccount, password string, err error)
	CreateSession(ctx context.Context, hash []byte, s ledger.Session) error
	UseSession(ctx context.Context, hash []byte, now sensors.Instant) (ledger.SignedIn, error)
	EndSession(ctx context.Context, hash []byte, now sensors.Instant) error
	EndSessions(ctx context.Context, s ledger.Session, now sensors.Instant) error
	PhoneOf(ctx context.Context, account, name string) (phone string, err error)
	CreateCode(ctx context.Context, c ledger.Code) error
	UseCode(ctx context.Context, challenge, hash []byte, now sensors.Instant) (name, phone string, err error)
}

// Sender sends one-time codes. It returns when the code will be sent, not when it was.
type Sender interface {
	SendCode(ctx context.Context, phone, code string, goodFor time.Duration) error
}

// Errors of signing in. Their texts are for whoever tries.
var (
	// ErrRefused: the name and password, or the code, are not right; or the account is disabled, the code old or used.
	ErrRefused = errors.New("that is not right, or no longer")
)

// Wait is an error of too many tries: none was made.
type Wait struct{ For time.Duration }

// Error says to wait.
func (w *Wait) Error() string { return "too many tries; wait a little" }

// Rates are how often may be tried, each at once and then one in each time.
type Rates struct {
	PerName    Rate // passwords, for each account's name and address
	PerAddress Rate // passwords and codes, for each address
	PerAccount Rate // codes asked for, for each account number
	PerPhone   Rate // codes sent, for each phone
}

// DefaultRates let people mistype and nobody guess.
var DefaultRates = Rates{
	PerName:    Rate{Burst: 10, Every: 30 * time.Second},
	PerAddress: Rate{Burst: 30, Every: 4 * time.Second},
	PerAccount: Rate{Burst: 5, Every: 10 * time.Minute},
	PerPhone:   Rate{Burst: 5, Every: 10 * time.Minute},
}

// Options are what a door is made of.
type Options struct {
	Store  Store
	Sender Sender // nil: codes are not sent
	Clock  func() time.Time
	Logger *slog.Logger
	// Plain: cookies are for plain HTTP, also to other machines. For trials in a closed network only.
	Plain bool
	Cost  Cost  // of passwords; DefaultCost if zero
	Rates Rates // DefaultRates if zero
	// PrintCodes logs codes instead of keeping them secret. For demonstrations only.
	PrintCodes bool
}

// How long sessions last: unused, and at most.
const (
	staffIdle    = 2 * time.Hour
	staffMost    = 12 * time.Hour
	residentIdle = 7 * 24 * time.Hour
	residentMost = 30 * 24 * time.Hour
)

// Door lets people in. Make it with NewDoor; it may be used concurrently.
type Door struct {
	o       Options
	hasher  *Hasher
	origins *http.CrossOriginProtection

	perName, perAddress, perAccount, perPhone *Limit

	sending sync.WaitGroup
	slots   chan struct{} // of codes that are on their way to the sender
}

// NewDoor makes a door.
func NewDoor(o Options) *Door {
	o.Cost = cmp.Or(o.Cost, DefaultCost)
	o.Rates = cmp.Or(o.Rates, DefaultRates)
	return &Door{
		o: o, hasher: NewHasher(o.Cost), origins: http.NewCrossOriginProtection(),
		perName: NewLimit(o.Rates.PerName), perAddress: NewLimit(o.Rates.PerAddress),
		perAccount: NewLimit(o.Rates.PerAccount), perPhone: NewLimit(o.Rates.PerPhone),
		slots: make(chan struct{}, 64),
	}
}

// Staff signs a member of the staff in and returns the secret of a new session, for the cookie. The address is that of the
// browser (see Address). ErrRefused, *Wait, ErrBusy, or the ledger's errors.
func (d *Door) Staff(ctx context.Context, name, password, address string) (secret string, err error) {
	now := d.o.Clock()
	if wait := max(d.perAddress.Take(address, now), d.perName.Take(name+"\x00"+address, now)); wait > 0 {
		return "", &Wait{wait}
	}
	account, encoded := ledger.StaffAccount{}, ""
	if sensors.CheckID(name) == nil {
		account, encoded, err = d.o.Store.AccountNamed(ctx, name)
		if err != nil && !errors.Is(err, ledger.ErrNotFound) {
			return "", err
		}
	}
	right, err := d.hasher.Matches(ctx, encoded, password)
	if err != nil {
		return "", err
	}
	if !right || account.DisabledAt != 0 {
		return "", ErrRefused
	}
	return d.begin(ctx, ledger.Session{Account: account.ID, Idle: staffIdle}, staffMost)
}

// begin makes a session under a secret of its own: whatever the browser showed before is not used again.
func (d *Door) begin(ctx context.Context, s ledger.Session, most time.Duration) (string, error) {
	secret := newSecret()
	s.CreatedAt = sensors.At(d.o.Clock())
	s.ExpiresAt = s.CreatedAt.Add(most)
	return secret, d.o.Store.CreateSession(ctx, hashOf(secret), s)
}

// Use is who is signed in with a secret at now; ledger.ErrToken if nobody is.
func (d *Door) Use(ctx context.Context, secret string, now sensors.Instant) (ledger.SignedIn, error) {
	return d.o.Store.UseSession(ctx, hashOf(secret), now)
}

// Leave ends the session of a secret.
func (d *Door) Leave(ctx context.Context, secret string) error {
	return d.o.Store.EndSession(ctx, hashOf(secret), sensors.At(d.o.Clock()))
}

// LeaveEverywhere ends every session of whoever has this one.
func (d *Door) LeaveEverywhere(ctx context.Context, s ledger.Session) error {
	return d.o.Store.EndSessions(ctx, s, sensors.At(d.o.Clock()))
}

// Close waits for the codes that are on their way to the sender.
func (d *Door) Close() { d.sending.Wait() }

// Now is the door's time.
func (d *Door) Now() time.Time { return d.o.Clock() }
