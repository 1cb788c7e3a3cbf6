package main

import (
	"bytes"
	"fmt"
	"os"
	"strings"

	"github.com/gatehouse-ai/gatehouse/internal/page"
	"github.com/gatehouse-ai/gatehouse/internal/serving"
	"github.com/gatehouse-ai/gatehouse/op"
)

func main() {
	all, err := pages(".")
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
	os.Exit(page.Main(os.Stderr, all...))
}

const command = "go run ./internal/opdoc"

// pages are the pages of the table. root is the root of the repository.
func pages(root string) ([]page.Page, error) {
	providers, err := providers(root)
	if err != nil {
		return nil, err
	}
	return []page.Page{
		{Path: "docs/reference/operations.md", Command: command, Content: render(op.All(), serving.Dialects())},
		{Path: "docs/reference/deprecated.md", Command: command, Content: deprecated(op.All())},
		{Path: "docs/reference/providers.md", Command: command, Content: providers},
	}, nil
}

const intro = `# Operations

<!-- Made from the table in op/table.go by ` + "`go run ./internal/opdoc`" + `; do not edit. -->

What the HTTP API has, and what of OpenAI's API it has not. Only what stands
here can reach an engine: every other path answers 404, so an engine's own
operating paths (loading adapters, pulling models, sleep) cannot be asked for.

- **Level.** An operation answers below the prefix of its level and of those that
  promise less: v1 is stable, v1beta changes with notice, v1alpha may change or go
  at any time.
- **Class** bounds the request: ` + "`control`" + ` has no body, ` + "`tokens`" + ` a JSON body that is
  held in memory, ` + "`upload`" + ` a multipart form that is streamed (or a JSON body, as with
  ` + "`tokens`" + `). The bounds are [limits](config.md#limits) of the configuration.
- **Reply**: ` + "`json`" + `; ` + "`json or sse`" + `, server-sent events if the request says
  ` + "`\"stream\": true`" + `; or ` + "`binary`" + `, whatever the endpoint sends.
- **Compat** is the relation to OpenAI's operation: ` + "`full`" + ` has the same requests and
  responses, ` + "`partial`" + ` differs as the note says, ` + "`forwarded`" + ` is as the endpoint serves
  it, an ` + "`extension`" + ` is not in OpenAI's API.
- **Dialects** are those of endpoints that can serve it: *as is*, with the client's
  bytes, or *translated*. A model whose endpoints cannot do an operation refuses it
  with 400 ` + "`unsupported_operation`" + `.

[The rules of levels](../stability.md) say what each promises;
[the compatibility document](../../api/compatibility.md) has a row for every
operation of OpenAI's; [providers](providers.md) has what engines can do.
`

func render(table op.Table, dialects []serving.Dialect) []byte {
	var b bytes.Buffer
	b.WriteString(intro)
	for _, level := range []op.Level{op.V1, op.V1Beta, op.V1Alpha} {
		var rows []*op.Operation
		for _, o := range table.Served() {
			if o.Level == level {
				rows = append(rows, o)
			}
		}
		if len(rows) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\nBelow %s.\n\n", level, list(level.Prefixes(), "and"))
		b.WriteString("| Operation | Path | Must have | Class | Reply | Compat | Dialects | What it does |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n")
		for _, o := range rows {
			fmt.Fprintf(&b, "| `%s` | `%s %s` | %s | %s | %s | %s | %s | %s |\n",
				o.ID, o.Method, o.Path, required(o), o.Class, o.Reply, o.Compat, served(o, dialects), cell(strings.TrimSpace(o.Summary+" "+o.Note)))
		}
	}
	b.WriteString("\n## Not served\n\nOperations of OpenAI's API that answer 404, with the reason in the message.\n\n| Path | Methods | What it is | Why not |\n| --- | --- | --- | --- |\n")
	for i := range table {
		if o := &table[i]; o.Level == op.Absent {
			method := o.Method
			if method == "" {
				method = "all"
			}
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", o.Path, method, cell(o.Summary), cell(o.Note))
		}
	}
	return b.Bytes()
}

// required lists the fields that the body must have.
func required(o *op.Operation) string {
	var fields []string
	if o.Model && o.DefaultModel == "" {
		fields = append(fields, "`model`")
	}
	for _, f := range o.Required {
		fields = append(fields, "`"+f+"`")
	}
	out := strings.Join(fields, ", ")
	if o.DefaultModel != "" {
		out = strings.TrimPrefix(out+", ", ", ") + "`model` is `" + o.DefaultModel + "` if absent"
	}
	return out
}

// served says which dialects can serve an operation, and how.
func served(o *op.Operation, dialects []serving.Dialect) string {
	if o.Owner != op.Inference {
		return "the gateway itself"
	}
	var asIs, translated []string
	for _, d := range dialects {
		switch d.Serves(o) {
		case serving.AsIs:
			asIs = append(asIs, d.Name)
		case serving.Translated:
			translated = append(translated, d.Name)
		case serving.Not:
		}
	}
	out := "as is: " + strings.Join(asIs, ", ")
	if len(asIs) == 0 {
		out = ""
	}
	if len(translated) > 0 {
		out = strings.TrimPrefix(out+"; ", "; ") + "translated: " + strings.Join(translated, ", ")
	}
	return out
}

// list puts texts into a sentence, as code.
func list(texts []string, last string) string {
	quoted := make([]string, len(texts))
	for i, t := range texts {
		quoted[i] = "`" + t + "`"
	}
	if len(quoted) < 2 {
		return strings.Join(quoted, "")
	}
	return strings.Join(quoted[:len(quoted)-1], ", ") + " " + last + " " + quoted[len(quoted)-1]
}

// cell keeps a text from ending its cell of the table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
