package house

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// TextRule forbids a text in every file of the repository.
type TextRule struct {
	Text   *regexp.Regexp
	Except []string // patterns of paths, as path.Match reads them
	Why    string
}

// CheckText returns every line of the text files below fsys that breaks a
// rule.
func CheckText(fsys fs.FS, rules []TextRule) ([]Finding, error) {
	var out []Finding
	err := walkText(fsys, func(name, text string) {
		out = append(out, checkLines(name, text, rules)...)
	})
	return out, err
}

// walkText calls do for each text file of the repository at fsys. Files that
// .gitignore names are not part of it.
func walkText(fsys fs.FS, do func(name, text string)) error {
	ignored, err := readIgnored(fsys)
	if err != nil {
		return err
	}
	return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".git" || name != "." && ignored.has(name, d.IsDir()):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case !d.Type().IsRegular():
			return nil
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		if bytes.IndexByte(text, 0) < 0 {
			do(name, string(text))
		}
		return nil
	})
}

func checkLines(name, text string, rules []TextRule) []Finding {
	var out []Finding
	for _, r := range rules {
		if r.excepts(name) {
			continue
		}
		line := 0
		for s := range strings.Lines(text) {
			line++
			if found := r.Text.FindString(s); found != "" {
				out = append(out, Finding{fmt.Sprintf("%s:%d", name, line), fmt.Sprintf("%q: %s", found, r.Why)})
			}
		}
	}
	return out
}

func (r TextRule) excepts(name string) bool {
	for _, p := range r.Except {
		if ok, _ := path.Match(p, name); ok {
			return true
		}
	}
	return false
}

// ignored is what a .gitignore names, as far as this repository uses its
// language: "/x/" at the root, "x/" anywhere, and names with wildcards.
type ignored []string

func readIgnored(fsys fs.FS) (ignored, error) {
	text, err := fs.ReadFile(fsys, ".gitignore")
	if err != nil {
		return nil, fmt.Errorf("house: the root of a repository was wanted: %w", err)
	}
	var out ignored
	for s := range strings.Lines(string(text)) {
		switch s = strings.TrimSpace(s); {
		case s == "" || strings.HasPrefix(s, "#"):
		case strings.HasPrefix(s, "!") || strings.Contains(strings.Trim(s, "/"), "/"):
			return nil, fmt.Errorf("house: .gitignore: %q is more than this check understands", s)
		default:
			out = append(out, s)
		}
	}
	return out, nil
}

func (g ignored) has(name string, dir bool) bool {
	for _, p := range g {
		p, onlyDir := strings.CutSuffix(p, "/")
		p, atRoot := strings.CutPrefix(p, "/")
		if onlyDir && !dir || atRoot && strings.Contains(name, "/") {
			continue
		}
		if ok, _ := path.Match(p, path.Base(name)); ok {
			return true
		}
	}
	return false
}
