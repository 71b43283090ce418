package oracle

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What must hold whatever the case, if the reading of the contract makes sense at all.

func TestTilesCoverTheJudgedTimeExactly(t *testing.T) {
	eachCase(t, 150, func(t *testing.T, files map[string][]byte, res Result) {
		start, end := judgedTime(t, files)
		cover := func(name string, tiles []Tile) {
			at := start
			for i, tile := range tiles {
				if !tile.Start.Equal(at) || !tile.End.After(tile.Start) {
					t.Errorf("%s: tile %d is %v, want one from %v", name, i, tile, at)
				}
				if i > 0 && tile.Status == tiles[i-1].Status && tile.Clause == tiles[i-1].Clause {
					t.Errorf("%s: tiles %d and %d are one", name, i-1, i)
				}
				at = tile.End
			}
			if !at.Equal(end) {
				t.Errorf("%s: tiles end at %v, want %v", name, at, end)
			}
		}
		cover("household", res.Tiles)
		for _, r := range res.Rooms {
			if r.Judged {
				cover(r.Room, r.Tiles)
			} else if r.Tiles != nil {
				t.Errorf("%s is not judged and has tiles", r.Room)
			}
		}
	})
}

func judgedTime(t *testing.T, files map[string][]byte) (start, end time.Time) {
	t.Helper()
	var c struct {
		Season struct{ Start, End string }
		AsOf   time.Time `json:"as_of"`
	}
	if err := json.Unmarshal(files["case.yaml"], &c); err != nil {
		t.Fatal(err)
	}
	start, err := time.Parse(time.RFC3339, c.Season.Start+"T00:00:00+08:00")
	if err != nil {
		t.Fatal(err)
	}
	if end, err = time.Parse(time.RFC3339, c.Season.End+"T00:00:00+08:00"); err != nil {
		t.Fatal(err)
	}
	end = end.AddDate(0, 0, 1)
	if !c.AsOf.IsZero() && c.AsOf.Before(end) {
		end = c.AsOf
	}
	return start, end
}

func TestEpisodesAddUp(t *testing.T) {
	eachCase(t, 150, func(t *testing.T, _ map[string][]byte, res Result) {
		for _, e := range res.Episodes {
			below := 0.0
			for _, r := range res.Rooms {
				for _, tile := range r.Tiles {
					if r.Room == e.Room && tile.Status == "below" && !tile.Start.Before(e.Start) && !tile.End.After(e.End) {
						below += tile.End.Sub(tile.Start).Seconds()
					}
				}
			}
			if below != e.BelowSeconds || e.ConfirmedSeconds+e.DismissedSeconds > e.BelowSeconds {
				t.Errorf("%s %v: below %v s in its tiles: %+v", e.Room, e.Start, below, e)
			}
		}
		for i, s := range res.Confirmed {
			if !s.End.After(s.Start) || i > 0 && !s.Start.After(res.Confirmed[i-1].End) {
				t.Errorf("confirmed %d, %v, is empty or touches the one before", i, s)
			}
			for _, tile := range res.Tiles {
				idle := tile.Status == "off" || tile.Status == "grace" || tile.Status == "exempt"
				if idle && tile.Start.Before(s.End) && s.Start.Before(tile.End) {
					t.Errorf("confirmed %v reaches into %v", s, tile)
				}
			}
		}
	})
}

func TestBillsAddUp(t *testing.T) {
	eachCase(t, 150, func(t *testing.T, _ map[string][]byte, res Result) {
		if res.Bill == nil {
			return
		}
		b, u := res.Bill, res.Usage
		if d := u.MeteredKWh - u.ZeroedKWh - u.BilledKWh; d > 0.0015 || d < -0.0015 || u.ZeroedKWh < 0 || u.BilledKWh < 0 {
			t.Errorf("usage %+v", u)
		}
		if b.Settlement != b.Prepaid-b.Payable || b.Payable > b.AreaFee || b.RemedyValue < 0 || b.HeatFee < 0 || b.FaultFee < 0 ||
			b.LateSupplyPenalty != b.LateSupplyRefund || b.LateSupplyRefund > b.AreaFee || b.LatePaymentInterest < 0 {
			t.Errorf("bill %+v", b)
		}
		if b.HeatFee > 0 && b.Payable != min(b.AreaFee, b.BaseFee+b.HeatFee+b.FaultFee) {
			t.Errorf("payable in %+v", b)
		}
	})
}

// rows rewrites a CSV file: the header is left alone.
func rows(t *testing.T, files map[string][]byte, name string, edit func(header []string, rows [][]string) [][]string) {
	t.Helper()
	text, ok := files[name]
	if !ok {
		return
	}
	all, err := csv.NewReader(bytes.NewReader(withoutMark(text))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	if err := w.WriteAll(append(all[:1], edit(all[0], all[1:])...)); err != nil {
		t.Fatal(err)
	}
	files[name] = out.Bytes()
}

func rejudge(t *testing.T, files map[string][]byte) Result {
	t.Helper()
	res, err := Judge(caseOf(files))
	if err != nil {
		t.Fatal(err)
	}
	return res
}

func same(t *testing.T, want, got Result) {
	t.Helper()
	a, _ := json.Marshal(want)
	b, _ := json.Marshal(got)
	if !bytes.Equal(a, b) {
		t.Errorf("judged\n%s\nwant\n%s", b, a)
	}
}

func TestOrderOfRowsIsIrrelevant(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	eachCase(t, 80, func(t *testing.T, files map[string][]byte, res Result) {
		for _, name := range []string{
			"readings.csv", "outdoor.csv", "outdoor_daily.csv", "outages.csv", "exemptions.csv", "confirmations.csv", "meter.csv",
			"building_meter.csv", "meter_changes.csv", "meter_faults.csv", "unsupplied.csv", "payments.csv",
		} {
			rows(t, files, name, func(_ []string, rs [][]string) [][]string {
				random.Shuffle(len(rs), func(i, j int) { rs[i], rs[j] = rs[j], rs[i] })
				return rs
			})
		}
		same(t, res, rejudge(t, files))
	})
}

func TestAnUnprovedClaimChangesNothing(t *testing.T) {
	eachCase(t, 80, func(t *testing.T, files map[string][]byte, res Result) {
		rows(t, files, "exemptions.csv", func(header []string, rs [][]string) [][]string {
			proof := slices.Index(header, "proof")
			return slices.DeleteFunc(rs, func(r []string) bool { return r[proof] == "" })
		})
		same(t, res, rejudge(t, files))
	})
}

func TestAWarmerHomeIsNeverColder(t *testing.T) {
	below := func(res Result) (sum time.Duration) {
		for _, tile := range res.Tiles {
			if tile.Status == "below" {
				sum += tile.End.Sub(tile.Start)
			}
		}
		return sum
	}
	eachCase(t, 80, func(t *testing.T, files map[string][]byte, res Result) {
		rows(t, files, "readings.csv", func(header []string, rs [][]string) [][]string {
			celsius := slices.Index(header, "celsius")
			for _, r := range rs {
				v, err := strconv.ParseFloat(r[celsius], 64)
				if err != nil {
					t.Fatal(err)
				}
				r[celsius] = strconv.FormatFloat(v+0.75, 'f', -1, 64)
			}
			return rs
		})
		if warmer := rejudge(t, files); below(warmer) > below(res) {
			t.Errorf("%v below, %v when every reading is warmer", below(res), below(warmer))
		}
	})
}

// What is settled at a local midnight stays, however much is learned afterwards: except by receipts, which are left out.
func TestJudgingFurtherKeepsWhatIsSettled(t *testing.T) {
	compared := 0
	eachCase(t, 150, func(t *testing.T, files map[string][]byte, res Result) {
		if strings.Contains(strings.SplitN(string(files["readings.csv"]), "\n", 2)[0], "received") {
			return
		}
		start, end := judgedTime(t, files)
		cut := start.AddDate(0, 0, 1+int(end.Sub(start).Hours()/48))
		if !cut.Before(end) {
			return
		}
		compared++
		var c map[string]any
		if err := json.Unmarshal(files["case.yaml"], &c); err != nil {
			t.Fatal(err)
		}
		c["as_of"] = cut.Format(time.RFC3339)
		files["case.yaml"], _ = json.Marshal(c)
		before := rejudge(t, files)
		want := []Tile{}
		for _, tile := range res.Tiles {
			if tile.Start.Before(cut) {
				if tile.End.After(cut) {
					tile.End = cut.In(tile.End.Location())
				}
				want = append(want, tile)
			}
		}
		same(t, Result{Tiles: want}, Result{Tiles: before.Tiles})
	})
	if compared < 25 {
		t.Errorf("only %d cases compared", compared)
	}
}
