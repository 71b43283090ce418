package desk_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// upload sends a form with files, as a browser does.
func (b *browser) upload(path string, fields, files map[string]string, status int) {
	b.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	if token := regexp.MustCompile(`name="csrf" value="([^"]+)"`).FindStringSubmatch(b.page); token != nil {
		fields["csrf"] = token[1]
	}
	for name, value := range fields {
		if err := w.WriteField(name, value); err != nil {
			b.t.Fatal(err)
		}
	}
	for name, content := range files {
		part, err := w.CreateFormFile(name, name+".csv")
		if err == nil {
			_, err = part.Write([]byte(content))
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.t.Fatal(err)
	}
	resp, err := b.client.Post(b.town.Address()+path, w.FormDataContentType(), &body)
	b.take(resp, err, status)
}

// A tester accepts what their institution was asked for, sees everything that is wrong with a record at once, row by row, and what
// becomes of their instruments' certificates.
func TestTesterWithoutScripts(t *testing.T) {
	t.Parallel()
	s := newTown(t)
	s.account("zhou", "tester", "--institution", "CTI")
	s.Start()
	s.Token("admin")
	s.Token("dispatcher")
	json := map[string]string{"Content-Type": "application/json"}
	expired, soon := time.Now().AddDate(0, 0, -2).Format(time.DateOnly), time.Now().AddDate(0, 0, 20).Format(time.DateOnly)
	for role, request := range map[string][2]string{
		"admin": {"/api/v1/institutions", `{"id":"CTI","name":"检测一所","accredited":[{"from":"2015-01-01"}],"instruments":[` +
			`{"serial":"T-7","certificate":"C-9","valid":{"from":"2015-01-01","to":"` + expired + `"},"error_celsius":"0.2"},` +
			`{"serial":"T-8","certificate":"C-10","valid":{"from":"2015-01-01","to":"` + soon + `"},"error_celsius":"0.2"}]}`},
	} {
		if status, answer, err := s.Do(role, http.MethodPost, request[0], []byte(request[1]), json); err != nil || status != http.StatusCreated {
			t.Fatalf("%d %s %v", status, answer, err)
		}
	}
	if status, answer, err := s.Do("dispatcher", http.MethodPost, "/api/v1/tests/requests",
		[]byte(`{"household":"101","room":"bedroom","institution":"CTI"}`), json); err != nil || status != http.StatusCreated {
		t.Fatalf("%d %s %v", status, answer, err)
	}
	b := s.enter("zhou")
	b.open("/tests", http.StatusOK)
	b.shows("委托", "bedroom", "受理", "检测一所", "已过期", "60 天内到期")
	accept := regexp.MustCompile(`action="(/tests/requests/([^/]+)/accept)"`).FindStringSubmatch(b.page)
	if accept == nil {
		t.Fatal("nothing can be accepted")
	}
	b.send(accept[1], url.Values{}, http.StatusOK)
	b.shows("已受理")
	b.open("/tests?request="+accept[2], http.StatusOK)
	b.upload("/tests", map[string]string{"request": accept[2], "dry": "true"},
		map[string]string{"file": "time,phase,point\nyesterday,middle,1\n", "report": "no PDF"}, http.StatusUnprocessableEntity)
	b.shows("未被接受", "签章的 PDF 报告", "所有问题一次列出")
	if rows := strings.Count(b.page, "<tr>"); rows < 6 {
		t.Errorf("%d rows: %s", rows, b.text())
	}
	b.open("/tests", http.StatusOK)
	b.upload("/tests", map[string]string{"request": accept[2]}, map[string]string{}, http.StatusUnprocessableEntity)
	b.open("/api/v1/tests/template.csv", http.StatusOK)
	b.open("/desk", http.StatusForbidden)
	b.open("/tests", http.StatusOK)
	b.open("/lang/en?next=/tests", http.StatusOK)
	b.shows("Third-party tests", "Dry run", "Expired")
	if keys := b.missing(); len(keys) > 0 {
		t.Errorf("nobody wrote %v", keys)
	}
}

// Anybody reads what is published, signed in or not.
func TestPublishedWithoutScripts(t *testing.T) {
	t.Parallel()
	s := newTown(t)
	s.Start()
	b := &browser{t: t, town: s, client: &http.Client{}}
	b.open("/published", http.StatusOK)
	b.shows("公开信息", "热价", "目前没有停热", "元/㎡·季")
	if keys := b.missing(); len(keys) > 0 {
		t.Errorf("nobody wrote %v", keys)
	}
}
