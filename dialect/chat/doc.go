// Package chat has the form of OpenAI's chat completions, for the dialects
// that translate them.
//
// Parse decodes a request once for all dialects: every role, form of content,
// tool and choice of tool, with the deprecated functions read as the tools
// that replaced them. Params is the table of all parameters that OpenAI's
// operation has, and Request.Refuse holds a dialect to it: a parameter is
// translated, or it is a hint that may be left out, or the request is refused
// by name. AppendCompletion and Stream write whole and streamed answers as
// OpenAI's clients expect them.
//
// The names of participants, citations of earlier answers and marks for prompt
// caches in messages are decoded but count as hints: a dialect that has no
// place for them leaves them out.
//
// chat owns OpenAI's side of a translation. The other side, and which
// parameters it can express, is each dialect's.
package chat
