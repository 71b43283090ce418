package sheet_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/configs"
	"github.com/nuanju/nuanju/disputes/measured"
	"github.com/nuanju/nuanju/disputes/measured/sheet"
	"github.com/nuanju/nuanju/sensors"
)

var beijing = time.FixedZone("CST", 8*3600)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// workbook is a spreadsheet of a test of one point, as somebody types it into the template; change may spoil it.
func workbook(t testing.TB, change func(f *excelize.File)) []byte {
	t.Helper()
	b, err := sheet.TemplateXLSX()
	must(t, err)
	f, err := excelize.OpenReader(bytes.NewReader(b))
	must(t, err)
	for i, text := range []any{"h1", "bed", "resident", "Lab South", "T-7", "C-9", 14.5, "yes", "no"} {
		must(t, f.SetCellValue("test", fmt.Sprintf("B%d", i+1), text))
	}
	at := time.Date(2016, 1, 20, 9, 0, 0, 0, time.UTC) // what the wall clock shows
	for i := range 14 {
		phase, celsius := "settling", 18.1
		if i > 10 {
			phase, celsius = "reading", 17.9
		}
		line := []any{at.Add(time.Duration(i) * time.Minute), phase, 1, 1.4, 2.5, 1.2, 3, celsius}
		must(t, f.SetSheetRow("readings", fmt.Sprintf("A%d", i+2), &line))
	}
	if change != nil {
		change(f)
	}
	out, err := f.WriteToBuffer()
	must(t, err)
	return out.Bytes()
}

// known is the register and Beijing's method at noon.
func known(t testing.TB) measured.Known {
	t.Helper()
	policy, err := configs.Policy(configs.DefaultPolicy)
	must(t, err)
	limit, err := compliance.ParseDecimal("0.2")
	must(t, err)
	return measured.Known{
		Method: policy.Editions[0].TestMethod, Zone: beijing, Now: sensors.At(time.Date(2016, 1, 20, 12, 0, 0, 0, beijing)),
		Institution: &measured.Institution{
			ID: "Lab South", Accredited: []measured.Days{{From: 1}},
			Instruments: []measured.Instrument{{Serial: "T-7", Certificate: "C-9", Valid: measured.Days{From: 1}, Error: limit}},
		},
	}
}

// judge is everything that is said of a file, as "CELL or FIELD rule: expected".
func judge(t testing.TB, b []byte) (*measured.Record, []measured.Problem, []measured.Problem) {
	t.Helper()
	return judgeBy(known(t), b)
}

func judgeBy(k measured.Known, b []byte) (*measured.Record, []measured.Problem, []measured.Problem) {
	raw, unreadable := sheet.Read(b)
	record, unread := measured.Read(raw, beijing)
	failed, told := record.Check(k)
	return record, measured.Merged(unreadable, unread, failed), told
}

func TestATemplateThatIsFilledIn(t *testing.T) {
	record, problems, told := judge(t, workbook(t, nil))
	if len(problems)+len(told) > 0 {
		t.Fatalf("%+v %+v", problems, told)
	}
	w := record.Window()
	if record.Value() != 17.9 || record.Room != "bed" || w.Start.Time().In(beijing).Format(time.DateTime) != "2016-01-20 09:00:00" ||
		w.End.Sub(w.Start) != 13*time.Minute || record.Area.String() != "14.5" {
		t.Errorf("%+v", record)
	}
}

// The same test as CSV has the same id: it is the same test.
func TestCSVAndXLSXAreOneTest(t *testing.T) {
	fromXLSX, _, _ := judge(t, workbook(t, nil))
	csv := bytes.NewBuffer(sheet.TemplateCSV())
	for i := range 14 {
		phase, celsius := "settling", "18.1"
		if i > 10 {
			phase, celsius = "读数", "17.90"
		}
		fmt.Fprintf(csv, "2016-01-20T09:%02d:00+08:00,%s,1,1.4,2.50,1.2,3,%s\r\n", i, phase, celsius)
	}
	raw, problems := sheet.Read(csv.Bytes())
	for i, text := range []string{"h1", "bed", "用热人", "Lab South", "T-7", "C-9", "14.50", "是", "否"} {
		raw.Fields = append(raw.Fields, measured.Field{Name: measured.Fields()[i].Name, Text: text, Place: measured.Place{Sheet: "form"}})
	}
	record, unread := measured.Read(raw, beijing)
	failed, told := record.Check(known(t))
	if all := measured.Merged(problems, unread, failed, told); len(all) > 0 {
		t.Fatalf("%+v", all)
	}
	if record.ID() != fromXLSX.ID() || record.ID() == "" {
		t.Errorf("%s and %s", record.ID(), fromXLSX.ID())
	}
}

// Twelve mistakes are twelve errors: each with its sheet, row and column, and what is expected there.
func TestTwelveMistakesAreTwelveErrors(t *testing.T) {
	b := workbook(t, func(f *excelize.File) {
		for cell, value := range map[string]any{
			"D2":  1.46,                                          // 1 too high
			"E3":  1.4,                                           // 2 too near to the outer wall
			"F4":  "near",                                        // 3 no number
			"A5":  "yesterday",                                   // 4 no time
			"B6":  "reading?",                                    // 5 no phase
			"C7":  1.5,                                           // 6 no point
			"H8":  "18,1",                                        // 7 a comma for a point
			"F9":  0.5,                                           // 8 too near to an inner wall
			"H10": 180.1,                                         // 9 a lost point
			"A15": time.Date(2026, 1, 20, 9, 13, 0, 0, time.UTC), // 10 not yet
		} {
			must(t, f.SetCellValue("readings", cell, value))
		}
		must(t, f.SetCellValue("test", "B3", "neighbour")) // 11 no side
		must(t, f.SetCellValue("test", "B6", "C-8"))       // 12 another certificate
	})
	_, problems, _ := judge(t, b)
	var got []string
	for _, p := range problems {
		got = append(got, fmt.Sprintf("%s row %d %s (%s): %s, got %s", p.Sheet, p.Row, p.Column, p.Cell, p.Expected.EN, p.Value))
		if p.Expected.ZH == "" {
			t.Errorf("%+v says nothing in Chinese", p)
		}
	}
	want := []string{
		"readings row 2 height_m (D2): from 1.35 to 1.45 m, got 1.46",
		"test row 3 commissioned_by (B3): one of resident, joint, supplier, got neighbour",
		"readings row 3 outer_wall_m (E3): at least 1.5 m, got 1.4",
		"readings row 4 inner_wall_m (F4): a number from 0 to 100 (m), got near",
		"readings row 5 time (A5): a time such as 2016-01-20 09:00:00, got yesterday",
		"test row 6 certificate (B6): a certificate that is registered for the instrument, got C-8",
		"readings row 6 phase (B6): settling or reading, got reading?",
		"readings row 7 point (C7): a whole number from 1 to 25, got 1.5",
		"readings row 8 celsius (H8): a number from -40 to 60 (°C), got 18,1",
		"readings row 9 inner_wall_m (F9): at least 1 m, got 0.5",
		"readings row 10 celsius (H10): a number from -40 to 60 (°C), got 180.1",
		"readings row 15 time (A15): a time that has passed, got 2026-01-20 09:13:00",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %d\n\t%s\nwant %d\n\t%s", len(got), strings.Join(got, "\n\t"), len(want), strings.Join(want, "\n\t"))
	}
}

// What is no file for a test, or made to harm.
func TestFilesThatAreRefused(t *testing.T) {
	many := workbook(t, func(f *excelize.File) {
		line := []any{"x", "x", "x", "x"}
		must(t, f.SetSheetRow("readings", "A10500", &line))
	})
	wide := workbook(t, func(f *excelize.File) { must(t, f.SetCellValue("readings", "XFD3", "x")) })
	elsewhere := workbook(t, func(f *excelize.File) {
		_, err := f.NewSheet("Readings2")
		must(t, err)
	})
	for name, c := range map[string]struct {
		b    []byte
		rule string
	}{
		"nothing":               {nil, "rows"},
		"GBK":                   {[]byte("\xca\xb1\xbc\xe4,phase\n"), "utf8"},
		"an open quote":         {[]byte("time,phase\n\"2016,reading\n"), "csv"},
		"a long cell":           {[]byte("time\n" + strings.Repeat("9", 201) + "\n"), "cell"},
		"a large file":          {make([]byte, sheet.MaxFile+1), "size"},
		"not a spreadsheet":     {[]byte("PK\x03\x04rest"), "xlsx"},
		"an archive of others":  {bomb(t, 1<<10), "xlsx"},
		"a bomb":                {bomb(t, 64<<20), "unpacked"},
		"a row far down":        {many, "xlsx"},
		"a column far out":      {wide, "columns"},
		"a sheet of other name": {elsewhere, "sheet"},
	} {
		_, problems, _ := judge(t, c.b)
		if !slices.ContainsFunc(problems, func(p measured.Problem) bool { return p.Rule == c.rule }) {
			t.Errorf("%s: %+v, want %s", name, problems, c.rule)
		}
	}
}

// bomb is a small archive that unpacks to many bytes.
func bomb(t testing.TB, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	part, err := w.Create("xl/worksheets/sheet1.xml")
	must(t, err)
	_, err = part.Write(bytes.Repeat([]byte("0"), size))
	must(t, err)
	must(t, w.Close())
	return out.Bytes()
}

// Whatever is handed in, it is read within bounds, and every problem says where it is.
func FuzzXLSX(f *testing.F) {
	f.Add(workbook(f, nil))
	f.Add(workbook(f, func(w *excelize.File) { must(f, w.SetCellFormula("readings", "H3", "=H3")) }))
	f.Add(bomb(f, 100))
	k := known(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		if !bytes.HasPrefix(b, []byte("PK\x03\x04")) {
			b = append([]byte("PK\x03\x04"), b...)
		}
		whatever(t, k, b)
	})
}

// FuzzCSV does the same for text.
func FuzzCSV(f *testing.F) {
	f.Add(append(sheet.TemplateCSV(), "2016-01-20 09:00,reading,1,1.4,2,2,2,18\n"...))
	f.Add([]byte("时间,温度\n\"a\nb\",\"\"\"\"\n"))
	k := known(f)
	f.Fuzz(func(t *testing.T, b []byte) { whatever(t, k, b) })
}

func whatever(t *testing.T, k measured.Known, b []byte) {
	record, problems, told := judgeBy(k, b)
	if len(record.Rows) > measured.MaxRows || len(problems) > measured.MaxProblems {
		t.Fatalf("%d rows, %d problems", len(record.Rows), len(problems))
	}
	for _, p := range append(problems, told...) {
		if p.Sheet == "" || p.Expected.EN == "" || p.Rule == "" || strings.ContainsAny(p.Value, "\n\x00") {
			t.Fatalf("%+v", p)
		}
	}
	if v := record.Value(); v != v {
		t.Fatal("the value is no number")
	}
}
