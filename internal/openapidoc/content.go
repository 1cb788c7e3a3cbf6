package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-ai/gatehouse/api"
	"github.com/gatehouse-ai/gatehouse/internal/typeschema"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/openapi"
)

// The content types that the gateway itself knows.
const (
	jsonType   = "application/json"
	formType   = "multipart/form-data"
	streamType = "text/event-stream"
)

// rename names the component of a type. Requests are called after their
// operation; the types of packages that others share names with get a prefix.
func (b *builder) rename(n typeschema.Name) string {
	for id, forms := range b.bodies {
		if forms.request == n {
			return strings.ToUpper(string(id[:1])) + string(id[1:]) + "Request"
		}
	}
	switch n.Package {
	case anthropicSDK:
		return "Anthropic" + n.Type
	case own + "/api/models":
		return map[string]string{"List": "ModelList"}[n.Type]
	}
	return ""
}

// request adds the body of the request.
func (b *builder) request(out *openapi.Operation, o *op.Operation, forms bodies) error {
	none := forms.request == typeschema.Name{}
	switch {
	case o.Class == op.Control && none:
		return nil
	case none:
		return errors.New("an operation that takes a body has no schema of it")
	}
	schema := b.schemas.Schema(forms.request)
	if err := b.gateway(o, schema); err != nil {
		return err
	}
	content := map[string]*openapi.MediaType{jsonType: {Schema: schema, Examples: b.requestExamples(o)}}
	if o.Class == op.Upload {
		content[formType] = &openapi.MediaType{Schema: schema}
	}
	out.RequestBody = &openapi.RequestBody{Required: true, Content: content}
	return nil
}

// gateway makes the schema of a request say what the gateway makes of it: which
// model names there are is its matter, and what it needs stands in the row.
func (b *builder) gateway(o *op.Operation, ref *openapi.Schema) error {
	s := b.schemas.Schemas[ref.Name()]
	if s == nil || s.Properties == nil {
		return fmt.Errorf("the request %s is no object", ref.Name())
	}
	if o.Model {
		model := openapi.Of(openapi.String)
		if o.DefaultModel != "" {
			model.Default = o.DefaultModel
		}
		s.Properties["model"] = model
		s.Required = slices.DeleteFunc(s.Required, func(name string) bool { return name == "model" })
		if o.DefaultModel == "" {
			s.Required = append(s.Required, "model")
		}
	}
	for _, name := range o.Required {
		if s.Properties[name] == nil {
			return fmt.Errorf("the row needs the field %s, and the schema does not know it", name)
		}
		if !slices.Contains(s.Required, name) {
			s.Required = append(s.Required, name)
		}
	}
	if o.Reply == op.Stream && s.Properties["stream"] == nil {
		s.Properties["stream"] = openapi.Of(openapi.Boolean).OrNull()
	}
	slices.Sort(s.Required)
	for name, p := range s.Properties {
		if text := words()[name]; text != "" && p.Description == "" && p.Ref == "" {
			p.Description = text
		}
	}
	return nil
}

// answer adds the answer of success.
func (b *builder) answer(out *openapi.Operation, o *op.Operation, forms bodies) error {
	content := map[string]*openapi.MediaType{}
	example := b.examples[o.ID]
	if forms.response != (typeschema.Name{}) {
		schema := b.schemas.Schema(forms.response)
		if forms.verbose != (typeschema.Name{}) {
			schema = &openapi.Schema{AnyOf: []*openapi.Schema{schema, b.schemas.Schema(forms.verbose)}}
		}
		content[jsonType] = &openapi.MediaType{Schema: schema, Examples: jsonExample(example.Response.JSON)}
	}
	if o.Reply == op.JSON && content[jsonType] == nil {
		return errors.New("an operation that answers with JSON has no schema of it")
	}
	for _, media := range forms.media {
		schema := &openapi.Schema{Type: openapi.Types{openapi.String}}
		if o.Reply == op.Binary {
			schema = &openapi.Schema{ContentMediaType: media}
		}
		content[media] = &openapi.MediaType{Schema: schema}
	}
	if (o.Reply == op.Stream) != (forms.event != (typeschema.Name{})) && o.Reply != op.Binary {
		return errors.New("an operation that streams needs a schema of its events, and no other may have one")
	}
	if forms.event != (typeschema.Name{}) {
		content[streamType] = &openapi.MediaType{Schema: b.event(o, forms), Examples: streamExample(example.Stream)}
	}
	fields := answerHeaders()
	if o.Owner == op.Inference {
		limitHeaders(fields)
	}
	if o.Deprecated != nil {
		deprecationHeaders(fields)
	}
	out.Responses["200"] = &openapi.Response{Description: "The answer.", Headers: fields, Content: content}
	return nil
}

// event is the schema of the data of one event: one of the operation's own, or
// the one that ends a stream that broke off.
func (b *builder) event(o *op.Operation, forms bodies) *openapi.Schema {
	own := b.schemas.Schema(forms.event)
	if o.Shape == op.AnthropicShape {
		return &openapi.Schema{Description: eventNote, AnyOf: []*openapi.Schema{own, b.schemas.Schema(our("AnthropicError"))}}
	}
	if o.ID == op.Response { // its own events have one for errors
		return &openapi.Schema{Description: eventNote, AnyOf: []*openapi.Schema{own}}
	}
	return &openapi.Schema{Description: eventNote, AnyOf: []*openapi.Schema{own, b.schemas.Schema(our("StreamError"))}}
}

const eventNote = "The data of one event. A stream that breaks off ends with an event that says so."

func (b *builder) requestExamples(o *op.Operation) map[string]*openapi.Example {
	e, ok := b.examples[o.ID]
	if !ok || e.Request == nil || e.Request.JSON == nil {
		return nil
	}
	return jsonExample(e.Request.JSON)
}

func jsonExample(text []byte) map[string]*openapi.Example {
	if len(text) == 0 {
		return nil
	}
	return map[string]*openapi.Example{"example": {Value: rawJSON(text)}}
}

// streamExample shows the data of the first event that has some.
func streamExample(s *api.Stream) map[string]*openapi.Example {
	if s == nil {
		return nil
	}
	for _, e := range s.Events {
		if len(e.Data) > 0 {
			return map[string]*openapi.Example{"example": {Summary: "The data of the first event.", Value: rawJSON(e.Data)}}
		}
	}
	return nil
}
