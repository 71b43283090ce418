package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/disputes"
	"github.com/nuanju/nuanju/evidence/files"
)

const photo = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR and the rest of it"

func digestOf(content string) string {
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:])
}

func attachmentTrials() map[string]trial {
	return map[string]trial{
		"POST /api/v1/tickets/:id/attachments": {
			may: "dispatcher admin resident", hidden: true, delegates: "reporter",
			ask: func(t *testing.T, h *house) (string, string, []string) {
				return "/api/v1/tickets/" + h.report(t, "") + "/attachments", photo, nil
			},
		},
		"GET /api/v1/attachments/:digest": {
			may: "dispatcher auditor admin resident", hidden: true,
			ask: func(t *testing.T, h *house) (string, string, []string) {
				want(t, h.ask("dispatcher", http.MethodPost, "/api/v1/tickets/"+h.report(t, "")+"/attachments", photo), http.StatusCreated)
				return "/api/v1/attachments/" + digestOf(photo), "", nil
			},
		},
	}
}

// A file comes back as it was sent, with the type that its content showed, and no browser runs anything in it. Its digest is in the
// timeline and on the way into the evidence log.
func TestAFileOfATicket(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		id := h.report(t, "")
		path := "/api/v1/tickets/" + id + "/attachments"
		recording := "#!AMR\n" + strings.Repeat("\x3c", 100)
		want(t, h.ask("resident", http.MethodPost, path+"?name=thermometer.png&text=15+degrees", photo, "Content-Type", "text/html"), http.StatusCreated)
		want(t, h.ask("dispatcher", http.MethodPost, path+"?name=%E9%80%9A%E8%AF%9D.amr", recording), http.StatusCreated)
		v := h.view(t, id)
		if len(v.Timeline) != 3 || v.Timeline[1].Text != "15 degrees" ||
			*v.Timeline[1].Facts.Attachment != (disputes.Attachment{Digest: digestOf(photo), Type: "image/png", Size: int64(len(photo)), Name: "thermometer.png"}) {
			t.Fatalf("%+v", v)
		}
		for content, header := range map[string][2]string{
			photo:     {"image/png", `inline; filename=thermometer.png`},
			recording: {"audio/amr", `attachment; filename*=utf-8''%E9%80%9A%E8%AF%9D.amr`},
		} {
			w := want(t, h.ask("resident", http.MethodGet, "/api/v1/attachments/"+digestOf(content), ""), http.StatusOK)
			got := [2]string{w.Header().Get("Content-Type"), w.Header().Get("Content-Disposition")}
			if got != header || w.Body.String() != content {
				t.Errorf("%q, %d bytes", got, w.Body.Len())
			}
			if w.Header().Get("X-Content-Type-Options") != "nosniff" || w.Header().Get("Content-Security-Policy") != "sandbox; default-src 'none'" || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%v", w.Header())
			}
		}
		w := want(t, h.ask("resident", http.MethodGet, "/api/v1/attachments/"+digestOf(recording), "", "Range", "bytes=0-4"), http.StatusPartialContent)
		if w.Body.String() != "#!AMR" {
			t.Errorf("%q", w.Body)
		}
		entries, err := h.told(t)
		if err != nil || len(entries) != 3 || !strings.Contains(string(entries[1].Content), digestOf(photo)) {
			t.Errorf("%d entries for the log, %v", len(entries), err)
		}
	})
}

// The same file again changes nothing; fifty at once are one event.
func TestAFileIsAddedOnce(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		id := h.report(t, "")
		counts := together(50, func(int) int {
			return h.ask("resident", http.MethodPost, "/api/v1/tickets/"+id+"/attachments", photo).Code
		})
		if counts[201] != 1 || counts[200] != 49 || len(h.view(t, id).Timeline) != 2 {
			t.Errorf("%v, %d events", counts, len(h.view(t, id).Timeline))
		}
	})
}

// A browser's form works too: a text and a name before the file, or the name that the file has.
func TestAFileInAForm(t *testing.T) {
	everywhere(t, nil, func(t *testing.T, h *house) {
		id := h.report(t, "")
		var body bytes.Buffer
		m := multipart.NewWriter(&body)
		if err := m.WriteField("text", "客厅"); err != nil {
			t.Fatal(err)
		}
		part, err := m.CreateFormFile("file", `C:\photos\a.png`)
		if err == nil {
			_, err = part.Write([]byte(photo))
		}
		if err != nil || m.Close() != nil {
			t.Fatal(err)
		}
		w := h.ask("resident", http.MethodPost, "/api/v1/tickets/"+id+"/attachments?name=a.png", body.String(), "Content-Type", m.FormDataContentType())
		want(t, w, http.StatusCreated)
		if e := h.view(t, id).Timeline[1]; e.Text != "客厅" || e.Facts.Attachment.Name != "a.png" || e.Facts.Attachment.Digest != digestOf(photo) {
			t.Errorf("%+v", e)
		}
		for body, status := range map[string]int{"--x\r\n\r\n": 400, "--x--\r\n": 422, "": 400} {
			want(t, h.ask("resident", http.MethodPost, "/api/v1/tickets/"+id+"/attachments", body, "Content-Type", "multipart/form-data; boundary=x"), status)
		}
	})
}

// What is not taken leaves nothing: no event, no row, no file.
func TestFilesThatAreNotTaken(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	h := open(t, func(o *Options) {
		folder, err := files.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		o.Files = folder
	})
	id := h.report(t, "")
	for _, c := range []struct {
		query, body string
		status      int
	}{
		{"", "", 422},
		{"", "<script>alert(1)</script>", 415},
		{"", `{"json":true}`, 415},
		{"", photo + strings.Repeat("x", maxFile), 413},
		{"?name=a/b.png", photo, 422},
		{"?name=" + strings.Repeat("x", 201), photo, 422},
		{"?text=%07", photo, 422},
		{"?name=%", photo, 422},
	} {
		want(t, h.ask("resident", http.MethodPost, "/api/v1/tickets/"+id+"/attachments"+c.query, c.body), c.status)
	}
	h.act(t, "resident", id, "cancel", `{"text":"warm"}`)
	want(t, h.ask("resident", http.MethodPost, "/api/v1/tickets/"+id+"/attachments", photo), http.StatusForbidden)
	if v := h.view(t, id); len(v.Timeline) != 2 {
		t.Errorf("%+v", v.Timeline)
	}
	kept, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil || len(kept) != 0 {
		t.Errorf("%v, %v", kept, err)
	}
}

// A ticket has a bound of files. A file that was damaged on disk is not given out.
func TestBoundAndDamageOfFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	h := open(t, func(o *Options) {
		folder, err := files.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		o.Files = folder
	})
	id := h.report(t, "")
	for i := range disputes.MaxAttachments {
		want(t, h.ask("resident", http.MethodPost, "/api/v1/tickets/"+id+"/attachments", photo+fmt.Sprint(i)), http.StatusCreated)
	}
	want(t, h.ask("resident", http.MethodPost, "/api/v1/tickets/"+id+"/attachments", photo), http.StatusUnprocessableEntity)
	digest := digestOf(photo + "0")
	if err := os.WriteFile(filepath.Join(dir, digest[:2], digest), []byte(photo+"1"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := want(t, h.ask("resident", http.MethodGet, "/api/v1/attachments/"+digest, ""), http.StatusInternalServerError)
	if strings.Contains(w.Body.String(), "PNG") || !strings.Contains(h.logged.String(), "is not what its digest says") {
		t.Error(w.Body)
	}
	for _, digest := range []string{strings.Repeat("0", 64), "x", "..%2F..%2Fetc%2Fpasswd"} {
		want(t, h.ask("resident", http.MethodGet, "/api/v1/attachments/"+digest, ""), http.StatusNotFound)
	}
}
