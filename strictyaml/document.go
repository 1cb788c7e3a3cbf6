package strictyaml

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Problem is one thing that is wrong in a file, or not quite right.
type Problem struct {
	File    string `json:"file,omitempty"`
	Line    int    `json:"line"`   // from 1
	Column  int    `json:"column"` // from 1
	Path    string `json:"path,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

// String returns the problem in one line, place first.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File + ":")
	}
	fmt.Fprintf(&b, "%d:%d: ", p.Line, p.Column)
	if p.Path != "" {
		b.WriteString(p.Path + ": ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString(" (" + p.Hint + ")")
	}
	return b.String()
}

// Error is every mistake of a file, in the order of their places.
type Error struct {
	Mistakes []Problem
}

// Error returns the mistakes, one a line.
func (e *Error) Error() string {
	lines := make([]string, len(e.Mistakes))
	for i, p := range e.Mistakes {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Field returns the path of a key of the mapping at path.
func Field(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// Index returns the path of an element of the list at path.
func Index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

// parent returns the path of what contains the value at path. Keys that contain
// a dot or a bracket only make it a path that does not exist, whose parent is
// asked for next.
func parent(path string) string {
	return path[:max(0, strings.LastIndexAny(path, ".["))]
}

// place is where something stands. key is zero for what has no key.
type place struct {
	key, value position
}

type position struct{ line, column int }

func (p position) orElse(q position) position {
	if p.line > 0 {
		return p
	}
	return q
}

// Document is what has been learned about a file: where everything stands, and
// what is wrong with it.
type Document struct {
	name     string
	places   map[string]place
	referred map[string]bool // paths of texts with references
	mistakes []Problem
	warnings []Problem
	files    []string
}

// Given tells whether the file has a value at path, good or bad. A value that
// is a default is not given.
func (d *Document) Given(path string) bool {
	_, ok := d.places[path]
	return ok
}

// Refers tells whether the text at path has a reference, so that it is not
// literally in the file.
func (d *Document) Refers(path string) bool { return d.referred[path] }

// Wrong tells whether a mistake has been reported at path or inside it, so that
// what follows from one mistake need not be reported as another.
func (d *Document) Wrong(path string) bool {
	return slices.ContainsFunc(d.mistakes, func(p Problem) bool {
		rest, ok := strings.CutPrefix(p.Path, path)
		return ok && (rest == "" || path == "" || rest[0] == '.' || rest[0] == '[')
	})
}

// Mistakef reports what is wrong with the value at path. The hint says what to
// do and may be empty. Where there is nothing at path the mistake stands where
// the nearest thing that contains it begins.
func (d *Document) Mistakef(path, hint, format string, args ...any) {
	d.mistakes = append(d.mistakes, d.problem(d.where(path), path, hint, fmt.Sprintf(format, args...)))
}

// Warnf reports what is not wrong but unlikely to be meant.
func (d *Document) Warnf(path, hint, format string, args ...any) {
	d.warnings = append(d.warnings, d.problem(d.where(path), path, hint, fmt.Sprintf(format, args...)))
}

func (d *Document) mistakeAt(at position, path, hint, format string, args ...any) {
	d.mistakes = append(d.mistakes, d.problem(at, path, hint, fmt.Sprintf(format, args...)))
}

func (d *Document) problem(at position, path, hint, message string) Problem {
	return Problem{
		File: d.name, Line: max(1, at.line), Column: max(1, at.column),
		Path: path, Message: message, Hint: hint,
	}
}

// where returns the place of the value at path, or of the key of the nearest
// thing around it.
func (d *Document) where(path string) position {
	if at, ok := d.places[path]; ok {
		return at.value
	}
	for path != "" {
		path = parent(path)
		if at, ok := d.places[path]; ok {
			return at.key.orElse(at.value)
		}
	}
	return position{1, 1}
}

// Err returns an *Error with every mistake, or nil if there is none.
func (d *Document) Err() error {
	if len(d.mistakes) == 0 {
		return nil
	}
	return &Error{Mistakes: sorted(d.mistakes)}
}

// Warnings returns the warnings in the order of their places.
func (d *Document) Warnings() []Problem { return sorted(d.warnings) }

// Files returns the paths of the files whose content the document refers to,
// those included that could not be read. When one changes, the document does.
func (d *Document) Files() []string { return slices.Clone(d.files) }

func sorted(problems []Problem) []Problem {
	problems = slices.Clone(problems)
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return problems
}
