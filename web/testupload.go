package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/nuanju/nuanju/compliance"
	"github.com/nuanju/nuanju/disputes/measured"
	"github.com/nuanju/nuanju/disputes/measured/sheet"
)

// Bounds of a test that is handed in.
const (
	maxReport  = 20 << 20 // bytes of the signed PDF
	maxParts   = 40       // of the form
	maxUploads = 4        // that are read at once: each may hold a report in memory
)

// upload is a form as it was sent.
type upload struct {
	raw      measured.Raw
	fields   map[string]string // of the form, by name
	problems []measured.Problem
	report   []byte
}

// formPlace is a field of the form.
func formPlace(name string) measured.Place { return measured.Place{Sheet: "form", Column: name} }

func formProblem(name, value, rule, zh, en string) measured.Problem {
	return measured.Problem{Place: formPlace(name), Value: value, Rule: rule, Expected: compliance.Words{ZH: zh, EN: en}}
}

// readUpload reads a multipart form: file is the record, report the signed PDF, other parts are fields. What is no form at all is
// a problem of the request; what is wrong in it is told with everything else.
func readUpload(r *http.Request) (*upload, *problem) {
	r.Body = http.MaxBytesReader(nil, r.Body, maxReport+sheet.MaxFile+1<<20)
	form, err := r.MultipartReader()
	if err != nil {
		return nil, newProblem(http.StatusUnsupportedMediaType, "the body must be multipart/form-data with the parts file and report")
	}
	u := &upload{fields: map[string]string{}, raw: measured.Raw{Sheet: "file", HeaderRow: 1}}
	var file []byte
	for n := 0; ; n++ {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if n >= maxParts || err != nil {
			return nil, uploadProblem(err)
		}
		if err := u.take(part, &file); err != nil {
			return nil, uploadProblem(err)
		}
	}
	var problems []measured.Problem
	if len(file) == 0 {
		u.problems = append(u.problems, formProblem("file", "", "file", "检测记录文件，CSV 或 XLSX", "the record as a CSV or XLSX file"))
	} else {
		u.raw, problems = sheet.Read(file)
	}
	u.problems = append(u.problems, problems...)
	switch {
	case len(u.report) > maxReport:
		u.problems = append(u.problems, formProblem("report", "", "report", "不超过 20 MiB 的文件", "a file of at most 20 MiB"))
	case !strings.HasPrefix(string(u.report[:min(len(u.report), 5)]), "%PDF-"):
		u.problems = append(u.problems, formProblem("report", "", "report", "签章的 PDF 报告", "the signed report as PDF"))
	}
	return u, nil
}

func uploadProblem(err error) *problem {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return newProblem(http.StatusRequestEntityTooLarge, "the form is too large")
	}
	return newProblem(http.StatusBadRequest, "the form could not be read to its end")
}

// take reads one part.
func (u *upload) take(part *multipart.Part, file *[]byte) (err error) {
	switch name := part.FormName(); name {
	case "file":
		*file, err = io.ReadAll(io.LimitReader(part, sheet.MaxFile+1))
	case "report":
		u.report, err = io.ReadAll(io.LimitReader(part, maxReport+1))
	default:
		text, failed := io.ReadAll(io.LimitReader(part, measured.MaxRemarks+2))
		if !utf8.Valid(text) || !utf8.ValidString(name) || len(name) > 100 {
			u.problems = append(u.problems, formProblem("form", "", "utf8", "UTF-8 文字", "text in UTF-8"))
			return failed
		}
		u.fields[name] = strings.TrimSpace(string(text))
		return failed
	}
	return err
}

// said is what is said of a field, in the form or in the file; the form's first.
func (u *upload) said(name string) string {
	if text := u.fields[name]; text != "" {
		return text
	}
	for _, f := range u.raw.Fields {
		for _, c := range measured.Fields() {
			if c.Name == name && (f.Name == c.Name || f.Name == c.ZH) {
				return f.Text
			}
		}
	}
	return ""
}

// settle puts what the request for the test, or the tester's account, says in the place of what nobody said. What somebody said
// otherwise is told by the reader of the record: it compares every field that is given twice.
func (u *upload) settle(name, text string) {
	if text != "" {
		u.raw.Fields = append([]measured.Field{{Name: name, Text: text, Place: formPlace(name)}}, u.raw.Fields...)
	}
}

// digest of the report.
func (u *upload) digest() string { return sha256Hex(u.report) }

// sha256Hex is the SHA-256 of some bytes, as files are named by it.
func sha256Hex(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
