package oracle

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"
	"testing/fstest"
)

func caseOf(files map[string][]byte) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: text}
	}
	return m
}

// eachCase judges the generated cases of many seeds.
func eachCase(t *testing.T, seeds uint64, check func(t *testing.T, files map[string][]byte, res Result)) {
	t.Helper()
	for seed := range seeds {
		files := Generate(seed)
		res, err := Judge(caseOf(files))
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		check(t, files, res)
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestGenerateIsDeterministic(t *testing.T) {
	different := 0
	for seed := range uint64(200) {
		a, b := Generate(seed), Generate(seed)
		if !maps.EqualFunc(a, b, bytes.Equal) {
			t.Fatalf("seed %d gives two cases", seed)
		}
		if !maps.EqualFunc(a, Generate(seed+1), bytes.Equal) {
			different++
		}
	}
	if different != 200 {
		t.Errorf("only %d of 200 seeds give another case than their neighbour", different)
	}
}

// A differential test is worth what its cases reach: every file, status, reason, finding and line of the bill must occur,
// and in more than a stray case.
func TestGeneratedCasesReachEveryVerdict(t *testing.T) {
	seen := map[string]int{}
	eachCase(t, 600, func(_ *testing.T, files map[string][]byte, res Result) {
		for key := range verdictsIn(files, res) {
			seen[key]++
		}
	})
	for _, key := range slices.Concat(
		[]string{
			"case.yaml", "readings.csv", "outdoor.csv", "outdoor_daily.csv", "heating.csv", "setpoints.csv", "outages.csv",
			"exemptions.csv", "reports.csv", "tests.csv", "confirmations.csv", "meter.csv", "building_meter.csv", "meter_changes.csv",
			"meter_faults.csv", "unsupplied.csv", "payments.csv", "BOM", "CRLF",
		},
		[]string{
			"tile off A3", "tile grace A3", "tile unknown ", "tile compliant A3", "tile below A7.2.2", "tile exempt A7.2.2.1",
			"tile exempt A7.2.2.2", "tile exempt A7.2.2.3", "tile exempt A7.2.2.4", "tile exempt A7.2.2.5",
		},
		[]string{
			"day four_observations true", "day four_observations false", "day official true", "day official false",
			"day undetermined false", "outage true ", "outage false not_announced", "outage false too_long",
			"outage false over_three", "outage false not_proved",
		},
		[]string{
			"episode confirmed", "episode dismissed", "episode partly_decided", "episode suspected", "episode with tests",
			"episode with confirmations", "test not_applicable false ", "test compliant true resident",
			"test compliant false resident", "test compliant false supplier", "test noncompliant true supplier",
			"test noncompliant false supplier", "test noncompliant false resident", "confirmed beyond episodes",
		},
		[]string{
			"no bill", "capped", "heat", "fault", "remedy", "remedy capped away", "refund", "interest", "zeroed", "back", "owing",
		},
	) {
		if seen[key] < 5 {
			t.Errorf("%q occurs in %d of 600 cases only", key, seen[key])
		}
	}
}

func verdictsIn(files map[string][]byte, res Result) map[string]bool {
	seen := map[string]bool{}
	for name, text := range files {
		seen[name] = true
		seen["BOM"] = seen["BOM"] || bytes.HasPrefix(text, []byte("\ufeff"))
		seen["CRLF"] = seen["CRLF"] || bytes.Contains(text, []byte("\r\n"))
	}
	for _, x := range res.Tiles {
		seen["tile "+x.Status+" "+x.Clause] = true
	}
	for _, x := range res.OutdoorDays {
		seen[fmt.Sprintf("day %s %t", x.Source, x.Exempt)] = true
	}
	for _, x := range res.Outages {
		seen[fmt.Sprintf("outage %t %s", x.Exempt, x.Reason)] = true
	}
	decided := 0.0
	for _, x := range res.Episodes {
		seen["episode "+x.Status] = true
		seen["episode with tests"] = seen["episode with tests"] || len(x.Tests) > 0
		seen["episode with confirmations"] = seen["episode with confirmations"] || len(x.Confirmations) > 0
		decided += x.ConfirmedSeconds
	}
	for _, x := range res.Tests {
		seen[fmt.Sprintf("test %s %t %s", x.Finding, x.Stands, x.Payer)] = true
	}
	total := 0.0
	for _, x := range res.Confirmed {
		total += x.End.Sub(x.Start).Seconds()
	}
	seen["confirmed beyond episodes"] = total > decided // by a window of its own, or the unknown time of I11
	if res.Bill == nil {
		seen["no bill"] = true
		return seen
	}
	b, u := res.Bill, res.Usage
	seen["capped"] = b.Payable == b.AreaFee
	seen["heat"], seen["fault"], seen["interest"] = b.HeatFee > 0, b.FaultFee > 0, b.LatePaymentInterest > 0
	seen["remedy"], seen["zeroed"], seen["refund"] = b.RemedyValue > 0, u.ZeroedKWh > 0, b.LateSupplyRefund > 0
	seen["remedy capped away"] = b.Payable == b.AreaFee && u.ZeroedKWh > 1
	seen["back"], seen["owing"] = b.Settlement > 0, b.Settlement < 0
	return seen
}
