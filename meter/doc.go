// Package meter reads how many tokens a request used out of its answer.
//
// It knows the usage objects of the APIs that pass through unchanged (chat and
// text completions, embeddings, responses, Anthropic's messages) and reads
// them from whole bodies and from the events of streams; the dialects that
// translate report a Usage of their own. Numbers of an upstream are clamped:
// negative or absurd ones never reach a limit or a bill.
package meter
