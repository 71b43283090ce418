package pages_test

import (
	"bytes"
	"encoding/base64"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/nuanju/nuanju/test/servertest"
	"github.com/nuanju/nuanju/test/towntest"
)

func TestMain(m *testing.M) { os.Exit(servertest.Main(m)) }

// shows fails unless the page that is open is there and shows all of some texts.
func shows(t *testing.T, b *towntest.Browser, texts ...string) {
	t.Helper()
	if b.Status != http.StatusOK {
		t.Fatalf("%s: %d %s", b.At, b.Status, b.Text())
	}
	for _, want := range texts {
		if !strings.Contains(b.Text(), want) {
			t.Errorf("%s does not show %q: %s", b.At, want, b.Text())
		}
	}
}

// pixel is a photo.
func pixel(t *testing.T) []byte {
	t.Helper()
	photo, err := base64.StdEncoding.DecodeString("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
	if err != nil {
		t.Fatal(err)
	}
	return photo
}

// form is a form with a photo, as browsers send it.
func form(t *testing.T, b *towntest.Browser, fields map[string]string) (contentType string, body *bytes.Buffer) {
	t.Helper()
	body = new(bytes.Buffer)
	w := multipart.NewWriter(body)
	fields["csrf"] = b.Token()
	for name, value := range fields {
		if err := w.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("photos", "窗边.png")
	if err == nil {
		_, err = part.Write(pixel(t))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return w.FormDataContentType(), body
}

var firstKey = regexp.MustCompile(`name="key" value="([^"]+)"`)

func TestResidentWithoutScripts(t *testing.T) {
	s := towntest.New(t)
	s.Account("desk", "dispatcher")
	b := s.Resident(towntest.Sensed)

	t.Run("now", func(t *testing.T) {
		shows(t, b.Open("/home/101"), "bedroom", "卧室", "应达到 18.0 °C", "达标", "室温曲线", "报修", "尚未结算")
		if !strings.Contains(b.Page, `class="line r0"`) || !strings.Contains(b.Page, `class="owed"`) || !strings.Contains(b.Page, `class="t-below"`) || !strings.Contains(b.Page, `class="line out"`) {
			t.Error("the picture lacks a curve, what is owed, the cold night or the outdoor line")
		}
		shows(t, b.Open("/home/101?range=7d"), "bedroom 最低 16.4 °C")
		shows(t, b.Lang("en").Open("/home/101"), "18.0 °C are owed", "Report a problem", "compliant")
		b.Lang("zh")
	})

	t.Run("a foreign home tells nothing", func(t *testing.T) {
		for _, path := range []string{"", "/season", "/cold", "/reports", "/bills", "/people", "/test", "/report", "/why?at=" + url.QueryEscape(s.Cold.UTC().Format(time.RFC3339))} {
			if b.Open("/home/201" + path); b.Status != http.StatusForbidden && b.Status != http.StatusNotFound {
				t.Errorf("/home/201%s: %d", path, b.Status)
			}
		}
		if n := s.Anonymous().Open("/home/101"); !strings.HasPrefix(n.At, "/sign-in") {
			t.Errorf("nobody sees %s", n.At)
		}
	})

	t.Run("a report with a photo, sent twice, is filed once", func(t *testing.T) {
		shows(t, b.Open("/home/101/report"), "1 小时内答复")
		key := firstKey.FindStringSubmatch(b.Page)[1]
		kind, body := form(t, b, map[string]string{"kind": "low_temperature", "text": "卧室冷", "key": key})
		again := bytes.NewReader(body.Bytes())
		b.SendBody("/home/101/report", kind, body)
		shows(t, b, "卧室冷", "处理中", "答复时限（1 小时）", "处理告知时限（6 小时）", "提交报修", "附件")
		filed := b.At
		if b.SendBody("/home/101/report", kind, again); b.At != filed {
			t.Errorf("sent again it leads to %s, not %s", b.At, filed)
		}
		photo := regexp.MustCompile(`<img src="(/api/v1/attachments/[^"]+)"`).FindStringSubmatch(b.Page)
		if photo == nil {
			t.Fatalf("no photo: %s", b.Page)
		}
		if b.Open(photo[1]); b.Status != http.StatusOK || b.Page != string(pixel(t)) {
			t.Errorf("the photo: %d", b.Status)
		}
		shows(t, b.Open("/home/101"), "处理中的报修")
		b.Open(filed).Send(strings.Split(filed, "?")[0]+"/cancel", url.Values{"text": {"好了"}})
		shows(t, b, "已撤回", "好了")
	})

	t.Run("what is wrong with a report stands beside its field", func(t *testing.T) {
		b.Open("/home/101/report")
		kind, body := form(t, b, map[string]string{"kind": "low_temperature", "text": "还在", "phone": "abc"})
		if b.SendBody("/home/101/report", kind, body); b.Status != http.StatusUnprocessableEntity || !strings.Contains(b.Page, `class="wrong"`) || !strings.Contains(b.Page, "还在") {
			t.Errorf("%d %s", b.Status, b.Text())
		}
	})

	t.Run("a cold spell is confirmed and contested", func(t *testing.T) {
		shows(t, b.Open("/home/101/cold"), "疑似", "bedroom", "5.0 小时")
		say := regexp.MustCompile(`action="(/home/101/cold/[^"]+/confirm)"`).FindStringSubmatch(b.Page)
		if say == nil {
			t.Fatal("nothing can be said of it")
		}
		shows(t, b.Send(say[1], url.Values{}), "用热人已确认，待供热人确认")
	})

	t.Run("sampling, people, bills", func(t *testing.T) {
		shows(t, b.Open("/home/101/test"), "先申请免费测温", "检测费由谁承担", "供热人")
		shows(t, b.Send("/home/101/test/sampling", url.Values{"text": {"请来测"}}), "已申请")
		shows(t, b.Open("/home/101/people"), "还没有别人")
		shows(t, b.Send("/home/101/people", url.Values{"name": {"张小妹"}, "phone": {"13800000199"}, "may_report": {"yes"}}), "张小妹", "查看并报修")
		b.Send("/home/101/people", url.Values{"name": {""}, "phone": {"x"}})
		if b.Status != http.StatusUnprocessableEntity || strings.Count(b.Page, `class="wrong"`) < 2 {
			t.Errorf("not all that is wrong is told: %d", b.Status)
		}
		shows(t, b.Open("/home/101/bills"), "缴费方式")
	})

	t.Run("the letter", func(t *testing.T) {
		at := "/home/101/why?room=bedroom&at=" + url.QueryEscape(s.Cold.Add(time.Hour).UTC().Format(time.RFC3339))
		shows(t, b.Open(at), "判定说明书", "不达标", "A7.2.2", "16.4 °C", "什么证据会改变这一判定", "sha256:", "采用的读数")
		b.Lang("en")
		shows(t, b.Open(at+"&download=1"), "Decision letter", "below", "What evidence would change it", "16.4 °C")
		if regexp.MustCompile(`(src|href)="`).MatchString(b.Page) {
			t.Error("a letter that was downloaded needs something else")
		}
		shows(t, s.Staff("desk").Open(at), "判定说明书")
		b.Lang("zh")
	})
}

// A home without a sensor can do all that leads to a verdict.
func TestResidentWithoutSensor(t *testing.T) {
	s := towntest.New(t)
	b := s.Resident(towntest.Unsensed)
	shows(t, b.Open("/home"), "没有测温设备", "报修")
	shows(t, b.Open("/home/201/test"), "申请免费测温")
	b.Open("/home/201/report")
	kind, body := form(t, b, map[string]string{"kind": "no_heat", "text": "没有暖气"})
	shows(t, b.SendBody("/home/201/report", kind, body), "没有暖气", "处理中")
	shows(t, b.Open("/home/201/reports"), "不热")
}
