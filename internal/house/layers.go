package house

import (
	"fmt"
	"strings"
)

// Layers is an order of packages. A package may import packages of lower
// layers alone: neither higher ones nor those beside it.
type Layers struct {
	name    string
	entries []layerEntry
}

type layerEntry struct {
	pattern string
	layer   int
	line    int
}

// ParseLayers reads an order from the text of the file called name: one
// package or subtree ("x/...") a line, layers parted by empty lines, the
// lowest first, # before a comment.
func ParseLayers(name, text string) *Layers {
	l := &Layers{name: name}
	layer, line, open := 0, 0, false
	for s := range strings.Lines(text) {
		line++
		if strings.TrimSpace(s) == "" {
			open = false
			continue
		}
		s, _, _ = strings.Cut(s, "#")
		if s = strings.TrimSpace(s); s == "" {
			continue // a line with a comment alone does not end a layer
		}
		if !open {
			layer, open = layer+1, true
		}
		l.entries = append(l.entries, layerEntry{s, layer, line})
	}
	return l
}

// find returns the entry for a package: the one that names it, else the
// subtree with the longest name.
func (l *Layers) find(pkg string) *layerEntry {
	var best *layerEntry
	for i := range l.entries {
		e := &l.entries[i]
		if e.pattern == pkg {
			return e
		}
		if matches(e.pattern, pkg) && (best == nil || len(e.pattern) > len(best.pattern)) {
			best = e
		}
	}
	return best
}

// Check returns every import that does not point down, every package that has
// no layer, and every entry that names no package or names one twice.
func (l *Layers) Check(t *Tree) []Finding {
	var out []Finding
	used := map[int]bool{}
	for _, p := range t.Packages {
		from := l.find(p.Path)
		if from == nil {
			out = append(out, Finding{p.Path, "is in no layer: add it to " + l.name})
			continue
		}
		used[from.line] = true
		for _, f := range p.Files {
			out = append(out, l.checkFile(t, f, p.Path, from.layer)...)
		}
	}
	seen := map[string]int{}
	for _, e := range l.entries {
		where := fmt.Sprintf("%s:%d", l.name, e.line)
		if first := seen[e.pattern]; first != 0 {
			out = append(out, Finding{where, fmt.Sprintf("%s stands in line %d already", e.pattern, first)})
			continue
		}
		seen[e.pattern] = e.line
		if !used[e.line] {
			out = append(out, Finding{where, "there is no package " + e.pattern + ": remove the line"})
		}
	}
	return out
}

func (l *Layers) checkFile(t *Tree, f *File, pkg string, layer int) []Finding {
	var out []Finding
	for _, imp := range f.imports() {
		to, ok := t.within(imp.path)
		if !ok {
			continue
		}
		if e := l.find(to); e != nil && e.layer >= layer {
			out = append(out, Finding{t.at(imp.pos), fmt.Sprintf(
				"%s (layer %d) imports %s (layer %d): imports point down; declare a small interface here or move the noun below both",
				pkg, layer, to, e.layer)})
		}
	}
	return out
}
