package openai

import (
	"strings"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/failure"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Dialect is OpenAI's own protocol. The zero value is ready for use.
type Dialect struct{}

var _ dialect.Dialect = Dialect{}

// Path is base and the operation's own path. Engines serve some operations at
// their root: there a base that ends in /v1 is taken without it.
func (Dialect) Path(base string, o *op.Operation) string {
	if o.Level == op.Absent {
		return ""
	}
	if o.Root {
		base = strings.TrimSuffix(base, "/v1")
	}
	return base + o.Path
}

// Credential is a bearer token.
func (Dialect) Credential(key string) wire.Field {
	return wire.Field{Name: "Authorization", Value: "Bearer " + key}
}

// Probe is the list of models, which every such endpoint has.
func (Dialect) Probe(base string) string { return base + "/models" }

// Error reads an endpoint's error.
func (Dialect) Error(status int, body []byte) *fault.Error { return failure.Read(status, body) }
