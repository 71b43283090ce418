package casefile

import (
	"bytes"
	"fmt"
	"testing"
	"testing/fstest"
	"time"
)

const yamlOf3 = `policy: beijing-metered
season: {start: 2015-11-15, end: 2016-03-15}
household:
  id: h1
  area_m2: 89.5
  rooms:
    - {id: living, kind: living_room}
    - {id: bed1, kind: bedroom}
    - {id: kitchen, kind: kitchen}
`

// season is a case of 50,000 readings, the most that a season of three rooms every ten minutes has.
func seasonOfReadings() (fstest.MapFS, int) {
	var b bytes.Buffer
	b.WriteString("time,room,celsius\r\n")
	at := time.Date(2015, 11, 15, 0, 0, 0, 0, time.FixedZone("", 8*3600))
	for i := range 50_000 {
		fmt.Fprintf(&b, "%s,%s,%.2f\r\n", at.Add(time.Duration(i/3)*10*time.Minute).Format(time.RFC3339),
			[]string{"living", "bed1", "kitchen"}[i%3], 17.5+float64(i%300)/100)
	}
	return fstest.MapFS{caseYAML: {Data: []byte(yamlOf3)}, readingsCSV: {Data: b.Bytes()}}, b.Len()
}

func BenchmarkReadReadings(b *testing.B) {
	fsys, size := seasonOfReadings()
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Read(fsys, Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
