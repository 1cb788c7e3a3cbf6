package anthropic

import (
	"strings"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/param"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/wire"
)

const (
	name    = "Anthropic"  // what messages call the protocol
	version = "2023-06-01" // of the API that requests are written for
)

// DefaultMaxTokens is the limit of tokens for requests that set none. Every
// Claude model on offer takes it, it leaves room for thinking, and an answer
// of that length still comes in time when it is not streamed.
const DefaultMaxTokens = 16000

// Options say what the protocol leaves open.
type Options struct {
	// MaxTokens limits the answers to requests that set no limit themselves,
	// since the protocol demands one. 0 means DefaultMaxTokens. An engine with
	// a context smaller than that needs less.
	MaxTokens int
}

// Dialect is Anthropic's Messages API.
type Dialect struct {
	maxTokens int64
}

var _ dialect.Translator = (*Dialect)(nil)

// New returns the dialect with the given options.
func New(o Options) *Dialect {
	if o.MaxTokens <= 0 {
		o.MaxTokens = DefaultMaxTokens
	}
	return &Dialect{maxTokens: int64(o.MaxTokens)}
}

// Path knows the operations that Anthropic's clients call.
func (*Dialect) Path(base string, o *op.Operation) string {
	switch o.ID {
	case op.Message:
		return messages(base)
	case op.CountTokens:
		return messages(base) + "/count_tokens"
	}
	return ""
}

// Credential is Anthropic's own header.
func (*Dialect) Credential(key string) wire.Field {
	return wire.Field{Name: "X-Api-Key", Value: key}
}

// Probe is the list of models. Anthropic itself wants the header
// Anthropic-Version there, and without it answers 400.
func (*Dialect) Probe(base string) string { return root(base) + "/models" }

// Translates tells that chat completions are translated.
func (*Dialect) Translates(id op.ID) bool { return id == op.ChatCompletion }

// invalid returns an error about the value at a path. The format continues a
// sentence that starts with the path, and has no full stop.
func invalid(path, format string, args ...any) *fault.Error {
	return param.Value{Path: path}.Invalid(format, args...)
}

func messages(base string) string { return root(base) + "/messages" }

// root returns the path of the API's version. Anthropic's clients are given a
// URL without it, OpenAI's one with it: both are taken.
func root(base string) string { return strings.TrimSuffix(base, "/v1") + "/v1" }
