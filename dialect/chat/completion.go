package chat

import (
	"math"
	"strconv"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/meter"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Finish says why the model stopped, as finish_reason.
type Finish string

// The reasons. With functions instead of tools the writers turn
// FinishToolCalls into function_call.
const (
	FinishStop          Finish = "stop"
	FinishLength        Finish = "length"
	FinishToolCalls     Finish = "tool_calls"
	FinishContentFilter Finish = "content_filter"
)

// Completion is a whole answer, with one choice.
type Completion struct {
	Content   string // null in the answer if it is empty and there are calls or a refusal
	Refusal   string
	Reasoning string
	Calls     []Call // whose Path does not matter; an empty ID is made up
	Logprobs  []TokenLogprob
	Finish    Finish
	Usage     meter.Usage // left out of the answer if it is not known
}

// TokenLogprob is the probability of one token of the answer. A nil Bytes is
// null.
type TokenLogprob struct {
	Token   string
	Logprob float64
	Bytes   []int
	Top     []TokenLogprob // whose own Top is not used
}

// Writer writes the answer to one request, either one Completion or a stream
// of Deltas that ends with End. It MUST be used by one goroutine only.
type Writer struct {
	call    dialect.Call
	model   string
	legacy  bool
	started bool
	b       []byte
}

// NewWriter returns a Writer for the answer to r, which came as call.
func NewWriter(call dialect.Call, r *Request) *Writer {
	return &Writer{call: call, model: call.Model, legacy: r.LegacyFunctions}
}

// SetModel says what the endpoint calls the model; "" changes nothing.
func (w *Writer) SetModel(name string) {
	if name != "" {
		w.model = name
	}
}

// CallID returns the id of the n-th call of the answer, for endpoints that
// give calls no ids.
func (w *Writer) CallID(n int) string { return "call_" + w.call.ID + "_" + strconv.Itoa(n) }

// Completion returns the body of a whole answer.
func (w *Writer) Completion(c Completion) []byte {
	b := w.head(nil, "chat.completion")
	b = append(b, `{"index":0,"message":{"role":"assistant","content":`...)
	if c.Content == "" && (len(c.Calls) > 0 || c.Refusal != "") {
		b = append(b, "null"...)
	} else {
		b = wire.AppendString(b, c.Content)
	}
	b = append(b, `,"refusal":`...)
	b = appendNullable(b, c.Refusal)
	if c.Reasoning != "" {
		b = append(b, `,"reasoning_content":`...)
		b = wire.AppendString(b, c.Reasoning)
	}
	b = w.calls(b, c.Calls)
	b = append(b, `},"logprobs":`...)
	b = appendLogprobs(b, c.Logprobs)
	b = append(b, `,"finish_reason":`...)
	b = wire.AppendString(b, w.reason(c.Finish))
	b = append(b, "}]"...)
	if c.Usage.Known {
		b = append(b, `,"usage":`...)
		b = AppendUsage(b, c.Usage)
	}
	return append(b, '}')
}

// head appends a completion or chunk up to the bracket that opens its choices.
func (w *Writer) head(b []byte, object string) []byte {
	b = append(b, `{"id":`...)
	b = wire.AppendString(b, "chatcmpl-"+w.call.ID)
	b = append(b, `,"object":"`...)
	b = append(b, object...)
	b = append(b, `","created":`...)
	b = strconv.AppendInt(b, w.call.Created, 10)
	b = append(b, `,"model":`...)
	b = wire.AppendString(b, w.model)
	return append(b, `,"choices":[`...)
}

// calls appends the calls of a whole message. With functions instead of tools
// there is only ever one.
func (w *Writer) calls(b []byte, calls []Call) []byte {
	if len(calls) == 0 {
		return b
	}
	if w.legacy {
		b = append(b, `,"function_call":{"name":`...)
		b = wire.AppendString(b, calls[0].Name)
		b = append(b, `,"arguments":`...)
		b = wire.AppendString(b, calls[0].Arguments)
		return append(b, '}')
	}
	b = append(b, `,"tool_calls":[`...)
	for i, c := range calls {
		if i > 0 {
			b = append(b, ',')
		}
		if c.ID == "" {
			c.ID = w.CallID(i)
		}
		kind, text := "function", "arguments"
		if c.Custom {
			kind, text = "custom", "input"
		}
		b = append(b, `{"id":`...)
		b = wire.AppendString(b, c.ID)
		b = append(b, `,"type":"`+kind+`","`+kind+`":{"name":`...)
		b = wire.AppendString(b, c.Name)
		b = append(b, `,"`+text+`":`...)
		b = wire.AppendString(b, c.Arguments)
		b = append(b, "}}"...)
	}
	return append(b, ']')
}

func (w *Writer) reason(f Finish) string {
	if w.legacy && f == FinishToolCalls {
		return "function_call"
	}
	return string(f)
}

func appendNullable(b []byte, s string) []byte {
	if s == "" {
		return append(b, "null"...)
	}
	return wire.AppendString(b, s)
}

func appendLogprobs(b []byte, tokens []TokenLogprob) []byte {
	if tokens == nil {
		return append(b, "null"...)
	}
	b = append(b, `{"content":[`...)
	for i, t := range tokens {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendToken(b, t)
		b = append(b, `,"top_logprobs":[`...)
		for j, top := range t.Top {
			if j > 0 {
				b = append(b, ',')
			}
			b = append(appendToken(b, top), '}')
		}
		b = append(b, "]}"...)
	}
	return append(b, `],"refusal":null}`...)
}

// appendToken appends a token without the brace that closes it.
func appendToken(b []byte, t TokenLogprob) []byte {
	b = append(b, `{"token":`...)
	b = wire.AppendString(b, t.Token)
	b = append(b, `,"logprob":`...)
	p := max(-math.MaxFloat64, min(t.Logprob, math.MaxFloat64)) // JSON has no infinity,
	if math.IsNaN(p) {                                          // and not what is no number
		p = -math.MaxFloat64
	}
	b = strconv.AppendFloat(b, p, 'g', -1, 64)
	b = append(b, `,"bytes":`...)
	if t.Bytes == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for i, n := range t.Bytes {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return append(b, ']')
}

// AppendUsage appends the usage object of a completion.
func AppendUsage(b []byte, u meter.Usage) []byte {
	for _, f := range [...]struct {
		text string
		n    int64
	}{
		{`{"prompt_tokens":`, u.Input},
		{`,"completion_tokens":`, u.Output},
		{`,"total_tokens":`, u.Total()},
		{`,"prompt_tokens_details":{"cached_tokens":`, u.CachedInput},
		{`,"cache_write_tokens":`, u.CacheWrite},
		{`,"audio_tokens":`, u.AudioInput},
		{`},"completion_tokens_details":{"reasoning_tokens":`, u.Reasoning},
		{`,"audio_tokens":`, u.AudioOutput},
	} {
		b = append(b, f.text...)
		b = strconv.AppendInt(b, f.n, 10)
	}
	return append(b, `,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}`...)
}
