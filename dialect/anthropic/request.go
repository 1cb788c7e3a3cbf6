package anthropic

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/chat"
	"github.com/gatehouse-ai/gatehouse/dialect/param"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// translated are the parameters that are expressed, or as seed is, knowingly
// left out.
var translated = [...]string{
	"function_call", "functions", "max_completion_tokens", "max_tokens", "parallel_tool_calls",
	"reasoning_effort", "response_format", "seed", "stop", "temperature", "tool_choice", "tools", "top_p",
	"cache_control", "thinking", "top_k",
}

// request is the body of a request to the Messages API.
type request struct {
	Model         string          `json:"model"`
	MaxTokens     int64           `json:"max_tokens"`
	System        []block         `json:"system,omitempty"`
	Messages      []turn          `json:"messages"`
	Tools         []tool          `json:"tools,omitempty"`
	ToolChoice    *toolChoice     `json:"tool_choice,omitempty"`
	Thinking      json.RawMessage `json:"thinking,omitempty"`
	OutputConfig  *outputConfig   `json:"output_config,omitempty"`
	Temperature   *float64        `json:"temperature,omitempty"`
	TopP          *float64        `json:"top_p,omitempty"`
	TopK          *int64          `json:"top_k,omitempty"`
	StopSequences []string        `json:"stop_sequences,omitempty"`
	Metadata      *metadata       `json:"metadata,omitempty"`
	CacheControl  json.RawMessage `json:"cache_control,omitempty"`
	Stream        bool            `json:"stream,omitempty"`
}

type outputConfig struct {
	Effort string  `json:"effort,omitempty"`
	Format *format `json:"format,omitempty"`
}

type format struct {
	Type   string          `json:"type"`
	Schema json.RawMessage `json:"schema"`
}

type metadata struct {
	UserID string `json:"user_id"`
}

// Translate turns a request for a chat completion into one for a message.
func (d *Dialect) Translate(base string, c dialect.Call) (dialect.Request, dialect.Answer, error) {
	fail := func(err error) (dialect.Request, dialect.Answer, error) { return dialect.Request{}, nil, err }
	if c.Op != op.ChatCompletion {
		return fail(fault.New(fault.UnsupportedOperation, "The endpoint of this model serves chat completions and Anthropic's messages only."))
	}
	body, thoughts, err := takeThinking(c.Body)
	if err != nil {
		return fail(err)
	}
	r, err := chat.Parse(body)
	if err != nil {
		return fail(err)
	}
	if err := r.Refuse(name, translated[:]...); err != nil {
		return fail(err)
	}
	out := request{Model: c.Model, Stream: c.Stream, Metadata: userID(r)}
	if err := d.fill(&out, r, thoughts); err != nil {
		return fail(err)
	}
	b, err := encode(out)
	if err != nil {
		return fail(fmt.Errorf("request in Anthropic's form: %w", err))
	}
	return dialect.Request{
		Path:   messages(base),
		Body:   b,
		Header: wire.Header{{Name: "Anthropic-Version", Value: version}},
	}, d.newAnswer(c, r), nil
}

// fill writes what r asks for into out.
func (d *Dialect) fill(out *request, r *chat.Request, thoughts map[string][]block) error {
	for _, step := range []func(*request, *chat.Request) error{fillSampling, fillFormat, fillTools, fillOwn} {
		if err := step(out, r); err != nil {
			return err
		}
	}
	v := newConversation()
	for _, m := range r.Messages {
		if thoughts[m.Path] != nil && m.Role != chat.RoleAssistant {
			return chat.Unsupported(name, m.Path+".thinking_blocks")
		}
		if err := v.add(m, thoughts[m.Path]); err != nil {
			return err
		}
	}
	if err := v.end(); err != nil {
		return err
	}
	out.System, out.Messages = v.system, v.turns
	d.fillThinking(out, r)
	return nil
}

func fillSampling(out *request, r *chat.Request) error {
	if t := r.Temperature; t != nil && *t > 1 {
		return invalid("temperature", "is %g but must be a number from 0 to 1: the endpoint of this model, which speaks the %s protocol, goes no higher", *t, name)
	}
	out.Temperature, out.TopP = notOne(r.Temperature), notOne(r.TopP)
	for _, s := range r.Stop {
		if strings.TrimSpace(s) == "" {
			return invalid("stop", "has a sequence of white space alone, at which the endpoint of this model, which speaks the %s protocol, cannot stop", name)
		}
	}
	out.StopSequences = r.Stop
	return nil
}

// notOne returns p unless it points to 1, which is the same as leaving it out.
func notOne(p *float64) *float64 {
	if p != nil && *p == 1 {
		return nil
	}
	return p
}

func fillFormat(out *request, r *chat.Request) error {
	switch r.Format.Kind {
	case chat.TextFormat:
	case chat.JSONFormat:
		return fault.Param(fault.UnsupportedParameter, "response_format",
			"Unsupported parameter: 'response_format' of type 'json_object' is not supported by the endpoint of this model, which speaks the %s protocol. Use type 'json_schema', which is.", name)
	case chat.SchemaFormat:
		if r.Format.Schema == nil {
			const path = "response_format.json_schema.schema"
			return fault.Param(fault.MissingParameter, path, "Missing required parameter: '%s', without which the endpoint of this model cannot be held to JSON.", path)
		}
		out.OutputConfig = &outputConfig{Format: &format{Type: "json_schema", Schema: r.Format.Schema}}
	}
	return nil
}

// fillOwn takes parameters of Anthropic's API that OpenAI's does not have.
func fillOwn(out *request, r *chat.Request) error {
	topK := func(v param.Value) error {
		k, err := v.Int(0, math.MaxInt64)
		out.TopK = &k
		return err
	}
	for _, own := range []param.Field{
		param.May("top_k", topK),
		param.May("thinking", param.ObjectJSON(&out.Thinking)),
		param.May("cache_control", param.ObjectJSON(&out.CacheControl)),
	} {
		if v, found := r.Extra(own.Name); found {
			if err := own.Read(v); err != nil {
				return err
			}
		}
	}
	return nil
}

// longestUserID is how long Anthropic lets an id of a user be.
const longestUserID = 256

// userID returns the user that the client named. Being a hint, it is left out
// where Anthropic would refuse the request for it: if it is long, an address
// of electronic mail or a telephone number.
func userID(r *chat.Request) *metadata {
	id := r.SafetyIdentifier
	if id == "" {
		id = r.User
	}
	phone := len(id) >= 7 && strings.Trim(id, "+0123456789 ()-./") == ""
	if id == "" || phone || strings.Contains(id, "@") || utf8.RuneCountInString(id) > longestUserID {
		return nil
	}
	return &metadata{UserID: id}
}

// encode returns v as JSON. Text stays as it is: no character is escaped that
// need not be.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
