package pages

import (
	"io/fs"
	"regexp"
	"slices"
	"testing"
)

// Every text is in both languages under the same keys, and every key that a template or a handler asks for is there.
func TestMessages(t *testing.T) {
	all, err := readMessages()
	if err != nil {
		t.Fatal(err)
	}
	for key, zh := range all[ZH] {
		en, ok := all[EN][key]
		if !ok {
			t.Errorf("%s is not in English", key)
			continue
		}
		holes := regexp.MustCompile(`\{\d\}`)
		a, b := holes.FindAllString(zh, -1), holes.FindAllString(en, -1)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(slices.Compact(a), slices.Compact(b)) {
			t.Errorf("%s: %q and %q say different things", key, zh, en)
		}
		if zh == "" || en == "" {
			t.Errorf("%s says nothing", key)
		}
	}
	for key := range all[EN] {
		if _, ok := all[ZH][key]; !ok {
			t.Errorf("%s is not in Chinese", key)
		}
	}
	asked := regexp.MustCompile(`\.T "([\w.]+)"`)
	err = fs.WalkDir(templateFiles, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := templateFiles.ReadFile(name)
		for _, m := range asked.FindAllStringSubmatch(string(text), -1) {
			if _, ok := all[ZH][m[1]]; !ok {
				t.Errorf("%s asks for %q", name, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestNobodyIsSentElsewhere(t *testing.T) {
	for path, want := range map[string]string{
		"/home": "/home", "/home?a=b": "/home?a=b", "": "/", "//evil.example": "/", "https://evil.example/": "/", `/\evil.example`: "/",
		"javascript:alert(1)": "/", "home": "/",
	} {
		if got := here(path, "/"); got != want {
			t.Errorf("%q leads to %q, want %q", path, got, want)
		}
	}
}
