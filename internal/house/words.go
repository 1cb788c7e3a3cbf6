package house

import (
	"errors"
	"fmt"
	"go/ast"
	"slices"
	"strings"
	"unicode"
)

// Glossary is a list of the words of the house, each with those to avoid.
type Glossary struct {
	terms []term
}

type term struct {
	word  string
	avoid []string
	line  int
}

// ParseGlossary reads the tables of a Markdown text whose rows are word,
// meaning and words to avoid, the last as `code` and parted by commas. A row
// that avoids nothing has an empty third column.
func ParseGlossary(text string) (*Glossary, error) {
	g := &Glossary{}
	line := 0
	for s := range strings.Lines(text) {
		line++
		s = strings.TrimSpace(s)
		if !strings.HasPrefix(s, "| **") {
			continue
		}
		cells := strings.Split(strings.Trim(s, "|"), "|")
		if len(cells) != 3 {
			return nil, fmt.Errorf("line %d: want word, meaning and words to avoid, got %d columns", line, len(cells))
		}
		t := term{word: strings.Trim(strings.TrimSpace(cells[0]), "*"), line: line}
		parts := strings.Split(cells[2], "`")
		for i, part := range parts {
			if i%2 == 0 {
				continue
			}
			if i == len(parts)-1 || strings.TrimSpace(part) == "" {
				return nil, fmt.Errorf("line %d: the words to avoid are `words`, parted by commas; got %q", line, cells[2])
			}
			t.avoid = append(t.avoid, part)
		}
		for _, other := range g.terms {
			if other.word == t.word {
				return nil, fmt.Errorf("line %d: %s stands in line %d already", line, t.word, other.line)
			}
		}
		g.terms = append(g.terms, t)
	}
	if len(g.terms) == 0 {
		return nil, errors.New("no row of the form | **word** | meaning | `avoid` | was found")
	}
	return g, nil
}

// Check returns every package and every exported name that has a word to
// avoid. Words are compared without regard to case, plural included: `backend`
// finds Backends and NewBackend, `model server` finds ModelServer.
func (g *Glossary) Check(t *Tree) []Finding {
	var out []Finding
	look := func(where, name string) {
		have := words(name)
		for _, term := range g.terms {
			for _, avoid := range term.avoid {
				if contains(have, strings.Fields(strings.ToLower(avoid))) {
					out = append(out, Finding{where, fmt.Sprintf("%s says %q: the word of the house is %q, see CONTEXT.md", name, avoid, term.word)})
				}
			}
		}
	}
	for _, p := range t.Packages {
		look(p.Path, p.Name)
		for _, f := range p.Files {
			for _, id := range exported(f.syntax) {
				look(t.at(id.Pos()), id.Name)
			}
		}
	}
	return out
}

// exported returns the exported names that a file declares: functions,
// methods, types, constants, variables, and fields and methods of types.
func exported(f *ast.File) []*ast.Ident {
	var out []*ast.Ident
	add := func(ids ...*ast.Ident) {
		for _, id := range ids {
			if id.IsExported() {
				out = append(out, id)
			}
		}
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			add(d.Name)
		case *ast.GenDecl:
			ast.Inspect(d, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.FuncLit:
					return false
				case *ast.TypeSpec:
					add(n.Name)
				case *ast.ValueSpec:
					add(n.Names...)
				case *ast.Field:
					add(n.Names...)
				}
				return true
			})
		}
	}
	return out
}

// words splits a name such as NewHTTPServer into new, http, server.
func words(name string) []string {
	var out []string
	r := []rune(name)
	start := 0
	for i := 1; i <= len(r); i++ {
		if i < len(r) && r[i] != '_' {
			upper, before := unicode.IsUpper(r[i]), unicode.IsUpper(r[i-1])
			next := i+1 < len(r) && unicode.IsLower(r[i+1])
			if !upper || (before && !next) {
				continue
			}
		}
		if w := strings.Trim(string(r[start:i]), "_"); w != "" {
			out = append(out, strings.ToLower(w))
		}
		start = i
	}
	return out
}

// contains tells whether the words of want stand in have in a row, the last
// one in singular or plural.
func contains(have, want []string) bool {
	for i := 0; i+len(want) <= len(have); i++ {
		last := have[i+len(want)-1]
		if slices.Equal(have[i:i+len(want)-1], want[:len(want)-1]) &&
			(last == want[len(want)-1] || last == want[len(want)-1]+"s") {
			return true
		}
	}
	return false
}
