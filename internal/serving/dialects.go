package serving

import (
	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/anthropic"
	"github.com/gatehouse-ai/gatehouse/dialect/ollama"
	"github.com/gatehouse-ai/gatehouse/dialect/openai"
	"github.com/gatehouse-ai/gatehouse/dialect/tei"
	"github.com/gatehouse-ai/gatehouse/op"
)

// How a dialect serves an operation.
type How string

// The ways.
const (
	AsIs       How = "as is"
	Translated How = "translated"
	Not        How = ""
)

// Dialect is a dialect with its name in the configuration.
type Dialect struct {
	Name    string
	Dialect dialect.Dialect
}

// Dialects returns the dialects of the gateway.
func Dialects() []Dialect {
	return []Dialect{
		{"openai", openai.Dialect{}},
		{"anthropic", anthropic.New(anthropic.Options{})},
		{"ollama", ollama.Dialect{}},
		{"tei", tei.Dialect{}},
	}
}

// Serves tells how the dialect serves an operation.
func (d Dialect) Serves(o *op.Operation) How {
	if o.Owner != op.Inference {
		return Not
	}
	if d.Dialect.Path("/v1", o) != "" {
		return AsIs
	}
	if t, ok := d.Dialect.(dialect.Translator); ok && t.Translates(o.ID) {
		return Translated
	}
	return Not
}
