package ollama

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/failure"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Dialect is Ollama's native protocol. The zero value is ready for use.
type Dialect struct{}

var _ dialect.Translator = Dialect{}

const name = "Ollama"

// Path is "": no operation goes on as it is.
func (Dialect) Path(string, *op.Operation) string { return "" }

// Credential is a bearer token, as Ollama's cloud and proxies before an engine
// take it.
func (Dialect) Credential(key string) wire.Field {
	return wire.Field{Name: "Authorization", Value: "Bearer " + key}
}

// Probe asks for the engine's version, which loads no model.
func (Dialect) Probe(base string) string { return base + "/api/version" }

// Error reads the engine's error, which is a string.
func (Dialect) Error(status int, body []byte) *fault.Error { return failure.Read(status, body) }

// Translates tells that chat completions and embeddings are translated.
func (Dialect) Translates(id op.ID) bool { return id == op.ChatCompletion || id == op.Embedding }

// Translate turns the call into one of the native API.
func (Dialect) Translate(base string, c dialect.Call) (dialect.Request, dialect.Answer, error) {
	switch c.Op {
	case op.ChatCompletion:
		body, answer, err := translateChat(c)
		return request(base+"/api/chat", body, answer, err)
	case op.Embedding:
		body, answer, err := translateEmbed(c)
		return request(base+"/api/embed", body, answer, err)
	}
	return dialect.Request{}, nil, fault.New(fault.UnsupportedOperation, "The endpoint of this model serves chat completions and embeddings only.")
}

// request encodes the body of a request that could be made.
func request(path string, body any, answer dialect.Answer, err error) (dialect.Request, dialect.Answer, error) {
	if err != nil {
		return dialect.Request{}, nil, err
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(body); err != nil {
		return dialect.Request{}, nil, fmt.Errorf("request for Ollama: %w", err)
	}
	return dialect.Request{Path: path, Body: bytes.TrimSpace(b.Bytes())}, answer, nil
}
