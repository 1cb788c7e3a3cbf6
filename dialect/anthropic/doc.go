// Package anthropic lets OpenAI's chat completions be served by endpoints that
// speak Anthropic's Messages API. Requests in Anthropic's own form go on as
// they are.
//
// # Messages
//
// System and developer messages become the system prompt, in their order and
// from wherever they stand. Consecutive messages of one role become one turn.
// The results of tools open the turn that follows their calls, whatever else
// the user said before them; a call without a result and a result without a
// call are refused. Ids of calls that Anthropic would not take, or that stand
// twice in a conversation, are changed in calls and results. Text of white
// space alone, which Anthropic refuses, joins the text before it in its message
// or is left out. A conversation that ends with the assistant is one that
// Anthropic continues in mid-sentence, on models that can.
//
// # Parameters
//
// The limit of tokens is mandatory in Anthropic's API: see Options. A
// temperature above 1, a stop of white space alone, JSON mode without a schema
// and tools that take free text cannot be expressed and are refused by name,
// as is every parameter that chat.Params lists and this package does not
// mention, unless it is a hint. The names of participants, prompt cache
// breakpoints and seed (best effort with OpenAI as well) count as hints.
// Temperature and top_p of 1 change nothing and are left out, since newer
// models refuse them. user and safety_identifier become metadata.user_id unless
// they look like personal data, which Anthropic refuses there.
//
// Of Anthropic's own parameters top_k, thinking and cache_control may be set,
// and cache_control on parts of content.
//
// # Reasoning
//
// A model that thinks as it sees fit is given reasoning_effort as an effort,
// an older one and one that is not Claude as a budget of tokens. It is a wish:
// where Anthropic forbids thinking (a forced call of a tool, too few tokens, a
// loop of tools whose first answer came back without its thinking) the model
// answers without. Thinking counts towards the limit of tokens, as with OpenAI.
//
// What the model thought is in reasoning_content. Anthropic signs it and, in a
// loop of tools, may want it back: an answer's message has a list
// thinking_blocks with {type: thinking, thinking, signature} and
// {type: redacted_thinking, data}, a stream has each of them whole in one
// delta, and a client that sends them back in its assistant's message keeps
// the model's train of thought. reasoning_content alone, which is not signed,
// is left out of requests.
//
// # Answers
//
// Anthropic counts cached input beside the input, OpenAI within it: the usage
// is OpenAI's. A turn that Anthropic pauses (pause_turn) ends with stop, one
// that it refuses with content_filter. Blocks of tools that run on Anthropic's
// side are left out.
package anthropic
