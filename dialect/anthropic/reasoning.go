package anthropic

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/gatehouse-ai/gatehouse/dialect/chat"
)

// manner is how a model is told to think.
type manner uint8

// The manners.
const (
	// adaptive models think as they see fit, within the effort that is asked
	// for, and most of them unless they are told not to.
	adaptive manner = iota
	// asked models are adaptive but think only when they are asked to.
	asked
	// budgeted models take a number of tokens to think with, and are silent by
	// default.
	budgeted
	// foreign models are not Claude. Engines that speak Anthropic's protocol
	// understand a budget best, and whether they think unless told not to is
	// not known.
	foreign
)

// olderModels are the Claude models that came before those which think by
// default. No model will join them: newer ones are adaptive.
var olderModels = map[manner][]string{
	budgeted: {
		"claude-3", "claude-opus-4-20250514", "claude-opus-4-0", "claude-opus-4-1", "claude-opus-4-5",
		"claude-sonnet-4-20250514", "claude-sonnet-4-0", "claude-sonnet-4-5", "claude-haiku-4-5",
	},
	asked: {"claude-opus-4-6", "claude-sonnet-4-6", "claude-opus-4-7", "claude-opus-4-8"},
}

// mannerOf tells from its name how a model is told to think. Clouds and
// routers decorate the names and write some hyphens in other ways.
func mannerOf(model string) manner {
	model = strings.NewReplacer(".", "-", "@", "-", "_", "-").Replace(strings.ToLower(model))
	for manner, names := range olderModels {
		for _, name := range names {
			if _, rest, ok := strings.Cut(model, name); ok && (rest == "" || rest[0] < '0' || rest[0] > '9') {
				return manner
			}
		}
	}
	if strings.Contains(model, "claude") {
		return adaptive
	}
	return foreign
}

// leastBudget is the least number of tokens that Anthropic lets a model think
// with.
const leastBudget = 1024

// budgets are the tokens to think with for each effort.
var budgets = map[string]int64{
	"minimal": leastBudget, "low": 2000, "medium": 8000, "high": 16000, "xhigh": 32000, "max": 32000,
}

// fillThinking expresses the effort that is asked for, and the limit of
// tokens, within which Anthropic counts those for thinking, as OpenAI does.
func (d *Dialect) fillThinking(out *request, r *chat.Request) {
	out.MaxTokens = d.maxTokens
	if r.MaxTokens != nil {
		out.MaxTokens = *r.MaxTokens
	}
	effort, how := r.ReasoningEffort, mannerOf(out.Model)
	switch {
	case out.Thinking != nil: // the client knows Anthropic's parameter
		if r.MaxTokens == nil {
			out.MaxTokens += budgetOf(out.Thinking)
		}
		if how == adaptive || how == asked {
			out.setEffort(effort)
		}
	case effort == "":
	case effort == "none":
		if how == adaptive || how == foreign {
			out.Thinking = json.RawMessage(`{"type":"disabled"}`)
		}
	case how == adaptive || how == asked:
		out.setEffort(effort)
		if !out.ToolChoice.forced() {
			out.Thinking = json.RawMessage(`{"type":"adaptive","display":"summarized"}`)
		}
	case out.ToolChoice.forced() || how == budgeted && out.thoughtless():
	default:
		out.setBudget(budgets[effort], r.MaxTokens != nil)
	}
}

// setEffort asks for an effort. OpenAI's least one has no match of its own,
// and none is not one.
func (out *request) setEffort(effort string) {
	switch effort {
	case "", "none":
		return
	case "minimal":
		effort = "low"
	}
	if out.OutputConfig == nil {
		out.OutputConfig = &outputConfig{}
	}
	out.OutputConfig.Effort = effort
}

// setBudget lets the model think with n tokens: beside the limit if that is
// our own, else within it, with as many left to answer. A limit that has no
// room for both lets it not think.
func (out *request) setBudget(n int64, limited bool) {
	switch {
	case !limited:
		out.MaxTokens += n
	case out.MaxTokens <= leastBudget:
		return
	default:
		n = max(leastBudget, min(n, out.MaxTokens/2))
	}
	out.Thinking = fmt.Appendf(nil, `{"type":"enabled","budget_tokens":%d}`, n)
}

// thoughtless tells whether the last turn of the assistant waits for results
// of tools but came back without the thinking that it began with. A model with
// a budget may not think then.
func (out *request) thoughtless() bool {
	for _, t := range slices.Backward(out.Messages) {
		if t.Role != "assistant" || len(t.Content) == 0 {
			continue
		}
		first, last := t.Content[0].Type, t.Content[len(t.Content)-1].Type
		return last == "tool_use" && first != "thinking" && first != "redacted_thinking"
	}
	return false
}

// budgetOf returns the budget within a client's own thinking parameter.
func budgetOf(thinking []byte) int64 {
	var t struct {
		Budget count `json:"budget_tokens"`
	}
	_ = json.Unmarshal(thinking, &t) // it is an object, and a count takes anything
	return t.Budget.n
}
