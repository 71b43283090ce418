package signin

import (
	"context"
	"errors"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var cheap = Cost{Memory: 8, Passes: 1, Threads: 1}

func TestPasswords(t *testing.T) {
	h := NewHasher(cheap)
	encoded, err := h.Hash(t.Context(), "correct horse 电池")
	if err != nil || !strings.HasPrefix(encoded, "$argon2id$v=19$m=8,t=1,p=1$") {
		t.Fatal(encoded, err)
	}
	again, err := h.Hash(t.Context(), "correct horse 电池")
	if err != nil || again == encoded {
		t.Error("two hashes of one password are one:", again, err)
	}
	for _, c := range []struct {
		encoded, password string
		right             bool
	}{
		{encoded, "correct horse 电池", true},
		{encoded, "correct horse", false},
		{encoded, strings.Repeat("x", 10_000), false},
		{"", "correct horse 电池", false},
		{"", "", false},
	} {
		if right, err := NewHasher(DefaultCost).Matches(t.Context(), c.encoded, c.password); right != c.right || err != nil {
			t.Errorf("%.30q against %.20q: %v %v", c.password, c.encoded, right, err)
		}
	}
	for _, bad := range []string{
		"x", "$argon2id$v=19$m=99999999,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAA", "$argon2i$v=19$m=8,t=1,p=1$a$b",
		strings.Replace(encoded, "m=8", "m=4194304", 1), strings.Replace(encoded, "t=1", "t=0", 1), encoded[:len(encoded)-2],
	} {
		if _, err := h.Matches(t.Context(), bad, "correct horse 电池"); err == nil {
			t.Errorf("%q is taken for a hash", bad)
		}
	}
	for _, bad := range []string{"", "short", "九个字的密码不够长", strings.Repeat("a", 257), "not utf-8 \xff\xff\xff"} {
		if _, err := h.Hash(t.Context(), bad); !errors.Is(err, ErrPassword) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// However many sign in at once, few hashes are computed at a time, few wait, and the rest are told to come again.
func TestHashingIsBounded(t *testing.T) {
	h := NewHasher(cheap)
	for range hashesAtOnce {
		h.turns <- struct{}{} // whoever computes now takes their time
	}
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan error, hashesWaiting)
	for range hashesWaiting {
		go func() {
			_, err := h.Matches(ctx, "", "correct horse")
			left <- err
		}()
	}
	for len(h.waiting) < hashesWaiting { // until all wait
		runtime.Gosched() // whoever asked meanwhile would take the place of one of them
	}
	if _, err := h.Matches(t.Context(), "", "correct horse"); !errors.Is(err, ErrBusy) {
		t.Errorf("one too many: %v", err)
	}
	cancel()
	for range hashesWaiting {
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
}

// In any stretch of time a key gets at most its burst and one for each interval, whatever else is asked, and whoever waits as long
// as they were told gets one.
func TestLimit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := Rate{Burst: rapid.IntRange(1, 5).Draw(t, "burst"), Every: time.Second}
		l, start := NewLimit(rate), time.Unix(1_000_000, 0)
		now := start
		var taken []time.Time
		for range rapid.IntRange(1, 60).Draw(t, "tries") {
			now = now.Add(time.Duration(rapid.IntRange(0, 1500).Draw(t, "ms")) * time.Millisecond)
			l.Take("other", now)
			wait := l.Take("key", now)
			if wait > 0 {
				if again := l.Take("key", now.Add(wait)); again != 0 {
					t.Fatalf("told to wait %s, and then again %s", wait, again)
				}
				now = now.Add(wait)
			}
			taken = append(taken, now)
		}
		for i := range taken {
			for j := i; j < len(taken); j++ {
				most := rate.Burst + int(taken[j].Sub(taken[i])/rate.Every)
				if n := j - i + 1; n > most {
					t.Fatalf("%d in %s, more than %d", n, taken[j].Sub(taken[i]), most)
				}
			}
		}
	})
}

// Whoever invents keys fills no memory, and does not free whoever has used theirs up.
func TestLimitIsBounded(t *testing.T) {
	l, now := NewLimit(Rate{Burst: 1, Every: time.Hour}), time.Unix(1_000_000, 0)
	l.Take("known", now)
	for i := range 3 * maxKeys {
		l.Take(strconv.Itoa(i), now)
	}
	if len(l.buckets) > maxKeys {
		t.Errorf("%d keys", len(l.buckets))
	}
	if l.Take("known", now) == 0 {
		t.Error("what was known is forgotten")
	}
	if wait := l.Take("fresh", now.Add(2*time.Hour)); wait != 0 || len(l.buckets) > 2 {
		t.Errorf("after all buckets are full again: %s, %d keys", wait, len(l.buckets))
	}
}

func TestAddress(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
	for _, c := range []struct{ from, forwarded, want string }{
		{"198.51.100.7:1", "", "198.51.100.7"},
		{"198.51.100.7:1", "203.0.113.9", "198.51.100.7"},
		{"127.0.0.1:1", "203.0.113.9", "203.0.113.9"},
		{"127.0.0.1:1", "203.0.113.9, 10.1.2.3", "203.0.113.9"},
		{"127.0.0.1:1", "1.1.1.1, 203.0.113.9", "203.0.113.9"},
		{"127.0.0.1:1", "nonsense", "127.0.0.1"},
		{"[2001:db8:1:2:3::4]:1", "", "2001:db8:1:2::/64"},
		{"[::ffff:198.51.100.7]:1", "", "198.51.100.7"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.from
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if got := Address(r, proxies); got != c.want {
			t.Errorf("%s for %q: %s, want %s", c.from, c.forwarded, got, c.want)
		}
	}
}

// A cookie is for TLS, but at a loopback name that no proxy stands before, and where the settings say so.
func TestSecure(t *testing.T) {
	for _, c := range []struct {
		host, forwarded string
		plain, want     bool
	}{
		{"heating.example", "", false, true},
		{"localhost:8080", "", false, false},
		{"127.0.0.1:8080", "", false, false},
		{"[::1]:8080", "", false, false},
		{"127.0.0.1:8080", "https", false, true},
		{"192.168.1.5:8080", "", false, true},
		{"192.168.1.5:8080", "", true, false},
	} {
		d := NewDoor(Options{Plain: c.plain, Cost: cheap, Clock: time.Now})
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = c.host
		r.Header.Set("X-Forwarded-Proto", c.forwarded)
		if got := d.Secure(r); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// FuzzEncoded: whatever stands for a hash, it is refused or costs no more than it may.
func FuzzEncoded(f *testing.F) {
	f.Add("$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Add("$argon2id$v=19$m=4294967295,t=1,p=255$AA$AA")
	f.Fuzz(func(t *testing.T, encoded string) {
		c, salt, hash, err := decode(encoded)
		if err != nil {
			return
		}
		if c.Memory > maxMemory || c.Passes > maxPasses || c.Threads > maxThreads || len(hash) != hashBytes || len(salt) < 8 {
			t.Fatalf("%q: %+v", encoded, c)
		}
	})
}
