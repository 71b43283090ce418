package configs

import (
	"math"
	"path/filepath"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
)

// Whatever the bytes: no panic, and either problems that can be told or a policy that a verdict can rest on.
func FuzzParsePolicy(f *testing.F) {
	for _, pattern := range []string{"policies/*.yaml", "testdata/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("no %s: %v", pattern, err)
		}
		for _, file := range files {
			f.Add(readFile(f, file))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, problems := ParsePolicy("p.yaml", b)
		if (p == nil) != (len(problems) > 0) {
			t.Fatalf("policy %v with problems %v", p, problems)
		}
		if p == nil {
			for _, problem := range problems {
				if problem.File != "p.yaml" || problem.Text == "" || problem.Line < 0 {
					t.Fatalf("problem %+v", problem)
				}
			}
			return
		}
		again, _ := ParsePolicy("p.yaml", b)
		for i := range p.Editions {
			if p.Digest(&p.Editions[i]) != again.Digest(&again.Editions[i]) {
				t.Fatalf("edition %d has two digests", i)
			}
			checkEdition(t, p, i)
		}
	})
}

func checkEdition(t *testing.T, p *compliance.Policy, i int) {
	e := &p.Editions[i]
	if p.EditionOn(e.From) != e {
		t.Fatalf("edition %d is not in force on its first day", i)
	}
	if i > 0 && (e.From <= p.Editions[i-1].From || p.Editions[i-1].Until != 0 && p.Editions[i-1].Until+1 != e.From) {
		t.Fatalf("edition %d does not follow the one before", i)
	}
	if e.Until != 0 && e.Until < e.From {
		t.Fatalf("edition %d ends before it begins", i)
	}
	for _, celsius := range []float64{e.Standard, e.SensorAgreement} {
		if math.IsNaN(celsius) || celsius < -20 || celsius > 40 {
			t.Fatalf("edition %d: %g °C", i, celsius)
		}
	}
	for _, d := range []time.Duration{e.HeatUp, e.ReadingMaxGap, e.EpisodeGap, e.RivalWindow, e.Maintenance.MaxLength, e.Maintenance.Recovery} {
		if d < 0 || d > 240*time.Hour {
			t.Fatalf("edition %d: %s", i, d)
		}
	}
	m := e.Money
	for _, price := range []compliance.Decimal{m.AreaPrice, m.BasePrice, m.HeatPrice, m.SuspendedShare} {
		if price.Sign() < 0 {
			t.Fatalf("edition %d: a price of %s", i, price)
		}
	}
	if e.Maintenance.PerSeason < 0 || m.AgreedBaseDays < 1 || m.SeasonEnd.In(2001) <= m.SeasonStart.In(2000) {
		t.Fatalf("edition %d: %+v", i, e)
	}
	if len(m.LPR) == 0 || m.LPR[0].From > e.From {
		t.Fatalf("edition %d: no rate on its first day", i)
	}
	for j, r := range m.LPR {
		if r.Percent.Sign() < 0 || j > 0 && r.From <= m.LPR[j-1].From {
			t.Fatalf("edition %d: rate %d", i, j)
		}
	}
}

// Reading any document by any key never panics, and a document without problems has told all its keys.
func FuzzRead(f *testing.F) {
	f.Add([]byte("a: 1\nb: {c: [x]}\n"), "a")
	f.Add([]byte("{\"a\": [{\"b\": 1}, null]}"), "b")
	f.Add([]byte("a: |\n x\n?\n"), "")
	f.Fuzz(func(t *testing.T, b []byte, key string) {
		doc := Read("f", b)
		var visit func(m *Map, depth int)
		visit = func(m *Map, depth int) {
			v := m.May(key)
			m.Need("a")
			if depth > maxDepth {
				t.Fatal("deeper than allowed")
			}
			v.Text()
			v.Bool()
			v.Decimal()
			v.Celsius(-1, 1)
			v.Int(0, 9)
			v.Date()
			v.MonthDay()
			v.Time()
			v.Duration(0, time.Hour)
			OneOf(v, "x", "y")
			for _, item := range v.Maps() {
				visit(item, depth+1)
			}
			if sub := v.Map(); sub != nil {
				visit(sub, depth+1)
			}
		}
		visit(doc.Root(), 1)
		_ = doc.Problems().Error()
	})
}
