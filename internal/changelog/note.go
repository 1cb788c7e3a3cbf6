package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// kinds returns the kinds of changes, in the order of the changelog.
func kinds() []string {
	return []string{"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
}

// note is what one file says of one change.
type note struct {
	file string
	kind string
	text string // one paragraph or more, without the kind
}

// readNotes reads every note of a folder, sorted by name, and reports every
// mistake.
func readNotes(fsys fs.FS, dir string) ([]note, error) {
	entries, err := fs.ReadDir(fsys, dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // after a release there is no note, and so no folder
	}
	if err != nil {
		return nil, err
	}
	var notes []note
	var mistakes []error
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if path.Ext(name) != ".md" {
			mistakes = append(mistakes, fmt.Errorf("%s: a note is called <what-it-is-about>.md", name))
			continue
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		n, err := parseNote(name, string(text))
		if err != nil {
			mistakes = append(mistakes, err)
			continue
		}
		notes = append(notes, n)
	}
	return notes, errors.Join(mistakes...)
}

// parseNote reads a note: "Kind: text", the text in as many lines as it needs.
func parseNote(name, text string) (note, error) {
	kind, rest, ok := strings.Cut(strings.TrimSpace(text), ": ")
	if !ok || !slices.Contains(kinds(), kind) {
		return note{}, fmt.Errorf("%s: want one of %s in front, followed by a colon and a space", name, strings.Join(kinds(), ", "))
	}
	rest = strings.TrimSpace(rest)
	if !strings.HasSuffix(rest, ".") {
		return note{}, fmt.Errorf("%s: a note is one sentence or more, with a full stop at its end", name)
	}
	if strings.Contains(rest, "\n#") {
		return note{}, fmt.Errorf("%s: a note has no headings of its own", name)
	}
	return note{name, kind, rest}, nil
}

// fold returns the notes as the sections of one release.
func fold(notes []note) string {
	var b strings.Builder
	for _, kind := range kinds() {
		first := true
		for _, n := range notes {
			if n.kind != kind {
				continue
			}
			if first {
				fmt.Fprintf(&b, "### %s\n\n", kind)
				first = false
			}
			fmt.Fprintf(&b, "- %s\n", strings.ReplaceAll(n.text, "\n", "\n  "))
		}
		if !first {
			b.WriteString("\n")
		}
	}
	return strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\n  \n", "\n\n")
}
