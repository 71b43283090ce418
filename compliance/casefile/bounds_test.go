package casefile

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/nuanju/nuanju/billing"
	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/configs"
)

// The order of rows has no meaning but where the contract lets the row given later hold; there the order of those at
// one time is kept.
func TestTheOrderOfRowsIsIrrelevant(t *testing.T) {
	texts := full()
	texts[heatingCSV] = "time,state\n2016-01-15T08:00:00+08:00,off\n2016-01-15T09:00:00+08:00,on\n2016-01-15T10:00:00+08:00,off\n"
	var more strings.Builder
	for i := range 200 {
		fmt.Fprintf(&more, ",%d.5,2016-01-16T%02d:%02d:00+08:00,2016-01-17T00:00:%02dZ,living\n", 10+i%9, i%20, i%7, i%60)
	}
	texts[readingsCSV] += more.String()
	want := withoutLines(mustRead(t, files(texts), Options{}))
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		shuffled := make(map[string]string)
		for name, text := range texts {
			shuffled[name] = text
			if name == caseYAML || name == outagesCSV { // a YAML file has no rows; one with a quoted line break is cut wrongly
				continue
			}
			lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
			rows := lines[1:]
			r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
			shuffled[name] = strings.Join(lines, "\n") + "\n"
		}
		got := withoutLines(mustRead(t, files(shuffled), Options{}))
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("\n got %+v\nwant %+v\nof %q", got, want, shuffled)
		}
	}
}

// withoutLines takes the lines out of the facts and sorts those that may be in any order.
func withoutLines(c *Case) *Case {
	f := &c.Facts
	for i := range f.Rooms {
		for j := range f.Rooms[i].Readings {
			f.Rooms[i].Readings[j].Line = 0
		}
	}
	for _, conflicts := range c.Conflicts {
		for i := range conflicts {
			conflicts[i].Stands.Line, conflicts[i].Later.Line = 0, 0
		}
	}
	anyOrder(f.Outdoor, func(o *compliance.Observation) string { o.Line = 0; return fmt.Sprint(o.At) })
	anyOrder(f.OfficialDays, func(d *compliance.OfficialDay) string { d.Line = 0; return d.Date.String() })
	anyOrder(f.Switches, func(s *compliance.Switch) string { s.Line = 0; return fmt.Sprint(s.At, s.On) })
	anyOrder(f.Setpoints, func(s *compliance.Setpoint) string { s.Line = 0; return fmt.Sprint(s.At, s.Room) })
	anyOrder(f.Reports, func(r *compliance.Report) string { r.Line = 0; return r.ID })
	anyOrder(c.Billing.Meter.Registers, func(r *billing.Register) string { r.Line = 0; return fmt.Sprint(r.At) })
	anyOrder(c.Billing.Payments, func(p *billing.Payment) string { p.Line = 0; return fmt.Sprint(p.Date, p.Fen) })
	return c
}

func anyOrder[T any](rows []T, key func(*T) string) {
	slices.SortFunc(rows, func(a, b T) int { return cmp.Compare(key(&a), key(&b)) })
	for i := range rows {
		key(&rows[i])
	}
}

// endless is a file of as many equal bytes as anybody wants to read.
type endless struct {
	fstest.MapFS
	name   string
	header string
	fill   byte
}

func (e endless) Open(name string) (fs.File, error) {
	f, err := e.MapFS.Open(name)
	if err != nil || name != e.name {
		return f, err
	}
	return endlessFile{f, io.MultiReader(strings.NewReader(e.header), filler(e.fill))}, nil
}

type endlessFile struct {
	fs.File
	text io.Reader
}

func (f endlessFile) Read(p []byte) (int, error) { return f.text.Read(p) }

type filler byte

func (f filler) Read(p []byte) (int, error) {
	if len(p) > 0 {
		p[0] = byte(f)
	}
	for n := 1; n < len(p); n *= 2 {
		copy(p[n:], p[:n])
	}
	return len(p), nil
}

// A line that never ends, a quote that is never closed and a file that never ends cost a few buffers and are told.
func TestAnEndlessFileTakesBoundedMemory(t *testing.T) {
	for _, c := range []struct {
		name, header string
		fill         byte
		want         string
	}{
		{"line", "time,room,celsius\n", '9', "readings.csv:1: cannot be read: larger than 256 MiB"},
		{"quote", "time,room,celsius\n\"", '\n', "readings.csv:2: a quote is opened here and not closed"},
		{"YAML", "", 'a', "case.yaml:1: longer than 1 MiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := endless{files(map[string]string{caseYAML: yamlOf3, readingsCSV: "x"}), readingsCSV, c.header, c.fill}
			if c.name == "YAML" {
				fsys.name = caseYAML
				delete(fsys.MapFS, readingsCSV)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Read(fsys, Options{})
			runtime.ReadMemStats(&after)
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
			if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
				t.Errorf("allocated %d MiB", used>>20)
			}
		})
	}
}

// An archive is a directory too; a bomb in it is a line that is too long.
func TestAZipBombOfALine(t *testing.T) {
	var archive bytes.Buffer
	w := zip.NewWriter(&archive)
	for name, text := range map[string]string{
		caseYAML:    yamlOf3,
		readingsCSV: "time,room,celsius\n" + strings.Repeat("0", 8<<20) + "\n2016-01-15T08:00:00+08:00,living,cold\n",
	} {
		f, err := w.Create(name)
		if err == nil {
			_, err = io.WriteString(f, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	fsys, err := zip.NewReader(bytes.NewReader(archive.Bytes()), int64(archive.Len()))
	if err != nil {
		t.Fatal(err)
	}
	_, err = Read(fsys, Options{})
	want := "readings.csv:2: longer than 65536 bytes\nreadings.csv:3: celsius \"cold\" is not a number"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestLongestLine(t *testing.T) {
	row := "o1,,2016-01-15T08:00:00+08:00,2016-01-15T09:00:00+08:00,"
	for end, good := range map[string]bool{"": true, "\n": true, "\r\n": true, "x\n": false, "x\r\n": false, "x": false} {
		proof := strings.Repeat("p", maxLine-len(row))
		texts := map[string]string{caseYAML: yamlOf3, outagesCSV: "id,announced,start,end,proof\n" + row + proof + end}
		c, err := Read(files(texts), Options{})
		if good != (err == nil) || good && c.Facts.Stoppages[0].Proof != proof {
			t.Errorf("a line of 65536 bytes and %q: %v", end, err)
		}
	}
}

// A file of another kind is given up after 10,000 errors; the person sees 100 of them and how many there were.
func TestAFileOfErrorsIsGivenUp(t *testing.T) {
	texts := map[string]string{caseYAML: yamlOf3, readingsCSV: "time,room,celsius\n" + strings.Repeat("now,living,20\n", 30_000)}
	_, err := Read(files(texts), Options{})
	var problems configs.Problems
	if !errors.As(err, &problems) || len(problems) != maxFaults+2 {
		t.Fatalf("%d problems", len(problems))
	}
	last := problems[len(problems)-1].String()
	if want := "readings.csv:10002: more than 10000 errors; the rest of the file was not read"; last != want {
		t.Errorf("got %s, want %s", last, want)
	}
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 101 || lines[100] != "and 9902 more" {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
}

func TestMoreRowsThanASeasonHas(t *testing.T) {
	rd := &reader{c: &Case{}}
	payments := rd.payments()
	payments.most = 3
	rd.readFrom(payments, strings.NewReader("date,yuan\n"+strings.Repeat("2016-01-15,1\n", 3)))
	if err := rd.problems.Err(); err != nil {
		t.Error(err)
	}
	rd.readFrom(payments, strings.NewReader("date,yuan\n"+strings.Repeat("2016-01-15,1\n", 5)))
	if want := "payments.csv:5: more than 3 rows"; rd.problems.Error() != want {
		t.Errorf("got %v, want %s", rd.problems, want)
	}
}

// What is not a file is neither read nor waited for.
func TestADirectoryInPlaceOfAFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, caseYAML), []byte(strings.Replace(yamlOf3, "beijing-metered", "./p.yaml", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{readingsCSV, "p.yaml"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	_, err := Read(os.DirFS(dir), Options{})
	if want := "case.yaml:1: p.yaml is not a regular file\nreadings.csv:1: not a regular file"; err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// Through an os.Root, a link cannot lead to a file that is not the case's.
func TestALinkCannotLeadOut(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "secret")
	dir := t.TempDir()
	if err := os.WriteFile(outside, []byte("secret,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, caseYAML), []byte(yamlOf3), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, readingsCSV)); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	_, err = Read(root.FS(), Options{})
	if err == nil || !strings.HasPrefix(err.Error(), "readings.csv:1: cannot be read") || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}
