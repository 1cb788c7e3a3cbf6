package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/gatehouse-ai/gatehouse/internal/serving"
	"github.com/gatehouse-ai/gatehouse/op"
)

const providersIntro = `# What providers can do

<!-- Made from the table in op/table.go, the dialects, docs/dialects and api/engines.json by ` + "`go run ./internal/opdoc`" + `; do not edit. -->

How stable an operation is says its [level](../stability.md). How well an endpoint
serves it is another matter, which changes with every release of an engine and
never changes a level: this page is about that.

## Dialects

*As is* means with the client's bytes, *translated* that the request is written
anew for the endpoint; where nothing stands, the dialect cannot ask for it.

`

const enginesIntro = `
## Engines and providers

*Said, not run*: its maker says that it serves the operation, and nobody has tried
it through this gateway. *Passed* and *failed* have the day of the newest run before
a real one.

`

const parametersIntro = `
## Parameters

What becomes of parameters where a dialect translates. Where it does not, every
parameter goes on as it is. [The pages of dialects](../dialects/README.md) have the
details.

`

// providers is the page of what dialects and engines can do.
func providers(root string) ([]byte, error) {
	text, err := os.ReadFile(filepath.Join(root, "api", "engines.json"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the runs before engines: %w", err)
	}
	runs, err := serving.ParseRuns(text)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(providersIntro)
	var asked []*op.Operation
	for _, o := range op.All().Served() {
		if o.Owner == op.Inference {
			asked = append(asked, o)
		}
	}
	writeDialects(&b, asked)
	b.WriteString(enginesIntro)
	writeEngines(&b, asked, runs)
	b.WriteString(parametersIntro)
	if err := writeParameters(&b, root); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// header writes the head of a table.
func header(b *bytes.Buffer, columns ...string) {
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat(" --- |", len(columns)))
}

func row(b *bytes.Buffer, cells ...string) {
	fmt.Fprintf(b, "| %s |\n", strings.Join(cells, " | "))
}

func writeDialects(b *bytes.Buffer, asked []*op.Operation) {
	columns := []string{"Operation", "Level"}
	for _, d := range serving.Dialects() {
		columns = append(columns, "["+d.Name+"](../dialects/"+d.Name+".md)")
	}
	header(b, columns...)
	for _, o := range asked {
		cells := []string{"`" + string(o.ID) + "`", o.Level.String()}
		for _, d := range serving.Dialects() {
			cells = append(cells, string(d.Serves(o)))
		}
		row(b, cells...)
	}
}

func writeEngines(b *bytes.Buffer, asked []*op.Operation, runs serving.Runs) {
	columns := []string{"Operation"}
	version, dialects := []string{"*version that was run*"}, []string{"*dialects*"}
	for _, e := range serving.Engines() {
		columns = append(columns, e.Name)
		version = append(version, runs[e.Name].Version)
		dialects = append(dialects, strings.Join(e.Dialects, ", "))
	}
	header(b, columns...)
	row(b, dialects...)
	row(b, version...)
	for _, o := range asked {
		cells := []string{"`" + string(o.ID) + "`"}
		for _, e := range serving.Engines() {
			cells = append(cells, cell(runs.Result(e, o.ID)))
		}
		row(b, cells...)
	}
}

// translations are the sections of the pages of dialects that say what becomes of
// the parameters of an operation.
func translations() []struct{ dialect, section string } {
	return []struct{ dialect, section string }{
		{"anthropic", "Chat completions"}, {"ollama", "Chat completions"}, {"ollama", "Embeddings"}, {"tei", "Embeddings"},
	}
}

func writeParameters(b *bytes.Buffer, root string) error {
	header(b, "Dialect", "Operation", "Translated", "Partly", "Left out", "Refused")
	for _, c := range translations() {
		text, err := os.ReadFile(filepath.Join(root, "docs", "dialects", c.dialect+".md"))
		if err != nil {
			return fmt.Errorf("the page of the dialect %s: %w", c.dialect, err)
		}
		said, order := verdicts(string(text), c.section)
		if len(said) == 0 {
			return fmt.Errorf("the page of the dialect %s has no parameters in the section %q", c.dialect, c.section)
		}
		cells := []string{"[" + c.dialect + "](../dialects/" + c.dialect + ".md)", strings.ToLower(c.section)}
		for _, verdict := range []string{"translated", "partly", "left out", "refused"} {
			var names []string
			for _, name := range order {
				if said[name] == verdict {
					names = append(names, "`"+name+"`")
				}
			}
			cells = append(cells, strings.Join(names, ", "))
		}
		row(b, cells...)
	}
	return nil
}

var verdictRow = regexp.MustCompile("(?m)^\\| (`[^|]*`) \\| (translated|partly|left out|refused) \\|")

// verdicts reads what a page says of parameters, and in which order.
func verdicts(text, section string) (said map[string]string, order []string) {
	_, text, _ = strings.Cut(text, "\n## "+section+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	said = map[string]string{}
	for _, m := range verdictRow.FindAllStringSubmatch(text, -1) {
		for param := range strings.SplitSeq(m[1], ", ") {
			name := strings.Trim(param, "`")
			said[name] = m[2]
			order = append(order, name)
		}
	}
	return said, order
}
