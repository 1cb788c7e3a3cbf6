// Package meter reads how many tokens a request used out of its answer.
//
// It knows the usage objects of the APIs that pass through unchanged (chat and
// text completions, embeddings, responses, Anthropic's messages) and reads
// them from whole bodies and from the events of streams; the dialects that
// translate report a Usage of their own. A Sieve tells which events of a stream
// have more to say than a piece of text, and Strip takes the usage out of one that
// was asked for by the gateway alone. Numbers of an upstream are clamped:
// negative or absurd ones never reach a limit or a bill.
package meter
