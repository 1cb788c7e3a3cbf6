package chat

import (
	"encoding/json"
	"slices"

	"github.com/gatehouse-ai/gatehouse/dialect/param"
)

// Request is a decoded request for a chat completion. A nil pointer, slice or
// raw value means that the parameter is absent or null.
type Request struct {
	Model    string
	Messages []Message

	Stream       bool
	IncludeUsage bool

	// MaxTokens is max_completion_tokens, or max_tokens where only that is set.
	MaxTokens        *int64
	Temperature      *float64
	TopP             *float64
	PresencePenalty  *float64
	FrequencyPenalty *float64
	Seed             *int64
	N                int // 1 unless set
	Stop             []string
	Logprobs         bool
	TopLogprobs      int
	LogitBias        json.RawMessage // an object of numbers, not empty
	ReasoningEffort  string          // "" is unset; else none, minimal, low, medium, high, xhigh or max

	Tools             []Tool
	ToolChoice        ToolChoice
	ParallelToolCalls bool // true unless set
	// LegacyFunctions tells that the tools came as functions, so that the
	// answer has a function_call instead of tool_calls.
	LegacyFunctions bool

	Format Format

	User             string
	SafetyIdentifier string

	set param.Set // the parameters that are not null, known or not, in order
}

// Role says who a message is from.
type Role string

// The roles. A message of the deprecated role function is read as a tool's.
const (
	RoleSystem    Role = "system"
	RoleDeveloper Role = "developer"
	RoleUser      Role = "user"
	RoleAssistant Role = "assistant"
	RoleTool      Role = "tool"
)

// Message is one message of the conversation.
type Message struct {
	Path      string // as in messages[2]
	Role      Role
	Name      string // of the participant; a hint
	Content   []Part // content that is a string is one part
	Refusal   string // of an assistant that refused to answer
	Reasoning string // of an assistant, as engines give it beside the content
	Calls     []Call // of an assistant
	AudioID   string // of an assistant's earlier spoken answer

	// CallID is the call that a tool's message answers, and ToolName the tool
	// that was called, "" if no earlier message has that call.
	CallID   string
	ToolName string
}

// PartKind is the kind of a part of content.
type PartKind uint8

// The kinds of parts, and the roles whose messages may have them.
const (
	TextPart    PartKind = iota // all
	ImagePart                   // user, tool
	AudioPart                   // user
	FilePart                    // user
	RefusalPart                 // assistant
)

// Part is a piece of a message's content.
type Part struct {
	Path  string // as in messages[2].content[0], or messages[2].content for a string
	Kind  PartKind
	Text  string // of a TextPart or RefusalPart
	Image Image
	Audio Audio
	File  File
	// CacheControl is a cache_control as Anthropic's API has it; CacheMark tells
	// of a prompt_cache_breakpoint. Both are hints.
	CacheControl json.RawMessage
	CacheMark    bool
}

// Image is an image, given by its bytes or by a URL.
type Image struct {
	Path      string // as in messages[2].content[0].image_url.url
	URL       string // http or https; "" if the image came as its bytes
	MediaType string // of the bytes, in lower case, as in image/png
	Data      string // the bytes in standard base64 with padding
	Detail    string // auto, low, high or original; a hint
}

// Audio is a sound in a user's message.
type Audio struct {
	Path   string // as in messages[2].content[0].input_audio
	Data   string // base64
	Format string // wav or mp3
}

// File is a file in a user's message: its bytes, or the id of one uploaded.
type File struct {
	Path      string // as in messages[2].content[0].file
	ID        string
	Name      string
	MediaType string // of the bytes, if they came as a data URL
	Data      string // base64
}

// Call is a call of a tool that an assistant made.
type Call struct {
	Path string // as in messages[2].tool_calls[0]
	ID   string
	Name string
	// Arguments is JSON as the model wrote it, which may be invalid, or for a
	// custom tool the free text of its input.
	Arguments string
	Custom    bool
}

// Tool is a tool that the model may call.
type Tool struct {
	Path        string // as in tools[0].function
	Name        string
	Description string
	Parameters  json.RawMessage // a JSON Schema with its members in order; nil is none
	Strict      bool
	Custom      bool            // takes free text instead of JSON
	Grammar     json.RawMessage // format of a custom tool's text; nil is any
}

// ChoiceMode says whether the model calls tools.
type ChoiceMode uint8

// The modes. ChooseDefault is ChooseAuto if there are tools, else ChooseNone.
const (
	ChooseDefault ChoiceMode = iota
	ChooseNone
	ChooseAuto
	ChooseRequired
	ChooseNamed
)

// ToolChoice says which tools the model calls.
type ToolChoice struct {
	Path    string // tool_choice or function_call; "" if neither is set
	Mode    ChoiceMode
	Name    string   // of the tool, with ChooseNamed
	Allowed []string // of allowed_tools: only these may be called; nil means all
}

// FormatKind is the kind of text that is wanted.
type FormatKind uint8

// The kinds of formats.
const (
	TextFormat FormatKind = iota
	JSONFormat
	SchemaFormat
)

// Format is what the text of the answer must be like.
type Format struct {
	Kind        FormatKind
	Name        string
	Description string
	Schema      json.RawMessage // a JSON Schema with its members in order; nil is any
	Strict      bool
}

// Offered returns the tools that the model may call: none with ChooseNone,
// and with allowed_tools only those.
func (r *Request) Offered() []Tool {
	if r.ToolChoice.Mode == ChooseNone {
		return nil
	}
	if r.ToolChoice.Allowed == nil {
		return r.Tools
	}
	var out []Tool
	for _, t := range r.Tools {
		if slices.Contains(r.ToolChoice.Allowed, t.Name) {
			out = append(out, t)
		}
	}
	return out
}

// Extra returns a parameter that OpenAI's API does not have, or one that Parse
// does not decode. found is false if it is absent or null.
func (r *Request) Extra(name string) (v param.Value, found bool) { return r.set.Get(name) }
