package configs_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/configs"
)

// Neither an environment variable nor the machine's files move a policy's midnight.
func TestTheMachineDoesNotDecideWhereADayBegins(t *testing.T) {
	t.Setenv("ZONEINFO", t.TempDir())
	t.Setenv("TZ", "America/New_York")
	p, err := configs.Policy(configs.DefaultPolicy)
	if err != nil {
		t.Fatal(err)
	}
	midnight := compliance.DateOf(2015, time.November, 15).Start(p.Zone)
	if want := time.Date(2015, time.November, 14, 16, 0, 0, 0, time.UTC); !midnight.Time().Equal(want) {
		t.Errorf("15 November begins at %s, want %s", midnight.Time(), want)
	}
}

// Also where clocks skip midnight a day begins with its first instant, and ends where the next begins.
func TestADayBeginsWithItsFirstInstant(t *testing.T) {
	b, err := os.ReadFile("policies/beijing-metered.yaml")
	if err != nil {
		t.Fatal(err)
	}
	pack := string(b)
	for _, name := range []string{"Asia/Shanghai", "America/Sao_Paulo", "Asia/Beirut", "America/Havana", "Europe/Warsaw", "Pacific/Apia", "UTC"} {
		p, problems := configs.ParsePolicy("p.yaml", []byte(strings.Replace(pack, "Asia/Shanghai", name, 1)))
		if problems != nil {
			t.Fatal(problems)
		}
		for d := compliance.DateOf(1985, time.January, 1); d < compliance.DateOf(2026, time.January, 1); d++ {
			if name == "Pacific/Apia" && d == compliance.DateOf(2011, time.December, 30) {
				continue // the day that Samoa left out
			}
			if start := d.Start(p.Zone); compliance.DateIn(start, p.Zone) != d || compliance.DateIn(start-1, p.Zone) >= d {
				t.Fatalf("%s in %s begins at %s", d, name, start.Time().In(p.Zone))
			}
		}
	}
}
