package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
)

// What the READMEs show of the sample case is what the program prints.
func TestTheReadmesShowTrueOutput(t *testing.T) {
	for file, lang := range map[string]string{"../../README.md": "en", "../../README.zh.md": "zh"} {
		readme, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, block, found := strings.Cut(string(readme), "```\n2015-11-24")
		if !found {
			t.Fatalf("%s shows no verdict", file)
		}
		block, _, _ = strings.Cut("2015-11-24"+block, "```")
		var stdout, stderr bytes.Buffer
		args := []string{"check", "../../docs/examples/cold-bedroom", "--lang", lang}
		if status := run(context.Background(), args, nil, &stdout, &stderr); status != exitOK {
			t.Fatalf("exit status %d: %s", status, &stderr)
		}
		printed := "\n" + stdout.String()
		for line := range strings.Lines(block) {
			if strings.TrimSpace(line) != "" && !strings.Contains(printed, "\n"+line) {
				t.Errorf("%s: not printed: %s", file, line)
			}
		}
	}
}
