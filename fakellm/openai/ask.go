package openai

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

// Content is a string, null, or a list of parts.
type Content struct {
	Text   string
	Images int
	Remote bool // an image is a link
	Set    bool
}

// UnmarshalJSON reads one of the three.
func (c *Content) UnmarshalJSON(b []byte) error {
	switch b[0] {
	case 'n':
		return nil
	case '"':
		c.Set = true
		return json.Unmarshal(b, &c.Text)
	}
	var parts []struct {
		Type     string          `json:"type"`
		Text     string          `json:"text"`
		Refusal  string          `json:"refusal"`
		ImageURL json.RawMessage `json:"image_url"`
		FileID   string          `json:"file_id"`
	}
	if err := json.Unmarshal(b, &parts); err != nil {
		return err
	}
	c.Set = true
	var texts []string
	for _, p := range parts {
		switch p.Type {
		case "text", "input_text", "output_text":
			texts = append(texts, p.Text)
		case "refusal":
			texts = append(texts, p.Refusal)
		case "image_url", "input_image":
			remote, err := imageURL(p.ImageURL)
			if err != nil && p.FileID == "" {
				return err
			}
			c.Remote = c.Remote || remote
			c.Images++
		case "input_audio", "audio_url", "video_url", "file", "input_file":
			texts = append(texts, "["+p.Type+"]")
		default:
			return turn.Errorf(400, "Unknown part type: %s", p.Type)
		}
	}
	c.Text = strings.Join(texts, "\n")
	return nil
}

// imageURL checks the image of a part: a URL, or an object that has one. It tells
// whether the image is elsewhere.
func imageURL(b json.RawMessage) (remote bool, err error) {
	var url string
	if json.Unmarshal(b, &url) != nil {
		var o struct{ URL string }
		if err := json.Unmarshal(b, &o); err != nil {
			return false, turn.Invalid("messages", "An image part has no image_url.")
		}
		url = o.URL
	}
	switch {
	case strings.HasPrefix(url, "data:"):
		return false, nil
	case strings.HasPrefix(url, "http://"), strings.HasPrefix(url, "https://"):
		return true, nil
	}
	return false, turn.Invalid("messages", "The URL of an image must be either a HTTP URL or a data URL, not %.40q.", url)
}

// Message is one message of a request.
type Message struct {
	Role    string  `json:"role"`
	Content Content `json:"content"`
	// An assistant may have said nothing but calls.
	ToolCalls  []json.RawMessage `json:"tool_calls"`
	ToolCallID string            `json:"tool_call_id"`
}

// Converse turns messages into a conversation.
func Converse(messages []Message) ([]answer.Message, error) {
	if len(messages) == 0 {
		return nil, turn.Invalid("messages", "messages must have at least one message.")
	}
	var out []answer.Message
	for i, m := range messages {
		role := m.Role
		switch role {
		case "system", "user", "assistant", "tool":
		case "developer":
			role = answer.System
		case "function":
			role = answer.ToolRole
		default:
			return nil, turn.Invalid("messages", "messages[%d].role is %q, which is no role.", i, m.Role)
		}
		if !m.Content.Set && role != answer.Assistant {
			return nil, turn.Invalid("messages", "messages[%d].content is missing.", i)
		}
		if m.Role == "tool" && m.ToolCallID == "" {
			return nil, turn.Invalid("messages", "messages[%d].tool_call_id is missing.", i)
		}
		out = append(out, answer.Message{Role: role, Text: m.Content.Text, Images: m.Content.Images})
	}
	return out, nil
}

// stops is a string or a list of strings.
type stops []string

// UnmarshalJSON reads either.
func (s *stops) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		*s = stops{""}
		return json.Unmarshal(b, &(*s)[0])
	}
	var list []string
	err := json.Unmarshal(b, &list)
	*s = list
	return err
}

// Function is a tool as a request describes it.
type Function struct {
	Name       string          `json:"name"`
	Parameters json.RawMessage `json:"parameters"`
}

// Choose reads tool_choice: a mode, or an object that names a tool, under
// "function" as in chat completions, or at once as in responses.
func Choose(q *answer.Question, raw json.RawMessage) error {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	if raw[0] == '"' {
		switch string(raw) {
		case `"auto"`:
		case `"none"`:
			q.Mode = answer.Never
		case `"required"`:
			q.Mode = answer.Required
		default:
			return turn.Invalid("tool_choice", "Invalid value for `tool_choice`: %s.", raw)
		}
	} else {
		var o struct {
			Name     string
			Function struct{ Name string }
		}
		if err := json.Unmarshal(raw, &o); err != nil {
			return err
		}
		q.Mode, q.Tool = answer.Named, o.Function.Name
		if q.Tool == "" {
			q.Tool = o.Name
		}
		if !slices.ContainsFunc(q.Tools, func(t answer.Tool) bool { return t.Name == q.Tool }) {
			return turn.Invalid("tool_choice", "The tool specified in `tool_choice` does not match any of the specified `tools`.")
		}
	}
	if q.Mode >= answer.Required && len(q.Tools) == 0 {
		return turn.Invalid("tool_choice", "When using `tool_choice`, `tools` must be set.")
	}
	return nil
}

// Limit sets how long the answer may be, and checks that it fits.
func Limit(r *turn.Request, q *answer.Question, param string, most *int) error {
	input := q.Input()
	if most != nil {
		if *most < 1 {
			return turn.Invalid(param, "%s must be at least 1, got %d.", param, *most)
		}
		q.MaxTokens = *most
	}
	if input+q.MaxTokens > r.Context || input == r.Context {
		return turn.Invalid("messages", "This model's maximum context length is %d tokens. However, you requested %d tokens "+
			"(%d in the messages, %d in the completion). Please reduce the length of the messages or completion.",
			r.Context, input+q.MaxTokens, input, q.MaxTokens)
	}
	if q.MaxTokens == 0 {
		q.MaxTokens = r.Context - input
	}
	return nil
}

// Usage is how OpenAI's API tells the usage.
type Usage struct {
	Prompt     int           `json:"prompt_tokens"`
	Total      int           `json:"total_tokens"`
	Completion int           `json:"completion_tokens"`
	Cached     *cached       `json:"prompt_tokens_details"`
	Reasoned   *reasonedPart `json:"completion_tokens_details,omitempty"`
}

type cached struct {
	Tokens int `json:"cached_tokens"`
	Write  int `json:"cache_write_tokens,omitempty"`
}

type reasonedPart struct {
	Tokens int `json:"reasoning_tokens"`
}

// Tell renders usage; nil stays nil.
func Tell(u *answer.Usage) *Usage {
	if u == nil {
		return nil
	}
	out := &Usage{Prompt: u.Input, Total: u.Input + u.Output, Completion: u.Output}
	if u.CachedInput != 0 || u.CacheWrite != 0 {
		out.Cached = &cached{u.CachedInput, u.CacheWrite}
	}
	if u.Reasoning != 0 {
		out.Reasoned = &reasonedPart{u.Reasoning}
	}
	return out
}

// Counts returns input and output of a usage that may not be told.
func Counts(u *answer.Usage) (int, int) {
	if u == nil {
		return 0, 0
	}
	return u.Input, u.Output
}
