package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/gatehouse-ai/gatehouse/api"
	"github.com/gatehouse-ai/gatehouse/internal/typeschema"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/openapi"
)

// builder makes the document of one level.
type builder struct {
	doc      *openapi.Document
	table    op.Table
	schemas  *typeschema.Builder
	bodies   map[op.ID]bodies
	examples map[op.ID]api.Example
}

// build makes the document of a level: of every operation that is served there.
func build(table op.Table, level op.Level, modules []typeschema.Module, examples map[op.ID]api.Example) (*openapi.Document, error) {
	b := &builder{
		doc: &openapi.Document{
			OpenAPI: openapi.Version,
			Info: openapi.Info{
				Title:       "Gatehouse",
				Summary:     "One API before many engines and providers.",
				Description: levelNote(level),
				License:     &openapi.License{Name: "Apache 2.0", Identifier: "Apache-2.0"},
				Version:     level.String(),
			},
			Servers: []openapi.Server{{URL: "/" + level.String(), Description: "The gateway that this document comes from."}},
			Paths:   map[string]*openapi.PathItem{},
		},
		table: table, schemas: typeschema.New(modules...), bodies: allBodies(), examples: examples,
	}
	b.schemas.Rename = b.rename
	b.doc.Components = openapi.Components{
		Schemas: b.schemas.Schemas, Responses: map[string]*openapi.Response{},
		Examples: map[string]*openapi.Example{}, Headers: headers(), SecuritySchemes: securitySchemes(),
	}
	tags := map[string]bool{}
	for _, o := range table.Served() {
		if o.Level < level {
			continue
		}
		if err := b.add(o); err != nil {
			return nil, fmt.Errorf("%s: %w", o.ID, err)
		}
		if tag := tagOf(o); !tags[tag] {
			tags[tag] = true
			b.doc.Tags = append(b.doc.Tags, openapi.Tag{Name: tag})
		}
	}
	if err := b.schemas.Finish(); err != nil {
		return nil, err
	}
	return b.doc, b.correct()
}

// levelNote says what the level of a document promises.
func levelNote(level op.Level) string {
	const nested = " A more stable operation is served at this level as well; x-stability-level says what each promises."
	switch level {
	case op.V1:
		return "What is stable: it stays as it is, and is only added to."
	case op.V1Beta:
		return "What is stable, and what may still change with notice." + nested
	default:
		return "Everything, with what may change or go at any time." + nested
	}
}

// stability is what x-stability-level says of a level.
func stability(level op.Level) string {
	switch level {
	case op.V1:
		return "stable"
	case op.V1Beta:
		return "beta"
	default:
		return "alpha"
	}
}

// tagOf is the group of an operation: the first segment of its path.
func tagOf(o *op.Operation) string {
	segment, _, _ := strings.Cut(strings.TrimPrefix(o.Path, "/"), "/")
	switch o.Path {
	case "/openapi.json":
		return "gateway"
	case "/tokenize", "/detokenize":
		return "tokens"
	}
	return segment
}

// add adds an operation.
func (b *builder) add(o *op.Operation) error {
	out := &openapi.Operation{
		OperationID: string(o.ID), Summary: o.Summary, Description: o.Note, Tags: []string{tagOf(o)},
		LevelWord: stability(o.Level), Level: o.Level.String(), Class: string(o.Class), Compatibility: string(o.Compat),
		Security: security(o),
	}
	if d := o.Deprecated; d != nil {
		out.Deprecated, out.Sunset, out.Announced = true, d.Sunset, d.Release
	}
	out.Parameters = parameters(o)
	forms, ok := b.bodies[o.ID]
	if !ok {
		return errors.New("nothing says what its bodies are: add a row to allBodies")
	}
	if err := b.request(out, o, forms); err != nil {
		return err
	}
	out.Responses = b.failures(o)
	if err := b.answer(out, o, forms); err != nil {
		return err
	}
	path := documentPath(o)
	item := b.doc.Paths[path]
	if item == nil {
		item = &openapi.PathItem{}
		b.doc.Paths[path] = item
	}
	return item.Set(o.Method, out)
}

// documentPath is the path of an operation as documents write it.
func documentPath(o *op.Operation) string { return strings.Replace(o.Path, "...}", "}", 1) }

// parameters are those of the path and of headers.
func parameters(o *op.Operation) []openapi.Parameter {
	var out []openapi.Parameter
	if _, wild, ok := strings.Cut(o.Path, "{"); ok {
		name, rest := strings.CutSuffix(strings.TrimSuffix(wild, "}"), "...")
		p := openapi.Parameter{Name: name, In: "path", Required: true, Schema: openapi.Of(openapi.String)}
		if rest {
			p.Description = "May have slashes, as they are."
		}
		out = append(out, p)
	}
	return append(out, openapi.Parameter{
		Name: "X-Client-Request-Id", In: "header", Schema: openapi.Of(openapi.String),
		Description: "The client's own name of the request. It stands in the log beside the gateway's.",
	})
}

// security is how a key is presented, with the scope that it must have.
func security(o *op.Operation) []map[string][]string {
	out := []map[string][]string{}
	if o.Scope == op.Public {
		return out
	}
	for _, scheme := range []string{"bearer", "apiKey", "azureKey", "gatehouseKey"} {
		out = append(out, map[string][]string{scheme: {o.Scope}})
	}
	return out
}

func securitySchemes() map[string]*openapi.SecurityScheme {
	key := func(name, description string) *openapi.SecurityScheme {
		return &openapi.SecurityScheme{Type: "apiKey", In: "header", Name: name, Description: description}
	}
	return map[string]*openapi.SecurityScheme{
		"bearer":       {Type: "http", Scheme: "bearer", Description: "As OpenAI's clients send a key."},
		"apiKey":       key("X-Api-Key", "As Anthropic's clients send a key."),
		"azureKey":     key("Api-Key", "As clients of Azure send a key."),
		"gatehouseKey": key("X-Gatehouse-Key", "Where Authorization is meant for the provider behind the gateway."),
	}
}
