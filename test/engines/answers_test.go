package engines_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/gatehouse-ai/gatehouse/test/engines/tinymodel"
)

// question is what is asked; its tokens are its characters, and those of the
// template around it: the start of the text and of two turns, the end of one.
const (
	question       = "hi there"
	questionTokens = len(question) + 4
)

// checks are questions that the engine and the gateway answer alike.
func checks() []struct {
	name string
	do   func(*testing.T, target)
} {
	return []struct {
		name string
		do   func(*testing.T, target)
	}{
		{"models", models},
		{"chat", chat},
		{"chat cut off by max_tokens", chatLength},
		{"chat streamed", chatStreamed},
		{"chat streamed byte by byte", chatStreamedRaw},
		{"chat with a tool", chatTool},
		{"chat with a tool, streamed", chatToolStreamed},
		{"chat after a tool's result", chatToolResult},
		{"chat with log probabilities", chatLogprobs},
		{"completion", completion},
		{"embeddings", embeddings},
		{"embeddings in base64", embeddingsBase64},
		{"response", response},
		{"messages", messages},
		{"messages streamed", messagesStreamed},
	}
}

func (x target) client() openai.Client {
	return openai.NewClient(option.WithBaseURL(x.url), option.WithAPIKey(x.key), option.WithMaxRetries(0))
}

// ask returns the parameters of the question.
func (x target) ask() openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{
		Model:       x.model,
		Temperature: openai.Float(0),
		Messages:    []openai.ChatCompletionMessageParamUnion{openai.UserMessage(question)},
	}
}

func models(t *testing.T, x target) {
	client := x.client()
	page, err := client.Models.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, m := range page.Data {
		ids = append(ids, m.ID)
		if m.Object != "model" || m.Created == 0 || m.OwnedBy == "" {
			t.Errorf("a model without object, created or owner: %s", m.RawJSON())
		}
	}
	if diff := cmp.Diff(x.models, ids); diff != "" {
		t.Errorf("models (-want +got):\n%s", diff)
	}
}

func chat(t *testing.T, x target) {
	client := x.client()
	got, err := client.Chat.Completions.New(t.Context(), x.ask())
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Choices) != 1 || got.Choices[0].Message.Content != tinymodel.Sentence || got.Choices[0].FinishReason != "stop" {
		t.Errorf("got %s, want the sentence and stop", got.RawJSON())
	}
	checkUsage(t, got.Usage, questionTokens, tinymodel.SentenceTokens)
}

func checkUsage(t *testing.T, got openai.CompletionUsage, prompt, completion int) {
	t.Helper()
	if got.PromptTokens != int64(prompt) || got.CompletionTokens != int64(completion) || got.TotalTokens != int64(prompt+completion) {
		t.Errorf("usage is %s, want %d and %d tokens", got.RawJSON(), prompt, completion)
	}
}

func chatLength(t *testing.T, x target) {
	client := x.client()
	ask := x.ask()
	ask.MaxTokens = openai.Int(3)
	got, err := client.Chat.Completions.New(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	if c := got.Choices[0]; c.Message.Content != " Hello from a" || c.FinishReason != "length" {
		t.Errorf("got %q and %q, want three words and length", c.Message.Content, c.FinishReason)
	}
	checkUsage(t, got.Usage, questionTokens, 3)
}

func chatStreamed(t *testing.T, x target) {
	client := x.client()
	ask := x.ask()
	ask.StreamOptions.IncludeUsage = openai.Bool(true)
	stream := client.Chat.Completions.NewStreaming(t.Context(), ask)
	var words []string
	var finish string
	var usage openai.CompletionUsage
	for stream.Next() {
		chunk := stream.Current()
		if chunk.JSON.Usage.Valid() {
			usage = chunk.Usage
			if len(chunk.Choices) != 0 {
				t.Errorf("the chunk with the usage has choices: %s", chunk.RawJSON())
			}
		}
		for _, c := range chunk.Choices {
			if c.Delta.Content != "" {
				words = append(words, c.Delta.Content)
			}
			if finish != "" {
				t.Errorf("a choice follows the finish reason: %s", chunk.RawJSON())
			}
			finish = c.FinishReason
		}
	}
	if err := errors.Join(stream.Err(), stream.Close()); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(words, ""); got != tinymodel.Sentence || finish != "stop" {
		t.Errorf("got %q and %q, want the sentence and stop", got, finish)
	}
	if len(words) != tinymodel.SentenceTokens-1 {
		t.Errorf("the sentence came in %d pieces, want one for each of its %d tokens", len(words), tinymodel.SentenceTokens-1)
	}
	checkUsage(t, usage, questionTokens, tinymodel.SentenceTokens)
}

// chatStreamedRaw looks at the bytes: every event is one line of data, the last
// is [DONE], and nobody asked for usage.
func chatStreamedRaw(t *testing.T, x target) {
	resp := x.post(t.Context(), t, "/chat/completions", `{"model":"`+x.model+`","temperature":0,"stream":true,"messages":[{"role":"user","content":"`+question+`"}]}`)
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if media := resp.Header.Get("Content-Type"); !strings.HasPrefix(media, "text/event-stream") {
		t.Errorf("the stream is %q", media)
	}
	events := strings.Split(strings.TrimSuffix(string(body), "\n\n"), "\n\n")
	if events[len(events)-1] != "data: [DONE]" {
		t.Errorf("the last event is %q, want data: [DONE]", events[len(events)-1])
	}
	for _, e := range events {
		if data, ok := strings.CutPrefix(e, "data: "); !ok || strings.Contains(data, "\n") {
			t.Errorf("an event that is not one line of data: %q", e)
		}
		if strings.Contains(e, `"usage":{`) {
			t.Errorf("nobody asked for the usage: %s", e)
		}
	}
}

// withTool asks the question with the tool that the model calls.
func (x target) withTool() openai.ChatCompletionNewParams {
	ask := x.ask()
	ask.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(openai.FunctionDefinitionParam{
		Name: tinymodel.ToolName,
		Parameters: openai.FunctionParameters{
			"type":       "object",
			"properties": map[string]any{"city": map[string]any{"type": "string"}},
			"required":   []string{"city"},
		},
	})}
	return ask
}

func chatTool(t *testing.T, x target) {
	client := x.client()
	got, err := client.Chat.Completions.New(t.Context(), x.withTool())
	if err != nil {
		t.Fatal(err)
	}
	c := got.Choices[0]
	if c.FinishReason != "tool_calls" || len(c.Message.ToolCalls) != 1 {
		t.Fatalf("got %s, want one tool call", got.RawJSON())
	}
	call := c.Message.ToolCalls[0]
	if call.Function.Name != tinymodel.ToolName || call.Function.Arguments != tinymodel.ToolArguments || call.ID == "" {
		t.Errorf("got %s, want %s with %s", call.RawJSON(), tinymodel.ToolName, tinymodel.ToolArguments)
	}
	checkUsage(t, got.Usage, questionTokens, tinymodel.ToolTokens)
}

func chatToolStreamed(t *testing.T, x target) {
	client := x.client()
	stream := client.Chat.Completions.NewStreaming(t.Context(), x.withTool())
	var all openai.ChatCompletionAccumulator
	for stream.Next() {
		if !all.AddChunk(stream.Current()) {
			t.Errorf("the chunk does not fit those before it: %s", stream.Current().RawJSON())
		}
	}
	if err := errors.Join(stream.Err(), stream.Close()); err != nil {
		t.Fatal(err)
	}
	if len(all.Choices) != 1 || len(all.Choices[0].Message.ToolCalls) != 1 || all.Choices[0].FinishReason != "tool_calls" {
		t.Fatalf("got %+v, want one tool call", all.Choices)
	}
	if f := all.Choices[0].Message.ToolCalls[0].Function; f.Name != tinymodel.ToolName || f.Arguments != tinymodel.ToolArguments {
		t.Errorf("got %s(%s), want %s(%s)", f.Name, f.Arguments, tinymodel.ToolName, tinymodel.ToolArguments)
	}
}

// chatToolResult hands the tool's result back and gets the sentence.
func chatToolResult(t *testing.T, x target) {
	client := x.client()
	ask := x.withTool()
	first, err := client.Chat.Completions.New(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	message := first.Choices[0].Message
	ask.Messages = append(ask.Messages, message.ToParam(), openai.ToolMessage("sunny", message.ToolCalls[0].ID))
	got, err := client.Chat.Completions.New(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	// Where tools are allowed, the engine's parser drops the space in front.
	if c := got.Choices[0]; strings.TrimSpace(c.Message.Content) != strings.TrimSpace(tinymodel.Sentence) || c.FinishReason != "stop" {
		t.Errorf("got %s, want the sentence", got.RawJSON())
	}
}

func chatLogprobs(t *testing.T, x target) {
	client := x.client()
	ask := x.ask()
	ask.Logprobs, ask.TopLogprobs, ask.MaxTokens = openai.Bool(true), openai.Int(2), openai.Int(1)
	got, err := client.Chat.Completions.New(t.Context(), ask)
	if err != nil {
		t.Fatal(err)
	}
	list := got.Choices[0].Logprobs.Content
	if len(list) != 1 || list[0].Token != " Hello" || len(list[0].TopLogprobs) != 2 {
		t.Fatalf("got %s, want one token with two candidates", got.Choices[0].Logprobs.RawJSON())
	}
	if p := math.Exp(list[0].Logprob); p < 0.99 || p > 1 {
		t.Errorf("the probability of the first word is %g, want nearly 1", p)
	}
}

func completion(t *testing.T, x target) {
	client := x.client()
	got, err := client.Completions.New(t.Context(), openai.CompletionNewParams{
		Model: openai.CompletionNewParamsModel(x.model), Temperature: openai.Float(0),
		Prompt: openai.CompletionNewParamsPromptUnion{OfString: openai.String("ab")},
	})
	if err != nil {
		t.Fatal(err)
	}
	if c := got.Choices[0]; c.Text != tinymodel.Sentence || c.FinishReason != "stop" {
		t.Errorf("got %s, want the sentence", got.RawJSON())
	}
	checkUsage(t, got.Usage, 3, tinymodel.SentenceTokens)
}

// vector works out the embedding of a text: the mean of a vector with a single
// one for each token, the start included, scaled to length one.
func vector(t *testing.T, text string) []float64 {
	t.Helper()
	m := tinymodel.New()
	v := make([]float64, tinymodel.EmbeddingLength)
	for _, token := range append([]string{"<s>"}, strings.Split(text, "")...) {
		id, ok := m.Token(token)
		if !ok {
			t.Fatalf("%q is no token", token)
		}
		v[id]++
	}
	var sum float64
	for _, x := range v {
		sum += x * x
	}
	for i := range v {
		v[i] /= math.Sqrt(sum)
	}
	return v
}

func embeddings(t *testing.T, x target) {
	checkEmbeddings(t, x, "")
}

func embeddingsBase64(t *testing.T, x target) {
	checkEmbeddings(t, x, openai.EmbeddingNewParamsEncodingFormatBase64)
}

func checkEmbeddings(t *testing.T, x target, format openai.EmbeddingNewParamsEncodingFormat) {
	t.Helper()
	client := x.client()
	texts := []string{"ab", "c", "abba"}
	got, err := client.Embeddings.New(t.Context(), openai.EmbeddingNewParams{
		Model: x.model, EncodingFormat: format,
		Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: texts},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Data) != len(texts) {
		t.Fatalf("%d embeddings for %d texts", len(got.Data), len(texts))
	}
	for i, d := range got.Data {
		if d.Index != int64(i) {
			t.Errorf("embedding %d has index %d", i, d.Index)
		}
		numbers := d.Embedding
		if format != "" {
			numbers = decodeFloats(t, d.RawJSON())
		}
		if diff := cmp.Diff(vector(t, texts[i]), numbers, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
			t.Errorf("embedding of %q (-want +got):\n%s", texts[i], diff)
		}
	}
	if got.Usage.PromptTokens != 3+2+5 {
		t.Errorf("usage is %s, want 10 tokens", got.Usage.RawJSON())
	}
}

// decodeFloats reads the little-endian 32-bit floats of an embedding in base64.
func decodeFloats(t *testing.T, raw string) []float64 {
	t.Helper()
	var object struct{ Embedding []byte }
	if err := json.Unmarshal([]byte(raw), &object); err != nil {
		t.Fatal(err)
	}
	var out []float64
	for b := object.Embedding; len(b) >= 4; b = b[4:] {
		bits := uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
		out = append(out, float64(math.Float32frombits(bits)))
	}
	return out
}

// post posts a body as it is.
func (x target) post(ctx context.Context, t *testing.T, path, body string) *http.Response {
	t.Helper()
	return x.send(ctx, t, http.MethodPost, path, body)
}

// send sends a request. The answer's body is closed at the end of the test.
func (x target) send(ctx context.Context, t *testing.T, method, path, body string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, method, x.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+x.key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = resp.Body.Close() })
	return resp
}
