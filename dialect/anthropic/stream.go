package anthropic

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/chat"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// event is an event of a stream, of any of the types that are translated.
type event struct {
	Type    string          `json:"type"`
	Message message         `json:"message"`       // of message_start
	Index   int             `json:"index"`         // of content_block_…
	Block   replyBlock      `json:"content_block"` // of content_block_start
	Delta   eventDelta      `json:"delta"`         // of content_block_delta and message_delta
	Usage   usage           `json:"usage"`         // of message_delta
	Error   json.RawMessage `json:"error"`
}

type eventDelta struct {
	Type        string      `json:"type"`
	Text        string      `json:"text"`
	Thinking    string      `json:"thinking"`
	Signature   string      `json:"signature"`
	PartialJSON string      `json:"partial_json"`
	StopReason  string      `json:"stop_reason"`
	StopDetails stopDetails `json:"stop_details"`
}

// openBlock is a block of a stream that has begun and not ended.
type openBlock struct {
	replyBlock
	call     int  // of a tool_use: its index among the calls
	streamed bool // of a tool_use: a piece of its input has come
	thought  strings.Builder
	signed   strings.Builder
}

// maxThought bounds the thinking that is held until it is whole.
const maxThought = wire.MaxEvent

// Event translates one event. Those of unknown types, and all that come after
// the end of the message, mean nothing.
func (a *answer) Event(e wire.Event, emit dialect.Emit) error {
	if len(e.Data) == 0 || e.Done() || a.stopped {
		return nil
	}
	var ev event
	if err := json.Unmarshal(e.Data, &ev); err != nil {
		return fmt.Errorf("an event of the stream could not be read: %w", err)
	}
	if ev.Type == "" {
		ev.Type = string(e.Name)
	}
	switch ev.Type {
	case "message_start":
		a.start(ev.Message)
	case "content_block_start":
		return a.begin(ev.Index, ev.Block, emit)
	case "content_block_delta":
		return a.delta(ev.Index, ev.Delta, emit)
	case "content_block_stop":
		return a.closeBlock(ev.Index, emit)
	case "message_delta":
		return a.messageDelta(ev, emit)
	case "message_stop":
		return a.stop(emit)
	case "error":
		return a.dialect.Error(200, e.Data)
	default:
		if len(ev.Error) > 0 && string(ev.Error) != "null" {
			return a.dialect.Error(200, e.Data)
		}
	}
	return nil
}

// begin takes the start of a block, which may have content already.
func (a *answer) begin(index int, b replyBlock, emit dialect.Emit) error {
	if a.open[index] != nil {
		if err := a.closeBlock(index, emit); err != nil {
			return err
		}
	}
	o := &openBlock{replyBlock: b}
	a.open[index] = o
	switch b.Type {
	case "text":
		return a.w.Delta(emit, chat.Delta{Content: b.Text})
	case "thinking":
		return a.think(o, b.Thinking, b.Signature, emit)
	case "tool_use":
		if b.Name == "" {
			return errors.New("the stream calls a tool without a name")
		}
		o.call = a.calls
		a.calls++
		return a.w.Delta(emit, chat.Delta{Calls: []chat.CallDelta{{Index: o.call, ID: b.ID, Name: b.Name}}})
	}
	return nil
}

// think hands on a piece of thinking or of its signature, and holds it for the
// block that is whole.
func (a *answer) think(o *openBlock, text, signature string, emit dialect.Emit) error {
	o.thought.WriteString(text)
	o.signed.WriteString(signature)
	if o.thought.Len()+o.signed.Len() > maxThought {
		return fmt.Errorf("the stream has a block of thinking of more than %d bytes", maxThought)
	}
	return a.w.Delta(emit, chat.Delta{Reasoning: text})
}

// delta takes a piece of a block. Engines are known to leave out the start of
// a block of text.
func (a *answer) delta(index int, d eventDelta, emit dialect.Emit) error {
	o := a.open[index]
	if o == nil {
		switch d.Type {
		case "text_delta":
			o = &openBlock{replyBlock: replyBlock{Type: "text"}}
		case "thinking_delta":
			o = &openBlock{replyBlock: replyBlock{Type: "thinking"}}
		case "input_json_delta":
			return errors.New("the stream has a piece of a call that did not begin")
		default:
			return nil
		}
		a.open[index] = o
	}
	switch {
	case d.Type == "text_delta" && o.Type == "text":
		return a.w.Delta(emit, chat.Delta{Content: d.Text})
	case o.Type == "thinking" && (d.Type == "thinking_delta" || d.Type == "signature_delta"):
		return a.think(o, d.Thinking, d.Signature, emit)
	case d.Type == "input_json_delta" && o.Type == "tool_use" && d.PartialJSON != "":
		o.streamed = true
		return a.w.Delta(emit, chat.Delta{Calls: []chat.CallDelta{{Index: o.call, Arguments: d.PartialJSON}}})
	}
	return nil
}

// closeBlock takes the end of a block. Only now it is known that a call has no
// arguments, and thinking is complete.
func (a *answer) closeBlock(index int, emit dialect.Emit) error {
	o := a.open[index]
	if o == nil {
		return nil
	}
	delete(a.open, index)
	switch {
	case o.Type == "tool_use" && !o.streamed:
		return a.w.Delta(emit, chat.Delta{Calls: []chat.CallDelta{{Index: o.call, Arguments: arguments(o.Input)}}})
	case o.Type == "thinking":
		o.Thinking, o.Signature = o.thought.String(), o.signed.String()
		fallthrough
	case o.Type == "redacted_thinking":
		return a.emitThoughts(appendThought(nil, o.replyBlock), emit)
	}
	return nil
}

// messageDelta takes the reason for the end and what has been counted.
func (a *answer) messageDelta(ev event, emit dialect.Emit) error {
	a.usage.merge(ev.Usage)
	if ev.Delta.StopReason != "" {
		a.reason = ev.Delta.StopReason
	}
	if a.reason == "refusal" {
		return a.w.Delta(emit, chat.Delta{Refusal: ev.Delta.StopDetails.Explanation})
	}
	return nil
}

// stop ends the answer.
func (a *answer) stop(emit dialect.Emit) error {
	for _, index := range slices.Sorted(maps.Keys(a.open)) {
		if err := a.closeBlock(index, emit); err != nil {
			return err
		}
	}
	a.stopped = true
	return a.w.End(emit, a.finish(), a.Usage())
}

// End tells whether the message had come to its end.
func (a *answer) End(dialect.Emit) error {
	if !a.stopped {
		return errors.New("the stream ended before the message did")
	}
	return nil
}

// emitThoughts emits a chunk with thinking blocks, for which chat's writer has
// no place.
func (a *answer) emitThoughts(thoughts []block, emit dialect.Emit) error {
	if len(thoughts) == 0 {
		return nil
	}
	list, err := encode(thoughts)
	if err != nil {
		return fmt.Errorf("thinking blocks: %w", err)
	}
	if err := a.w.Delta(emit, chat.Delta{}); err != nil { // the role comes first
		return err
	}
	b := wire.AppendString([]byte(`{"id":`), "chatcmpl-"+a.call.ID)
	b = fmt.Appendf(b, `,"object":"chat.completion.chunk","created":%d,"model":`, a.call.Created)
	b = wire.AppendString(b, a.model)
	b = fmt.Appendf(b, `,"choices":[{"index":0,"delta":{"thinking_blocks":%s},"logprobs":null,"finish_reason":null}]`, list)
	if a.call.IncludeUsage {
		b = append(b, `,"usage":null`...)
	}
	return emit(append(b, '}'))
}
