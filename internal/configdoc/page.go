package main

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/config"
	"github.com/gatehouse-ai/gatehouse/secret"
	"github.com/gatehouse-ai/gatehouse/strictyaml"
)

const intro = `# Configuration

<!-- Made from the structs of package config by ` + "`go run ./internal/configdoc`" + `; do not edit. -->

The file is YAML. Every key may be absent and then has its default; an empty file
is a whole configuration. [gatehouse.yaml](gatehouse.yaml) has every section with
examples. ` + "`gatehouse check --config FILE`" + ` says what is wrong with a file: every
mistake at once, with its path and line.

- Unknown and repeated keys, values of another kind and keys without a value are
  mistakes.
- ` + "`${env:NAME}`" + ` in a text is replaced by an environment variable, ` + "`${file:PATH}`" + ` by
  the content of a file without the line break at its end. ` + "`$$`" + ` is a ` + "`$`" + `. Inside
  ` + "`{ }`" + ` and ` + "`[ ]`" + ` such a text needs quotes. What is not there is a mistake.
- A secret that stands in the file itself works, with a warning.
- Paths are relative to the folder of the file.
- A duration is written as ` + "`500ms`, `30s`, `5m` or `1h30m`" + `, a size as ` + "`64KiB`, `32MiB`" + `
  or ` + "`1GiB`" + `.
- Anchors, aliases and merge keys (` + "`<<`" + `) work; tags (` + "`!`" + `) do not.
`

func renderPage(sections []*section) []byte {
	var b bytes.Buffer
	b.WriteString(intro)
	anchors := map[string]string{}
	for _, s := range sections {
		for _, p := range s.paths {
			anchors[p] = anchor(title(s))
		}
	}
	examples := map[string]string{}
	for _, s := range sections {
		fmt.Fprintf(&b, "\n## %s\n", title(s))
		if s.path() != "" {
			fmt.Fprintf(&b, "\n%s\n", wrap(s.doc, "", 80))
		}
		if others := s.paths[1:]; len(others) > 0 {
			fmt.Fprintf(&b, "\nAlso as `%s`.\n", strings.Join(others, "`, `"))
		}
		b.WriteString("\n| Key | Type | Default | Meaning |\n| --- | --- | --- | --- |\n")
		for _, k := range s.keys {
			path := strings.TrimPrefix(s.path()+"."+k.name, ".")
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", k.name, describe(k.typ, anchors[path]), preset(k), cell(k.doc))
			examples[path] = k.example
		}
		if e := examples[s.path()]; e != "" {
			fmt.Fprintf(&b, "\n```yaml\n%s\n```\n", e)
		}
	}
	return b.Bytes()
}

func title(s *section) string {
	if s.path() == "" {
		return "The file"
	}
	return s.path()
}

// anchor is what a title becomes in links to it.
func anchor(title string) string {
	return "#" + strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(title), " ", "-"), ".", "")
}

func preset(k key) string {
	switch {
	case k.required:
		return "**required**"
	case k.preset != "":
		return "`" + k.preset + "`"
	case k.typ.Kind() == reflect.Bool:
		return "`false`"
	}
	return ""
}

// describe returns a type in the words of somebody who writes YAML. link is
// where the mapping in it is described.
func describe(t reflect.Type, link string) string {
	switch v := reflect.New(t).Interface().(type) {
	case *config.Addresses:
		return "address, or list of addresses"
	case *apikey.Digest:
		return "`sha256:` and 64 digits"
	case *config.Share:
		return "share, as `10%` or `0.1`"
	case strictyaml.Enum:
		return "`" + strings.Join(v.Values(), "`, `") + "`"
	case *secret.Value:
		return "secret"
	case *strictyaml.Path:
		return "path"
	case *strictyaml.Size:
		return "size"
	case *strictyaml.URL:
		return "URL"
	case *time.Duration:
		return "duration"
	}
	or := ""
	if short(t) {
		or = ", or text"
	}
	switch t.Kind() {
	case reflect.Bool:
		return "`true`, `false`"
	case reflect.Int, reflect.Int64:
		return "whole number"
	case reflect.Slice:
		return "list of: " + describe(t.Elem(), link) + or
	case reflect.Map:
		return "mapping of names to: " + describe(t.Elem(), link) + or
	case reflect.Struct:
		return "[mapping](" + link + ")" + or
	default:
		return "text"
	}
}

// cell keeps a text from ending its cell of the table.
func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

// wrap breaks a text into lines of at most width characters, each after a
// prefix.
func wrap(text, prefix string, width int) string {
	var b strings.Builder
	column := 0
	for word := range strings.FieldsSeq(text) {
		switch {
		case column == 0:
			b.WriteString(prefix)
			column = len(prefix)
		case column+1+len(word) > width:
			b.WriteString("\n" + prefix)
			column = len(prefix)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}
