package main

import (
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// demoLinks is the path under which links sign in.
const demoLinks = "/demo/"

// links are the ways into the demonstration, one for each of its people. Each signs in once and from this machine only.
type links struct {
	demo *demo
	app  *app
	url  string // of the pages

	mu   sync.Mutex
	open map[[sha256.Size]byte]*person // by the hash of what the link has
}

func newLinks(d *demo, a *app) *links {
	return &links{demo: d, app: a, open: map[[sha256.Size]byte]*person{}}
}

// fresh is a new link of somebody.
func (l *links) fresh(p *person) string {
	token := rand.Text()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open[sha256.Sum256([]byte(token))] = p
	return l.url + demoLinks + token
}

// take is whose link has a token; it is nobody's from then on.
func (l *links) take(token string) *person {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := sha256.Sum256([]byte(token)) // what is looked up tells nothing of what is right
	p := l.open[key]
	delete(l.open, key)
	return p
}

// announce prints where everything is.
func (l *links) announce(url string, took time.Duration) {
	a, s := l.app, l.demo.story
	l.url = url
	season := s.season
	fmt.Fprintf(a.stdout, a.word(
		"暖据演示：3 栋楼、%d 户、过去 14 天，随后继续。人物与数据均为虚构。\n合同约定供热期 %s 至 %s。%.1f 秒就绪：%s\n",
		"nuanju demo: 3 buildings, %d homes, the last 14 days, and on from there. People and data are made up.\n"+
			"The season agreed in their contracts is %s to %s. Ready in %.1f s: %s\n"),
		len(s.town.Households()), season.Start, season.End, took.Seconds(), url)
	for _, p := range s.people() {
		l.show(p)
	}
	fmt.Fprintln(a.stdout, a.word("每个链接登录一次，用过后这里会给出新的。按 Ctrl-C 结束。", "Each link signs in once; a new one is printed when it was used. Ctrl-C stops."))
}

// show prints a new link of somebody.
func (l *links) show(p *person) {
	fmt.Fprintf(l.app.stdout, "  %s  %s\n", l.fresh(p), l.app.word(p.zh, p.en))
}

// before answers links and leaves everything else to the server.
func (l *links) before(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := strings.CutPrefix(r.URL.Path, demoLinks)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Referrer-Policy", "no-referrer")
		if !fromHere(r) || r.Method != http.MethodGet {
			http.NotFound(w, r)
			return
		}
		p := l.take(token)
		if p == nil {
			http.Error(w, l.app.word("这个链接不存在或已经用过；终端里有新的。", "This link is not there or was used; the terminal shows a new one."), http.StatusGone)
			return
		}
		secret, err := l.demo.story.enter(r.Context(), p)
		if err != nil {
			l.demo.s.logger.Error("a link did not sign in", "error", err)
			http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			return
		}
		http.SetCookie(w, l.demo.s.door.Cookie(r, secret))
		l.show(p)
		http.Redirect(w, r, "/", http.StatusSeeOther)
	})
}

// fromHere reports whether a request comes from this machine, and was meant for it: a page elsewhere cannot have its own name point here.
func fromHere(r *http.Request) bool {
	for _, address := range []string{r.RemoteAddr, r.Host} {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			host = address
		}
		ip := net.ParseIP(strings.Trim(host, "[]"))
		if !strings.EqualFold(host, "localhost") && (ip == nil || !ip.IsLoopback()) {
			return false
		}
	}
	return true
}
