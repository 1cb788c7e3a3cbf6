package strictyaml

import (
	"errors"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
)

var envName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// expand replaces the references in a text. It reports what cannot be replaced
// and then returns false. referred tells whether the text had a reference, so
// that it must not be shown any more.
func (d *decoder) expand(text, path string) (expanded string, referred, ok bool) {
	if !strings.Contains(text, "$") {
		return text, false, true
	}
	var b strings.Builder
	ok = true
	for text != "" {
		before, after, found := strings.Cut(text, "$")
		b.WriteString(before)
		switch {
		case !found:
			return b.String(), referred, ok
		case strings.HasPrefix(after, "$"):
			b.WriteByte('$')
			text = after[1:]
		case !strings.HasPrefix(after, "{"):
			b.WriteByte('$')
			text = after
		default:
			body, rest, closed := strings.Cut(after[1:], "}")
			if !closed {
				d.Mistakef(path, "write $$ for a $ of its own", "${ has no }")
				return "", true, false
			}
			value, good := d.reference(body, path)
			b.WriteString(value)
			referred, ok, text = true, ok && good, rest
		}
	}
	return b.String(), referred, ok
}

// reference returns what ${body} stands for.
func (d *decoder) reference(body, path string) (string, bool) {
	kind, name, _ := strings.Cut(body, ":")
	switch {
	case kind == "env" && envName.MatchString(name):
		value, set := d.src.Env(name)
		if !set {
			d.Mistakef(path, "", "the environment variable %s is not set", name)
		}
		return value, set
	case kind == "env":
		d.Mistakef(path, "write ${env:NAME}", "${env:} wants the name of an environment variable")
	case kind == "file" && name != "":
		return d.readFile(name, path)
	default:
		d.Mistakef(path, "write ${env:NAME} or ${file:PATH}, and $$ for a $ of its own", "${ begins an unknown reference")
	}
	return "", false
}

// readFile returns the content of a file without the line break at its end.
func (d *decoder) readFile(name, path string) (string, bool) {
	name = d.resolve(name)
	d.files = append(d.files, name)
	data, err := d.src.ReadFile(name)
	if err != nil {
		d.Mistakef(path, "", "the file %q cannot be read: %v", name, Reason(err))
		return "", false
	}
	return strings.TrimRight(string(data), "\r\n"), true
}

// resolve returns a path as seen from the process instead of from the file.
func (d *decoder) resolve(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(d.src.Dir, name)
}

// Reason returns an error about a file without the name of the file, for
// messages that have named it already.
func Reason(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
