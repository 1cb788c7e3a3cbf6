package op

// ID names an operation. For operations that OpenAI's API also has it is the
// operationId of OpenAI's OpenAPI document.
type ID string

// The operations that code asks for by name.
const (
	ChatCompletion ID = "createChatCompletion"
	Completion     ID = "createCompletion"
	Embedding      ID = "createEmbedding"
	Response       ID = "createResponse"
	Message        ID = "createMessage"
	CountTokens    ID = "countMessageTokens"
	Document       ID = "getOpenAPI"
)

// Level is the stability of an operation.
//
// An operation is served under its own level's prefix and under every less
// stable one: a V1 operation answers at /v1, /v1beta and /v1alpha. A client
// chooses how much change it accepts by the base URL it is given, and raising
// an operation's level breaks no client.
type Level uint8

// The levels, least stable first.
const (
	Absent  Level = iota // in OpenAI's API, not in ours; Note says why
	V1Alpha              // may change or go at any time
	V1Beta               // may change, with notice
	V1                   // stable
)

// String returns the name of the level, which is its prefix without the slash.
func (l Level) String() string { return [...]string{"absent", "v1alpha", "v1beta", "v1"}[l] }

// Levels returns the levels at which operations are served, most stable first.
func Levels() []Level { return []Level{V1, V1Beta, V1Alpha} }

// Prefixes returns the path prefixes under which an operation of level l is
// served. An absent one is refused under all of them.
func (l Level) Prefixes() []string {
	all := []string{"/v1", "/v1beta", "/v1alpha"}
	if l == Absent {
		return all
	}
	return all[V1-l:]
}

// Compat says how an operation relates to OpenAI's operation of the same ID.
type Compat string

// The kinds of compatibility.
const (
	Full      Compat = "full"      // same requests, same responses
	Partial   Compat = "partial"   // Note lists what differs
	Forwarded Compat = "forwarded" // the model server decides
	Extension Compat = "extension" // OpenAI has no such operation
)

// Reply is the form of a successful response.
type Reply string

// The forms of responses.
const (
	JSON   Reply = "json"
	Stream Reply = "json or sse" // server-sent events if the request says stream
	Binary Reply = "binary"      // bytes of another media type, or server-sent events
)

// Class bounds what a request may take: its body, its time, its rate.
type Class string

// The classes.
const (
	Control Class = "control" // no body, or a small one
	Tokens  Class = "tokens"  // a JSON body that is held in memory
	Upload  Class = "upload"  // a multipart body that is streamed
)

// Shape is the API whose clients call the operation, and so the form of its
// errors.
type Shape uint8

// The shapes.
const (
	OpenAIShape Shape = iota
	AnthropicShape
)

// Public is the scope of operations that everybody may ask for, without a key.
const Public = "public"

// Operation is one row of the table.
type Operation struct {
	ID     ID
	Method string // "" in an absent row means every method
	Path   string // after the level prefix: literal segments, {one}, and {rest...} at the end
	Level  Level
	Owner  string // the package that handles it
	Scope  string // what the caller's key must allow
	Class  Class
	Reply  Reply
	Compat Compat
	Shape  Shape

	Model        bool     // the body names a model, by which the request is routed
	DefaultModel string   // what OpenAI takes where the body names none
	Required     []string // further top-level fields that the body must have
	// Root says that engines serve the operation beside /v1, not below it.
	Root bool

	Deprecated *Deprecation // nil: it stays

	Summary string
	Note    string
}
