package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/openapi"
)

func rawJSON(text []byte) json.RawMessage { return json.RawMessage(text) }

// kinds are the ways in which an operation can fail.
func kinds(o *op.Operation) []fault.Kind {
	out := []fault.Kind{fault.Internal, fault.Draining}
	if o.Scope != op.Public {
		out = append(out, fault.MissingKey, fault.WrongKey, fault.Forbidden, fault.RateLimited)
	}
	if o.Class != op.Control {
		out = append(out, fault.InvalidJSON, fault.InvalidBody, fault.MissingParameter, fault.InvalidParameter,
			fault.DuplicateParameter, fault.UnsupportedMedia, fault.TooLarge, fault.SlowClient, fault.Busy)
	}
	if o.Owner == op.Inference {
		out = append(out, fault.UnsupportedParameter, fault.UnsupportedOperation, fault.QuotaExceeded, fault.NoEndpoint,
			fault.UpstreamError, fault.UpstreamUnreachable, fault.UpstreamBroken, fault.UpstreamInterrupted, fault.UpstreamTimeout)
	}
	if o.Owner == op.Inference || o.Owner == op.Models && strings.Contains(o.Path, "{") {
		out = append(out, fault.UnknownModel)
	}
	slices.Sort(out)
	return out
}

// failures are the answers of failure, by status: references to components,
// which operations that fail in the same ways share.
func (b *builder) failures(o *op.Operation) map[string]*openapi.Response {
	byStatus := map[string][]fault.Row{}
	for _, k := range kinds(o) {
		row := k.Row()
		status := strconv.Itoa(row.Status)
		if k == fault.UpstreamError {
			status = "default" // the endpoint's
		}
		byStatus[status] = append(byStatus[status], row)
	}
	out := map[string]*openapi.Response{}
	for status, rows := range byStatus {
		name := b.failure(o, status, rows)
		out[status] = &openapi.Response{Ref: "#/components/responses/" + name}
	}
	return out
}

// failure returns the name of the component that says how operations like o fail
// with a status.
func (b *builder) failure(o *op.Operation, status string, rows []fault.Row) string {
	name, schema := "Error", "Error"
	if o.Shape == op.AnthropicShape {
		name, schema = "AnthropicError", "AnthropicError"
	}
	parts := []string{name}
	for _, r := range rows {
		parts = append(parts, r.Name)
	}
	if status == "default" {
		parts = append(parts, "status")
	}
	name = strings.Join(parts, ".")
	if b.doc.Components.Responses[name] != nil {
		return name
	}
	var when []string
	examples := map[string]*openapi.Example{}
	for _, r := range rows {
		when = append(when, fmt.Sprintf("`%s`: %s", r.Name, r.When))
		examples[r.Name] = b.failureExample(o.Shape, r)
	}
	b.doc.Components.Responses[name] = &openapi.Response{
		Description: strings.Join(when, " "),
		Headers:     failureHeaders(rows),
		Content:     map[string]*openapi.MediaType{jsonType: {Schema: b.schemas.Schema(our(schema)), Examples: examples}},
	}
	return name
}

// failureExample returns a reference to the example of a kind.
func (b *builder) failureExample(shape op.Shape, r fault.Row) *openapi.Example {
	name, text := "openai."+r.Name, fault.New(r.Kind, "%s", r.When).AppendOpenAI(nil)
	if shape == op.AnthropicShape {
		name, text = "anthropic."+r.Name, fault.New(r.Kind, "%s", r.When).AppendAnthropic(nil, "req_0123456789abcdef0123456789abcdef")
	}
	b.doc.Components.Examples[name] = &openapi.Example{Value: rawJSON(text)}
	return &openapi.Example{Ref: "#/components/examples/" + name}
}

// headers are the fields that the gateway itself puts on answers.
func headers() map[string]*openapi.Header {
	text, number := openapi.Of(openapi.String), openapi.Of(openapi.Integer)
	out := map[string]*openapi.Header{
		"X-Request-Id":             {Description: "The gateway's name of the request, which its log has.", Schema: text},
		"Openai-Processing-Ms":     {Description: "How long the gateway took until it began to answer.", Schema: number},
		"Openai-Version":           {Description: "The version of OpenAI's API.", Schema: text},
		"X-Gatehouse-Error-Source": {Description: "Who is at fault: client, gateway or upstream.", Schema: text},
		"X-Should-Retry":           {Description: "false where no repetition of the request can mend it.", Schema: text},
		"Retry-After":              {Description: "Seconds after which to come back, where that is known.", Schema: number},
		"Retry-After-Ms":           {Description: "Milliseconds after which to come back, where that is known.", Schema: number},
		"Deprecation":              {Description: "The day since which the operation is deprecated, as RFC 9745 has it.", Schema: text},
		"Sunset":                   {Description: "The day from which the operation may be gone, as RFC 8594 has it.", Schema: text},
		"Link":                     {Description: "What takes the place of the operation, as RFC 8288 has it.", Schema: text},
	}
	for _, metric := range []string{"Requests", "Tokens"} {
		what := strings.ToLower(metric)
		out["X-Ratelimit-Limit-"+metric] = &openapi.Header{Description: "How many " + what + " a minute the key may take, where it has such a limit.", Schema: number}
		out["X-Ratelimit-Remaining-"+metric] = &openapi.Header{Description: "How many " + what + " can be taken at once.", Schema: number}
		out["X-Ratelimit-Reset-"+metric] = &openapi.Header{Description: "In how long all of them can be taken, as in 1.5s or 6m0s.", Schema: text}
	}
	return out
}

// limitHeaders are on the answers that the rates of a key count.
func limitHeaders(to map[string]*openapi.Header) {
	for _, metric := range []string{"Requests", "Tokens"} {
		maps.Copy(to, headerRefs("X-Ratelimit-Limit-"+metric, "X-Ratelimit-Remaining-"+metric, "X-Ratelimit-Reset-"+metric))
	}
}

func headerRefs(names ...string) map[string]*openapi.Header {
	out := map[string]*openapi.Header{}
	for _, n := range names {
		out[n] = &openapi.Header{Ref: "#/components/headers/" + n}
	}
	return out
}

func answerHeaders() map[string]*openapi.Header {
	return headerRefs("X-Request-Id", "Openai-Processing-Ms", "Openai-Version")
}

func deprecationHeaders(to map[string]*openapi.Header) {
	maps.Copy(to, headerRefs("Deprecation", "Sunset", "Link"))
}

func failureHeaders(rows []fault.Row) map[string]*openapi.Header {
	out := answerHeaders()
	maps.Copy(out, headerRefs("X-Gatehouse-Error-Source"))
	for _, r := range rows {
		if r.Final {
			maps.Copy(out, headerRefs("X-Should-Retry"))
		}
		if r.Kind == fault.RateLimited {
			limitHeaders(out)
		}
		if r.Status == 429 || r.Status == 503 || r.Kind == fault.UpstreamError {
			maps.Copy(out, headerRefs("Retry-After", "Retry-After-Ms"))
		}
	}
	return out
}
