package intake_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/evidence"
	"github.com/nuanju/nuanju/sensors"
	"github.com/nuanju/nuanju/sensors/ingest"
	"github.com/nuanju/nuanju/sensors/intake"
)

// subjects is whom the log's leaves are about, with their numbers of lines.
func (m *monitor) subjects(t testing.TB) (all []string) {
	t.Helper()
	for leaf, err := range m.log.Leaves(t.Context(), 0) {
		must(t, err)
		all = append(all, fmt.Sprintf("%s %d", leaf.Subject, strings.Count(string(leaf.Content), "\n")-1))
	}
	return all
}

// A request becomes one leaf a household, device without one, and station; the log's other subjects cannot be taken for a
// household, whatever its name.
func TestARequestIsSplitByWhomItConcerns(t *testing.T) {
	r := home("h1", "h2")
	r.Households = append(r.Households, sensors.Household{ID: "ledger"}, sensors.Household{ID: "log/x"})
	r.HeatMeters = []sensors.HeatMeter{{ID: "m1", Household: "h2"}, {ID: "m2", Building: "b1"}}
	r.Assignments = append(r.Assignments,
		sensors.Assignment{Device: "reg1", Target: sensors.OnMeter("m1"), To: sensors.Forever},
		sensors.Assignment{Device: "reg2", Target: sensors.OnMeter("m2"), To: sensors.Forever},
		sensors.Assignment{Device: "moved", Target: sensors.InRoom(sensors.RoomID{Household: "h1", Room: "living"}), To: noon},
		sensors.Assignment{Device: "moved", Target: sensors.InRoom(sensors.RoomID{Household: "h2", Room: "living"}), From: noon, To: sensors.Forever},
	)
	m := open(t, r)
	receipt := m.send(t, temperature("d2", noon, 20)+temperature("d1", noon, 20)+temperature("nobody", noon, 20)+
		"outdoor,station=54511 celsius=-7.6\n"+"heat_meter,device=reg1 kwh=1\n"+"heat_meter,device=reg2 kwh=1\n"+
		temperature("moved", noon-1, 20)+temperature("moved", noon, 20)+
		"heating,household=ledger on=true\n"+"setpoint,household=log/x celsius=20\n"+"setpoint,household=h1 celsius=20\n")
	want := []string{
		"h2 3", "h1 3", "device/nobody 1", "station/54511 1", "device/reg2 1", "household/ledger 1", "household/log/x 1",
	}
	if got := m.subjects(t); !slices.Equal(got, want) {
		t.Errorf("leaves %q, want %q", got, want)
	}
	if receipt.Accepted != 11 || receipt.Leaves != 7 || receipt.Index != 0 || receipt.Received != noon {
		t.Errorf("receipt %+v", receipt)
	}
}

// What a token may not write is refused with its line, in the order of the body and beside what could not be read; the rest is
// accepted, also what will be set aside.
func TestOnlyWhatTheTokenMayNotWriteIsRefused(t *testing.T) {
	m := open(t, home("h1", "h2", "h3"))
	body := temperature("d1", noon, 99) + "temperature,device=d1\n" + temperature("d2", noon, 20) + temperature("own", noon.Add(time.Hour), 20) +
		"outdoor,station=54511 celsius=1\n" + "outdoor,station=other celsius=1\n" + "heating,household=h1 on=true\n" + "heating,household=h3 on=true\n"
	scopes := map[string]struct {
		names   intake.Names
		refused string
	}{
		"a device":               {intake.Names{Devices: []string{"own"}}, "[1 2 3 5 6 7 8]"},
		"a household":            {intake.Names{Households: []string{"h1"}}, "[2 3 4 5 6 8]"},
		"a station and a device": {intake.Names{Stations: []string{"other"}, Devices: []string{"d2"}}, "[1 2 4 5 7 8]"},
		"a building":             {intake.Names{Buildings: []string{"b1"}}, "[2 4 5 6]"},
		"everything":             {intake.Names{}, "[2]"},
	}
	for name, c := range scopes {
		t.Run(name, func(t *testing.T) {
			scope := intake.NewScope(c.names, "")
			b := decode(body, noon)
			receipt, err := m.Accept(t.Context(), b, &scope)
			must(t, err)
			var lines []int
			for _, e := range b.Errors {
				lines = append(lines, e.Line)
			}
			if fmt.Sprint(lines) != c.refused || b.Rejected != len(lines) || receipt.Accepted != 8-len(lines) {
				t.Errorf("refused lines %v, want %s; %d rejected, %d accepted: %v", lines, c.refused, b.Rejected, receipt.Accepted, b.Errors)
			}
		})
	}
	var none intake.Scope
	b := decode(body, noon)
	if receipt, err := m.Accept(t.Context(), b, &none); err != nil || receipt.Leaves != 0 || b.Rejected != 8 {
		t.Errorf("without a scope: %+v, %v", receipt, err)
	}
	if accepted, refused := m.stats.Accepted.Load(), m.stats.Refused.Load(); accepted+refused != 6*8 {
		t.Errorf("%d accepted and %d refused of %d", accepted, refused, 6*8)
	}
}

// Who entered a switch is in the line itself or the line is refused: the log keeps no tokens (A3).
func TestATokenSpeaksForOneSide(t *testing.T) {
	m := open(t, home("h1"))
	body := "heating,household=h1 on=true 1\n" + "heating,household=h1 on=false,source=\"supplier\" 2\n" +
		"heating,household=h1 on=true,source=\"resident\" 3\n" + "setpoint,household=h1 celsius=20 4\n"
	for source, want := range map[string]string{"": "[]", ingest.Resident: "[2]", ingest.Supplier: "[1 3]"} {
		b := decode(body, noon)
		if len(b.Records) != 4 {
			t.Fatal(b.Errors)
		}
		scope := intake.NewScope(intake.Names{}, source)
		if _, err := m.Accept(t.Context(), b, &scope); err != nil {
			t.Fatal(err)
		}
		lines := []int{}
		for _, e := range b.Errors {
			lines = append(lines, e.Line)
		}
		if fmt.Sprint(lines) != want {
			t.Errorf("%q: refused %v, want %s", source, b.Errors, want)
		}
	}
}

// An owner's lines that are too many for a leaf go on in the next.
func TestALongContentGoesOnInAFurtherLeaf(t *testing.T) {
	m := open(t, home("h1"))
	body := strings.Repeat("temperature,device=d1,model="+strings.Repeat("x", 3000)+" celsius=20 1\n", 3000)
	receipt := m.send(t, body)
	if receipt.Accepted != 3000 || receipt.Leaves != 3 {
		t.Errorf("%+v", receipt)
	}
	total := 0
	for leaf, err := range m.log.Leaves(t.Context(), 0) {
		must(t, err)
		var b ingest.Batch
		must(t, ingest.NewDecoder(ingest.DefaultBounds()).Reparse(&b, leaf.Content, noon))
		total += len(b.Records)
	}
	if total != 3000 {
		t.Errorf("%d lines", total)
	}
}

// full is a log whose queue is full.
type full struct{}

func (full) Append(context.Context, []evidence.Entry) (evidence.Position, error) {
	return evidence.Position{}, evidence.ErrBusy
}

func TestAFullQueueIsTheCallersToAnswer(t *testing.T) {
	var stats intake.Stats
	in := intake.New(full{}, intake.NewRegistry(places(home("h1"))), &stats)
	_, err := in.Accept(t.Context(), decode(temperature("d1", noon, 20), noon), &everything)
	if !errors.Is(err, evidence.ErrBusy) || stats.Busy.Load() != 1 || stats.Accepted.Load() != 0 {
		t.Errorf("%v, %d busy", err, stats.Busy.Load())
	}
}
