package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// Source is a file and what its references may see.
type Source struct {
	Name string // of the file, for messages
	Data []byte
	Dir  string // what relative paths in the file are relative to

	Env      func(name string) (string, bool)  // nil: os.LookupEnv
	ReadFile func(path string) ([]byte, error) // nil: ReadFile
}

// Bounds of what is read. A file of settings is far below each of them.
const (
	maxNesting = 64      // mappings and lists inside each other
	maxValues  = 100_000 // with aliases expanded
	maxFile    = 8 << 20 // bytes
)

// ReadFile reads a regular file of at most 8 MiB. What is no regular file is
// refused, since reading a pipe may never end.
func ReadFile(path string) ([]byte, error) {
	switch info, err := os.Stat(path); {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(data) > maxFile {
		err = fmt.Errorf("it has more than %d bytes", maxFile)
	}
	return data, err
}

// parse returns the root of the only document, or nil: if the file is empty,
// and if it is not YAML, which it reports.
func (d *Document) parse(data []byte) *yaml.Node {
	if len(data) > maxFile {
		d.Mistakef("", "", "the file has more than %d bytes", maxFile)
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxNesting))))
	if err != nil {
		d.Mistakef("", "", "cannot be read as YAML: %v", err)
		return nil
	}
	var first, second yaml.Node
	switch err := loader.Load(&first); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		d.syntax(err, data)
		return nil
	}
	switch err := loader.Load(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		d.syntax(err, data)
	default:
		d.mistakeAt(position{second.Line, second.Column}, "", "one file holds one document", "a second document begins here")
	}
	if len(first.Content) == 0 {
		return nil
	}
	return first.Content[0]
}

// syntax reports an error of the parser. Its messages are passed on but for
// those that quote the file: what looks like an anchor or a tag may be an
// unquoted secret.
func (d *Document) syntax(err error, data []byte) {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		d.Mistakef("", "", "cannot be read as YAML: %v", err)
		return
	}
	message, hint := load.Message, ""
	if load.ContextMsg != "" {
		message = load.ContextMsg + ": " + message
	}
	switch {
	case strings.HasPrefix(load.Message, "unknown anchor"):
		message, hint = "an alias (*) names an anchor (&) that is not there", "quote a text that begins with *"
	case strings.Contains(line(data, load.Mark.Line), "${"):
		hint = "inside { } and [ ] a text with ${ needs quotes"
	}
	at := position{load.Mark.Line, load.Mark.Column}
	if at.line < 1 {
		at = locate(data, load.Mark.Index)
	}
	d.mistakeAt(at, "", hint, "is not YAML: %s", message)
}

// line returns a line of the file by its number, which may be out of range.
func line(data []byte, number int) string {
	for l := range bytes.Lines(data) {
		if number--; number == 0 {
			return string(l)
		}
	}
	return ""
}

// locate returns the line and column of a byte, which may be out of range.
func locate(data []byte, index int) position {
	before := data[:max(0, min(index, len(data)))]
	return position{
		line:   1 + bytes.Count(before, []byte{'\n'}),
		column: len(before) - bytes.LastIndexByte(before, '\n'),
	}
}
