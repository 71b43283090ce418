package configs_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/configs"
)

// The file that comes with the program is sound and its stores lie in the data folder.
func TestTheAnnotatedSettingsAreTheDefaults(t *testing.T) {
	s, problems := configs.DefaultSettings(nil)
	if problems != nil {
		t.Fatal(problems)
	}
	if s.Listen != "127.0.0.1:8080" || s.Log != "sqlite:data/log.db" || s.Ledger != "sqlite:data/ledger.db" ||
		s.Store.Kind != "blocks" || s.Store.Path != "data/blocks.db" || s.Key != "data/log.key" {
		t.Errorf("got %+v", s)
	}
	if s.Attention.WarnBefore != 15*time.Minute || len(s.Attention.Escalate) != 3 || s.Attention.Escalate[1] != (configs.Escalation{After: 30 * time.Minute, To: "duty_manager"}) ||
		s.Findings.After != 30*time.Minute || s.Findings.IncidentHomes != 3 {
		t.Errorf("got %+v, %+v", s.Attention, s.Findings)
	}
}

func TestTheEnvironmentOverridesSettings(t *testing.T) {
	s, problems := configs.DefaultSettings([]string{
		"NUANJU_LISTEN=:9", "NUANJU_STORE_KIND=influx", "NUANJU_STORE_URL=http://db:8086", "NUANJU_STORE_BUCKET=b",
		"NUANJU_LANG=en", "HOME=/root", "NUANJU_DRAIN=5s", "NUANJU_MAX_BODY_MIB=64",
	})
	if problems != nil {
		t.Fatal(problems)
	}
	if s.Listen != ":9" || s.Store.Kind != "influx" || s.Store.URL != "http://db:8086" ||
		s.Drain != 5*time.Second || s.MaxBody != 64 {
		t.Errorf("got %+v", s)
	}
}

func TestListsOfPeopleOnCall(t *testing.T) {
	s, problems := configs.DefaultSettings([]string{"NUANJU_NOTIFY_ON_CALL=desk sms:+8613800000000 mail:d@heating.example; emergency page:139;lead"})
	if problems != nil {
		t.Fatal(problems)
	}
	want := []configs.OnCall{
		{List: "desk", To: []configs.Contact{{Channel: "sms", Address: "+8613800000000"}, {Channel: "mail", Address: "d@heating.example"}}},
		{List: "emergency", To: []configs.Contact{{Channel: "page", Address: "139"}}},
		{List: "lead"},
	}
	if !reflect.DeepEqual(s.Notify.OnCall, want) || s.NotifyCron != "@every 5s" || s.Notify.SMTP.Security != "starttls" {
		t.Errorf("got %+v", s.Notify)
	}
}

// Everything that is wrong with settings is told at once.
func TestBadSettings(t *testing.T) {
	tests := map[string]struct {
		change []string // from, to
		env    []string
		want   []string
	}{
		"unknown key":      {change: []string{"drain:", "drian:"}, want: []string{`unknown key "drian"`, `missing key "drain"`}},
		"no address":       {change: []string{"127.0.0.1:8080", "nowhere"}, want: []string{`"nowhere" is not an address`}},
		"unknown store":    {change: []string{"kind: blocks", "kind: redis"}, want: []string{`store.kind: want blocks or influx, got "redis"`}},
		"half of influx":   {env: []string{"NUANJU_STORE_KIND=influx"}, want: []string{"store.url: want", "store.bucket: InfluxDB needs one"}},
		"bad overrides":    {env: []string{"NUANJU_DRAIN=soon", "NUANJU_MAX_BODY_MIB=0"}, want: []string{"NUANJU_DRAIN: want", "NUANJU_MAX_BODY_MIB: want"}},
		"unknown variable": {env: []string{"NUANJU_STROE_URL=x"}, want: []string{"NUANJU_STROE_URL overrides no setting"}},
		"out of range":     {change: []string{"max_body_mib: 32", "max_body_mib: 0"}, want: []string{"max_body_mib"}},
		"no such step":     {change: []string{"0s shift_lead", "at once shift_lead"}, want: []string{`attention.escalate: want steps`}},
		"steps backwards":  {env: []string{"NUANJU_ATTENTION_ESCALATE=1h a, 30m b"}, want: []string{"not in order of time"}},
		"one home":         {env: []string{"NUANJU_FINDINGS_INCIDENT_HOMES=1"}, want: []string{"NUANJU_FINDINGS_INCIDENT_HOMES: want"}},
		"half a webhook":   {env: []string{"NUANJU_NOTIFY_WEBHOOK_URL=https://x"}, want: []string{"notify.webhook: url and secret_file belong together"}},
		"bad notify": {
			env:  []string{"NUANJU_NOTIFY_SMTP_HOST=m", "NUANJU_NOTIFY_SMTP_SECURITY=none", "NUANJU_NOTIFY_SMTP_USER=u", "NUANJU_NOTIFY_PUBLIC_URL=heating.example"},
			want: []string{"notify.smtp.from: want", "notify.smtp.security: want", "user and password_file", "notify.public_url: want"},
		},
		"bad on call":  {env: []string{"NUANJU_NOTIFY_ON_CALL=desk fax:1"}, want: []string{`notify.on_call: want lists`}},
		"a list twice": {env: []string{"NUANJU_NOTIFY_ON_CALL=desk sms:1; desk sms:2"}, want: []string{`list "desk" is there twice`}},
		"log level":    {change: []string{"log_level: info", "log_level: loud"}, want: []string{`log_level: want debug`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			b := configs.Annotated
			if test.change != nil {
				b = []byte(strings.Replace(string(b), test.change[0], test.change[1], 1))
			}
			_, problems := configs.ParseSettings("nuanju.yaml", b, test.env)
			for _, want := range test.want {
				if !slices.ContainsFunc(problems, func(p configs.Problem) bool { return strings.Contains(p.Text, want) }) {
					t.Errorf("want %q among\n%v", want, problems)
				}
			}
		})
	}
}

func FuzzParseSettings(f *testing.F) {
	f.Add(configs.Annotated)
	f.Add([]byte("listen: x"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, problems := configs.ParseSettings("f.yaml", b, nil)
		if problems == nil && (s.Listen == "" || s.Log == "" || s.Ledger == "") {
			t.Errorf("accepted without a place for everything: %+v", s)
		}
	})
}
