package oracle

import (
	"testing/fstest"
)

func caseOf(files map[string][]byte) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: text}
	}
	return m
}
