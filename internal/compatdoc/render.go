package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/gatehouse-ai/gatehouse/api"
	"github.com/gatehouse-ai/gatehouse/internal/serving"
	"github.com/gatehouse-ai/gatehouse/op"
)

const intro = `# Compatibility with OpenAI's API

<!-- Made from op/table.go, api/upstream.txt and api/conformance.json by ` + "`go run ./internal/compatdoc`" + `; do not edit. -->

A row for each of the %d operations of OpenAI's API, and for each that this
gateway has beside them.

- **Level**: what is promised of it, see [the rules](../docs/stability.md). An
  operation answers below the prefix of its level and of those that promise less.
- **Compatibility**: *full* has the same requests and answers. *Partial* differs as
  the note says. *Forwarded* goes to the endpoint with the client's bytes, and its
  answer comes back with the endpoint's: what it can do,
  [providers](../docs/reference/providers.md) tells. *Absent* is not served, and
  answers 404 with the reason. An *extension* is none of OpenAI's operations.
- **Authentication**: the scope that the key must have. Keys are taken from
  ` + "`Authorization: Bearer`, `X-Api-Key`, `Api-Key` or `X-Gatehouse-Key`" + `.
- **Limits**: the [bound](../docs/reference/config.md#limits) of the body, and
  whether the [rates](../docs/reference/config.md#keyslimits) of the key count it.
- **Conformance**: what the last run of the conformance tests found, %s.

Bodies are described in [openapi.v1.json](openapi.v1.json),
[openapi.v1beta.json](openapi.v1beta.json) and
[openapi.v1alpha.json](openapi.v1alpha.json), errors in
[the reference](../docs/reference/errors.md).

`

func render(rows, extra []entry, c *api.Conformance) []byte {
	var b bytes.Buffer
	run := "which has not been made yet"
	if c.Date != "" {
		run = "of " + c.Date + " with version " + c.Gateway
	}
	fmt.Fprintf(&b, intro, len(rows), run)
	summary(&b, rows, extra)
	group := ""
	for _, e := range rows {
		if e.group() != group {
			group = e.group()
			fmt.Fprintf(&b, "\n## %s\n\n", group)
			head(&b)
		}
		line(&b, e, c)
	}
	b.WriteString("\n## Extensions\n\nNone of OpenAI's.\n\n")
	head(&b)
	for _, e := range extra {
		line(&b, e, c)
	}
	return b.Bytes()
}

// summary counts operations by what is served of them.
func summary(b *bytes.Buffer, rows, extra []entry) {
	count := map[op.Compat]int{}
	for _, e := range rows {
		count[e.row.Compat]++ // what is absent has none
	}
	fmt.Fprintf(b, "| Full | Partial | Forwarded | Absent | Extensions |\n| --: | --: | --: | --: | --: |\n| %d | %d | %d | %d | %d |\n",
		count[op.Full], count[op.Partial], count[op.Forwarded], count[""], len(extra))
}

func head(b *bytes.Buffer) {
	b.WriteString("| Operation | Request | Level | Compatibility | Authentication | Limits | Why, and what to know | Conformance | Run |\n" +
		"| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
}

func line(b *bytes.Buffer, e entry, c *api.Conformance) {
	o := e.row
	if o.Level == op.Absent {
		fmt.Fprintf(b, "| `%s` | `%s %s` | absent | absent | | | %s | | |\n", e.id, e.method, e.path, cell(o.Note))
		return
	}
	date := ""
	if c.Results[o.ID] != nil {
		date = c.Date
	}
	fmt.Fprintf(b, "| `%s` | `%s %s` | %s | %s | %s | %s | %s | %s | %s |\n", e.id, e.method, e.path, o.Level, o.Compat,
		authentication(o), limits(o), cell(caveats(e)), cell(c.Of(o.ID)), date)
}

func authentication(o *op.Operation) string {
	if o.Scope == op.Public {
		return "none"
	}
	return "`" + o.Scope + "`"
}

// limits says what bounds a request.
func limits(o *op.Operation) string {
	bound := map[op.Class]string{op.Control: "`control_body`", op.Tokens: "`json_body`", op.Upload: "`upload_body`, `json_body`"}[o.Class]
	if o.Owner == op.Inference {
		return bound + ", rates"
	}
	return bound
}

// caveats says what a caller should know: the note of the row, what the body must
// have, and which endpoints can do it.
func caveats(e entry) string {
	o := e.row
	var out []string
	if o.Deprecated != nil {
		out = append(out, "Deprecated since "+o.Deprecated.Since+", gone from "+o.Deprecated.Sunset+".")
	}
	if strings.TrimPrefix(e.id, "beta_") != string(o.ID) {
		out = append(out, "As `"+string(o.ID)+"`.")
	} else if e.id != string(o.ID) {
		out = append(out, "The header `OpenAI-Beta` goes on.")
	}
	if o.Note != "" {
		out = append(out, o.Note)
	}
	if o.DefaultModel != "" {
		out = append(out, "Without a model: `"+o.DefaultModel+"`.")
	}
	var translated, not []string
	for _, d := range serving.Dialects() {
		switch {
		case o.Owner != op.Inference:
		case d.Serves(o) == serving.Translated:
			translated = append(translated, d.Name)
		case d.Serves(o) == serving.Not:
			not = append(not, d.Name)
		}
	}
	if len(translated) > 0 {
		out = append(out, "Translated for "+strings.Join(translated, ", ")+".")
	}
	if len(not) > 0 {
		out = append(out, "Not with "+strings.Join(not, ", ")+".")
	}
	return strings.Join(out, " ")
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
