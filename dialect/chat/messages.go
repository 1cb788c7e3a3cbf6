package chat

import (
	"fmt"
	"strings"

	"github.com/gatehouse-ai/gatehouse/dialect/param"
	"github.com/gatehouse-ai/gatehouse/fault"
)

func readMessages(r *Request, v param.Value) error {
	err := v.Elements(func(i int, e param.Value) error {
		m, err := readMessage(i, e)
		if err == nil {
			r.Messages = append(r.Messages, m)
		}
		return err
	})
	if err == nil && len(r.Messages) == 0 {
		err = emptyArray(v)
	}
	return err
}

func emptyArray(v param.Value) error {
	e := v.Invalid("is an empty array but must have at least one element")
	e.Code = "empty_array"
	return e
}

// rawMessage is a message before its role is known.
type rawMessage struct {
	Message
	value   param.Value
	content param.Value
}

func readMessage(i int, v param.Value) (Message, error) {
	m := rawMessage{Message: Message{Path: v.Path}, value: v}
	role := ""
	err := v.Members(func(name string, e param.Value) (err error) {
		if name == "role" {
			role, err = e.OneOf("system", "developer", "user", "assistant", "tool", "function")
		}
		return err
	})
	if err == nil && role == "" {
		err = v.Missing("role")
	}
	if err != nil {
		return Message{}, err
	}
	m.Role = Role(role)
	fields := []param.Field{
		param.May("role", param.Skip(param.String)),
		param.May("content", param.Keep(&m.content)),
		param.May("name", param.Text(&m.Name)),
		param.May("cache_control", param.Skip(param.Object)), // a hint
	}
	switch role {
	case "tool":
		fields = append(fields, param.Need("tool_call_id", param.Filled(&m.CallID)))
	case "assistant":
		fields = append(fields,
			param.May("refusal", param.Text(&m.Refusal)),
			param.May("reasoning_content", param.Text(&m.Reasoning)),
			param.May("reasoning", param.Text(&m.Reasoning)),
			param.May("annotations", param.Skip(param.Array)), // citations of the answer, a hint
			param.May("tool_calls", m.readCalls),
			param.May("function_call", func(e param.Value) error { return m.readFunctionCall(i, e) }),
			param.May("audio", m.readAudio))
	}
	if err := v.Fields(unknown, fields...); err != nil {
		return Message{}, err
	}
	err = m.finish(role)
	return m.Message, err
}

// finish reads the content, which depends on the rest, and checks that what
// the role needs is there.
func (m *rawMessage) finish(role string) (err error) {
	if m.content.There() {
		if m.Content, err = readContent(m.content, role); err != nil {
			return err
		}
	}
	switch role {
	case "assistant":
		if !m.content.There() && len(m.Calls) == 0 && m.Refusal == "" && m.AudioID == "" {
			return m.value.Missing("content")
		}
		return nil
	case "function":
		m.Role, m.ToolName, m.Name = RoleTool, m.Name, ""
		if m.ToolName == "" {
			return m.value.Missing("name")
		}
		return nil
	}
	if !m.content.There() {
		return m.value.Missing("content")
	}
	return nil
}

func (m *rawMessage) readCalls(v param.Value) error {
	return v.Elements(func(_ int, e param.Value) error {
		c, err := readCall(e)
		m.Calls = append(m.Calls, c)
		return err
	})
}

func readCall(v param.Value) (Call, error) {
	c := Call{Path: v.Path}
	kind, b, err := typed(v, "function", "custom",
		param.Need("id", param.Filled(&c.ID)),
		param.May("index", param.Skip(param.Number))) // left over from a stream
	if err != nil {
		return c, err
	}
	c.Custom = kind == "custom"
	return c, c.read(b)
}

// read reads name and arguments of a call.
func (c *Call) read(v param.Value) error {
	text := "arguments"
	if c.Custom {
		text = "input"
	}
	return v.Fields(unknown, param.Need("name", param.Filled(&c.Name)), param.Need(text, param.Text(&c.Arguments)))
}

// readFunctionCall reads the deprecated form of a single call. It had no id,
// so that one is made of the message's index.
func (m *rawMessage) readFunctionCall(i int, v param.Value) error {
	c := Call{Path: v.Path, ID: fmt.Sprintf("call_function_%d", i)}
	err := c.read(v)
	m.Calls = append(m.Calls, c)
	return err
}

func (m *rawMessage) readAudio(v param.Value) error {
	return v.Fields(unknown,
		param.Need("id", param.Filled(&m.AudioID)),
		param.May("data", param.Skip(param.String)), // left over from an answer
		param.May("expires_at", param.Skip(param.Number)),
		param.May("transcript", param.Skip(param.String)))
}

// Object returns the arguments of a call as the JSON object that they should
// be; none at all are an empty object. Whatever else the model had written is
// an error about the client's message.
func (c Call) Object() ([]byte, error) {
	if c.Arguments == "" {
		return []byte("{}"), nil
	}
	v, err := param.Body([]byte(c.Arguments))
	if err != nil {
		path := c.Path + ".function.arguments"
		if strings.HasSuffix(c.Path, ".function_call") {
			path = c.Path + ".arguments"
		}
		return nil, fault.Param(fault.InvalidParameter, path, "Invalid value: '%s' must be the text of a JSON object: the endpoint of this model takes arguments as objects.", path)
	}
	return v.JSON(), nil
}
