package answer

import "encoding/json"

// The roles of messages.
const (
	System    = "system"
	User      = "user"
	Assistant = "assistant"
	ToolRole  = "tool"
)

// Message is one message of a conversation.
type Message struct {
	Role   string
	Text   string
	Images int
}

// ImageTokens is what an image counts as in the input.
const ImageTokens = 16

// Tool is a function that the engine may call.
type Tool struct {
	Name   string
	Schema json.RawMessage // of the arguments
}

// ToolMode says whether tools are called.
type ToolMode uint8

// The tool modes.
const (
	Auto     ToolMode = iota // those that the last user message names
	Never                    // none
	Required                 // as Auto, but the first one where none is named
	Named                    // the one of that name
)

// Format is the form of a text answer.
type Format uint8

// The formats.
const (
	Text   Format = iota
	JSON          // an object {"answer": text}
	Schema        // an instance of Question.Schema
)

// Question is what an engine is asked, whatever the protocol.
type Question struct {
	Messages  []Message
	Tools     []Tool
	Mode      ToolMode
	Tool      string // the tool's name, for Named
	OneCall   bool   // no parallel calls
	Format    Format
	Schema    json.RawMessage
	Stop      []string
	MaxTokens int  // 0: no bound
	MinTokens int  // the answer is repeated until it has as many
	N         int  // how many choices; 0 means 1
	Reason    bool // reason before answering
}

// Input returns how many tokens the question has: the words of all messages,
// and ImageTokens for each image. Tools do not count.
func (q *Question) Input() int {
	n := 0
	for _, m := range q.Messages {
		n += Count(m.Text) + m.Images*ImageTokens
	}
	return n
}

// Call is a tool call of an answer.
type Call struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"` // JSON, an object
}

// Pieces returns the arguments as they are streamed.
func (c Call) Pieces() []string { return Split(c.Arguments) }

// Why an answer ended. A Says may give other reasons, in the words of OpenAI's
// protocol.
const (
	Stop      = "stop"
	Length    = "length"
	ToolCalls = "tool_calls"
	Filtered  = "content_filter"
)

// Choice is one answer to a question.
type Choice struct {
	Reasoning []string // tokens
	Text      []string // tokens
	Calls     []Call
	Finish    string // Stop, Length, ToolCalls, …
	Stopped   string // the stop sequence that ended it
}

// Output returns how many tokens the choice has.
func (c *Choice) Output() int {
	n := len(c.Reasoning) + len(c.Text)
	for _, call := range c.Calls {
		n += len(call.Pieces())
	}
	return n
}

// Usage counts tokens. Input includes CachedInput and CacheWrite, Output
// includes Reasoning.
type Usage struct {
	Input       int `json:"input"`
	Output      int `json:"output"`
	CachedInput int `json:"cached_input,omitempty"`
	CacheWrite  int `json:"cache_write,omitempty"`
	Reasoning   int `json:"reasoning,omitempty"`
}

// Answer is what an engine says to a question.
type Answer struct {
	Choices []Choice
	Usage   *Usage // nil: the engine does not say
}

// Says dictates an answer, or parts of it, in place of the rules.
type Says struct {
	Text        string `json:"text,omitempty"`
	Reasoning   string `json:"reasoning,omitempty"`
	Calls       []Call `json:"calls,omitempty"`
	Finish      string `json:"finish,omitempty"`
	Tokens      int    `json:"tokens,omitempty"` // the text is repeated until it has as many
	CachedInput int    `json:"cached_input,omitempty"`
	CacheWrite  int    `json:"cache_write,omitempty"`
	Usage       *Usage `json:"usage,omitempty"`    // told in place of the truth, whatever it is
	NoUsage     bool   `json:"no_usage,omitempty"` // usage is not told at all
}
