package responses

import (
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
	"github.com/gatehouse-ai/gatehouse/fakellm/openai"
	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

// responder renders one answer as the items of a response and as the events of
// its stream, which both come from one walk over the answer.
type responder struct {
	r      *turn.Request
	c      *request
	answer answer.Answer
	done   []any // items
	frames []turn.Frame
}

func (w *responder) status() string {
	switch w.answer.Choices[0].Finish {
	case answer.Length, answer.Filtered:
		return "incomplete"
	}
	return "completed"
}

// output is the list of items that are done.
func (w *responder) output() []any { return append([]any{}, w.done...) }

// emit adds an event. Its sequence number is its place.
func (w *responder) emit(name string, tokens int, members map[string]any) {
	members["type"], members["sequence_number"] = name, len(w.frames)
	w.frames = append(w.frames, turn.Frame{Name: name, Data: turn.Marshal(members), Tokens: tokens})
}

func (w *responder) stream() []turn.Frame {
	for _, name := range []string{"created", "in_progress"} {
		w.emit("response."+name, 0, map[string]any{"response": w.body("in_progress")})
		w.frames[len(w.frames)-1].Early = true
	}
	w.items()
	w.emit("response."+w.status(), 0, map[string]any{"response": w.body(w.status())})
	w.frames[len(w.frames)-1].End = true
	return w.frames
}

// broken is the error event of a stream, which is flat.
func (w *responder) broken(at int, message string) []turn.Frame {
	return []turn.Frame{{Name: "error", Data: turn.Marshal(map[string]any{
		"type": "error", "code": "server_error", "message": message, "param": nil,
		"sequence_number": at,
	})}}
}

// items walks over the answer: reasoning, message, calls.
func (w *responder) items() {
	choice := &w.answer.Choices[0]
	if len(choice.Reasoning) > 0 {
		w.reasoning(choice.Reasoning)
	}
	if len(choice.Text) > 0 || len(choice.Calls) == 0 {
		w.message(choice)
	}
	for n, call := range choice.Calls {
		w.call(n, call)
	}
}

// item emits the events around an item, and keeps the item once it is done.
// Body fills the item in and emits what lies between.
func (w *responder) item(item map[string]any, body func(at map[string]any) map[string]any) {
	index := len(w.done)
	item["status"] = "in_progress"
	w.emit("response.output_item.added", 0, map[string]any{"output_index": index, "item": item})
	item = body(map[string]any{"item_id": item["id"], "output_index": index})
	item["status"] = "completed"
	if w.status() == "incomplete" && index == w.last() {
		item["status"] = "incomplete"
	}
	w.emit("response.output_item.done", 0, map[string]any{"output_index": index, "item": item})
	w.done = append(w.done, item)
}

// last is the index of the last item.
func (w *responder) last() int {
	choice := &w.answer.Choices[0]
	n := len(choice.Calls) - 1
	if len(choice.Reasoning) > 0 {
		n++
	}
	if len(choice.Text) > 0 || len(choice.Calls) == 0 {
		n++
	}
	return n
}

// with returns the members of both maps.
func with(at, more map[string]any) map[string]any {
	out := maps.Clone(at)
	maps.Copy(out, more)
	return out
}

func (w *responder) reasoning(tokens []string) {
	id, text := "rs_"+w.r.ID, strings.Join(tokens, "")
	start := map[string]any{"id": id, "type": "reasoning", "summary": []any{}, "encrypted_content": nil}
	w.item(start, func(at map[string]any) map[string]any {
		at["content_index"] = 0
		w.emit("response.content_part.added", 0, with(at, map[string]any{
			"part": map[string]any{"type": "reasoning_text", "text": ""},
		}))
		for _, token := range tokens {
			w.emit("response.reasoning_text.delta", 1, with(at, map[string]any{"delta": token}))
		}
		w.emit("response.reasoning_text.done", 0, with(at, map[string]any{"text": text}))
		part := map[string]any{"type": "reasoning_text", "text": text}
		w.emit("response.content_part.done", 0, with(at, map[string]any{"part": part}))
		return with(start, map[string]any{"content": []any{part}})
	})
}

func (w *responder) message(choice *answer.Choice) {
	id, text := "msg_"+w.r.ID, strings.Join(choice.Text, "")
	wants := w.c.Top > 0 || slices.Contains(w.c.Include, "message.output_text.logprobs")
	probs := func(tokens ...string) []openai.TokenLogprob {
		if !wants {
			return []openai.TokenLogprob{}
		}
		return openai.Likely(tokens, w.c.Top).Content
	}
	part := func(text string, probs []openai.TokenLogprob) map[string]any {
		return map[string]any{"type": "output_text", "text": text, "annotations": []any{}, "logprobs": probs}
	}
	start := map[string]any{"id": id, "type": "message", "role": "assistant", "content": []any{}}
	w.item(start, func(at map[string]any) map[string]any {
		at["content_index"] = 0
		w.emit("response.content_part.added", 0, with(at, map[string]any{"part": part("", probs())}))
		for _, token := range choice.Text {
			w.emit("response.output_text.delta", 1, with(at, map[string]any{"delta": token, "logprobs": probs(token)}))
		}
		all := probs(choice.Text...)
		w.emit("response.output_text.done", 0, with(at, map[string]any{"text": text, "logprobs": all}))
		w.emit("response.content_part.done", 0, with(at, map[string]any{"part": part(text, all)}))
		return with(start, map[string]any{"content": []any{part(text, all)}})
	})
}

func (w *responder) call(n int, call answer.Call) {
	start := map[string]any{
		"id": "fc_" + w.r.Child(n), "type": "function_call", "call_id": openai.CallID(w.r, 0, n),
		"name": call.Name, "arguments": "",
	}
	w.item(start, func(at map[string]any) map[string]any {
		for _, piece := range call.Pieces() {
			w.emit("response.function_call_arguments.delta", 1, with(at, map[string]any{"delta": piece}))
		}
		w.emit("response.function_call_arguments.done", 0, with(at, map[string]any{
			"name": call.Name, "arguments": call.Arguments,
		}))
		return with(start, map[string]any{"arguments": call.Arguments})
	})
}
