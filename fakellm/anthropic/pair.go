package anthropic

import "github.com/gatehouse-ai/gatehouse/fakellm/turn"

// paired checks what the service insists on: the results of all tool uses of an
// assistant's turn stand at the start of the user's turn that follows, and
// nowhere else. Consecutive messages of one role are one turn.
func (c *request) paired() error {
	open := map[string]bool{} // tool uses of the last assistant's turn
	role, begun := "", false  // begun: the user's turn has said something else
	for i, m := range c.Messages {
		if m.Role != role {
			if role == "user" && len(open) > 0 {
				return unanswered(i-1, open)
			}
			role, begun = m.Role, false
		}
		for k, b := range m.Content {
			switch {
			case b.Type == "tool_use" && role == "assistant":
				if open[b.ID] {
					return turn.Errorf(400, "messages.%d.content.%d: `tool_use` ids must be unique", i, k)
				}
				open[b.ID] = true
			case b.Type == "tool_result" && begun && open[b.ToolUse]:
				return turn.Errorf(400, "messages.%d.content.%d: tool_result blocks must come before other content", i, k)
			case b.Type == "tool_result":
				if !open[b.ToolUse] {
					return turn.Errorf(400, "messages.%d.content.%d: unexpected `tool_use_id` found in `tool_result` blocks: %s. "+
						"Each `tool_result` block must have a corresponding `tool_use` block in the previous message.", i, k, b.ToolUse)
				}
				delete(open, b.ToolUse)
			default:
				begun = true
			}
		}
	}
	if len(open) > 0 {
		return unanswered(len(c.Messages)-1, open)
	}
	return nil
}

func unanswered(i int, open map[string]bool) error {
	id := ""
	for k := range open {
		if id == "" || k < id {
			id = k
		}
	}
	return turn.Errorf(400, "messages.%d: `tool_use` ids were found without `tool_result` blocks immediately after: %s. "+
		"Each `tool_use` block must have a corresponding `tool_result` block in the next message.", i, id)
}
