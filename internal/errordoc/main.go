package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/internal/page"
)

func main() { os.Exit(page.Main(os.Stderr, reference())) }

// reference is the page of the table.
func reference() page.Page {
	return page.Page{Path: "docs/reference/errors.md", Command: "go run ./internal/errordoc", Content: render(fault.Table())}
}

const intro = `# Errors

<!-- Made from the table in fault/table.go by ` + "`go run ./internal/errordoc`" + `; do not edit. -->

Every error of every route has OpenAI's envelope, with all four keys; ` + "`param`" + ` and
` + "`code`" + ` are a string or null:

` + "```json\n%s\n```" + `

Anthropic's operations (` + "`/messages`" + ` and below) answer in Anthropic's form:

` + "```json\n%s\n```" + `

- ` + "`x-request-id`" + ` is on every response, and in the log.
- ` + "`x-gatehouse-error-source`" + ` says who is at fault: ` + "`client`" + `, ` + "`gateway`" + ` or
  ` + "`upstream`" + `.
- ` + "`x-should-retry: false`" + ` is on errors that no repetition of the request can mend,
  and on every error whose code is ` + "`insufficient_quota`" + `. The official SDKs heed it.
- ` + "`retry-after`" + ` and ` + "`retry-after-ms`" + ` are there where it is known when to come back.
- ` + "`allow`" + ` is on every 405.

An ` + "`upstream_error`" + ` keeps the endpoint's status and, where the endpoint had them,
its message, type, param and code. A body that already has the form of the
operation goes on byte for byte. Without a type it gets the one that goes with
its status. What happens on each failure, and what is tried again,
[the path of a request](../architecture.md#what-happens-when-something-fails) tells.

The column *elsewhere* says whether another endpoint of the model's pool is tried,
as long as the client has got nothing; of an ` + "`upstream_error`" + ` that depends on its
status: 500, 502, 503, 504 and 529 are. *Retry* says whether the client may find
it better later.

| Kind | Status | ` + "`type`" + ` | ` + "`code`" + ` | Anthropic's ` + "`type`" + ` | Source | Logged at | Elsewhere | Retry | When |
| --- | --: | --- | --- | --- | --- | --- | --- | --- | --- |
`

func render(table []fault.Row) []byte {
	var b bytes.Buffer
	e := fault.Param(fault.UnknownModel, "model", "The model 'llama' does not exist, or this key may not use it.")
	fmt.Fprintf(&b, intro, e.AppendOpenAI(nil), e.AppendAnthropic(nil, "req_0123456789abcdef0123456789abcdef"))
	for _, r := range table {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s | `%s` | %s | %s | %s | %s | %s |\n",
			r.Name, status(r), typ(r), code(r.Code), r.Anthropic, r.Source, strings.ToLower(r.Level.String()),
			elsewhere(r), yes(!r.Final), strings.ReplaceAll(r.When, "|", `\|`))
	}
	return b.Bytes()
}

func status(r fault.Row) string {
	if r.Kind == fault.UpstreamError {
		return "the endpoint's"
	}
	return strconv.Itoa(r.Status)
}

func typ(r fault.Row) string {
	if r.Kind == fault.UpstreamError {
		return "the endpoint's"
	}
	return "`" + r.Type + "`"
}

func code(s string) string {
	if s == "" {
		return "null"
	}
	return "`" + s + "`"
}

func elsewhere(r fault.Row) string {
	if r.Kind == fault.UpstreamError {
		return "by its status"
	}
	return yes(r.Elsewhere)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
