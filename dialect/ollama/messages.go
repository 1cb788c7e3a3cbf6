package ollama

import (
	"encoding/json"

	"github.com/gatehouse-ai/gatehouse/dialect/chat"
	"github.com/gatehouse-ai/gatehouse/fault"
)

type message struct {
	Role       string   `json:"role"`
	Content    string   `json:"content"`
	Thinking   string   `json:"thinking,omitempty"`
	Images     []string `json:"images,omitempty"`
	ToolCalls  []call   `json:"tool_calls,omitempty"`
	ToolName   string   `json:"tool_name,omitempty"`
	ToolCallID string   `json:"tool_call_id,omitempty"`
}

type call struct {
	ID       string `json:"id,omitempty"`
	Function struct {
		Index     int             `json:"index"`
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"` // an object
	} `json:"function"`
}

// addMessages turns the messages of the conversation into the engine's.
func (out *chatRequest) addMessages(r *chat.Request) error {
	for i := range r.Messages {
		m, err := translateMessage(&r.Messages[i])
		if err != nil {
			return err
		}
		out.Messages = append(out.Messages, m)
	}
	return nil
}

func translateMessage(in *chat.Message) (message, error) {
	m := message{Role: string(in.Role), Thinking: in.Reasoning, ToolName: in.ToolName, ToolCallID: in.CallID}
	if in.Role == chat.RoleDeveloper {
		m.Role = string(chat.RoleSystem)
	}
	if in.AudioID != "" {
		return m, chat.Unsupported(name, in.Path+".audio")
	}
	for i := range in.Content {
		if err := m.add(&in.Content[i]); err != nil {
			return m, err
		}
	}
	if in.Refusal != "" {
		m.text(in.Refusal)
	}
	for i, c := range in.Calls {
		if c.Custom {
			return m, chat.Unsupported(name, c.Path+".custom")
		}
		arguments, err := c.Object()
		if err != nil {
			return m, err
		}
		o := call{ID: c.ID}
		o.Function.Index, o.Function.Name, o.Function.Arguments = i, c.Name, arguments
		m.ToolCalls = append(m.ToolCalls, o)
	}
	return m, nil
}

// text appends a text to the message's content.
func (m *message) text(s string) {
	if m.Content != "" && s != "" {
		m.Content += "\n"
	}
	m.Content += s
}

// add appends a part to the message.
func (m *message) add(p *chat.Part) error {
	switch p.Kind {
	case chat.TextPart, chat.RefusalPart:
		m.text(p.Text)
	case chat.ImagePart:
		if p.Image.URL != "" {
			return fault.Param(fault.UnsupportedParameter, p.Image.Path,
				"Unsupported parameter: '%s' is the address of an image, which the endpoint of this model does not fetch. Send the image itself as a data URL.", p.Image.Path)
		}
		m.Images = append(m.Images, p.Image.Data)
	case chat.AudioPart:
		return chat.Unsupported(name, p.Audio.Path)
	case chat.FilePart:
		return chat.Unsupported(name, p.File.Path)
	}
	return nil
}
