package configs

import (
	_ "embed"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/nuanju/nuanju/billing/reconcile"
)

// Annotated is nuanju.yaml as it comes with the program: every setting with its default and what it is for.
//
//go:embed nuanju.yaml
var Annotated []byte

// Settings are what an operator decides about a server.
type Settings struct {
	Listen     string // address of the API and pages
	Metrics    string // address of /metrics; empty: with the API
	Data       string // folder of the embedded stores and keys
	Log        string // URL of the evidence log
	Ledger     string // URL of the ledger
	Roles      Roles  // what the server does
	Store      Store
	Key        string // file of the evidence log's signing key
	LogName    string // the log's name in its checkpoints
	TickCron   string // when the checker catches up
	ClockCron  string // when breaches of clocks are recorded
	SignCron   string // when a checkpoint is signed
	Drain      time.Duration
	MaxBody    int // MiB, of a request
	LogLevel   string
	Grafana    string // where dashboards are, for links of the pages; empty: no links
	Attention  Attention
	Findings   Findings
	Notify     Notify
	NotifyCron string // when what people are to be told is sent
	SignIn     SignIn
	Channels   []reconcile.Channel // whose files of payments are taken over, beside the standard one
}

// Store says where readings are kept.
type Store struct {
	Kind      string // blocks or influx
	Path      string // of blocks
	URL       string // of influx, likewise the rest
	Org       string
	Bucket    string
	TokenFile string
}

// DefaultSettings is the settings of nuanju.yaml as it comes with the program, with environment overrides.
func DefaultSettings(env []string) (*Settings, Problems) {
	return ParseSettings("nuanju.yaml", Annotated, env)
}

// ReadSettings reads an operator's file.
func ReadSettings(file string, env []string) (*Settings, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s, problems := ParseSettings(file, b, env)
	return s, problems.Err()
}

// ParseSettings reads settings strictly. An environment variable NUANJU_ and the path of a key in capitals, its parts
// joined by _, overrides the key: NUANJU_STORE_URL is store.url. One that is no key's is an error.
func ParseSettings(file string, b []byte, env []string) (*Settings, Problems) {
	doc := Read(file, b)
	o := overrides{doc: doc, vars: settingsIn(env)}
	root := doc.Root()
	s := &Settings{
		Listen:   o.text(root.Need("listen"), "LISTEN"),
		Metrics:  o.text(root.May("metrics"), "METRICS"),
		Data:     o.text(root.Need("data"), "DATA"),
		Log:      o.text(root.May("log"), "LOG"),
		Ledger:   o.text(root.May("ledger"), "LEDGER"),
		Key:      o.text(root.May("key"), "KEY"),
		LogName:  o.text(root.Need("log_name"), "LOG_NAME"),
		LogLevel: o.text(root.Need("log_level"), "LOG_LEVEL"),
		Grafana:  o.text(root.May("grafana"), "GRAFANA"),
		MaxBody:  o.whole(root.Need("max_body_mib"), "MAX_BODY_MIB", 1, 1024),
		Drain:    o.duration(root.Need("drain"), "DRAIN", 10*time.Minute),
	}
	cron := root.Need("cron").Map()
	s.TickCron = o.text(cron.Need("tick"), "CRON_TICK")
	s.ClockCron = o.text(cron.Need("clocks"), "CRON_CLOCKS")
	s.SignCron = o.text(cron.Need("sign"), "CRON_SIGN")
	s.Attention = o.attention(root.Need("attention").Map())
	s.Notify = o.notify(root.Need("notify").Map())
	s.NotifyCron = o.text(cron.Need("notify"), "CRON_NOTIFY")
	s.Findings = o.findings(root.Need("findings").Map(), cron)
	s.Roles = o.roles(root.Need("roles"))
	s.SignIn = o.signIn(root.Need("sign_in").Map())
	s.Channels = paymentChannels(root.May("payments").Map().May("channels").Map())
	store := root.Need("store").Map()
	s.Store = Store{
		Kind:      o.text(store.Need("kind"), "STORE_KIND"),
		Path:      o.text(store.May("path"), "STORE_PATH"),
		URL:       o.text(store.May("url"), "STORE_URL"),
		Org:       o.text(store.May("org"), "STORE_ORG"),
		Bucket:    o.text(store.May("bucket"), "STORE_BUCKET"),
		TokenFile: o.text(store.May("token_file"), "STORE_TOKEN_FILE"),
	}
	for name := range o.vars {
		doc.Report(0, "environment: NUANJU_%s overrides no setting", name)
	}
	if problems := doc.Problems(); problems != nil {
		return nil, problems
	}
	s.fill()
	s.check(doc)
	return s, doc.Problems()
}

// overrides is the environment's settings that have not been asked for yet.
type overrides struct {
	doc  *Document
	vars map[string]string
}

// otherVariables are those of the command line and of tests.
var otherVariables = []string{"NUANJU_LANG", "NUANJU_KEEP", "NUANJU_ORACLE_CASES", "NUANJU_CONFIG", "NUANJU_URL", "NUANJU_TOKEN", "NUANJU_FUZZ", "NUANJU_REPLICAS"}

func settingsIn(env []string) map[string]string {
	vars := make(map[string]string)
	for _, e := range env {
		name, value, _ := strings.Cut(e, "=")
		key, ours := strings.CutPrefix(name, "NUANJU_")
		if ours && !strings.Contains(strings.Join(otherVariables, " ")+" ", name+" ") {
			vars[key] = value
		}
	}
	return vars
}

func (o *overrides) text(v Value, name string) string {
	written := ""
	if v.Given() && !v.Is("") {
		written = v.Text()
	}
	if value, ok := o.take(name); ok {
		return value
	}
	return written
}

// whole is a whole number in [low, high].
func (o *overrides) whole(v Value, name string, low, high int) int {
	written := v.Int(low, high)
	value, ok := o.take(name)
	if !ok {
		return written
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < low || n > high {
		o.doc.Report(0, "environment: NUANJU_%s: want a whole number from %d to %d, got %q", name, low, high, value)
	}
	return n
}

// duration is a duration in [0, most].
func (o *overrides) duration(v Value, name string, most time.Duration) time.Duration {
	written := v.Duration(0, most)
	value, ok := o.take(name)
	if !ok {
		return written
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 || d > most {
		o.doc.Report(0, "environment: NUANJU_%s: want a duration of at most %s, got %q", name, brief(most), value)
	}
	return d
}

// take is the variable's value, and that it overrides something.
func (o *overrides) take(name string) (string, bool) {
	value, ok := o.vars[name]
	delete(o.vars, name)
	return value, ok
}

// fill gives what was left empty its place in the data folder.
func (s *Settings) fill() {
	file := func(name string) string { return filepath.Join(s.Data, name) }
	if s.Log == "" {
		s.Log = "sqlite:" + file("log.db")
	}
	if s.Ledger == "" {
		s.Ledger = "sqlite:" + file("ledger.db")
	}
	if s.Store.Path == "" {
		s.Store.Path = file("blocks.db")
	}
	if s.Key == "" {
		s.Key = file("log.key")
	}
}

// check reports settings that cannot work.
func (s *Settings) check(doc *Document) {
	for _, a := range []string{s.Listen, s.Metrics} {
		if _, _, err := net.SplitHostPort(a); a != "" && err != nil {
			doc.Report(0, "%q is not an address such as 127.0.0.1:8080", a)
		}
	}
	s.Notify.check(doc)
	s.checkRoles(doc)
	switch s.Store.Kind {
	case "blocks":
	case "influx":
		if u, err := url.Parse(s.Store.URL); err != nil || u.Host == "" {
			doc.Report(0, "store.url: want the address of InfluxDB, such as http://127.0.0.1:8086")
		}
		if s.Store.Bucket == "" {
			doc.Report(0, "store.bucket: InfluxDB needs one")
		}
	default:
		doc.Report(0, "store.kind: want blocks or influx, got %q", s.Store.Kind)
	}
	switch s.LogLevel {
	case "debug", "info", "warn", "error":
	default:
		doc.Report(0, "log_level: want debug, info, warn or error, got %q", s.LogLevel)
	}
}

// String is the settings for a log: addresses and places, no secrets.
func (s *Settings) String() string {
	return fmt.Sprintf("listen %s, data %s, store %s", s.Listen, s.Data, s.Store.Kind)
}
