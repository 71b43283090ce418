package nuanju_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// module is the import path of this repository.
const module = "github.com/nuanju/nuanju"

// A sourceFile is one Go file of this module, parsed.
type sourceFile struct {
	path   string // from the repository's root, with slashes: web/auth.go
	pkg    string // the name in its package clause
	isTest bool   // a _test.go file
	ast    *ast.File
	fset   *token.FileSet
}

// dir is the file's folder from the repository's root; the root itself is ".".
func (f sourceFile) dir() string { return path.Dir(f.path) }

// testOnly says whether nothing of the file can reach the binary by way of an allowed import: it is a test,
// or it belongs to a package that serves tests, which Go names after what they test: storetest.
func (f sourceFile) testOnly() bool { return f.isTest || servesTests(f.pkg) }

// lines is the number of lines in the file.
func (f sourceFile) lines() int { return f.fset.File(f.ast.FileStart).LineCount() }

// at names the place of a node for a message: web/auth.go:12.
func (f sourceFile) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.path, f.fset.Position(n.Pos()).Line)
}

// importName is the name under which the file knows the package importPath, "" if it does not import it.
func (f sourceFile) importName(importPath string) string {
	for _, spec := range f.ast.Imports {
		if imported(spec) != importPath {
			continue
		}
		if spec.Name != nil {
			return spec.Name.Name
		}
		return path.Base(importPath)
	}
	return ""
}

// imported is the path that an import names.
func imported(spec *ast.ImportSpec) string {
	p, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return spec.Path.Value
	}
	return p
}

// servesTests says whether a package's name, or the last element of its path, marks it as made for tests.
func servesTests(name string) bool { return strings.HasSuffix(name, "test") }

// sources lists and parses every Go file of the module, once for all tests of this package. It asks `go list`, so what
// is in testdata, in folders that Go ignores and in nested modules is left out, and files for other systems are in.
func sources(t *testing.T) []sourceFile {
	t.Helper()
	files, err := loadSources()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

var loadSources = sync.OnceValues(func() ([]sourceFile, error) {
	names, err := listSources()
	if err != nil {
		return nil, err
	}
	files := make([]sourceFile, 0, len(names))
	for _, name := range names {
		text, err := os.ReadFile(filepath.FromSlash(name))
		if err != nil {
			return nil, err
		}
		f, err := parseSource(name, text)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
})

// listSources names the Go files of the module by their paths from its root.
func listSources() ([]string, error) {
	root, err := filepath.Abs(".")
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("go", "list", "-e",
		"-json=Dir,GoFiles,CgoFiles,IgnoredGoFiles,TestGoFiles,XTestGoFiles", "./...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w\n%s", err, stderr.Bytes())
	}
	var names []string
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p struct {
			Dir                               string
			GoFiles, CgoFiles, IgnoredGoFiles []string
			TestGoFiles, XTestGoFiles         []string
		}
		if err := dec.Decode(&p); err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		dir, err := filepath.Rel(root, p.Dir)
		if err != nil {
			return nil, err
		}
		for _, name := range slices.Concat(p.GoFiles, p.CgoFiles, p.IgnoredGoFiles, p.TestGoFiles, p.XTestGoFiles) {
			names = append(names, path.Join(filepath.ToSlash(dir), name))
		}
	}
	return names, nil
}

// parseSource parses one file; name is its path from the repository's root.
func parseSource(name string, text []byte) (sourceFile, error) {
	fset := token.NewFileSet()
	parsed, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return sourceFile{}, err
	}
	return sourceFile{
		path: name, pkg: strings.TrimSuffix(parsed.Name.Name, "_test"),
		isTest: strings.HasSuffix(name, "_test.go"), ast: parsed, fset: fset,
	}, nil
}

// mustParse parses a made-up file, for the tests of the rules themselves.
func mustParse(t *testing.T, name, text string) sourceFile {
	t.Helper()
	f, err := parseSource(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// report fails the test once for each broken rule, so that one run shows them all.
func report(t *testing.T, broken []string) {
	t.Helper()
	for _, b := range broken {
		t.Error(b)
	}
}
