package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Version is the version of the OpenAPI specification that documents follow.
const Version = "3.1.1"

// Document is an OpenAPI document.
type Document struct {
	OpenAPI    string               `json:"openapi"`
	Info       Info                 `json:"info"`
	Servers    []Server             `json:"servers,omitempty"`
	Tags       []Tag                `json:"tags,omitempty"`
	Paths      map[string]*PathItem `json:"paths"`
	Components Components           `json:"components"`
}

// Info says what the API is.
type Info struct {
	Title       string   `json:"title"`
	Summary     string   `json:"summary,omitempty"`
	Description string   `json:"description,omitempty"`
	License     *License `json:"license,omitempty"`
	Version     string   `json:"version"`
}

// License is the licence of the document.
type License struct {
	Name       string `json:"name"`
	Identifier string `json:"identifier,omitempty"`
}

// Server is a base URL that paths are appended to.
type Server struct {
	URL         string `json:"url"`
	Description string `json:"description,omitempty"`
}

// Tag is a group of operations.
type Tag struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// PathItem has the operations of a path by method.
type PathItem struct {
	Get    *Operation `json:"get,omitempty"`
	Post   *Operation `json:"post,omitempty"`
	Put    *Operation `json:"put,omitempty"`
	Patch  *Operation `json:"patch,omitempty"`
	Delete *Operation `json:"delete,omitempty"`
}

// Set puts an operation at a method. It fails if the method is one that path
// items have no place for, or is taken.
func (p *PathItem) Set(method string, o *Operation) error {
	place, ok := map[string]**Operation{
		"GET": &p.Get, "POST": &p.Post, "PUT": &p.Put, "PATCH": &p.Patch, "DELETE": &p.Delete,
	}[method]
	if !ok {
		return fmt.Errorf("a path has no place for operations of the method %q", method)
	}
	if *place != nil {
		return fmt.Errorf("the method %s has two operations, %s and %s", method, (*place).OperationID, o.OperationID)
	}
	*place = o
	return nil
}

// Operation is one operation.
type Operation struct {
	OperationID string                `json:"operationId"`
	Summary     string                `json:"summary,omitempty"`
	Description string                `json:"description,omitempty"`
	Tags        []string              `json:"tags,omitempty"`
	Deprecated  bool                  `json:"deprecated,omitempty"`
	Security    []map[string][]string `json:"security"` // empty: everybody may ask
	Parameters  []Parameter           `json:"parameters,omitempty"`
	RequestBody *RequestBody          `json:"requestBody,omitempty"`
	Responses   map[string]*Response  `json:"responses"`

	LevelWord     string `json:"x-stability-level"`                   // alpha, beta or stable
	Sunset        string `json:"x-sunset,omitempty"`                  // the day from which it may be gone
	Announced     string `json:"x-gatehouse-deprecated-in,omitempty"` // the release that said so
	Level         string `json:"x-gatehouse-level"`                   // v1, v1beta or v1alpha
	Class         string `json:"x-gatehouse-class"`                   // bounds of the request
	Compatibility string `json:"x-gatehouse-compat"`                  // relation to OpenAI's operation
	Note          string `json:"x-gatehouse-note,omitempty"`
}

// Parameter is a parameter in the path, the query or a header.
type Parameter struct {
	Name        string  `json:"name"`
	In          string  `json:"in"`
	Description string  `json:"description,omitempty"`
	Required    bool    `json:"required,omitempty"`
	Schema      *Schema `json:"schema"`
	Example     any     `json:"example,omitempty"`
}

// RequestBody is the body of a request.
type RequestBody struct {
	Description string                `json:"description,omitempty"`
	Required    bool                  `json:"required,omitempty"`
	Content     map[string]*MediaType `json:"content"`
}

// MediaType is a body of one content type.
type MediaType struct {
	Schema   *Schema             `json:"schema,omitempty"`
	Examples map[string]*Example `json:"examples,omitempty"`
}

// Response is an answer, or a reference to one of the components.
type Response struct {
	Ref         string                `json:"$ref,omitempty"`
	Description string                `json:"description,omitempty"`
	Headers     map[string]*Header    `json:"headers,omitempty"`
	Content     map[string]*MediaType `json:"content,omitempty"`
}

// Header is a field of an answer, or a reference to one of the components.
type Header struct {
	Ref         string  `json:"$ref,omitempty"`
	Description string  `json:"description,omitempty"`
	Schema      *Schema `json:"schema,omitempty"`
}

// Example is an example, or a reference to one of the components.
type Example struct {
	Ref     string `json:"$ref,omitempty"`
	Summary string `json:"summary,omitempty"`
	Value   any    `json:"value,omitempty"`
}

// SecurityScheme is a way to present a key.
type SecurityScheme struct {
	Type        string `json:"type"`
	Description string `json:"description,omitempty"`
	Name        string `json:"name,omitempty"`
	In          string `json:"in,omitempty"`
	Scheme      string `json:"scheme,omitempty"`
}

// Components are what other parts refer to.
type Components struct {
	Schemas         map[string]*Schema         `json:"schemas,omitempty"`
	Responses       map[string]*Response       `json:"responses,omitempty"`
	Examples        map[string]*Example        `json:"examples,omitempty"`
	Headers         map[string]*Header         `json:"headers,omitempty"`
	SecuritySchemes map[string]*SecurityScheme `json:"securitySchemes,omitempty"`
}

// Parse reads a document that Append has written. What documents of others have
// besides is left out.
func Parse(text []byte) (*Document, error) {
	d := &Document{}
	if err := json.Unmarshal(text, d); err != nil {
		return nil, fmt.Errorf("reading an OpenAPI document: %w", err)
	}
	return d, nil
}

// Append appends the document as indented JSON with a line break at its end.
func (d *Document) Append(b []byte) ([]byte, error) {
	buf := bytes.NewBuffer(b)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(d); err != nil {
		return nil, fmt.Errorf("writing an OpenAPI document: %w", err)
	}
	return buf.Bytes(), nil
}
