package ledger_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/ledger"
	"github.com/nuanju/nuanju/sensors"
)

var (
	beijing = time.FixedZone("CST", 8*3600)
	clerk   = disputes.Actor{Role: disputes.Billing, ID: "clerk"}
)

func date(t testing.TB, s string) compliance.Date {
	t.Helper()
	if s == "" {
		return 0
	}
	d, err := compliance.ParseDate(s)
	must(t, err)
	return d
}

// lease is a contract of h1, of one resident.
func lease(t testing.TB, id, name, from, until string) disputes.Contract {
	return disputes.Contract{
		ID: id, Version: 1, Number: "京热 " + id, Household: "h1", Account: "0042",
		Residents: []disputes.Person{{Name: name, Phone: "+8613800000000", Email: "li@heating.example", Language: "zh"}},
		Supplier:  disputes.Supplier{Name: "热力公司", Phone: "96069", Address: "东四"}, Address: "东四十条 1 号",
		Signed: date(t, from), From: date(t, from), Until: date(t, until),
		Policy: "beijing-metered", Commission: "北京仲裁委员会", SettleWithin: 30,
	}
}

func put(t testing.TB, l *ledger.Ledger, c disputes.Contract, now sensors.Instant) ledger.KeptContract {
	t.Helper()
	k, err := l.PutContract(t.Context(), c, beijing, clerk, now)
	must(t, err)
	return k
}

// A contract that is changed gets another version. The one before stays as it was written, and the database itself keeps it.
func TestNothingOfAContractIsOverwritten(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		first := lease(t, "c1", "李四", "2015-11-01", "")
		put(t, l, first, morning)
		second := first
		second.Version, second.Until, second.Note = 2, date(t, "2016-10-31"), "搬走"
		put(t, l, second, morning.Add(time.Hour))
		if _, err := l.PutContract(t.Context(), second, beijing, clerk, morning.Add(2*time.Hour)); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("the same version again: %v", err)
		}
		other := second
		other.Version, other.Household = 3, "h2"
		if _, err := l.PutContract(t.Context(), other, beijing, clerk, morning.Add(2*time.Hour)); !errors.Is(err, ledger.ErrConflict) {
			t.Errorf("of another household: %v", err)
		}
		all, err := l.ContractVersions(t.Context(), "c1")
		must(t, err)
		if len(all) != 2 || !reflect.DeepEqual(all[0].Contract, first) || !reflect.DeepEqual(all[1].Contract, second) ||
			all[0].SupersededAt != morning.Add(time.Hour) || all[1].SupersededAt != 0 || all[0].By != clerk || all[1].Ends != date(t, "2016-11-01").Start(beijing) {
			t.Errorf("got %+v", all)
		}
		for _, statement := range []string{
			"UPDATE contracts SET body = '{}'", "DELETE FROM contracts", "UPDATE contracts SET superseded_at = NULL WHERE version = 1",
		} {
			if err := l.Exec(t, statement); err == nil || !strings.Contains(err.Error(), "never changed") {
				t.Errorf("%s: %v", statement, err)
			}
		}
	})
}

// At no instant are two contracts of a household in force: the next may begin on the day after the last, and not on it.
func TestContractsOfAHouseholdDoNotOverlap(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		put(t, l, lease(t, "c1", "李四", "2015-11-01", "2016-10-31"), morning)
		if _, err := l.PutContract(t.Context(), lease(t, "c2", "王五", "2016-10-31", ""), beijing, clerk, morning); !errors.Is(err, ledger.ErrOverlap) {
			t.Errorf("on its last day: %v", err)
		}
		put(t, l, lease(t, "c2", "王五", "2016-11-01", ""), morning)
		longer := lease(t, "c1", "李四", "2015-11-01", "")
		longer.Version, longer.Note = 2, "x"
		if _, err := l.PutContract(t.Context(), longer, beijing, clerk, morning); !errors.Is(err, ledger.ErrOverlap) {
			t.Errorf("made longer: %v", err)
		}
		neighbour := lease(t, "c3", "赵六", "2016-11-01", "")
		neighbour.Household = "h2"
		put(t, l, neighbour, morning)
	})
}

// Who is bound by a contract, and when: what sign-in and messages ask.
func TestParties(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		put(t, l, lease(t, "c1", "李四", "2015-11-01", "2016-10-31"), morning)
		two := lease(t, "c2", "王五", "2016-11-01", "")
		two.Residents = append(two.Residents, disputes.Person{Name: "王小五", Language: "en"})
		put(t, l, two, morning)
		parties, err := l.PartiesOfAccount(t.Context(), "0042")
		must(t, err)
		turn := date(t, "2016-11-01").Start(beijing)
		var got []string
		for _, p := range parties {
			got = append(got, p.Name)
			if last, next := p.Holds(turn-1), p.Holds(turn); last == next || last != (p.Name == "李四") {
				t.Errorf("%s: %v, then %v", p.Name, last, next)
			}
		}
		if strings.Join(got, " ") != "王五 王小五 李四" || parties[1].Phone != "" || parties[2].Phone != "+8613800000000" {
			t.Errorf("got %+v", parties)
		}
		if same, err := l.PartiesOfHousehold(t.Context(), "h1"); err != nil || !reflect.DeepEqual(same, parties) {
			t.Errorf("of the household: %+v, %v", same, err)
		}
		if none, err := l.PartiesOfAccount(t.Context(), "0043"); err != nil || none != nil {
			t.Errorf("of an unknown account: %+v, %v", none, err)
		}
		at, err := l.ContractAt(t.Context(), "h1", turn)
		must(t, err)
		if at.ID != "c2" || at.Commission != "北京仲裁委员会" || at.SettleWithin != 30 {
			t.Errorf("in force then: %+v", at)
		}
		if _, err := l.ContractAt(t.Context(), "h1", date(t, "2015-10-31").Start(beijing)); !errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("before any: %v", err)
		}
		all, more, err := l.Contracts(t.Context(), ledger.ContractFilter{Household: "h1", Limit: 1})
		if err != nil || !more || len(all) != 1 || all[0].ID != "c1" {
			t.Errorf("listed %+v, %v, %v", all, more, err)
		}
		all, more, err = l.Contracts(t.Context(), ledger.ContractFilter{Account: "0042", At: turn, After: "c1"})
		if err != nil || more || len(all) != 1 || all[0].ID != "c2" {
			t.Errorf("listed %+v, %v, %v", all, more, err)
		}
	})
}

// The evidence log has each version once, with a digest that whoever has the version can compute, and nobody's name or phone.
func TestTheLogHasContractsWithoutNames(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		k := put(t, l, lease(t, "c1", "李四", "2015-11-01", ""), morning)
		entries, err := l.Outbox(t.Context(), 10)
		must(t, err)
		if len(entries) != 1 || entries[0].Key != "contract/c1/1" {
			t.Fatalf("got %+v", entries)
		}
		for _, personal := range []string{"李四", "13800000000", "li@", "东四", "京热"} {
			if bytes.Contains(entries[0].Content, []byte(personal)) {
				t.Errorf("the log would have %q: %s", personal, entries[0].Content)
			}
		}
		var record struct{ Digest, Policy, Commission string }
		must(t, json.Unmarshal(entries[0].Content, &record))
		read, err := l.Contract(t.Context(), "c1", 1)
		must(t, err)
		sum := sha256.Sum256(append(bytes.Clone(read.Salt), read.Body...))
		if record.Digest != hex.EncodeToString(sum[:]) || record.Digest != k.Digest || record.Policy != "beijing-metered" || record.Commission == "" {
			t.Errorf("got %+v", record)
		}
	})
}

// Of fifty who change a contract at once one does; the others are told that it has changed.
func TestFiftyChangeAContract(t *testing.T) {
	everywhere(t, func(t *testing.T, l *ledger.Ledger) {
		c := lease(t, "c1", "李四", "2015-11-01", "")
		put(t, l, c, morning)
		c.Version, c.Note = 2, "x"
		var won, lost atomic.Int32
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				switch _, err := l.PutContract(t.Context(), c, beijing, clerk, morning); {
				case err == nil:
					won.Add(1)
				case errors.Is(err, ledger.ErrConflict):
					lost.Add(1)
				default:
					t.Error(err, cause(err))
				}
			})
		}
		wg.Wait()
		if n := l.Query(t, "SELECT count(*) FROM outbox"); won.Load() != 1 || lost.Load() != 49 || n != 2 {
			t.Errorf("%d won, %d lost, %d entries", won.Load(), lost.Load(), n)
		}
	})
}
