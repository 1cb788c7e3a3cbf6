package main

import (
	"encoding/json"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/gatehouse-ai/gatehouse/op"
)

// Schemas refuse what is wrong: a required field that is missing, a type, a word
// that is none of a list, a constant, a variant of a union.
func TestSchemasRefuse(t *testing.T) {
	doc := load(t, op.V1)
	chat := doc.Paths.Value("/chat/completions").Post
	for name, c := range map[string]struct {
		schema *openapi3.SchemaRef
		value  string
		wrong  bool
	}{
		"right request":       {chat.RequestBody.Value.Content[jsonType].Schema, `{"model":"m","messages":[{"role":"user","content":"x"}]}`, false},
		"null where optional": {chat.RequestBody.Value.Content[jsonType].Schema, `{"model":"m","messages":[{"role":"user","content":"x"}],"stop":null}`, false},
		"unknown field":       {chat.RequestBody.Value.Content[jsonType].Schema, `{"model":"m","messages":[{"role":"user","content":"x"}],"best_of":1}`, false},
		"no model":            {chat.RequestBody.Value.Content[jsonType].Schema, `{"messages":[{"role":"user","content":"x"}]}`, true},
		"wrong type":          {chat.RequestBody.Value.Content[jsonType].Schema, `{"model":1,"messages":[{"role":"user","content":"x"}]}`, true},
		"wrong word":          {chat.RequestBody.Value.Content[jsonType].Schema, `{"model":"m","messages":[{"role":"user","content":"x"}],"verbosity":"shrill"}`, true},
		"wrong variant":       {chat.RequestBody.Value.Content[jsonType].Schema, `{"model":"m","messages":[{"role":"nobody","content":"x"}]}`, true},
		"wrong constant":      {chat.Responses.Value("200").Value.Content[jsonType].Schema, `{"id":"x","object":"chat","created":1,"model":"m","choices":[]}`, true},
		"right answer":        {chat.Responses.Value("200").Value.Content[jsonType].Schema, `{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[]}`, false},
		"error without code":  {doc.Components.Schemas["Error"], `{"error":{"message":"m","type":"t","param":null}}`, true},
		"error with a number": {doc.Components.Schemas["Error"], `{"error":{"message":"m","type":"t","param":null,"code":404}}`, true},
	} {
		t.Run(name, func(t *testing.T) {
			var v any
			if err := json.Unmarshal([]byte(c.value), &v); err != nil {
				t.Fatal(err)
			}
			if err := c.schema.Value.VisitJSON(v, openapi3.EnableJSONSchema2020()); (err != nil) != c.wrong {
				t.Errorf("wrong is %v, got %v", c.wrong, err)
			}
		})
	}
}

// Wherever a schema refers to another one, there is one, and none stands there
// for nothing.
func TestComponentsAreUsed(t *testing.T) {
	for _, level := range op.Levels() {
		d, err := built(level)
		if err != nil {
			t.Fatal(err)
		}
		all := d.Operations()
		list := make([]string, 0, len(all))
		used := map[string]bool{}
		for id, o := range all {
			list = append(list, id)
			for name := range d.Closure(o) {
				used[name] = true
			}
		}
		for name := range d.Components.Schemas {
			if !used[name] {
				t.Errorf("%s: nothing refers to the schema %s", level, name)
			}
		}
		for name := range used {
			if d.Components.Schemas[name] == nil {
				t.Errorf("%s: the schema %s is missing", level, name)
			}
		}
		if len(list) < 20 {
			t.Errorf("%s has %d operations only", level, len(list))
		}
	}
}
