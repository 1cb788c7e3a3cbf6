package anthropic

import (
	"encoding/json"
	"strings"

	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
	"github.com/gatehouse-ai/gatehouse/fakellm/turn"
)

// block is one block of content, of any type.
type block struct {
	Type    string          `json:"type"`
	Text    string          `json:"text"`
	ID      string          `json:"id"`
	Name    string          `json:"name"`
	Input   json.RawMessage `json:"input"`
	ToolUse string          `json:"tool_use_id"`
	Content blocks          `json:"content"`
	Source  *struct {
		Type  string `json:"type"`
		Media string `json:"media_type"`
		Data  string `json:"data"`
		URL   string `json:"url"`
		File  string `json:"file_id"`
	} `json:"source"`
	Thinking  string `json:"thinking"`
	Signature string `json:"signature"`
}

// blocks is a string, which is one block of text, or a list of blocks.
type blocks []block

// UnmarshalJSON reads either.
func (c *blocks) UnmarshalJSON(b []byte) error {
	if b[0] != '"' {
		return json.Unmarshal(b, (*[]block)(c))
	}
	*c = blocks{{Type: "text"}}
	return json.Unmarshal(b, &(*c)[0].Text)
}

func (c blocks) text() string {
	var texts []string
	for _, b := range c {
		if b.Type == "text" {
			texts = append(texts, b.Text)
		}
	}
	return strings.Join(texts, "\n")
}

// said is one message.
type said struct {
	Role    string `json:"role"`
	Content blocks `json:"content"`
}

// request is what both operations are asked.
type request struct {
	Model     string   `json:"model"`
	MaxTokens *int     `json:"max_tokens"`
	Messages  []said   `json:"messages"`
	System    blocks   `json:"system"`
	Stream    bool     `json:"stream"`
	Stop      []string `json:"stop_sequences"`
	Tools     []struct {
		Type   string          `json:"type"`
		Name   string          `json:"name"`
		Schema json.RawMessage `json:"input_schema"`
	} `json:"tools"`
	ToolChoice *struct {
		Type    string `json:"type"`
		Name    string `json:"name"`
		OneCall bool   `json:"disable_parallel_tool_use"`
	} `json:"tool_choice"`
	Thinking *struct {
		Type   string `json:"type"`
		Budget int    `json:"budget_tokens"`
	} `json:"thinking"`
	Temperature *float64 `json:"temperature"`
	Output      struct {
		Format *struct {
			Type   string          `json:"type"`
			Schema json.RawMessage `json:"schema"`
		} `json:"format"`
	} `json:"output_config"`
}

func (c *request) question(strict bool) (*answer.Question, error) {
	q := &answer.Question{Stop: c.Stop}
	if len(c.System) > 0 {
		q.Messages = append(q.Messages, answer.Message{Role: answer.System, Text: c.System.text()})
	}
	if len(c.Messages) == 0 {
		return nil, turn.Errorf(400, "messages: at least one message is required")
	}
	for i, m := range c.Messages {
		switch {
		case m.Role != "user" && m.Role != "assistant":
			return nil, turn.Errorf(400, "messages.%d.role: Input should be 'user' or 'assistant'", i)
		case len(m.Content) == 0:
			return nil, turn.Errorf(400, "messages.%d.content: Field required", i)
		}
		messages, err := turnOf(i, m.Role, m.Content, strict)
		if err != nil {
			return nil, err
		}
		q.Messages = append(q.Messages, messages...)
	}
	if strict {
		if err := c.paired(); err != nil {
			return nil, err
		}
	}
	for _, t := range c.Tools {
		if t.Name == "" {
			return nil, turn.Errorf(400, "tools: a tool has no name")
		}
		q.Tools = append(q.Tools, answer.Tool{Name: t.Name, Schema: t.Schema})
	}
	if err := c.choose(q); err != nil {
		return nil, err
	}
	if f := c.Output.Format; f != nil {
		if f.Type != "json_schema" {
			return nil, turn.Errorf(400, "output_config.format.type: Input should be 'json_schema'")
		}
		q.Format, q.Schema = answer.Schema, f.Schema
	}
	return q, c.think(q)
}

// turnOf reads the blocks of one message. Results of tools come before what is
// said beside them.
func turnOf(i int, role string, content blocks, strict bool) ([]answer.Message, error) {
	var out []answer.Message
	words := answer.Message{Role: role}
	var texts []string
	for k, b := range content {
		switch b.Type {
		case "text":
			if strings.TrimSpace(b.Text) == "" {
				return nil, turn.Errorf(400, "messages.%d.content.%d: text content blocks must contain non-whitespace text", i, k)
			}
			texts = append(texts, b.Text)
		case "image":
			if b.Source == nil || b.Source.Data == "" && b.Source.URL == "" && b.Source.File == "" {
				return nil, turn.Errorf(400, "messages.%d.content.%d.image.source: Field required", i, k)
			}
			words.Images++
		case "tool_result":
			if role != "user" || b.ToolUse == "" {
				return nil, turn.Errorf(400, "messages.%d.content.%d: tool_result needs tool_use_id, and the role user", i, k)
			}
			out = append(out, answer.Message{Role: answer.ToolRole, Text: b.Content.text()})
		case "tool_use":
			if b.ID == "" || b.Name == "" || len(b.Input) == 0 || b.Input[0] != '{' {
				return nil, turn.Errorf(400, "messages.%d.content.%d.tool_use: id, name and input, a valid dictionary, are needed", i, k)
			}
		case "thinking":
			if strict && b.Signature != Signature(b.Thinking) {
				return nil, turn.Errorf(400, "messages.%d.content.%d: Invalid `signature` in `thinking` block", i, k)
			}
		case "redacted_thinking", "document", "search_result", "server_tool_use":
		default:
			return nil, turn.Errorf(400, "messages.%d.content.%d: Input tag %q is not a block", i, k, b.Type)
		}
	}
	if words.Text = strings.Join(texts, "\n"); words.Text != "" || words.Images > 0 || role == "assistant" {
		out = append(out, words)
	}
	return out, nil
}

func (c *request) choose(q *answer.Question) error {
	if c.ToolChoice == nil {
		return nil
	}
	q.OneCall = c.ToolChoice.OneCall
	switch c.ToolChoice.Type {
	case "auto":
	case "none":
		q.Mode = answer.Never
	case "any":
		q.Mode = answer.Required
	case "tool":
		q.Mode, q.Tool = answer.Named, c.ToolChoice.Name
		for _, t := range q.Tools {
			if t.Name == q.Tool {
				return nil
			}
		}
		return turn.Errorf(400, "tool_choice.tool.name: Tool '%s' not found in provided tools", q.Tool)
	default:
		return turn.Errorf(400, "tool_choice: Input tag %q is not one of 'auto', 'any', 'tool', 'none'", c.ToolChoice.Type)
	}
	if len(q.Tools) == 0 && q.Mode == answer.Required {
		return turn.Errorf(400, "tool_choice: tools are needed")
	}
	return nil
}

func (c *request) think(q *answer.Question) error {
	if c.Thinking == nil {
		return nil
	}
	switch c.Thinking.Type {
	case "disabled":
		return nil
	case "adaptive":
	case "enabled":
		if c.Thinking.Budget < 1024 {
			return turn.Errorf(400, "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
		}
		if c.MaxTokens != nil && c.Thinking.Budget >= *c.MaxTokens {
			return turn.Errorf(400, "`max_tokens` must be greater than `thinking.budget_tokens`")
		}
	default:
		return turn.Errorf(400, "thinking: Input tag %q is not one of 'enabled', 'adaptive', 'disabled'", c.Thinking.Type)
	}
	if q.Mode >= answer.Required {
		return turn.Errorf(400, "Thinking may not be enabled when tool_choice forces tool use.")
	}
	q.Reason = true
	return nil
}
