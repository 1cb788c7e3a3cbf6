package tinymodel

import (
	"fmt"
	"strings"
)

// What the model answers.
const (
	// Sentence is the answer to everything, at temperature 0. It begins with a
	// space, as the first token of a chat answer does with this vocabulary.
	Sentence = " Hello from a tiny model that speaks only this sentence."
	// SentenceTokens is what Sentence costs, its end included.
	SentenceTokens = 12
	// ToolName and ToolArguments are the call that it makes if it has tools and
	// was not just given a tool's result.
	ToolName      = "get_weather"
	ToolArguments = `{"city": "Paris"}`
	// ToolTokens is what the call costs, its end included.
	ToolTokens = 8
)

// The shape of the model.
const (
	EmbeddingLength = 512 // and an upper bound of the vocabulary
	heads           = 8
	forward         = 64
)

// DefaultContext is a length of the context that is long enough for every test.
const DefaultContext = 4096

// The kinds of tokens, as GGUF numbers them.
const (
	normal  int32 = 1
	unknown int32 = 2
	control int32 = 3
	raw     int32 = 6 // a byte
)

// The ids of the first tokens.
const (
	idUnknown = iota
	idStart
	idEnd
)

// The logits of the table: what follows, what may follow at temperatures above
// zero, words in general, and everything else.
const (
	sure     = 12
	possible = 11
	unlikely = 0
	never    = -12
)

// space is how the vocabulary writes a space.
const space = "▁"

// Model is a vocabulary and the table of what follows each token.
type Model struct {
	tokens []string
	scores []float32
	kinds  []int32
	ids    map[string]int
	next   map[int]map[int]float32 // token → token that may follow → logit
}

// New returns the model.
func New() *Model {
	m := &Model{ids: map[string]int{}, next: map[int]map[int]float32{}}
	m.add("<unk>", 0, unknown)
	m.add("<s>", 0, control)
	m.add("</s>", 0, control)
	for _, s := range []string{"<|user|>", "<|system|>", "<|assistant|>", "<|tools|>", "<|end|>"} {
		m.add(s, 0, control)
	}
	for b := range 256 {
		m.add(fmt.Sprintf("<0x%02X>", b), 0, raw)
	}
	m.add(space, -100, normal)
	for c := '!'; c <= '~'; c++ {
		m.add(string(c), -100, normal)
	}
	m.chain("<|assistant|>", "▁Hello ▁from ▁a ▁tiny ▁model ▁that ▁speaks ▁only ▁this ▁sentence .")
	m.chain("<|tools|>", `<tool_call> {"name": ▁"get_weather", ▁"arguments": ▁{"city": ▁"Paris"}} </tool_call>`)
	m.follow(m.ids["."], m.ids["▁Hello"], possible) // asked to ignore its end, it says the sentence again
	return m
}

// Token returns the id of a token, and whether there is one of that text.
func (m *Model) Token(text string) (int, bool) {
	id, ok := m.ids[strings.ReplaceAll(text, " ", space)]
	return id, ok
}

// add adds a token, unless it is there, and returns its id.
func (m *Model) add(text string, score float32, kind int32) int {
	if id, ok := m.ids[text]; ok {
		return id
	}
	id := len(m.tokens)
	m.ids[text] = id
	m.tokens, m.scores, m.kinds = append(m.tokens, text), append(m.scores, score), append(m.kinds, kind)
	return id
}

// chain makes words follow each other after a start, and the end follow the last.
func (m *Model) chain(start, words string) {
	last := m.ids[start]
	for word := range strings.FieldsSeq(words) {
		id := m.add(word, -float32(len(m.tokens)), normal)
		m.follow(last, id, sure)
		last = id
	}
	m.follow(last, idEnd, sure)
}

func (m *Model) follow(token, by int, logit float32) {
	if m.next[token] == nil {
		m.next[token] = map[int]float32{}
	}
	m.next[token][by] = logit
}

// logit is the table: how likely a token is after another.
func (m *Model) logit(token, by int) float32 {
	if l, ok := m.next[token][by]; ok {
		return l
	}
	if m.next[token] == nil && by == m.ids["▁Hello"] {
		return sure // a token that begins nothing begins the sentence
	}
	if m.kinds[by] == normal && len(m.tokens[by]) > len(space) {
		return unlikely
	}
	return never
}
