package configs

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a document. They keep a hostile file from costing more than a fraction of a second.
const (
	maxBytes  = 1 << 20
	maxDepth  = 20
	maxTokens = 20_000 // the parser is quadratic in the keys of a mapping
	maxKey    = 100    // every path below a key repeats it
)

type kind int

const (
	scalar kind = iota
	mapping
	sequence
)

// node is a value of the document, as written.
type node struct {
	kind kind
	path string
	line int // for a mapping or a list under a key, the key's line

	// Of a scalar: its text exactly as written, without quotes.
	text   string
	quoted bool
	typ    token.Type

	// Of a mapping.
	pairs  []pair
	opened bool
	known  []string // the keys that its reader asked for

	items []*node

	faulty bool // something was reported about this very value
}

// ok reports whether nothing was reported about the value or what is in it; of no value it is false.
func (n *node) ok() bool {
	if n == nil || n.faulty {
		return false
	}
	return !slices.ContainsFunc(n.items, func(item *node) bool { return !item.ok() }) &&
		!slices.ContainsFunc(n.pairs, func(p pair) bool { return !p.value.ok() })
}

type pair struct {
	key   string
	line  int
	value *node
	asked bool
}

// parse turns the bytes into a tree, or reports why it cannot. Problems of characters and of tokens are all found;
// only a document free of them is parsed, and there the first syntax error ends it.
func parse(file string, b []byte) (*node, Problems) {
	s := &syntax{file: file}
	src := s.text(b)
	if len(s.problems) > 0 {
		return nil, s.problems
	}
	tokens := lexer.Tokenize(src)
	if len(tokens) > maxTokens {
		s.report(0, "more than %d words and signs", maxTokens)
		return nil, s.problems
	}
	if s.tokens(tokens); len(s.problems) > 0 {
		return nil, s.problems
	}
	tree, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		s.parserError(err)
		return nil, s.problems
	}
	if len(tree.Docs) > 1 {
		s.report(0, "several documents in one file")
		return nil, s.problems
	}
	if len(tree.Docs) == 0 || tree.Docs[0].Body == nil {
		s.report(0, "the file is empty")
		return nil, s.problems
	}
	root := s.node(tree.Docs[0].Body, "", 0, 0)
	if root != nil && root.kind != mapping {
		s.report(root.line, "want a mapping of keys to values at the top")
		root = nil
	}
	return root, s.problems
}

type syntax struct {
	file     string
	problems Problems
}

func (s *syntax) report(line int, format string, args ...any) {
	s.problems = append(s.problems, Problem{s.file, line, fmt.Sprintf(format, args...)})
}

// text checks the characters, drops a BOM and makes line ends LF.
func (s *syntax) text(b []byte) string {
	if len(b) > maxBytes {
		s.report(0, "longer than 1 MiB")
		return ""
	}
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	lines := strings.Split(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n")
	for i, line := range lines {
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		switch bad, ok := forbidden(line); {
		case !utf8.ValidString(line):
			s.report(i+1, "not UTF-8")
		case ok:
			s.report(i+1, "character %U is not allowed", bad)
		case strings.Contains(indent, "\t") && len(indent) < len(line):
			s.report(i+1, "indented with a tab; use spaces")
		}
	}
	return strings.Join(lines, "\n")
}

// forbidden finds a control character, or one that makes a text look otherwise than it reads.
func forbidden(line string) (rune, bool) {
	for _, r := range line {
		switch {
		case r == '\t':
		case unicode.IsControl(r), r == '\ufeff', r == '\u2028', r == '\u2029',
			r >= '\u202a' && r <= '\u202e', r >= '\u2066' && r <= '\u2069':
			return r, true
		}
	}
	return 0, false
}

// tokens refuses what a policy or a case never needs and what could make a small file a large value, before the
// parser, which recurses, sees it.
func (s *syntax) tokens(tokens token.Tokens) {
	depth, line, onLine := 0, 0, 0
	tooDeep := func(tk *token.Token) {
		s.report(tk.Position.Line, "nested more than %d deep", maxDepth)
	}
	for i, tk := range tokens {
		if tk.Position.Line != line {
			line, onLine = tk.Position.Line, 0
		}
		switch tk.Type {
		case token.MappingStartType, token.SequenceStartType:
			if depth++; depth == maxDepth+1 {
				tooDeep(tk)
			}
		case token.MappingEndType, token.SequenceEndType:
			depth--
		case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType:
			if depth <= 0 {
				if onLine++; onLine == maxDepth+1 {
					tooDeep(tk)
				}
			}
		case token.AnchorType:
			s.report(line, "anchors (&) are not allowed; write the value where it is used")
		case token.AliasType:
			s.report(line, "aliases (*) are not allowed; write the value where it is used")
		case token.MergeKeyType:
			s.report(line, "merge keys (<<) are not allowed; write the keys where they are used")
		case token.TagType:
			s.report(line, "tags (!) are not allowed")
		case token.DirectiveType:
			s.report(line, "directives (%%) are not allowed")
		case token.DocumentHeaderType:
			if i > 0 && hasContent(tokens[:i]) {
				s.report(line, "several documents in one file")
			}
		case token.InvalidType:
			s.report(line, "not YAML: %s", oneLine(tk.Error))
		}
	}
}

func hasContent(tokens token.Tokens) bool {
	for _, tk := range tokens {
		if tk.Type != token.CommentType {
			return true
		}
	}
	return false
}

func (s *syntax) parserError(err error) {
	var at interface {
		GetToken() *token.Token
		GetMessage() string
	}
	if !errors.As(err, &at) {
		s.report(0, "not YAML: %s", oneLine(err.Error()))
		return
	}
	line := 0
	if tk := at.GetToken(); tk != nil && tk.Position != nil {
		line = tk.Position.Line
	}
	s.report(line, "not YAML: %s", oneLine(at.GetMessage()))
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

// node copies the parser's node; line is that of the key that it stands under, or 0.
func (s *syntax) node(n ast.Node, path string, line, depth int) *node {
	tk := n.GetToken()
	at := tk.Position.Line
	if line == 0 {
		line = at
	}
	if depth > maxDepth {
		s.report(at, "nested more than %d deep", maxDepth)
		return nil
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		return s.mapping(n.Values, path, line, depth)
	case *ast.MappingValueNode:
		return s.mapping([]*ast.MappingValueNode{n}, path, line, depth)
	case *ast.SequenceNode:
		out := &node{kind: sequence, path: path, line: line}
		for i, v := range n.Values {
			out.items = append(out.items, s.node(v, fmt.Sprintf("%s[%d]", path, i), 0, depth+1))
		}
		return out
	case *ast.LiteralNode:
		return &node{path: path, line: line, text: n.Value.Value, quoted: true, typ: token.StringType}
	case *ast.StringNode:
		quoted := tk.Type == token.SingleQuoteType || tk.Type == token.DoubleQuoteType
		return &node{path: path, line: at, text: n.Value, quoted: quoted, typ: token.StringType}
	case ast.ScalarNode:
		return &node{path: path, line: at, text: tk.Value, typ: tk.Type}
	}
	s.report(at, "%s: not a value that is understood here", orTop(path))
	return nil
}

func (s *syntax) mapping(values []*ast.MappingValueNode, path string, line, depth int) *node {
	out := &node{kind: mapping, path: path, line: line}
	before := len(s.problems)
	defer func() { out.faulty = len(s.problems) > before }()
	first := make(map[string]int, len(values))
	for _, v := range values {
		tk := v.Key.GetToken()
		key := tk.Value
		if str, ok := v.Key.(*ast.StringNode); ok {
			key = str.Value
		}
		at := tk.Position.Line
		if _, complex := v.Key.(*ast.MappingKeyNode); complex {
			s.report(at, "%s: a key must be a word", orTop(path))
			continue
		}
		if _, bad := forbidden(key); bad || len(key) > maxKey {
			s.report(at, "%s: %q is not a word for a key", orTop(path), shorten(key))
			continue
		}
		if earlier, twice := first[key]; twice {
			s.report(at, "%s: key %q again (first on line %d)", orTop(path), key, earlier)
			continue
		}
		first[key] = at
		if value := s.node(v.Value, join(path, key), at, depth+1); value != nil {
			out.pairs = append(out.pairs, pair{key: key, line: at, value: value})
		}
	}
	return out
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func orTop(path string) string {
	if path == "" {
		return "top level"
	}
	return path
}
