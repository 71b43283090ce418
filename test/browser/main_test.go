package browser_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/nuanju/nuanju/test/servertest"
	"github.com/nuanju/nuanju/test/towntest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }

// Where screenshots go when NUANJU_SCREENSHOTS is set.
const screenshots = "../../docs/screenshots"

// window is somebody's window of a real browser.
type window struct {
	t   *testing.T
	ctx context.Context
	url string // of the town

	mu      sync.Mutex
	console []string // what the console said
	weight  float64  // of what was loaded since clear, in bytes before compression
}

// open opens a window as wide as a device's, signed in as a browser without scripts is.
func open(t *testing.T, b *towntest.Browser, width int64) *window {
	t.Helper()
	path, err := chromium()
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.Flag("headless", "new"), chromedp.NoSandbox,
		chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.UserDataDir(t.TempDir()))
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() { cancel(); stop() })
	w := &window{t: t, ctx: ctx, url: b.Town.Address()}
	if err := chromedp.Listen(ctx, w.hear); err != nil {
		t.Fatal(err)
	}
	bounded, expire := context.WithTimeout(ctx, servertest.Patience)
	t.Cleanup(expire)
	w.ctx = bounded
	call(w, network.Enable, network.EnableParams{})
	call(w, log.Enable, cdp.Empty{})
	w.do(chromedp.EmulateViewport(width, 800))
	for _, c := range b.Cookies() {
		call(w, network.SetCookie, network.SetCookieParams{Name: c.Name, Value: c.Value, URL: w.url})
	}
	return w
}

// call sends a command to the window.
func call[P, R any](w *window, command cdp.Command[P, R], params P) {
	w.t.Helper()
	if _, err := chromedp.Call(w.ctx, command, params); err != nil {
		w.t.Fatal(err)
	}
}

// read is what an action gives.
func read[T any](w *window, action chromedp.Action[T]) T {
	w.t.Helper()
	v, err := chromedp.Run(w.ctx, action)
	if err != nil {
		w.t.Fatal(err)
	}
	return v
}

// chromium is the browser's path.
func chromium() (string, error) {
	for _, path := range []string{"/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"} {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("there is no chromium; make setup installs it")
}

// hear keeps what the console says and what is loaded.
func (w *window) hear(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch e := event.(type) {
	case *runtime.EventConsoleAPICalled:
		w.console = append(w.console, fmt.Sprint(e.Type, e.Args))
	case *runtime.EventExceptionThrown:
		w.console = append(w.console, fmt.Sprintf("%+v", e.ExceptionDetails))
	case *log.EventEntryAdded:
		w.console = append(w.console, fmt.Sprint(e.Entry.Level, " ", e.Entry.Text, " ", e.Entry.URL))
	case *network.EventDataReceived:
		w.weight += float64(e.DataLength)
	}
}

func (w *window) do(actions ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, actions...); err != nil {
		w.t.Fatal(err)
	}
}

// visit opens a page.
func (w *window) visit(path string) {
	w.t.Helper()
	w.do(chromedp.Navigate(w.url+path), chromedp.WaitReady(chromedp.CSS("main")))
}

// silent fails if the console said anything.
func (w *window) silent() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, said := range w.console {
		w.t.Errorf("the console says: %s", said)
	}
	w.console = nil
}

// text is what a page shows.
func (w *window) text() string {
	w.t.Helper()
	return read(w, chromedp.Text(chromedp.CSS("body")))
}

// shows fails unless the page shows all of some texts.
func (w *window) shows(texts ...string) {
	w.t.Helper()
	text := w.text()
	for _, want := range texts {
		if !strings.Contains(text, want) {
			w.t.Errorf("%q is not shown: %s", want, text)
		}
	}
}

// fits fails if a page is wider than its window.
func (w *window) fits(name string) {
	w.t.Helper()
	over := read(w, chromedp.Evaluate[float64](`document.documentElement.scrollWidth - document.documentElement.clientWidth`))
	if over > 0 {
		w.t.Errorf("%s is %v px wider than its window", name, over)
	}
}

// picture keeps a screenshot for the documentation, when asked to.
func (w *window) picture(name string) {
	w.t.Helper()
	if os.Getenv("NUANJU_SCREENSHOTS") == "" {
		return
	}
	png := read(w, chromedp.FullScreenshot(100))
	err := os.MkdirAll(screenshots, 0o755)
	if err == nil {
		err = os.WriteFile(filepath.Join(screenshots, name+".png"), png, 0o644)
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// axe fails for each serious or critical thing that axe-core finds on the page. Its script comes with make setup.
func (w *window) axe(name string) {
	w.t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		w.t.Fatal(err)
	}
	script, err := os.ReadFile(filepath.Join(cache, "nuanju", "axe-core-4.14.1.min.js"))
	if err != nil {
		w.t.Fatalf("%v; make setup fetches it", err)
	}
	type finding struct {
		ID, Impact, Help string
		Nodes            []struct {
			HTML string
		}
	}
	var found []finding
	w.do(chromedp.Evaluate[chromedp.Void](string(script) + ";0"))
	text := read(w, chromedp.Evaluate[string](`axe.run(document, {resultTypes: ["violations"]}).then(r => JSON.stringify(r.violations))`, chromedp.EvalAwaitPromise))
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		w.t.Fatal(err)
	}
	for _, f := range found {
		if f.Impact == "serious" || f.Impact == "critical" {
			for _, n := range f.Nodes {
				w.t.Errorf("%s: %s (%s): %s", name, f.ID, f.Help, n.HTML)
			}
		}
	}
}

// until waits for something to be so in the page.
func (w *window) until(script string) {
	w.t.Helper()
	w.do(chromedp.Poll[chromedp.Void](script, chromedp.WithPollingTimeout(time.Minute)))
}
