package web

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nuanju/nuanju/billing/payment"
	"github.com/nuanju/nuanju/billing/reconcile"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
	"github.com/nuanju/nuanju/sensors/intake"
	"github.com/nuanju/nuanju/web/signin"
)

// Intake takes readings in; *intake.Intake is one.
type Intake interface {
	// Accept takes the records of a batch in, but for those that the scope does not cover: these become errors of the
	// batch. When it returns nil they are durable in the evidence log; with an error none is acknowledged. It may be
	// called concurrently and keeps nothing of the batch or of the bytes that it points to.
	Accept(ctx context.Context, b *ingest.Batch, scope *intake.Scope) (intake.Receipt, error)
}

// Tokens verifies access tokens.
type Tokens interface {
	// VerifyToken is the token that somebody shows if it is good at now, else ledger.ErrToken.
	VerifyToken(ctx context.Context, token string, now sensors.Instant) (ledger.Token, error)
}

// Tickets keeps tickets; see the methods of ledger.Ledger.
type Tickets interface {
	FileTicket(ctx context.Context, t disputes.Ticket, events []disputes.Event, dirty []ledger.Mark) error
	SaveTicket(ctx context.Context, before, after disputes.Ticket, events []disputes.Event, dirty []ledger.Mark) error
	Ticket(ctx context.Context, id string) (disputes.Ticket, []disputes.Event, error)
	Tickets(ctx context.Context, f ledger.TicketFilter, now sensors.Instant) ([]disputes.Ticket, string, error)
	Timelines(ctx context.Context, tickets []string) (map[string][]disputes.Event, error)
	CountTickets(ctx context.Context, now sensors.Instant) (open, breached int, err error)
	Attachment(ctx context.Context, digest string) ([]ledger.Attached, error)
	Queue(ctx context.Context, after string, limit int, now sensors.Instant) ([]disputes.Ticket, string, error)
	VulnerableAmong(ctx context.Context, households []string, now sensors.Instant) (map[string]bool, error)
	Incidents
}

// Verdicts is what the checker has found; see the methods of ledger.Ledger.
type Verdicts interface {
	Tiles(ctx context.Context, household string, from, to sensors.Instant) ([]ledger.RoomTiles, error)
	Episodes(ctx context.Context, household string, from, to sensors.Instant) ([]ledger.Episode, error)
}

// Quarantine is the lines that were set aside; see the methods of ledger.Ledger.
type Quarantine interface {
	ListQuarantine(ctx context.Context, f ledger.QuarantineFilter) ([]ledger.Quarantined, error)
	CountQuarantine(ctx context.Context) (map[string]int, error)
}

// Pinger answers when the database does.
type Pinger interface {
	Ping(ctx context.Context) error
}

// Ledger is everything that the server needs of the ledger.
type Ledger interface {
	Tokens
	Tickets
	Vulnerabilities
	Verdicts
	Matters
	Declared
	Commissions
	OfficialDays
	Quarantine
	Contracts
	ContractInForce
	Publications
	Seasons
	Notifications
	Tests
	Calibrations
	Pinger
	signin.Store
	Involvement
	Delegations
	Counter
	Bills
}

// Log is what the server needs of the evidence log.
type Log interface {
	// Handler serves the public checkpoint and tiles.
	Handler() http.Handler
	// Size is the number of leaves.
	Size() int64
	// Leaves yields the leaves from an index on.
	Leaves(ctx context.Context, from int64) iter.Seq2[evidence.Leaf, error]
}

// Store is what the server needs of the store of readings; see sensors.Store.
type Store interface {
	ReadMany(ctx context.Context, spans []sensors.Span, visit func(i int, samples []sensors.Sample) error) error
	Last(ctx context.Context, series sensors.Series, before sensors.Instant) (sensors.Sample, bool, error)
}

// Homes looks up what the registry and the policies say of a household. It answers from memory and may be called
// concurrently; *Directory is one.
type Homes interface {
	// Home is what is known of a household; false when it is not registered.
	Home(household string) (Home, bool)
	// Search is the households that a text finds, at most so many: by id, account or phone number, or by words that all are in the address.
	Search(text string, most int) []string
	// Anybody reports whether a home is at a place.
	Anybody(place disputes.Place) bool
}

// Home is what is known of a household.
type Home struct {
	sensors.Household
	// Substation and Address are its building's.
	Substation, Address string
	// Pack is the policy that judges it.
	Pack *compliance.Policy
	// Zone is where its policy's days are cut; the API shows times in it.
	Zone *time.Location
	// InSeason reports whether an instant lies in its season, in which the clocks of A6.6 run.
	InSeason func(sensors.Instant) bool
	Rooms    []sensors.Room
	// Assignments are those of devices to its rooms, at any time.
	Assignments []sensors.Assignment
	// Resolver knows the assignments and calibrations of at least the devices in Assignments.
	Resolver *sensors.Resolver

	words string // what a search looks into
	phone string // as [disputes.PlainPhone] writes it
}

// Lag is how far the store is behind the evidence log; see intake.Forwarder.
type Lag struct {
	Leaves int64         // in the log and not in the store
	Age    time.Duration // of the oldest of them
}

// Ticks is how the checker is doing.
type Ticks struct {
	Last     time.Time     // when the last tick ended; zero: none has
	LastGood time.Time     // when the last tick ended that judged everything; zero: none has
	Took     time.Duration // the last tick
	Dirty    int           // households that wait to be judged
}

// Options are what a server is made of. Where nothing else is said, a field is needed.
type Options struct {
	Ledger Ledger
	Log    Log
	Store  Store
	Intake Intake
	Homes  Homes
	Files  Files
	Logger *slog.Logger
	// Policies are the packs, by name, that contracts may name and whose prices are published; it may be empty.
	Policies map[string]*compliance.Policy
	// Settler makes statements; nil: this server makes none.
	Settler Settler
	// Channels are those whose files of payments are taken over, beside the standard one.
	Channels []reconcile.Channel
	// PaymentRules are what the pack of a policy says of paying; nil: nothing is known.
	PaymentRules func(policy string) ([]payment.Rules, error)
	// Registry is where the metrics are registered and what /metrics shows.
	Registry *prometheus.Registry

	// Clock is the server's time, by which reports, replies and readings are stamped; time.Now if nil.
	Clock func() time.Time
	// Zone is the zone of times that belong to no household; UTC if nil.
	Zone *time.Location
	// Stats, Lag and Ticks tell of the parts that run beside the server; nil: nothing is said of them.
	Stats *intake.Stats
	Lag   func() Lag
	Ticks func() Ticks
	// Checkpoint is when the evidence log was last signed, Disk the room for the data, Outdoor yesterday's daily means; nil: nothing
	// is said of them.
	Checkpoint func() time.Time
	Disk       func() (Disk, error)
	Outdoor    func() []OutdoorDay
	// Answers judges what a test would decide; nil: tests cannot be handed in, nor calibrations due be listed with their homes.
	Answers Answers
	// StaleAfter is how long after the last good tick the server still calls itself ready; 10 minutes if 0.
	StaleAfter time.Duration
	// MaxBody bounds the body of a write, in bytes after decompression; 32 MiB if 0.
	MaxBody int64
	// MaxBodies bounds the bodies of all writes in progress together, in bytes; 8 times MaxBody if 0. Beyond it writes are
	// answered 429.
	MaxBodies int64
	// TokenTTL is how long a verified token is not looked up again, and so how long a revoked one may still be used;
	// 3 s if 0.
	TokenTTL time.Duration
	// Door lets people in; one with nothing that sends codes if nil.
	Door *signin.Door
	// Proxies are those whose X-Forwarded-For is believed.
	Proxies []netip.Prefix
	// Rate is how many requests a caller may make; 600 at once and 60 a second if zero. What devices write is not counted.
	Rate signin.Rate
	// MetricsElsewhere is whether /metrics has a listener of its own (see Metrics). If not, it is served here to whoever
	// has a token for it.
	MetricsElsewhere bool
	// Version is what the server calls itself.
	Version string
}

// complete fills in what was left out, or says all that is missing.
func (o Options) complete() (Options, error) {
	var errs []error
	for _, f := range []struct {
		missing bool
		name    string
	}{
		{o.Ledger == nil, "Ledger"},
		{o.Log == nil, "Log"},
		{o.Store == nil, "Store"},
		{o.Intake == nil, "Intake"},
		{o.Homes == nil, "Homes"},
		{o.Files == nil, "Files"},
		{o.Logger == nil, "Logger"},
		{o.Registry == nil, "Registry"},
	} {
		if f.missing {
			errs = append(errs, errors.New("web: Options."+f.name+" is missing"))
		}
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Zone == nil {
		o.Zone = time.UTC
	}
	if o.PaymentRules == nil {
		o.PaymentRules = func(string) ([]payment.Rules, error) { return nil, nil }
	}
	o.Channels = append([]reconcile.Channel{reconcile.Standard()}, o.Channels...)
	o.StaleAfter = cmp.Or(o.StaleAfter, 10*time.Minute)
	o.MaxBody = cmp.Or(o.MaxBody, 32<<20)
	o.MaxBodies = cmp.Or(o.MaxBodies, 8*o.MaxBody)
	o.TokenTTL = cmp.Or(o.TokenTTL, 3*time.Second)
	o.Rate = cmp.Or(o.Rate, signin.Rate{Burst: 600, Every: time.Second / 60})
	if o.Door == nil && o.Ledger != nil && o.Logger != nil {
		o.Door = signin.NewDoor(signin.Options{Store: o.Ledger, Clock: o.Clock, Logger: o.Logger})
	}
	o.Version = cmp.Or(o.Version, "devel")
	if o.MaxBody < 1 || o.MaxBodies < o.MaxBody || o.TokenTTL < 0 || o.StaleAfter < 0 {
		errs = append(errs, errors.New("web: Options: a bound is negative, or MaxBodies less than MaxBody"))
	}
	return o, errors.Join(errs...)
}

// clock is the server's time as the parts of this package take it.
type clock func() time.Time

func (c clock) now() sensors.Instant { return sensors.At(c()) }
