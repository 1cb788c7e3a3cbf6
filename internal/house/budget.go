package house

import (
	"fmt"
	"go/ast"
	"go/token"
	"strconv"
	"strings"
)

// Sizes are the largest sizes that need no entry in the budget, in lines.
type Sizes struct {
	File, Func, Package int
}

// Budget holds the exceptions from Sizes. It may only shrink: an entry that is
// larger than the thing it is for is a finding.
type Budget struct {
	name    string
	entries []budgetEntry
}

type budgetEntry struct {
	key   string // "file wire/scan.go"
	lines int
	line  int
}

// ParseBudget reads exceptions from the text of the file called name, one a
// line: what it is (file, func or package), which one, and its lines; # before
// a comment.
func ParseBudget(name, text string) (*Budget, error) {
	b := &Budget{name: name}
	line := 0
	for s := range strings.Lines(text) {
		line++
		s, _, _ = strings.Cut(s, "#")
		words := strings.Fields(s)
		if len(words) == 0 {
			continue
		}
		if len(words) != 3 {
			return nil, fmt.Errorf("%s:%d: want kind, name and lines, got %q", name, line, strings.TrimSpace(s))
		}
		n, err := strconv.Atoi(words[2])
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %q is no number of lines", name, line, words[2])
		}
		b.entries = append(b.entries, budgetEntry{words[0] + " " + words[1], n, line})
	}
	return b, nil
}

// Check returns what is larger than it may be, and entries larger than needed.
func (b *Budget) Check(t *Tree, most Sizes) []Finding {
	var out []Finding
	size := map[string]int{}
	for _, p := range t.Packages {
		total := 0
		for _, f := range p.Files {
			if f.Generated {
				continue
			}
			total += f.Lines
			out = b.hold(out, size, "file "+f.Name, f.Name, f.Lines, most.File)
			for _, fn := range t.functions(f) {
				key := p.Path + "." + fn.name
				out = b.hold(out, size, "func "+key, t.at(fn.pos), fn.lines, most.Func)
			}
		}
		out = b.hold(out, size, "package "+p.Path, p.Path, total, most.Package)
	}
	for _, e := range b.entries {
		where := fmt.Sprintf("%s:%d", b.name, e.line)
		switch n, ok := size[e.key]; {
		case !ok:
			out = append(out, Finding{where, e.key + " is not over its size, or not there: remove the line"})
		case n < e.lines:
			out = append(out, Finding{where, fmt.Sprintf("%s has %d lines now: write %d for %d", e.key, n, n, e.lines)})
		}
	}
	return out
}

// hold adds a finding for one thing that is larger than the most, unless the
// budget has room for it, and notes its size.
func (b *Budget) hold(out []Finding, size map[string]int, key, where string, lines, most int) []Finding {
	if lines <= most {
		return out
	}
	size[key] = max(size[key], lines)
	for _, e := range b.entries {
		if e.key == key {
			most = e.lines
		}
	}
	if lines <= most {
		return out
	}
	return append(out, Finding{where, fmt.Sprintf("%s has %d lines, at most %d are allowed: split it", key, lines, most)})
}

type function struct {
	name  string // "F", "T.M", or the variable that holds a literal
	pos   token.Pos
	lines int
}

// functions returns the functions of a file: declared ones, and literals in
// package-level variables.
func (t *Tree) functions(f *File) []function {
	var out []function
	add := func(name string, from, to token.Pos) {
		out = append(out, function{name, from, t.fset.Position(to).Line - t.fset.Position(from).Line + 1})
	}
	for _, d := range f.syntax.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			add(funcName(d), d.Type.Func, d.End()) // without its comment
		case *ast.GenDecl:
			name := ""
			ast.Inspect(d, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.ValueSpec:
					name = n.Names[0].Name
				case *ast.FuncLit:
					add(name, n.Pos(), n.End())
					return false
				}
				return true
			})
		}
	}
	return out
}

func funcName(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	x := d.Recv.List[0].Type
	for {
		switch y := x.(type) {
		case *ast.StarExpr:
			x = y.X
		case *ast.IndexExpr:
			x = y.X
		case *ast.IndexListExpr:
			x = y.X
		case *ast.Ident:
			return y.Name + "." + d.Name.Name
		default:
			return d.Name.Name
		}
	}
}
