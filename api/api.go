package api

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"

	"github.com/gatehouse-ai/gatehouse/op"
)

//go:embed openapi.v1.json openapi.v1beta.json openapi.v1alpha.json examples/*.json
var files embed.FS

// OpenAPIFile returns the name of the file that has the document of a level.
func OpenAPIFile(level op.Level) string { return "openapi." + level.String() + ".json" }

// OpenAPI returns the OpenAPI document of a level. It fails for a level that
// serves nothing.
func OpenAPI(level op.Level) ([]byte, error) {
	text, err := files.ReadFile(OpenAPIFile(level))
	if err != nil {
		return nil, fmt.Errorf("the OpenAPI document of %s: %w", level, err)
	}
	return text, nil
}

// Example is one use of an operation: what is asked, and an answer to it.
type Example struct {
	Request  *Body   `json:"request,omitempty"` // nil: the operation takes no body
	Path     string  `json:"path,omitempty"`    // with a value for its wildcard, if it has one
	Response Body    `json:"response"`
	Stream   *Stream `json:"stream,omitempty"` // the same, streamed
}

// Body is a body of one content type: exactly one of the fields besides Type is
// set.
type Body struct {
	Type  string          `json:"type"`
	JSON  json.RawMessage `json:"json,omitempty"`
	Form  []Part          `json:"form,omitempty"`
	Text  string          `json:"text,omitempty"`
	Bytes []byte          `json:"bytes,omitempty"`
}

// Part is a field or a file of a form.
type Part struct {
	Name  string `json:"name"`
	Value string `json:"value,omitempty"`
	File  string `json:"file,omitempty"` // its name: then it is one
	Type  string `json:"type,omitempty"` // of a file
	Bytes []byte `json:"bytes,omitempty"`
}

// Stream is an answer as server-sent events.
type Stream struct {
	// Set are the top-level fields that the request needs besides those of the
	// example, to be answered so.
	Set    map[string]any `json:"set"`
	Events []Event        `json:"events"`
}

// Event is one event: its name, if it has one, and its data.
type Event struct {
	Name string          `json:"name,omitempty"`
	Data json.RawMessage `json:"data,omitempty"`
	Text string          `json:"text,omitempty"` // data that is no JSON, such as [DONE]
}

// Examples returns an example for each operation that has one.
func Examples() (map[op.ID]Example, error) {
	out := map[op.ID]Example{}
	for _, o := range op.All().Served() {
		text, err := files.ReadFile("examples/" + string(o.ID) + ".json")
		if err != nil {
			continue // a test looks for those that are missing
		}
		var e Example
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&e); err != nil {
			return nil, fmt.Errorf("the example of %s: %w", o.ID, err)
		}
		out[o.ID] = e
	}
	return out, nil
}
