package configs

import (
	"fmt"
	"strings"
	"testing"
)

func TestProblemsAreToldByFileThenLine(t *testing.T) {
	problems := Problems{
		{"case.yaml", 9, "b"},
		{"readings.csv", 2, "c"},
		{"case.yaml", 3, "a"},
		{"readings.csv", 2, "d"},
		{"readings.csv", 0, "no rows"},
	}
	want := "case.yaml:3: a\ncase.yaml:9: b\nreadings.csv:1: no rows\nreadings.csv:2: c\nreadings.csv:2: d"
	if got := problems.Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if problems[0].Line != 9 {
		t.Error("telling the problems changed their order")
	}
}

func TestAtMostAHundredProblemsAreTold(t *testing.T) {
	for _, n := range []int{99, 100, 101, 5000} {
		var problems Problems
		for i := range n {
			problems = append(problems, Problem{"f", i + 1, "wrong"})
		}
		lines := strings.Split(problems.Error(), "\n")
		if n <= 100 {
			if len(lines) != n {
				t.Errorf("%d problems: %d lines", n, len(lines))
			}
			continue
		}
		if want := fmt.Sprintf("and %d more", n-100); len(lines) != 101 || lines[100] != want {
			t.Errorf("%d problems: %d lines, the last %q, want %q", n, len(lines), lines[len(lines)-1], want)
		}
	}
}

func TestNoProblemIsNoError(t *testing.T) {
	if err := Problems(nil).Err(); err != nil {
		t.Errorf("got %v", err)
	}
	if err := (Problems{{"f", 1, "wrong"}}).Err(); err == nil || err.Error() != "f:1: wrong" {
		t.Errorf("got %v", err)
	}
}
