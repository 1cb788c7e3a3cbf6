package anthropic

import (
	"slices"
	"strconv"
	"strings"

	"github.com/gatehouse-ai/gatehouse/dialect/chat"
)

// turn is one message to Anthropic.
type turn struct {
	Role    string  `json:"role"`
	Content []block `json:"content"`
}

// conversation turns messages of OpenAI's, which follow each other in many
// ways, into turns, which alternate.
type conversation struct {
	system []block
	turns  []turn

	// The turn that is being put together. Results stand before what else the
	// user says, and calls after what else the assistant says.
	role       string
	head, tail []block

	calls   []call
	byID    map[string]int // the latest call of each of the client's ids
	waiting int            // calls without a result
	ids     map[string]int // ids of calls that are taken: see newID
}

// call is a call of a tool.
type call struct {
	path     string
	id       string // Anthropic's
	answered bool
}

func newConversation() *conversation {
	return &conversation{byID: map[string]int{}, ids: map[string]int{}}
}

// add takes the next message. thoughts are the thinking blocks that came back
// with it.
func (v *conversation) add(m chat.Message, thoughts []block) error {
	if m.AudioID != "" {
		return chat.Unsupported(name, m.Path+".audio")
	}
	if m.Refusal != "" {
		m.Content = append(m.Content, chat.Part{Kind: chat.RefusalPart, Text: m.Refusal})
	}
	content, err := appendParts(thoughts, m.Content)
	if err != nil {
		return err
	}
	switch m.Role {
	case chat.RoleSystem, chat.RoleDeveloper:
		v.system = append(v.system, content...)
	case chat.RoleAssistant:
		return v.assistant(m, content)
	case chat.RoleTool:
		return v.result(m, content)
	case chat.RoleUser:
		v.say("user", nil, content)
	}
	return nil
}

// say adds blocks to the turn of role, and begins it if the turn before it was
// another's.
func (v *conversation) say(role string, head, tail []block) {
	if len(head)+len(tail) == 0 {
		return
	}
	if role != v.role {
		v.endTurn()
		v.role = role
	}
	v.head = append(v.head, head...)
	v.tail = append(v.tail, tail...)
}

func (v *conversation) endTurn() {
	if all := slices.Concat(v.head, v.tail); len(all) > 0 {
		v.turns = append(v.turns, turn{v.role, all})
	}
	v.head, v.tail = nil, nil
}

func (v *conversation) assistant(m chat.Message, content []block) error {
	if v.role == "user" && len(content)+len(m.Calls) > 0 {
		if err := v.unanswered(); err != nil {
			return err
		}
	}
	var calls []block
	for _, c := range m.Calls {
		b, err := v.call(c)
		if err != nil {
			return err
		}
		calls = append(calls, b)
	}
	v.say("assistant", content, calls)
	return nil
}

// call returns the block for a call and waits for its result.
func (v *conversation) call(c chat.Call) (block, error) {
	if c.Custom {
		return block{}, chat.Unsupported(name, c.Path+".custom")
	}
	input, err := c.Object()
	if err != nil {
		return block{}, err
	}
	if i, known := v.byID[c.ID]; known && !v.calls[i].answered {
		return block{}, invalid(c.Path+".id", "is the id of another call of the same turn")
	}
	id := v.newID(c.ID)
	v.byID[c.ID] = len(v.calls)
	v.calls = append(v.calls, call{path: c.Path, id: id})
	v.waiting++
	return block{Type: "tool_use", ID: id, Name: c.Name, Input: input}, nil
}

func (v *conversation) result(m chat.Message, content []block) error {
	i, known := v.byID[m.CallID]
	if !known || v.calls[i].answered {
		path := m.Path + ".tool_call_id"
		if m.CallID == "" { // of the deprecated role function
			path = m.Path + ".name"
		}
		return invalid(path, "belongs to no call that waits for a result: a result follows the assistant's message with its call, and each call has one")
	}
	v.calls[i].answered = true
	v.waiting--
	v.say("user", []block{{Type: "tool_result", ToolUseID: v.calls[i].id, Content: content}}, nil)
	return nil
}

// unanswered returns an error if a call waits for its result.
func (v *conversation) unanswered() error {
	if v.waiting == 0 {
		return nil
	}
	i := slices.IndexFunc(v.calls, func(c call) bool { return !c.answered })
	return invalid(v.calls[i].path, "has no result: a message of role 'tool' with the call's id must follow before the assistant's next message")
}

// end ends the last turn and checks the conversation as a whole.
func (v *conversation) end() error {
	if err := v.unanswered(); err != nil {
		return err
	}
	v.endTurn()
	if len(v.turns) == 0 {
		return invalid("messages", "has no message of a user or assistant with anything in it, without which the endpoint of this model, which speaks the %s protocol, cannot answer", name)
	}
	return nil
}

// newID returns the id of a call for Anthropic, which takes letters, digits,
// hyphens and underscores, and no id twice in a conversation. Engines are less
// strict with those they make. A second call with an id gets a number; ids
// holds the last one that was given.
func (v *conversation) newID(id string) string {
	id = strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || '0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z' {
			return r
		}
		return '_'
	}, id)
	made := id
	for v.ids[made] > 0 {
		v.ids[id]++
		made = id + "_" + strconv.Itoa(v.ids[id])
	}
	v.ids[made]++
	return made
}
