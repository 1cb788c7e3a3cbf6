package openai

import (
	"encoding/json"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

type completionRequest struct {
	Modelled
	Prompt    json.RawMessage `json:"prompt"`
	Suffix    *string         `json:"suffix"`
	Stream    bool            `json:"stream"`
	Options   *streamOptions  `json:"stream_options"`
	MaxTokens *int            `json:"max_tokens"`
	N         *int            `json:"n"`
	Stop      stops           `json:"stop"`
	Echo      bool            `json:"echo"`
	Logprobs  *int            `json:"logprobs"`
	IgnoreEOS bool            `json:"ignore_eos"`
	MinTokens int             `json:"min_tokens"`
}

type completionBody struct {
	ID          string             `json:"id"`
	Object      string             `json:"object"`
	Created     int64              `json:"created"`
	Model       string             `json:"model"`
	Fingerprint *string            `json:"system_fingerprint,omitempty"`
	Choices     []completionChoice `json:"choices"`
	Usage       any                `json:"usage,omitempty"`
}

type completionChoice struct {
	Index    int           `json:"index"`
	Text     string        `json:"text"`
	Logprobs *textLogprobs `json:"logprobs"`
	Finish   *string       `json:"finish_reason"`
	Stopped  *string       `json:"stop_reason"`
}

// Inputs reads a prompt or an input to embed: a string, a list of strings, a
// list of tokens, or a list of lists of tokens.
func Inputs(words *answer.Vocabulary, param string, raw json.RawMessage) ([]string, error) {
	var (
		one  string
		many []string
		ids  []int
		list [][]int
	)
	switch {
	case len(raw) == 0 || string(raw) == "null":
		return nil, turn.Invalid(param, "%s is missing.", param)
	case json.Unmarshal(raw, &one) == nil:
		many = []string{one}
	case json.Unmarshal(raw, &many) == nil:
	case json.Unmarshal(raw, &ids) == nil:
		many = []string{words.Decode(ids)}
	case json.Unmarshal(raw, &list) == nil:
		many = nil
		for _, ids := range list {
			many = append(many, words.Decode(ids))
		}
	default:
		return nil, turn.Invalid(param, "%s must be a string, or a list of strings or tokens.", param)
	}
	if len(many) == 0 {
		return nil, turn.Invalid(param, "%s is empty.", param)
	}
	return many, nil
}

func (c *completionRequest) question(f Flavour, r *turn.Request, prompt string) (*answer.Question, error) {
	q := &answer.Question{
		Messages: []answer.Message{{Role: answer.User, Text: prompt}},
		Stop:     c.Stop, MinTokens: min(c.MinTokens, r.Context), Mode: answer.Never,
	}
	switch {
	case c.Suffix != nil && *c.Suffix != "" && f == VLLM:
		return nil, turn.Invalid("suffix", "suffix is not currently supported")
	case c.Options != nil && !c.Stream && f == VLLM:
		return nil, turn.Invalid("stream_options", "Stream options can only be defined when `stream=True`.")
	case c.N != nil && (*c.N < 1 || *c.N > 128):
		return nil, turn.Invalid("n", "n must be from 1 to 128, got %d.", *c.N)
	case c.N != nil && f == VLLM:
		q.N = *c.N
	}
	if c.MaxTokens == nil && f == VLLM {
		q.MaxTokens = 16 // OpenAI's default
	}
	if err := Limit(r, q, "max_tokens", c.MaxTokens); err != nil {
		return nil, err
	}
	if c.IgnoreEOS {
		q.MinTokens = q.MaxTokens
	}
	return q, nil
}

func (f Flavour) complete(r *turn.Request) (*turn.Reply, error) {
	var c completionRequest
	if err := f.Read(r, &c); err != nil {
		return nil, err
	}
	prompts, err := Inputs(r.Words, "prompt", c.Prompt)
	if err != nil {
		return nil, err
	}
	var sum answer.Usage
	var each [][]completionChoice
	for _, prompt := range prompts {
		q, err := c.question(f, r, prompt)
		if err != nil {
			return nil, err
		}
		a := q.Answer(answer.Says{Text: r.Says.Text, Finish: r.Says.Finish, Tokens: r.Says.Tokens})
		sum.Input += a.Usage.Input
		sum.Output += a.Usage.Output
		for i := range a.Choices {
			each = append(each, c.pieces(len(each), prompt, &a.Choices[i]))
		}
	}
	sum.CachedInput = r.Says.CachedInput
	told := r.Says.Count(sum)
	in, out := Counts(told)
	body := completionBody{
		ID: "cmpl-" + r.ID, Object: "text_completion", Created: r.Now.Unix(), Model: c.Model,
		Fingerprint: f.fingerprint(),
	}
	if c.Stream {
		reply := turn.Stream(c.stream(body, each, told)).Count(in, out)
		reply.Fail = f.Broken
		return reply, nil
	}
	for _, pieces := range each {
		body.Choices = append(body.Choices, c.join(pieces))
	}
	if told != nil {
		body.Usage = Tell(told)
	}
	return turn.JSON(200, body).Count(in, out), nil
}

// pieces renders one choice token by token; the last piece ends it.
func (c *completionRequest) pieces(i int, prompt string, choice *answer.Choice) []completionChoice {
	tokens := choice.Text
	if c.Echo {
		tokens = append(answer.Split(prompt), tokens...)
	}
	var out []completionChoice
	offset := 0
	for _, token := range tokens {
		p := completionChoice{Index: i, Text: token}
		if c.Logprobs != nil {
			p.Logprobs = likelyText([]string{token}, offset, *c.Logprobs)
		}
		offset += len(token)
		out = append(out, p)
	}
	end := completionChoice{Index: i, Finish: &choice.Finish}
	if choice.Stopped != "" {
		end.Stopped = &choice.Stopped
	}
	return append(out, end)
}

// join puts the pieces of a choice together.
func (c *completionRequest) join(pieces []completionChoice) completionChoice {
	out := pieces[len(pieces)-1]
	var text strings.Builder
	var tokens []string
	for _, p := range pieces[:len(pieces)-1] {
		text.WriteString(p.Text)
		tokens = append(tokens, p.Text)
	}
	out.Text = text.String()
	if c.Logprobs != nil {
		out.Logprobs = likelyText(tokens, 0, *c.Logprobs)
	}
	return out
}

// stream renders the choices as chunks. Choices take turns.
func (c *completionRequest) stream(head completionBody, each [][]completionChoice, told *answer.Usage) []turn.Frame {
	wants := c.Options != nil && c.Options.IncludeUsage && told != nil
	if wants {
		head.Usage = json.RawMessage("null")
	}
	var frames []turn.Frame
	for more, k := true, 0; more; k++ {
		more = false
		for _, pieces := range each {
			if k >= len(pieces) {
				continue
			}
			more = true
			head.Choices = pieces[k : k+1]
			f := turn.Frame{Data: turn.Marshal(head), Tokens: 1}
			if k == len(pieces)-1 {
				f.Tokens = 0
			}
			frames = append(frames, f)
		}
	}
	if wants {
		head.Choices, head.Usage = []completionChoice{}, Tell(told)
		frames = append(frames, turn.Frame{Data: turn.Marshal(head), Usage: true})
	}
	return append(frames, done())
}
