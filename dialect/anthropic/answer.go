package anthropic

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/chat"
	"github.com/gatehouse-ai/gatehouse/dialect/failure"
	"github.com/gatehouse-ai/gatehouse/meter"
)

// answer translates the answer to one request.
type answer struct {
	dialect *Dialect
	call    dialect.Call
	w       *chat.Writer
	model   string // as the endpoint calls it
	usage   usage
	reason  string // stop_reason
	calls   int    // of tools, so far

	open    map[int]*openBlock // of a stream, by index
	stopped bool               // message_stop has come
}

func (d *Dialect) newAnswer(c dialect.Call, r *chat.Request) *answer {
	return &answer{dialect: d, call: c, w: chat.NewWriter(c, r), model: c.Model, open: map[int]*openBlock{}}
}

// Framing is that of server-sent events.
func (*answer) Framing() dialect.Framing { return dialect.SSE }

// message is an answer, or what the start of a stream tells of it.
type message struct {
	Type        string       `json:"type"`
	Model       string       `json:"model"`
	Content     []replyBlock `json:"content"`
	StopReason  string       `json:"stop_reason"`
	StopDetails stopDetails  `json:"stop_details"`
	Usage       usage        `json:"usage"`
}

// stopDetails say why an answer was refused.
type stopDetails struct {
	Explanation string `json:"explanation"`
}

// replyBlock is a block of an answer, of any of the types that are translated.
type replyBlock struct {
	Type      string          `json:"type"`
	Text      string          `json:"text"`
	Thinking  string          `json:"thinking"`
	Signature string          `json:"signature"`
	Data      string          `json:"data"`
	ID        string          `json:"id"`
	Name      string          `json:"name"`
	Input     json.RawMessage `json:"input"`
}

// Whole translates a complete answer.
func (a *answer) Whole(body []byte) ([]byte, error) {
	if failure.IsError(body) {
		return nil, a.dialect.Error(200, body)
	}
	var m message
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, fmt.Errorf("the answer is not a message: %w", err)
	}
	if m.Type != "message" && m.Content == nil {
		return nil, errors.New("the answer is not a message")
	}
	a.start(m)
	a.reason = m.StopReason
	c := chat.Completion{Usage: a.Usage()}
	var text, reasoning strings.Builder
	var thoughts []block
	for _, b := range m.Content {
		switch b.Type {
		case "text":
			text.WriteString(b.Text)
		case "thinking", "redacted_thinking":
			reasoning.WriteString(b.Thinking)
			thoughts = appendThought(thoughts, b)
		case "tool_use":
			if b.Name == "" {
				return nil, errors.New("the answer calls a tool without a name")
			}
			c.Calls = append(c.Calls, chat.Call{ID: b.ID, Name: b.Name, Arguments: arguments(b.Input)})
		}
	}
	a.calls = len(c.Calls)
	c.Content, c.Reasoning, c.Finish = text.String(), reasoning.String(), a.finish()
	if c.Finish == chat.FinishContentFilter {
		c.Refusal = m.StopDetails.Explanation
	}
	return withThoughts(a.w.Completion(c), thoughts)
}

// start takes what the head of an answer says.
func (a *answer) start(m message) {
	a.usage.merge(m.Usage)
	if m.Model != "" {
		a.model = m.Model
		a.w.SetModel(m.Model)
	}
}

// arguments returns the input of a call as the text of a JSON object.
func arguments(input json.RawMessage) string {
	var b bytes.Buffer
	if len(input) == 0 || string(input) == "null" || json.Compact(&b, input) != nil {
		return "{}"
	}
	return b.String()
}

// finish returns why the model stopped, in OpenAI's words.
func (a *answer) finish() chat.Finish {
	switch {
	case a.reason == "max_tokens" || a.reason == "model_context_window_exceeded":
		return chat.FinishLength
	case a.reason == "refusal":
		return chat.FinishContentFilter
	case a.calls > 0:
		return chat.FinishToolCalls
	}
	return chat.FinishStop // end_turn, stop_sequence, pause_turn, and a tool_use without any
}

// usage is what an answer has counted. In a stream later counts replace
// earlier ones.
type usage struct {
	Input      count `json:"input_tokens"`
	CacheRead  count `json:"cache_read_input_tokens"`
	CacheWrite count `json:"cache_creation_input_tokens"`
	Output     count `json:"output_tokens"`
	Details    struct {
		Thinking count `json:"thinking_tokens"`
	} `json:"output_tokens_details"`
}

// merge takes the counts that u has. They only grow: an engine that counts
// input at the start alone says 0 at the end.
func (to *usage) merge(u usage) {
	to.Input.merge(u.Input)
	to.CacheRead.merge(u.CacheRead)
	to.CacheWrite.merge(u.CacheWrite)
	to.Output.merge(u.Output)
	to.Details.Thinking.merge(u.Details.Thinking)
}

// Usage counts as OpenAI does: cached input is a part of the input.
func (a *answer) Usage() meter.Usage {
	u := &a.usage
	out, _ := meter.Usage{
		Input:       u.Input.n + u.CacheRead.n + u.CacheWrite.n,
		Output:      u.Output.n,
		CachedInput: u.CacheRead.n,
		CacheWrite:  u.CacheWrite.n,
		Reasoning:   u.Details.Thinking.n,
		Known:       u.Input.known || u.Output.known,
	}.Clamp()
	return out
}

// count is a number of tokens. What is no number, or one that nobody can
// believe, is no count and spoils nothing else.
type count struct {
	n     int64
	known bool
}

func (c *count) merge(from count) { *c = count{max(c.n, from.n), c.known || from.known} }

// UnmarshalJSON reads a number.
func (c *count) UnmarshalJSON(b []byte) error {
	f, err := strconv.ParseFloat(string(b), 64)
	if err == nil && f >= 0 && f <= meter.Limit && f == math.Trunc(f) {
		*c = count{int64(f), true}
	}
	return nil
}
