package main

import (
	"bytes"
	"fmt"

	"github.com/gatehouse-ai/gatehouse/op"
)

const deprecatedIntro = `# Deprecated operations

<!-- Made from the table in op/table.go by ` + "`go run ./internal/opdoc`" + `; do not edit. -->

Operations that will go. Until the day of the column *gone from* they work as
before; their answers have the headers ` + "`Deprecation`" + `, ` + "`Sunset`" + ` and ` + "`Link`" + `, and the
metric ` + "`gatehouse_deprecated_requests_total`" + ` says which keys still ask for them.
[The rules of levels](../stability.md#deprecation) say how long that is.

`

// deprecated is the page of operations that will go.
func deprecated(table op.Table) []byte {
	var b bytes.Buffer
	b.WriteString(deprecatedIntro)
	n := 0
	for _, o := range table.Served() {
		d := o.Deprecated
		if d == nil {
			continue
		}
		if n == 0 {
			b.WriteString("| Operation | Path | Level | Deprecated since | Gone from | Instead | Why |\n| --- | --- | --- | --- | --- | --- | --- |\n")
		}
		n++
		instead := "nothing"
		if d.Instead != "" {
			instead = "`" + string(d.Instead) + "`"
		}
		fmt.Fprintf(&b, "| `%s` | `%s %s` | %s | %s, %s | %s | %s | %s |\n",
			o.ID, o.Method, o.Path, o.Level, d.Since, d.Release, d.Sunset, instead, cell(d.Why))
	}
	if n == 0 {
		b.WriteString("No operation is deprecated.\n")
	}
	return b.Bytes()
}
