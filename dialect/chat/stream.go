package chat

import (
	"strconv"
	"strings"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/meter"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Delta is a piece of a streamed answer. Empty fields are left out.
type Delta struct {
	Content   string
	Refusal   string
	Reasoning string
	Calls     []CallDelta
	Logprobs  []TokenLogprob
}

// CallDelta is a piece of a call. The first piece of a call has its Name, and
// its ID unless one is to be made up; further ones have Arguments alone.
type CallDelta struct {
	Index     int // of the call within the answer, from 0
	ID        string
	Name      string
	Arguments string
	Custom    bool
}

// Delta emits one chunk with a piece of the answer. The first chunk of a
// stream has the role as well. A delta without anything in it emits nothing,
// unless it is the first: that one begins the stream.
func (w *Writer) Delta(emit dialect.Emit, d Delta) error {
	if w.legacy {
		d.Calls = firstCall(d.Calls)
	}
	if w.started && d.Content == "" && d.Refusal == "" && d.Reasoning == "" && len(d.Calls) == 0 && d.Logprobs == nil {
		return nil
	}
	b := w.head(w.b[:0], "chat.completion.chunk")
	b = append(b, `{"index":0,"delta":{`...)
	open := len(b)
	if !w.started {
		w.started = true
		b = append(b, `"role":"assistant","content":`...)
		if d.Content == "" && (len(d.Calls) > 0 || d.Refusal != "") {
			b = append(b, "null"...)
		} else {
			b = wire.AppendString(b, d.Content)
		}
	} else if d.Content != "" {
		b = append(b, `"content":`...)
		b = wire.AppendString(b, d.Content)
	}
	b = member(b, open, "refusal", d.Refusal)
	b = member(b, open, "reasoning_content", d.Reasoning)
	b = w.callDeltas(b, open, d.Calls)
	b = append(b, `},"logprobs":`...)
	b = appendLogprobs(b, d.Logprobs)
	b = append(b, `,"finish_reason":null}]`...)
	return w.emit(emit, b)
}

// firstCall leaves the pieces of the first call: a function_call has no place
// for more.
func firstCall(calls []CallDelta) []CallDelta {
	var out []CallDelta
	for _, c := range calls {
		if c.Index == 0 {
			out = append(out, c)
		}
	}
	return out
}

// member appends a member unless it is empty. open is where its object begins.
func member(b []byte, open int, name, text string) []byte {
	if text == "" {
		return b
	}
	b = comma(b, open)
	b = append(b, '"')
	b = append(b, name...)
	b = append(b, `":`...)
	return wire.AppendString(b, text)
}

func comma(b []byte, open int) []byte {
	if len(b) > open {
		b = append(b, ',')
	}
	return b
}

func (w *Writer) callDeltas(b []byte, open int, calls []CallDelta) []byte {
	if len(calls) == 0 {
		return b
	}
	b = comma(b, open)
	if w.legacy {
		b = append(b, `"function_call":{`...)
		open := len(b)
		var arguments strings.Builder
		for _, c := range calls {
			b = member(b, open, "name", c.Name)
			arguments.WriteString(c.Arguments)
		}
		b = comma(b, open)
		b = append(b, `"arguments":`...)
		b = wire.AppendString(b, arguments.String())
		return append(b, '}')
	}
	b = append(b, `"tool_calls":[`...)
	for i, c := range calls {
		if i > 0 {
			b = append(b, ',')
		}
		b = w.callDelta(b, c)
	}
	return append(b, ']')
}

func (w *Writer) callDelta(b []byte, c CallDelta) []byte {
	kind, text := "function", "arguments"
	if c.Custom {
		kind, text = "custom", "input"
	}
	b = append(b, `{"index":`...)
	b = strconv.AppendInt(b, int64(c.Index), 10)
	if c.Name != "" {
		if c.ID == "" {
			c.ID = w.CallID(c.Index)
		}
		b = append(b, `,"id":`...)
		b = wire.AppendString(b, c.ID)
		b = append(b, `,"type":"`+kind+`","`+kind+`":{"name":`...)
		b = wire.AppendString(b, c.Name)
		b = append(b, ',')
	} else {
		b = append(b, `,"`+kind+`":{`...)
	}
	b = append(b, `"`+text+`":`...)
	b = wire.AppendString(b, c.Arguments)
	return append(b, "}}"...)
}

// End emits the chunk with the reason for the end and, where the client asked
// for it and it is known, the chunk with the usage.
func (w *Writer) End(emit dialect.Emit, f Finish, u meter.Usage) error {
	if !w.started {
		if err := w.Delta(emit, Delta{}); err != nil {
			return err
		}
	}
	b := w.head(w.b[:0], "chat.completion.chunk")
	b = append(b, `{"index":0,"delta":{},"logprobs":null,"finish_reason":`...)
	b = wire.AppendString(b, w.reason(f))
	b = append(b, "}]"...)
	if err := w.emit(emit, b); err != nil {
		return err
	}
	if !w.call.IncludeUsage || !u.Known {
		return nil
	}
	b = w.head(w.b[:0], "chat.completion.chunk")
	b = append(b, `],"usage":`...)
	b = AppendUsage(b, u)
	b = append(b, '}')
	w.b = b
	return emit(b)
}

// emit ends a chunk that has no usage and hands it on.
func (w *Writer) emit(emit dialect.Emit, b []byte) error {
	if w.call.IncludeUsage {
		b = append(b, `,"usage":null`...)
	}
	b = append(b, '}')
	w.b = b
	return emit(b)
}
