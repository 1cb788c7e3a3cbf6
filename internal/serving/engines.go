package serving

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/gatehouse-ai/gatehouse/op"
)

// Engine is an engine or provider, as its maker describes it.
type Engine struct {
	Name       string
	Dialects   []string // of the gateway, that it can be reached by
	Operations []op.ID  // that its maker says it serves
}

// Engines returns the engines and providers that are known.
func Engines() []Engine {
	chat := []op.ID{op.ChatCompletion, op.Completion, op.Embedding}
	media := []op.ID{"createSpeech", "createTranscription", "createTranslation", "createImage", "createImageEdit"}
	ranked := []op.ID{"createRerank", "createScore", "createClassification", "tokenize", "detokenize"}
	return []Engine{
		{"OpenAI", []string{"openai"}, slices.Concat(chat, media, []op.ID{op.Response, "Compactconversation", "Getinputtokencounts", "createImageVariation", "createModeration"})},
		{"Anthropic", []string{"anthropic"}, []op.ID{op.Message, op.CountTokens, op.ChatCompletion}},
		{"vLLM", []string{"openai", "anthropic"}, slices.Concat(chat, ranked, []op.ID{"createPooling", op.Response, op.Message, op.CountTokens, "createTranscription", "createTranslation"})},
		{"SGLang", []string{"openai", "anthropic"}, slices.Concat(chat, ranked, []op.ID{op.Response, op.Message, "createTranscription"})},
		{"llama.cpp", []string{"openai", "anthropic"}, slices.Concat(chat, []op.ID{"createRerank", op.Response, op.Message, op.CountTokens, "tokenize", "detokenize"})},
		{"Ollama", []string{"ollama", "openai", "anthropic"}, slices.Concat(chat, []op.ID{op.Response, op.Message})},
		{"LM Studio", []string{"openai"}, slices.Concat(chat, []op.ID{op.Response})},
		{"Text Embeddings Inference", []string{"tei", "openai"}, []op.ID{op.Embedding}},
	}
}

// Runs are what runs before real engines found, by engine.
type Runs map[string]Run

// Run is what one run before an engine found.
type Run struct {
	Version string           `json:"version"` // of the engine
	Date    string           `json:"date"`    // 2026-03-31
	Passed  []op.ID          `json:"passed"`
	Failed  map[op.ID]string `json:"failed,omitempty"` // with what went wrong
}

// ParseRuns reads api/engines.json. No text at all is no runs.
func ParseRuns(text []byte) (Runs, error) {
	if len(text) == 0 {
		return nil, nil
	}
	var out Runs
	if err := json.Unmarshal(text, &out); err != nil {
		return nil, fmt.Errorf("the runs before engines: %w", err)
	}
	return out, nil
}

// Result says what is known of an operation at an engine.
func (r Runs) Result(e Engine, id op.ID) string {
	run, ran := r[e.Name]
	switch {
	case ran && slices.Contains(run.Passed, id):
		return "passed " + run.Date
	case ran && run.Failed[id] != "":
		return "failed " + run.Date + ": " + run.Failed[id]
	case slices.Contains(e.Operations, id):
		return "said, not run"
	}
	return ""
}
