package browser_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/nuanju/nuanju/test/servertest"
	"github.com/nuanju/nuanju/test/towntest"
)

// The resident's pages on a phone, in both languages: they fit, everybody can use them, and nothing is wrong with them.
func TestResidentOnPhone(t *testing.T) {
	s := towntest.New(t)
	for _, lang := range []string{"zh", "en"} {
		t.Run(lang, func(t *testing.T) {
			w := open(t, s.Resident(towntest.Sensed).Lang(lang), 360)
			why := "/home/101/why?room=bedroom&at=" + url.QueryEscape(s.Cold.Add(time.Hour).UTC().Format(time.RFC3339))
			for name, path := range map[string]string{
				"home": "/home/101", "report": "/home/101/report", "reports": "/home/101/reports", "season": "/home/101/season", "cold": "/home/101/cold",
				"test": "/home/101/test", "bills": "/home/101/bills", "people": "/home/101/people", "letter": why,
			} {
				w.visit(path)
				if name == "season" {
					w.until(`document.querySelector("[data-drawn]") !== null`)
				}
				w.silent()
				w.fits(name)
				w.axe(name)
				w.picture("resident-" + name + "-" + lang)
			}
		})
	}
}

// A report with a photo takes at most four taps from the home's page: report, photo, the picture, send.
func TestReportInFourTaps(t *testing.T) {
	s := towntest.New(t)
	w := open(t, s.Resident(towntest.Sensed).Lang("zh"), 360)
	photo := filepath.Join(t.TempDir(), "cold.png")
	png, err := base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
	if err == nil {
		err = os.WriteFile(photo, png, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	w.visit("/home/101")
	taps := 0
	w.do(chromedp.Click(chromedp.CSS(`a[href="/home/101/report"]`)), chromedp.WaitReady(chromedp.CSS(`input[name="photos"]`)))
	taps++
	w.do(chromedp.SetUploadFiles(chromedp.CSS(`input[name="photos"]`), []string{photo})) // a tap on the field, and one on the picture
	taps += 2
	w.do(chromedp.Click(chromedp.CSS(`form[enctype] button`)), chromedp.WaitReady(chromedp.CSS(`.timeline img`)))
	taps++
	w.shows("处理中", "答复时限（1 小时）", "还剩")
	w.axe("ticket")
	w.silent()
	w.picture("resident-ticket-zh")
	if taps > 4 {
		t.Errorf("%d taps", taps)
	}
	// The clocks tick.
	before := read(w, chromedp.Text(chromedp.CSS("time[data-due]")))
	w.until(`document.querySelector("time[data-due]").textContent !== ` + "`" + before + "`")
}

// What a resident's home weighs before compression, with style and scripts, is bounded; how soon it is painted on a slow phone is told.
func TestHomeIsLight(t *testing.T) {
	s := towntest.New(t)
	w := open(t, s.Resident(towntest.Sensed).Lang("zh"), 360)
	call(w, emulation.SetCPUThrottlingRate, emulation.SetCPUThrottlingRateParams{Rate: 4})
	w.mu.Lock()
	w.weight = 0
	w.mu.Unlock()
	w.visit("/home/101")
	w.until(`performance.getEntriesByName("first-contentful-paint").length > 0`)
	paint := read(w, chromedp.Evaluate[float64](`performance.getEntriesByName("first-contentful-paint")[0].startTime`))
	w.mu.Lock()
	weight := w.weight
	w.mu.Unlock()
	t.Logf("the home's page: %.1f kB in all before compression, first paint after %.0f ms with a processor slowed 4 times", weight/1000, paint)
	if weight < 10_000 || weight > 100_000 {
		t.Errorf("%.0f bytes", weight)
	}
}

// A season of 11,616 readings a room, one every 15 minutes for 121 days, is drawn from what the server thinned out; the cold night is on it.
func TestSeasonChart(t *testing.T) {
	s := towntest.New(t)
	const readings = 11_616
	var lines strings.Builder
	every := 13 * 24 * time.Hour / readings
	for i := range readings {
		at := time.Now().Add(-time.Duration(i+1) * every).Unix()
		celsius := 19 + float64(i%200)/100
		if i == readings/2 {
			celsius = 12.5
		}
		fmt.Fprintf(&lines, "temperature,device=d1 celsius=%.2f %d\ntemperature,device=d2 celsius=%.2f %d\n", celsius, at, celsius+1, at)
	}
	if err := s.Write("?precision=s", lines.String()); err != nil {
		t.Fatal(err)
	}
	chart := "/api/v1/households/101/chart?" + url.Values{
		"from": {time.Now().AddDate(0, 0, -14).UTC().Format(time.RFC3339)}, "to": {time.Now().UTC().Format(time.RFC3339)},
	}.Encode()
	servertest.Until(t, "all readings are in the store", func() bool {
		var v struct{ Rooms []struct{ Readings int } }
		return json.Unmarshal(s.Get("admin", chart), &v) == nil && v.Rooms[0].Readings >= readings && v.Rooms[1].Readings >= readings
	})
	w := open(t, s.Resident(towntest.Sensed).Lang("zh"), 1440)
	w.visit("/home/101/season")
	w.until(`document.querySelector("[data-drawn]") !== null`)
	w.silent()
	w.shows("bedroom")
	w.picture("resident-season-wide-zh")
	drawn := read(w, chromedp.Evaluate[string](`document.querySelector("[data-drawn]").dataset.drawn`))
	all := read(w, chromedp.Evaluate[string](`document.querySelector("[data-drawn]").dataset.readings`))
	t.Logf("the season's chart: %s readings of two rooms, drawn in %s ms", all, drawn)
	low := read(w, chromedp.Evaluate[float64](`fetch("/home/101/curves?from=" + document.querySelector("[data-from]").dataset.from + "&to=" + document.querySelector("[data-to]").dataset.to)
		.then(r => r.json()).then(c => Math.min(...c.Rooms[0].Curve.celsius.filter(v => v !== null)))`, chromedp.EvalAwaitPromise))
	if low != 12.5 {
		t.Errorf("the coldest minute is lost: the lowest is %v", low)
	}
}

// Without scripts a report is filed all the same.
func TestReportWithoutScripts(t *testing.T) {
	s := towntest.New(t)
	w := open(t, s.Resident(towntest.Unsensed).Lang("zh"), 360)
	call(w, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	w.visit("/home/201/report")
	w.do(chromedp.SendKeys(chromedp.CSS(`textarea[name="text"]`), "没有暖气"), chromedp.Submit(chromedp.CSS(`form[enctype]`)), chromedp.WaitReady(chromedp.CSS(".timeline")))
	w.shows("没有暖气", "处理中")
}
