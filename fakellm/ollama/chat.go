package ollama

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

type chatRequest struct {
	Model    string `json:"model"`
	Messages []struct {
		Role      string   `json:"role"`
		Content   string   `json:"content"`
		Thinking  string   `json:"thinking"`
		Images    []string `json:"images"`
		ToolName  string   `json:"tool_name"`
		ToolCalls []struct {
			Function struct {
				Name      string                     `json:"name"`
				Arguments map[string]json.RawMessage `json:"arguments"`
			} `json:"function"`
		} `json:"tool_calls"`
	} `json:"messages"`
	Stream *bool           `json:"stream"`
	Format json.RawMessage `json:"format"`
	Think  json.RawMessage `json:"think"`
	Tools  []struct {
		Type     string `json:"type"`
		Function struct {
			Name       string          `json:"name"`
			Parameters json.RawMessage `json:"parameters"`
		} `json:"function"`
	} `json:"tools"`
	Options struct {
		NumPredict  *int     `json:"num_predict"`
		Stop        []string `json:"stop"`
		Seed        *int     `json:"seed"`
		Temperature *float64 `json:"temperature"`
		TopP        *float64 `json:"top_p"`
		NumCtx      *int     `json:"num_ctx"`
	} `json:"options"`
	Logprobs bool `json:"logprobs"`
	Top      int  `json:"top_logprobs"`
}

func (c *chatRequest) question() (*answer.Question, error) {
	q := &answer.Question{Stop: c.Options.Stop}
	for _, m := range c.Messages {
		said := answer.Message{Role: strings.ToLower(m.Role), Text: m.Content, Images: len(m.Images)}
		switch said.Role {
		case answer.System, answer.User, answer.Assistant, answer.ToolRole:
		default:
			return nil, turn.Errorf(400, "invalid role: %q", m.Role)
		}
		for _, image := range m.Images {
			if _, err := base64.StdEncoding.DecodeString(image); err != nil {
				return nil, turn.Errorf(400, "illegal base64 data: an image is not base64")
			}
		}
		q.Messages = append(q.Messages, said)
	}
	for _, t := range c.Tools {
		q.Tools = append(q.Tools, answer.Tool{Name: t.Function.Name, Schema: t.Function.Parameters})
	}
	switch think := string(bytes.TrimSpace(c.Think)); think {
	case "", "null", "false":
	case "true", `"low"`, `"medium"`, `"high"`, `"max"`:
		q.Reason = true
	default:
		return nil, turn.Errorf(400, "invalid think value: %s (must be \"high\", \"medium\", \"low\", true, or false)", think)
	}
	switch format := string(bytes.TrimSpace(c.Format)); {
	case format == "" || format == "null" || format == `""`:
	case format == `"json"`:
		q.Format = answer.JSON
	case format[0] == '{':
		q.Format, q.Schema = answer.Schema, c.Format
	default:
		return nil, turn.Errorf(400, "invalid format: %s; expected \"json\" or a valid JSON Schema object", format)
	}
	if c.Top < 0 || c.Top > 20 {
		return nil, turn.Errorf(400, "top_logprobs must be between 0 and 20")
	}
	if n := c.Options.NumPredict; n != nil && *n > 0 { // -1 and -2: no bound
		q.MaxTokens = *n
	}
	return q, nil
}

func chat(r *turn.Request) (*turn.Reply, error) {
	var c chatRequest
	if err := r.Decode(&c); err != nil {
		return nil, err
	}
	if err := known(r, c.Model); err != nil {
		return nil, err
	}
	q, err := c.question()
	if err != nil {
		return nil, err
	}
	streams := c.Stream == nil || *c.Stream
	if len(c.Messages) == 0 { // the model is loaded, nothing is said
		o := object{Model: c.Model, Created: r.Now, Message: message{Role: "assistant"}, Done: true, Reason: "load"}
		return reply(200, o), nil
	}
	a := q.Answer(r.Says)
	in, out := 0, 0
	if a.Usage != nil {
		in, out = a.Usage.Input, a.Usage.Output
	}
	w := writer{r, &c, &a.Choices[0], a.Usage}
	if !streams {
		return reply(200, w.whole()).Count(in, out), nil
	}
	stream := &turn.Reply{
		Status: 200, Type: "application/x-ndjson", Framing: turn.NDJSON, Frames: w.stream(),
		Fail: func(_ int, message string) []turn.Frame {
			return []turn.Frame{{Data: turn.Marshal(map[string]string{"error": message})}}
		},
	}
	return stream.Count(in, out), nil
}

// object is one line of the stream, or the whole answer.
type object struct {
	Model    string    `json:"model"`
	Created  time.Time `json:"created_at"`
	Message  message   `json:"message"`
	Logprobs []logprob `json:"logprobs,omitempty"`
	Done     bool      `json:"done"`
	Reason   string    `json:"done_reason,omitempty"`
	*metrics
}

type message struct {
	Role     string     `json:"role"`
	Content  string     `json:"content"`
	Thinking string     `json:"thinking,omitempty"`
	Calls    []toolCall `json:"tool_calls,omitempty"`
}

type toolCall struct {
	ID       string `json:"id"`
	Function struct {
		Index     int             `json:"index"`
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"`
	} `json:"function"`
}

// metrics are in nanoseconds; the made-up times follow from the counts.
type metrics struct {
	Total      int64 `json:"total_duration"`
	Load       int64 `json:"load_duration"`
	PromptEval int   `json:"prompt_eval_count,omitempty"`
	PromptTime int64 `json:"prompt_eval_duration,omitempty"`
	Eval       int   `json:"eval_count,omitempty"`
	EvalTime   int64 `json:"eval_duration,omitempty"`
}

type logprob struct {
	Token   string    `json:"token"`
	Logprob float64   `json:"logprob"`
	Bytes   []int     `json:"bytes,omitempty"`
	Top     []logprob `json:"top_logprobs,omitempty"`
}

type writer struct {
	r      *turn.Request
	c      *chatRequest
	choice *answer.Choice
	usage  *answer.Usage
}

func (w *writer) object(m message) object {
	m.Role = "assistant"
	return object{Model: w.c.Model, Created: w.r.Now.UTC(), Message: m}
}

// end makes o the last object.
func (w *writer) end(o object) object {
	o.Done, o.Reason = true, w.choice.Finish
	if o.Reason == answer.ToolCalls {
		o.Reason = answer.Stop // Ollama has no reason of its own for calls
	}
	o.metrics = &metrics{Total: 3_000_000, Load: 1_000_000}
	if u := w.usage; u != nil {
		o.PromptEval, o.PromptTime = u.Input, int64(u.Input)*1000
		o.Eval, o.EvalTime = u.Output, int64(u.Output)*1000
	}
	return o
}

// calls renders all tool calls; arguments that max_tokens cut are empty.
func (w *writer) calls() []toolCall {
	var out []toolCall
	for n, call := range w.choice.Calls {
		c := toolCall{ID: "call_" + w.r.Child(n)[16:]}
		c.Function.Index, c.Function.Name, c.Function.Arguments = n, call.Name, json.RawMessage(call.Arguments)
		if !json.Valid(c.Function.Arguments) {
			c.Function.Arguments = json.RawMessage("{}")
		}
		out = append(out, c)
	}
	return out
}

func (w *writer) whole() object {
	o := w.object(message{
		Content: strings.Join(w.choice.Text, ""), Thinking: strings.Join(w.choice.Reasoning, ""), Calls: w.calls(),
	})
	if w.c.Logprobs {
		o.Logprobs = w.likely(w.choice.Text)
	}
	return w.end(o)
}

func (w *writer) stream() []turn.Frame {
	var frames []turn.Frame
	add := func(tokens int, o object) {
		frames = append(frames, turn.Frame{Data: turn.Marshal(o), Tokens: tokens, End: o.Done})
	}
	for _, token := range w.choice.Reasoning {
		add(1, w.object(message{Thinking: token}))
	}
	for _, token := range w.choice.Text {
		o := w.object(message{Content: token})
		if w.c.Logprobs {
			o.Logprobs = w.likely([]string{token})
		}
		add(1, o)
	}
	for n, call := range w.calls() {
		add(len(w.choice.Calls[n].Pieces()), w.object(message{Calls: []toolCall{call}}))
	}
	add(0, w.end(w.object(message{})))
	return frames
}

func (w *writer) likely(tokens []string) []logprob {
	var out []logprob
	for _, token := range tokens {
		l := one(token, 0)
		for i := range w.c.Top {
			l.Top = append(l.Top, one(token, i))
		}
		out = append(out, l)
	}
	return out
}

func one(token string, i int) logprob {
	token, p := answer.Alternative(token, i)
	l := logprob{Token: token, Logprob: p}
	for _, c := range []byte(token) {
		l.Bytes = append(l.Bytes, int(c))
	}
	return l
}
