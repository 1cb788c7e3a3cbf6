package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/gatehouse-ai/gatehouse/api"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/internal/openapidoc/body"
	"github.com/gatehouse-ai/gatehouse/op"
)

func examples(t *testing.T) map[op.ID]api.Example {
	t.Helper()
	out, err := api.Examples()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// fits holds a value to the schema of a content type.
func fits(t *testing.T, what string, content openapi3.Content, media string, value any) {
	t.Helper()
	m := content[media]
	if m == nil || m.Schema == nil {
		t.Errorf("%s: the document has no schema of %s", what, media)
		return
	}
	if err := m.Schema.Value.VisitJSON(value, openapi3.EnableJSONSchema2020(), openapi3.MultiErrors()); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

func decode(t *testing.T, text []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return v
}

// Every operation has an example, and what it shows fits the document.
func TestExamplesFit(t *testing.T) {
	doc, all := load(t, op.V1Alpha), examples(t)
	operations := map[string]*openapi3.Operation{}
	for _, item := range doc.Paths.Map() {
		for _, o := range item.Operations() {
			operations[o.OperationID] = o
		}
	}
	for _, row := range op.All().Served() {
		t.Run(string(row.ID), func(t *testing.T) {
			e, ok := all[row.ID]
			if !ok {
				t.Fatalf("there is no api/examples/%s.json", row.ID)
			}
			o := operations[string(row.ID)]
			answers := o.Responses.Value("200").Value.Content
			if e.Response.JSON != nil {
				fits(t, "response", answers, jsonType, decode(t, e.Response.JSON))
			} else if answers[e.Response.Type] == nil {
				t.Errorf("the answer is of the type %s, which the document does not have", e.Response.Type)
			}
			if (e.Request == nil) != (o.RequestBody == nil) {
				t.Fatalf("a request body: %v in the example, %v in the document", e.Request != nil, o.RequestBody != nil)
			}
			if e.Request != nil {
				checkRequest(t, e, o.RequestBody.Value.Content)
			}
			checkStream(t, row, e, answers)
		})
	}
}

// checkRequest holds the request to the document, as it is and as it is streamed.
func checkRequest(t *testing.T, e api.Example, content openapi3.Content) {
	t.Helper()
	if e.Request.JSON == nil {
		checkForm(t, e.Request.Form, content[formType])
		return
	}
	value, _ := decode(t, e.Request.JSON).(map[string]any)
	fits(t, "request", content, jsonType, value)
	known := content[jsonType].Schema.Value.Properties
	if e.Stream != nil {
		maps.Copy(value, e.Stream.Set)
		fits(t, "request of a stream", content, jsonType, decode(t, must(json.Marshal(value))))
	}
	for name := range value {
		if known[name] == nil {
			t.Errorf("the request has a field %s, which the document does not know", name)
		}
	}
}

func must(text []byte, err error) []byte {
	if err != nil {
		panic(err)
	}
	return text
}

// checkForm looks for fields that the document does not know, and for those that
// it requires.
func checkForm(t *testing.T, parts []api.Part, media *openapi3.MediaType) {
	t.Helper()
	schema, there := media.Schema.Value, map[string]bool{}
	for _, p := range parts {
		there[p.Name] = true
		if schema.Properties[p.Name] == nil {
			t.Errorf("the form has a field %s, which the document does not know", p.Name)
		}
		if (p.File != "") != (p.Value == "") {
			t.Errorf("the field %s must be a file or have a value", p.Name)
		}
	}
	for _, name := range schema.Required {
		if !there[name] {
			t.Errorf("the form lacks the field %s", name)
		}
	}
}

// checkStream holds every event to the document.
func checkStream(t *testing.T, row *op.Operation, e api.Example, answers openapi3.Content) {
	t.Helper()
	if streams := answers[streamType] != nil; streams != (e.Stream != nil) {
		t.Fatalf("a stream: %v in the example, %v in the document", e.Stream != nil, streams)
	}
	if e.Stream == nil {
		return
	}
	if len(e.Stream.Set) == 0 || len(e.Stream.Events) == 0 {
		t.Error("a stream needs fields that ask for it, and events")
	}
	for _, event := range e.Stream.Events {
		switch {
		case event.Data != nil:
			fits(t, "event", answers, streamType, decode(t, event.Data))
		case event.Text != "[DONE]":
			t.Errorf("an event has neither data nor the end: %+v", event)
		}
		if row.Shape == op.AnthropicShape && !strings.Contains(string(event.Data), `"`+event.Name+`"`) {
			t.Errorf("the event %q does not have its name in its data", event.Name)
		}
	}
}

// What package fault writes is what the types of errors say, and nothing more.
func TestErrorsAreAsDescribed(t *testing.T) {
	doc := load(t, op.V1)
	for _, row := range fault.Table() {
		e := fault.Param(row.Kind, "model", "wrong")
		for name, c := range map[string]struct {
			text []byte
			into any
		}{
			"Error":          {e.AppendOpenAI(nil), &body.Error{}},
			"AnthropicError": {e.AppendAnthropic(nil, "req_1"), &body.AnthropicError{}},
		} {
			dec := json.NewDecoder(bytes.NewReader(c.text))
			dec.DisallowUnknownFields()
			if err := dec.Decode(c.into); err != nil {
				t.Errorf("%s of %s: %v", name, row.Name, err)
			}
			back := must(json.Marshal(c.into))
			if !equalJSON(t, back, c.text) {
				t.Errorf("%s of %s: %s is described as %s", name, row.Name, c.text, back)
			}
			if err := doc.Components.Schemas[name].Value.VisitJSON(decode(t, c.text), openapi3.EnableJSONSchema2020()); err != nil {
				t.Errorf("%s of %s: %v", name, row.Name, err)
			}
		}
	}
}

func equalJSON(t *testing.T, a, b []byte) bool {
	t.Helper()
	return bytes.Equal(must(json.Marshal(decode(t, a))), must(json.Marshal(decode(t, b))))
}
