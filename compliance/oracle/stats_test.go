package oracle

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

func TestStats(t *testing.T) {
	c := map[string]int{}
	n := 3000
	for seed := range uint64(n) {
		files := Generate(seed)
		for f := range files {
			c["file "+f]++
		}
		r, err := Judge(caseOf(files))
		if err != nil {
			t.Error(seed, err)
			continue
		}
		c["tiles"] += len(r.Tiles)
		for _, x := range r.Tiles {
			c["hh "+x.Status+" "+x.Clause]++
		}
		for _, x := range r.Rooms {
			for _, y := range x.Tiles {
				c["room "+y.Status+" "+y.Clause]++
			}
		}
		for _, x := range r.Outages {
			c[fmt.Sprint("outage ", x.Exempt, x.Reason)]++
		}
		for _, x := range r.OutdoorDays {
			c[fmt.Sprint("day ", x.Source, x.Exempt)]++
		}
		for _, x := range r.Episodes {
			c["episode "+x.Status]++
			if len(x.Tests) > 1 {
				c["episode tests>1"]++
			}
		}
		if len(r.Confirmed) > 0 {
			c["confirmed cases"]++
		}
		for _, x := range r.Tests {
			c[fmt.Sprint("test ", x.Finding, x.Stands, x.Payer)]++
		}
		if r.Bill != nil {
			c["bill"]++
			b := r.Bill
			for k, v := range map[string]int64{"heat": b.HeatFee, "fault": b.FaultFee, "remedy": b.RemedyValue, "refund": b.LateSupplyRefund, "interest": b.LatePaymentInterest} {
				if v > 0 {
					c["bill "+k]++
				}
			}
			if b.Payable == b.AreaFee {
				c["bill capped"]++
			}
			if r.Usage.ZeroedKWh > 0 {
				c["zeroed"]++
			}
		}
	}
	for _, k := range slices.Sorted(maps.Keys(c)) {
		fmt.Println(k, c[k])
	}
}
