package dashboards_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/nuanju/nuanju/dashboards"
)

// What Grafana is given is what the boards say: go generate ./dashboards.
func TestCommittedBoardsAreTheGeneratedOnes(t *testing.T) {
	files, err := dashboards.Files(dashboards.Desk)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join("grafana", "dashboards")
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what is generated (%v): go generate ./dashboards", name, err)
		}
	}
	committed := 0
	err = filepath.WalkDir(folder, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			committed++
		}
		return err
	})
	if err != nil || committed != len(files) {
		t.Errorf("%d files are committed, %d are generated: %v", committed, len(files), err)
	}
}

func TestBoardsAreWhole(t *testing.T) {
	seen := map[string]bool{}
	variable := regexp.MustCompile(`\$(?:\{)?(building|household|device)\b`)
	for _, b := range dashboards.Boards() {
		seen[b.UID] = true
		known := map[string]bool{}
		for _, v := range b.Variables {
			known[v.Name] = true
		}
		if b.Title.ZH == "" || b.Title.EN == "" || b.About.ZH == "" || b.About.EN == "" || b.From == "" {
			t.Errorf("%s lacks words", b.UID)
		}
		for _, p := range b.Panels {
			if p.Title.ZH == "" || p.Title.EN == "" || len(p.Queries) == 0 || (p.About.ZH == "") != (p.About.EN == "") {
				t.Errorf("%s: panel %q lacks words or queries", b.UID, p.Title.EN)
			}
			for _, q := range p.Queries {
				for _, m := range variable.FindAllStringSubmatch(q.Expr, -1) {
					if !known[m[1]] {
						t.Errorf("%s: panel %q asks for $%s, which the board does not have", b.UID, p.Title.EN, m[1])
					}
				}
				if p.Source == dashboards.InfluxDB && !strings.Contains(q.Expr, "$timeFilter") {
					t.Errorf("%s: panel %q reads all time", b.UID, p.Title.EN)
				}
			}
		}
	}
	for _, b := range dashboards.Boards() {
		for _, p := range b.Panels {
			if p.Link != "" && !seen[p.Link] {
				t.Errorf("%s: panel %q leads to %s, which is no board", b.UID, p.Title.EN, p.Link)
			}
		}
	}
	for _, b := range dashboards.Embedded() {
		for _, p := range b.Panels {
			if p.Source != dashboards.Prometheus || p.Link != "" && p.Link == "nuanju-home" {
				t.Errorf("%s: panel %q needs InfluxDB", b.UID, p.Title.EN)
			}
		}
	}
}

// The rules are read and played by Prometheus' own tool, from Debian's package prometheus.
func TestRulesByPromtool(t *testing.T) {
	for _, args := range [][]string{
		{"check", "rules", "prometheus/rules.yml"},
		{"test", "rules", "prometheus/rules_test.yml"},
		{"check", "config", "--syntax-only", "prometheus/prometheus.yml"},
	} {
		out, err := exec.Command("promtool", args...).CombinedOutput()
		if err != nil {
			t.Errorf("promtool %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	if out, err := exec.Command("amtool", "check-config", "alertmanager/alertmanager.yml").CombinedOutput(); err != nil {
		t.Errorf("amtool: %v\n%s", err, out)
	}
}

// Each alert says what to do, and is seen to fire and to stay quiet.
func TestEveryAlertHasARunbookAndCases(t *testing.T) {
	read := func(name string) string {
		t.Helper()
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	rules, cases, runbook := read("prometheus/rules.yml"), read("prometheus/rules_test.yml"), read("../docs/runbook.md")
	alerts := regexp.MustCompile(`- alert: (\w+)`).FindAllStringSubmatch(rules, -1)
	if len(alerts) < 9 {
		t.Fatalf("%d alerts", len(alerts))
	}
	for _, m := range alerts {
		name := m[1]
		if !strings.Contains(runbook, "\n### "+name+"\n") {
			t.Errorf("%s has no entry in docs/runbook.md", name)
		}
		if !strings.Contains(rules, "runbook: docs/runbook.md#"+strings.ToLower(name)+"\n") {
			t.Errorf("%s does not name its entry", name)
		}
		for _, how := range []string{" fires", " stays quiet"} {
			if !strings.Contains(cases, "- name: "+name+how) {
				t.Errorf("no case in which %s%s", name, how)
			}
		}
	}
	for _, m := range regexp.MustCompile(`(?m)^### (\w+)$`).FindAllStringSubmatch(runbook, -1) {
		if !strings.Contains(rules, "- alert: "+m[1]+"\n") {
			t.Errorf("the runbook has %s, which is no alert", m[1])
		}
	}
}
