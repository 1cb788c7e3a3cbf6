package openapi_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/openapi"
)

func TestOrNull(t *testing.T) {
	for _, c := range []struct {
		in   *openapi.Schema
		want string
	}{
		{openapi.Of(openapi.String), `{"type":["string","null"]}`},
		{openapi.Of(openapi.String).OrNull(), `{"type":["string","null"]}`},
		{&openapi.Schema{Type: openapi.Types{openapi.String}, Enum: []any{"a"}}, `{"type":["string","null"],"enum":["a",null]}`},
		{&openapi.Schema{Type: openapi.Types{openapi.String}, Const: "a", Description: "d"}, `{"description":"d","anyOf":[{"type":"string","const":"a"},{"type":"null"}]}`},
		{openapi.Ref("X"), `{"anyOf":[{"$ref":"#/components/schemas/X"},{"type":"null"}]}`},
		{&openapi.Schema{AnyOf: []*openapi.Schema{openapi.Ref("X"), openapi.Ref("Y")}}, `{"anyOf":[{"$ref":"#/components/schemas/X"},{"$ref":"#/components/schemas/Y"},{"type":"null"}]}`},
		{&openapi.Schema{}, `{}`},
	} {
		before, _ := json.Marshal(c.in)
		got, err := json.Marshal(c.in.OrNull())
		if err != nil || string(got) != c.want {
			t.Errorf("%s: got %s %v, want %s", before, got, err, c.want)
		}
		if after, _ := json.Marshal(c.in); string(after) != string(before) {
			t.Errorf("%s became %s", before, after)
		}
	}
}

func TestName(t *testing.T) {
	if got := openapi.Ref("X").Name(); got != "X" {
		t.Error(got)
	}
	if got := (&openapi.Schema{Ref: "#/components/responses/X"}).Name() + openapi.Of(openapi.Null).Name(); got != "" {
		t.Error(got)
	}
}

func TestPathItemsHaveOneOperationForAMethod(t *testing.T) {
	var p openapi.PathItem
	for _, m := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		if err := p.Set(m, &openapi.Operation{OperationID: m}); err != nil {
			t.Error(err)
		}
	}
	if err := p.Set("GET", &openapi.Operation{OperationID: "again"}); err == nil || !strings.Contains(err.Error(), "again") {
		t.Errorf("a method that is taken: %v", err)
	}
	if err := p.Set("BREW", &openapi.Operation{}); err == nil {
		t.Error("a method that there is not was set")
	}
}

// document has operations that refer to schemas in every way there is.
func document() *openapi.Document {
	media := func(s *openapi.Schema) map[string]*openapi.MediaType {
		return map[string]*openapi.MediaType{"application/json": {Schema: s}}
	}
	return &openapi.Document{
		OpenAPI: openapi.Version, Info: openapi.Info{Title: "T <&>", Version: "v1"},
		Paths: map[string]*openapi.PathItem{
			"/a": {Post: &openapi.Operation{
				OperationID: "a",
				RequestBody: &openapi.RequestBody{Content: media(openapi.Ref("In"))},
				Responses: map[string]*openapi.Response{
					"200": {Content: media(openapi.ListOf(openapi.Ref("Out")))},
					"400": {Ref: "#/components/responses/Bad"},
				},
			}},
			"/b": {Get: &openapi.Operation{OperationID: "b", Parameters: []openapi.Parameter{{Name: "p", In: "query", Schema: openapi.Ref("P")}}}},
		},
		Components: openapi.Components{
			Responses: map[string]*openapi.Response{"Bad": {Content: media(openapi.Ref("Error"))}},
			Schemas: map[string]*openapi.Schema{
				"In":   {Properties: map[string]*openapi.Schema{"x": openapi.Ref("Leaf"), "y": {AdditionalProperties: openapi.Ref("In")}}},
				"Out":  {OneOf: []*openapi.Schema{openapi.Ref("Leaf"), {AnyOf: []*openapi.Schema{openapi.Ref("Deep")}}}},
				"Leaf": openapi.Of(openapi.String), "Deep": openapi.Of(openapi.String), "Error": openapi.Of(openapi.Object),
				"P": openapi.Of(openapi.String), "Unused": openapi.Of(openapi.String),
			},
		},
	}
}

func TestClosure(t *testing.T) {
	d := document()
	ops := d.Operations()
	for id, want := range map[string][]string{"a": {"Deep", "Error", "In", "Leaf", "Out"}, "b": {"P"}} {
		if got := slices.Sorted(maps.Keys(d.Closure(ops[id]))); !slices.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", id, got, want)
		}
	}
}

func TestEqualDocumentsHaveEqualBytes(t *testing.T) {
	a, err := document().Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := document().Append([]byte("x"))
	if err != nil || string(b[1:]) != string(a) {
		t.Errorf("%v: %s", err, b)
	}
	if !strings.Contains(string(a), `"T <&>"`) || !strings.HasSuffix(string(a), "}\n") {
		t.Errorf("%s", a)
	}
	back, err := openapi.Parse(a)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := back.Append(nil); err != nil || string(c) != string(a) {
		t.Errorf("read and written again: %v\n%s", err, c)
	}
	if _, err := openapi.Parse([]byte("[]")); err == nil {
		t.Error("a list was read as a document")
	}
	d := document()
	d.Paths["/a"].Post.Parameters = []openapi.Parameter{{Example: func() {}}}
	if _, err := d.Append(nil); err == nil {
		t.Error("what is no JSON was written")
	}
}

func FuzzParse(f *testing.F) {
	text, err := document().Append(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := openapi.Parse(text)
		if err != nil {
			return
		}
		for id, o := range d.Operations() {
			if o == nil {
				t.Errorf("the operation %q is none", id)
			}
		}
	})
}
