package main

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/gatehouse-ai/gatehouse/api"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/openapi"
)

func TestDocumentsAreUpToDate(t *testing.T) {
	pages, err := documents("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		if err := p.Check("../.."); err != nil {
			t.Error(err)
		}
	}
}

// load reads the document of a level with the validator.
func load(t *testing.T, level op.Level) *openapi3.T {
	t.Helper()
	text, err := api.OpenAPI(level)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestDocumentsAreValid(t *testing.T) {
	for _, level := range op.Levels() {
		doc := load(t, level)
		if err := doc.Validate(context.Background(), openapi3.EnableExamplesValidation()); err != nil {
			t.Errorf("%s: %v", level, err)
		}
	}
}

// A document has each operation that is served at its level, and no other.
func TestDocumentsHaveWhatIsServed(t *testing.T) {
	for _, level := range op.Levels() {
		doc, want := load(t, level), map[string]*op.Operation{}
		for _, o := range op.All().Served() {
			if o.Level >= level {
				want[o.Method+" "+strings.Replace(o.Path, "...}", "}", 1)] = o
			}
		}
		for path, item := range doc.Paths.Map() {
			for method, o := range item.Operations() {
				row := want[method+" "+path]
				delete(want, method+" "+path)
				if row == nil {
					t.Errorf("%s: %s %s is not served", level, method, path)
					continue
				}
				if o.OperationID != string(row.ID) || o.Extensions["x-stability-level"] != stability(row.Level) {
					t.Errorf("%s: %s %s is %s %v", level, method, path, o.OperationID, o.Extensions["x-stability-level"])
				}
			}
		}
		for key := range want {
			t.Errorf("%s: %s is missing", level, key)
		}
	}
}

// built makes the document of a level anew.
func built(level op.Level) (*openapi.Document, error) {
	modules, err := modules("../..")
	if err != nil {
		return nil, err
	}
	return build(op.All(), level, modules, nil)
}

// Data types inherit the level of the most stable operation that refers to them:
// a type of a stable operation is in the stable document, and has the same form
// in every other.
func TestTypesInheritTheMostStableLevel(t *testing.T) {
	documents := map[op.Level]*openapi.Document{}
	for _, level := range op.Levels() {
		d, err := built(level)
		if err != nil {
			t.Fatal(err)
		}
		documents[level] = d
	}
	lowest := documents[op.V1Alpha]
	levels := map[string]op.Level{} // of types
	for _, row := range op.All().Served() {
		for name := range lowest.Closure(lowest.Operations()[string(row.ID)]) {
			levels[name] = max(levels[name], row.Level)
		}
	}
	if levels["ChatCompletion"] != op.V1 || levels["CreatePoolingRequest"] != op.V1Alpha || levels["TextInput"] != op.V1 {
		t.Fatalf("levels of types: %v", levels)
	}
	for name, level := range levels {
		for _, at := range op.Levels() {
			s := documents[at].Components.Schemas[name]
			if (s != nil) != (level >= at) {
				t.Errorf("%s is of the level %s; it is in the document of %s: %v", name, level, at, s != nil)
			}
			if s != nil && !reflect.DeepEqual(s, lowest.Components.Schemas[name]) {
				t.Errorf("%s has another form in the document of %s", name, at)
			}
		}
	}
}

func TestEveryOperationHasBodies(t *testing.T) {
	rows := map[op.ID]bool{}
	for _, o := range op.All().Served() {
		rows[o.ID] = true
	}
	for id := range allBodies() {
		if !rows[id] {
			t.Errorf("there are bodies of %s, which is not served", id)
		}
	}
	table := op.Table{{ID: "new", Method: "POST", Path: "/new", Level: op.V1, Class: op.Tokens, Reply: op.JSON, Scope: "x"}}
	if _, err := build(table, op.V1, nil, nil); err == nil || !strings.Contains(err.Error(), "allBodies") {
		t.Errorf("an operation without bodies: %v", err)
	}
}
