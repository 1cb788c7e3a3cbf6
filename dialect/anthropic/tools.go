package anthropic

import (
	"encoding/json"

	"github.com/gatehouse-ai/gatehouse/dialect/chat"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// tool is a function that the model may call.
type tool struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	InputSchema json.RawMessage `json:"input_schema"`
	Strict      bool            `json:"strict,omitempty"`
}

// toolChoice says which tools the model calls.
type toolChoice struct {
	Type            string `json:"type"`
	Name            string `json:"name,omitempty"`
	DisableParallel bool   `json:"disable_parallel_tool_use,omitempty"`
}

// forced tells whether the model must call a tool.
func (c *toolChoice) forced() bool { return c != nil && (c.Type == "any" || c.Type == "tool") }

func fillTools(out *request, r *chat.Request) error {
	offered := r.Offered()
	if r.ToolChoice.Mode == chat.ChooseNone {
		offered = r.Tools // calls of earlier turns want their tools described
	}
	for _, t := range offered {
		if t.Custom {
			return chat.Unsupported(name, t.Path)
		}
		schema, err := inputSchema(t)
		if err != nil {
			return err
		}
		out.Tools = append(out.Tools, tool{Name: t.Name, Description: t.Description, InputSchema: schema, Strict: t.Strict})
	}
	if len(out.Tools) > 0 { // Anthropic takes no choice without tools
		out.ToolChoice = choose(r)
	}
	return nil
}

// choose returns the choice of tools, or nil if it goes without saying.
func choose(r *chat.Request) *toolChoice {
	c := toolChoice{DisableParallel: !r.ParallelToolCalls || r.LegacyFunctions}
	switch r.ToolChoice.Mode {
	case chat.ChooseNone:
		return &toolChoice{Type: "none"}
	case chat.ChooseRequired:
		c.Type = "any"
	case chat.ChooseNamed:
		c.Type, c.Name = "tool", r.ToolChoice.Name
	case chat.ChooseAuto:
		c.Type = "auto"
	case chat.ChooseDefault:
		if !c.DisableParallel {
			return nil
		}
		c.Type = "auto"
	}
	return &c
}

// inputSchema returns the schema of a tool's arguments. Anthropic wants it to
// say that they are an object, which with OpenAI goes without saying.
func inputSchema(t chat.Tool) (json.RawMessage, error) {
	typed, members := false, 0
	if t.Parameters != nil {
		err := wire.Scan(t.Parameters, func(m wire.Member) error {
			members++
			typed = typed || string(m.Key) == "type"
			return nil
		})
		if err != nil {
			return nil, invalid(t.Path+".parameters", "is not a valid JSON object: %v", err)
		}
	}
	switch {
	case members == 0:
		return json.RawMessage(`{"type":"object","properties":{}}`), nil
	case typed:
		return t.Parameters, nil
	}
	return append(json.RawMessage(`{"type":"object",`), t.Parameters[1:]...), nil
}
