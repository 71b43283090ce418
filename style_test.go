package nuanju_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// maxLines is how long a file may be before it holds more than one subject.
const maxLines = 400

// longFiles are the files that may be longer, each with the reason.
var longFiles = map[string]string{}

func TestFilesStayShort(t *testing.T) { report(t, tooLong(sources(t), longFiles)) }

func TestEveryPackageSaysWhatItIsFor(t *testing.T) { report(t, withoutPackageComment(sources(t))) }

func TestEveryExportedNameIsDocumented(t *testing.T) { report(t, undocumented(sources(t))) }

func TestOnlyAbsentSharedDataSkipsATest(t *testing.T) { report(t, skips(sources(t))) }

func TestNoTestSleeps(t *testing.T) { report(t, sleeps(sources(t))) }

func tooLong(files []sourceFile, allowed map[string]string) (broken []string) {
	long := map[string]bool{}
	for _, f := range files {
		if f.isTest || ast.IsGenerated(f.ast) || f.lines() <= maxLines {
			continue
		}
		long[f.path] = true
		if allowed[f.path] == "" {
			broken = append(broken, fmt.Sprintf("%s: %d lines, more than %d: split it by subject, or list it in longFiles with the reason",
				f.path, f.lines(), maxLines))
		}
	}
	for name := range allowed {
		if !long[name] {
			broken = append(broken, fmt.Sprintf("%s: listed in longFiles, but it is not longer than %d lines", name, maxLines))
		}
	}
	slices.Sort(broken)
	return broken
}

func withoutPackageComment(files []sourceFile) (broken []string) {
	documented := map[string]bool{}
	for _, f := range files {
		if !f.isTest {
			documented[f.dir()] = documented[f.dir()] || f.ast.Doc.Text() != ""
		}
	}
	for dir, ok := range documented {
		if !ok {
			broken = append(broken, dir+": no file has a package comment that says what the package is for")
		}
	}
	slices.Sort(broken)
	return broken
}

// undocumented names the exported declarations that lack a comment. A comment on a group of constants or variables
// covers the group, one on a line of it the names that it speaks of; a comment at the end of a name's own line counts.
// Package main exports nothing.
func undocumented(files []sourceFile) (broken []string) {
	for _, f := range files {
		if f.isTest || f.pkg == "main" || ast.IsGenerated(f.ast) {
			continue
		}
		lacks := func(n ast.Node, name string) {
			broken = append(broken, fmt.Sprintf("%s: %s is exported and has no doc comment: units, errors, clause", f.at(n), name))
		}
		for _, decl := range f.ast.Decls {
			switch d := decl.(type) {
			case *ast.FuncDecl:
				if name, exported := exportedFunc(d); exported && d.Doc.Text() == "" {
					lacks(d, name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					for _, name := range undocumentedNames(d, spec) {
						lacks(name, name.Name)
					}
				}
			}
		}
	}
	return broken
}

// exportedFunc is the name of a function, or of a method with its type, and whether other packages can call it.
func exportedFunc(d *ast.FuncDecl) (string, bool) {
	if d.Recv == nil {
		return d.Name.Name, d.Name.IsExported()
	}
	recv := d.Recv.List[0].Type
	for {
		switch r := recv.(type) {
		case *ast.StarExpr:
			recv = r.X
		case *ast.IndexExpr:
			recv = r.X
		case *ast.IndexListExpr:
			recv = r.X
		case *ast.Ident:
			return r.Name + "." + d.Name.Name, r.IsExported() && d.Name.IsExported()
		default:
			return d.Name.Name, d.Name.IsExported()
		}
	}
}

func undocumentedNames(d *ast.GenDecl, spec ast.Spec) []*ast.Ident {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		alone := !d.Lparen.IsValid() && d.Doc.Text() != ""
		if s.Name.IsExported() && !alone && s.Doc.Text() == "" && s.Comment.Text() == "" {
			return []*ast.Ident{s.Name}
		}
	case *ast.ValueSpec:
		if d.Tok == token.IMPORT || d.Doc.Text() != "" || s.Doc.Text() != "" || s.Comment.Text() != "" {
			return nil
		}
		return slices.DeleteFunc(slices.Clone(s.Names), func(n *ast.Ident) bool {
			return !n.IsExported() || namedBeside(d, n.Name)
		})
	}
	return nil
}

// namedBeside says whether the comment of another line in the group speaks of name too: "Min and Max bound a value".
func namedBeside(d *ast.GenDecl, name string) bool {
	return slices.ContainsFunc(d.Specs, func(spec ast.Spec) bool {
		s, ok := spec.(*ast.ValueSpec)
		return ok && slices.Contains(strings.FieldsFunc(s.Doc.Text(), func(r rune) bool {
			return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
		}), name)
	})
}

// skips names the calls that skip a test for any reason but absent shared data. A test that is skipped looks green, so
// a missing database, tool or network must fail it.
func skips(files []sourceFile) (broken []string) {
	for _, f := range files {
		if !f.testOnly() {
			continue
		}
		eachCall(f, func(call *ast.CallExpr, on, name string) {
			if !slices.Contains([]string{"t", "b", "f", "tb"}, on) || !slices.Contains([]string{"Skip", "Skipf", "SkipNow"}, name) {
				return
			}
			if !mentions(call, "shared") {
				broken = append(broken, fmt.Sprintf(
					"%s: %s.%s: only absent ../shared data may skip a test, and the message must say so", f.at(call), on, name))
			}
		})
	}
	return broken
}

func sleeps(files []sourceFile) (broken []string) {
	for _, f := range files {
		if !f.testOnly() {
			continue
		}
		timeName := f.importName("time")
		eachCall(f, func(call *ast.CallExpr, on, name string) {
			if on == timeName && name == "Sleep" {
				broken = append(broken, fmt.Sprintf(
					"%s: time.Sleep: wait for what must happen (a channel, a poll with a ticker, testing/synctest), not for a while", f.at(call)))
			}
		})
	}
	return broken
}

// eachCall visits the calls of the form on.name(…).
func eachCall(f sourceFile, visit func(call *ast.CallExpr, on, name string)) {
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok {
					visit(call, x.Name, sel.Sel.Name)
				}
			}
		}
		return true
	})
}

// mentions says whether a string literal among a call's arguments has word in it.
func mentions(call *ast.CallExpr, word string) (found bool) {
	for _, arg := range call.Args {
		ast.Inspect(arg, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && strings.Contains(lit.Value, word) {
				found = true
			}
			return !found
		})
	}
	return found
}
