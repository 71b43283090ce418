package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
)

// What the README shows of the sample case is what the program prints.
func TestTheReadmeShowsTrueOutput(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(readme), "```\n2015-11-24")
	if !found {
		t.Fatal("the README shows no verdict")
	}
	block, _, _ = strings.Cut("2015-11-24"+block, "```")
	var stdout, stderr bytes.Buffer
	args := []string{"check", "../../docs/examples/cold-bedroom", "--lang", "en"}
	if status := run(context.Background(), args, nil, &stdout, &stderr); status != exitOK {
		t.Fatalf("exit status %d: %s", status, &stderr)
	}
	printed := "\n" + stdout.String()
	for line := range strings.Lines(block) {
		if strings.TrimSpace(line) != "" && !strings.Contains(printed, "\n"+line) {
			t.Errorf("not printed: %s", line)
		}
	}
}
