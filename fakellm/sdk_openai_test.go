package fakellm_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"

	"github.com/gatehouse-ai/gatehouse/fakellm"
)

// openAISDK is the official client before an engine that asks for a key.
func openAISDK(t *testing.T, d fakellm.Dialect) (*fakellm.Engine, openai.Client) {
	t.Helper()
	e, s := start(t, d, fakellm.Key("sk-test"))
	return e, openai.NewClient(
		option.WithBaseURL(s.URL+"/v1"), option.WithAPIKey("sk-test"), option.WithHTTPClient(client(t)), option.WithMaxRetries(0))
}

func says(text string) []openai.ChatCompletionMessageParamUnion {
	return []openai.ChatCompletionMessageParamUnion{openai.SystemMessage("be kind"), openai.UserMessage(text)}
}

func weather() []openai.ChatCompletionToolUnionParam {
	return []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
		Name: "weather", Parameters: shared.FunctionParameters{
			"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}},
		},
	})}
}

func TestOpenAISDKChat(t *testing.T) {
	for _, d := range []fakellm.Dialect{fakellm.OpenAI, fakellm.Ollama} {
		t.Run(string(d), func(t *testing.T) {
			_, c := openAISDK(t, d)
			res, err := c.Chat.Completions.New(within(t), openai.ChatCompletionNewParams{Model: "m", Messages: says("hello")})
			if err != nil {
				t.Fatal(err)
			}
			choice := res.Choices[0]
			if choice.Message.Content != "You said: hello" || choice.FinishReason != "stop" || choice.Message.Role != "assistant" ||
				res.Usage.PromptTokens != 3 || res.Usage.CompletionTokens != 3 || res.Usage.TotalTokens != 6 {
				t.Errorf("the answer is %s", res.RawJSON())
			}
			_, err = c.Chat.Completions.New(within(t), openai.ChatCompletionNewParams{Model: "nope", Messages: says("hello")})
			var apiErr *openai.Error
			if !errors.As(err, &apiErr) || apiErr.StatusCode != http.StatusNotFound || !strings.Contains(apiErr.Message, "nope") {
				t.Errorf("an unknown model: %v", err)
			}
		})
	}
}

func TestOpenAISDKStream(t *testing.T) {
	for _, d := range []fakellm.Dialect{fakellm.OpenAI, fakellm.Ollama} {
		t.Run(string(d), func(t *testing.T) {
			_, c := openAISDK(t, d)
			s := c.Chat.Completions.NewStreaming(within(t), openai.ChatCompletionNewParams{
				Model: "m", Messages: says("the weather"), Tools: weather(),
				StreamOptions: openai.ChatCompletionStreamOptionsParam{IncludeUsage: param.NewOpt(true)},
			})
			var acc openai.ChatCompletionAccumulator
			for s.Next() {
				if !acc.AddChunk(s.Current()) {
					t.Fatalf("the chunk does not fit: %s", s.Current().RawJSON())
				}
			}
			if err := s.Err(); err != nil {
				t.Fatal(err)
			}
			choice := acc.Choices[0]
			if len(choice.Message.ToolCalls) != 1 || choice.FinishReason != "tool_calls" || acc.Usage.TotalTokens != 6 {
				t.Fatalf("the answer is %+v", acc.ChatCompletion)
			}
			call := choice.Message.ToolCalls[0]
			if call.Function.Name != "weather" || call.Function.Arguments != `{"city": "city"}` || call.ID == "" {
				t.Errorf("the call is %+v", call)
			}
			messages := append(says("the weather"), choice.Message.ToParam(), openai.ToolMessage("rain", call.ID))
			res, err := c.Chat.Completions.New(within(t), openai.ChatCompletionNewParams{Model: "m", Messages: messages, Tools: weather()})
			if err != nil || res.Choices[0].Message.Content != "The tool said: rain" {
				t.Errorf("after the tool: %+v, %v", res, err)
			}
		})
	}
}

func TestOpenAISDKErrors(t *testing.T) {
	e, c := openAISDK(t, fakellm.OpenAI)
	ask := func() error {
		_, err := c.Chat.Completions.New(within(t), openai.ChatCompletionNewParams{Model: "m", Messages: says("x")})
		return err
	}
	var apiErr *openai.Error
	e.Queue(fakellm.RateLimited(2 * time.Second))
	if err := ask(); !errors.As(err, &apiErr) || apiErr.StatusCode != http.StatusTooManyRequests || apiErr.Response.Header.Get("Retry-After") != "2" {
		t.Errorf("rate limit: %v", err)
	}
	// A string in the place of the error object is more than the client takes.
	e.Queue(fakellm.Refused(500, fakellm.String))
	if err := ask(); err == nil || errors.As(err, new(*openai.Error)) {
		t.Errorf("string: %v", err)
	}
	e.Queue(fakellm.Script{Fail: &fakellm.StreamErr{At: 2, Message: "boom"}})
	s := c.Chat.Completions.NewStreaming(within(t), openai.ChatCompletionNewParams{Model: "m", Messages: says("x")})
	n := 0
	for s.Next() {
		n++
	}
	if s.Err() == nil || !strings.Contains(s.Err().Error(), "boom") || n != 2 {
		t.Errorf("after %d chunks: %v", n, s.Err())
	}
}

func TestOpenAISDKCompletion(t *testing.T) {
	_, c := openAISDK(t, fakellm.OpenAI)
	s := c.Completions.NewStreaming(within(t), openai.CompletionNewParams{
		Model: "m", Prompt: openai.CompletionNewParamsPromptUnion{OfString: param.NewOpt("hello")},
	})
	var text strings.Builder
	end := ""
	for s.Next() {
		text.WriteString(s.Current().Choices[0].Text)
		end = string(s.Current().Choices[0].FinishReason)
	}
	if s.Err() != nil || text.String() != "You said: hello" || end != "stop" {
		t.Errorf("%q, %s, %v", text.String(), end, s.Err())
	}
}

func TestOpenAISDKEmbeddings(t *testing.T) {
	_, c := openAISDK(t, fakellm.OpenAI)
	res, err := c.Embeddings.New(within(t), openai.EmbeddingNewParams{
		Model: "m", Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"a", "b c"}}, Dimensions: param.NewOpt[int64](3),
	})
	if err != nil || len(res.Data) != 2 || len(res.Data[1].Embedding) != 3 || res.Data[1].Index != 1 || res.Usage.PromptTokens != 3 {
		t.Fatalf("%+v, %v", res, err)
	}
	_, s := start(t, fakellm.OpenAI)
	got := map[string]any{}
	for _, format := range []string{"float", "base64"} {
		body, err := client(t).Post(s.URL+"/v1/embeddings", "application/json",
			strings.NewReader(`{"model":"m","input":["b c"],"encoding_format":"`+format+`"}`))
		if err != nil {
			t.Fatal(err)
		}
		var list struct{ Data []struct{ Embedding any } }
		if err := json.NewDecoder(body.Body).Decode(&list); err != nil {
			t.Fatal(err)
		}
		shut(t, body.Body)
		got[format] = list.Data[0].Embedding
	}
	b, err := base64.StdEncoding.DecodeString(got["base64"].(string))
	if err != nil || len(b) != 16 {
		t.Fatalf("%v, %v", got["base64"], err)
	}
	for i, want := range got["float"].([]any) {
		if f := math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:])); f != float32(want.(float64)) {
			t.Errorf("number %d is %v and %v", i, f, want)
		}
	}
}

func TestOpenAISDKResponses(t *testing.T) {
	_, c := openAISDK(t, fakellm.OpenAI)
	params := responses.ResponseNewParams{
		Model: "m", Input: responses.ResponseNewParamsInputUnion{OfString: param.NewOpt("hello there")},
		Reasoning: shared.ReasoningParam{Effort: shared.ReasoningEffortLow},
	}
	res, err := c.Responses.New(within(t), params)
	if err != nil {
		t.Fatal(err)
	}
	if res.OutputText() != "You said: hello there" || res.Status != "completed" || res.Usage.InputTokens != 2 ||
		res.Usage.OutputTokensDetails.ReasoningTokens != 9 || len(res.Output) != 2 || res.Output[0].Type != "reasoning" {
		t.Errorf("the response is %s", res.RawJSON())
	}
	s := c.Responses.NewStreaming(within(t), params)
	var kinds []string
	var text strings.Builder
	next := int64(0)
	for s.Next() {
		event := s.Current()
		if event.SequenceNumber != next {
			t.Errorf("event %d has the number %d", next, event.SequenceNumber)
		}
		next++
		if len(kinds) == 0 || kinds[len(kinds)-1] != event.Type {
			kinds = append(kinds, event.Type)
		}
		if event.Type == "response.output_text.delta" {
			text.WriteString(event.Delta)
		}
		if event.Type == "response.completed" && event.Response.OutputText() != "You said: hello there" {
			t.Errorf("the last event has %q", event.Response.OutputText())
		}
	}
	want := []string{
		"response.created", "response.in_progress",
		"response.output_item.added", "response.content_part.added", "response.reasoning_text.delta", "response.reasoning_text.done",
		"response.content_part.done", "response.output_item.done",
		"response.output_item.added", "response.content_part.added", "response.output_text.delta", "response.output_text.done",
		"response.content_part.done", "response.output_item.done", "response.completed",
	}
	if d := cmp.Diff(want, kinds); d != "" || s.Err() != nil || text.String() != "You said: hello there" {
		t.Errorf("%q, %v\n-want +got\n%s", text.String(), s.Err(), d)
	}
}

func TestOpenAISDKMedia(t *testing.T) {
	_, c := openAISDK(t, fakellm.OpenAI)
	sound, err := c.Audio.Speech.New(within(t), openai.AudioSpeechNewParams{
		Model: "m", Input: "two words", ResponseFormat: openai.AudioSpeechNewParamsResponseFormatWAV,
		Voice: openai.AudioSpeechNewParamsVoiceUnion{OfString: param.NewOpt("alloy")},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, sound.Body)
	wav, err := io.ReadAll(sound.Body)
	if err != nil || sound.Header.Get("Content-Type") != "audio/wav" || !bytes.HasPrefix(wav, []byte("RIFF")) {
		t.Fatalf("%s, %.20q, %v", sound.Header.Get("Content-Type"), wav, err)
	}
	heard, err := c.Audio.Transcriptions.New(within(t), openai.AudioTranscriptionNewParams{
		Model: "m", File: openai.File(bytes.NewReader(wav), "a.wav", "audio/wav"),
	})
	if err != nil || heard.Text != "I heard 4844 bytes of a.wav." {
		t.Errorf("%+v, %v", heard, err)
	}
	s := c.Audio.Transcriptions.NewStreaming(within(t), openai.AudioTranscriptionNewParams{
		Model: "m", File: openai.File(bytes.NewReader(wav), "a.wav", "audio/wav"),
	})
	var text strings.Builder
	last := ""
	for s.Next() {
		text.WriteString(s.Current().Delta)
		last = s.Current().Text
	}
	if s.Err() != nil || text.String() != heard.Text || last != heard.Text {
		t.Errorf("%q, %q, %v", text.String(), last, s.Err())
	}
	images, err := c.Images.Generate(within(t), openai.ImageGenerateParams{Model: "m", Prompt: "a cat", N: param.NewOpt[int64](2)})
	if err != nil || len(images.Data) != 2 || images.Data[0].B64JSON == images.Data[1].B64JSON {
		t.Errorf("%+v, %v", images, err)
	}
	judged, err := c.Moderations.New(within(t), openai.ModerationNewParams{
		Model: "m", Input: openai.ModerationNewParamsInputUnion{OfStringArray: []string{"violence", "tea"}},
	})
	if err != nil || !judged.Results[0].Flagged || !judged.Results[0].Categories.Violence || judged.Results[1].Flagged {
		t.Errorf("%+v, %v", judged, err)
	}
}

func TestOpenAISDKModels(t *testing.T) {
	e := fakellm.New(fakellm.OpenAI, fakellm.Models("a/b", "c:d"))
	s := fakellm.Start(e)
	t.Cleanup(s.Close)
	c := openai.NewClient(option.WithBaseURL(s.URL+"/v1"), option.WithAPIKey("x"), option.WithHTTPClient(client(t)))
	list, err := c.Models.List(within(t))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range list.Data {
		names = append(names, m.ID)
	}
	if !slices.Equal(names, []string{"a/b", "c:d"}) {
		t.Errorf("the models are %q", names)
	}
	if m, err := c.Models.Get(within(t), "a/b"); err != nil || m.ID != "a/b" {
		t.Errorf("%+v, %v", m, err)
	}
	if got := e.Last(); got.Method != http.MethodGet || got.Path != "/v1/models/a/b" {
		t.Errorf("the last request is %s %s", got.Method, got.Path)
	}
}

// TestSpeech sees sound as bytes in chunks and as events.
func TestSpeech(t *testing.T) {
	_, s := start(t, fakellm.OpenAI)
	post := func(more string) (*http.Response, []byte) {
		res, err := client(t).Post(s.URL+"/v1/audio/speech", "application/json", strings.NewReader(`{"model":"m","input":"five words are enough here"`+more+`}`))
		if err != nil {
			t.Fatal(err)
		}
		defer shut(t, res.Body)
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res, b
	}
	res, mp3 := post("")
	if res.Header.Get("Content-Type") != "audio/mpeg" || res.ContentLength != -1 || !bytes.HasPrefix(mp3, []byte{0xff, 0xfb}) {
		t.Errorf("%v, %d bytes", res.Header, len(mp3))
	}
	_, pcm := post(`,"response_format":"pcm"`)
	_, stream := post(`,"response_format":"pcm","stream_format":"sse"`)
	var sound []byte
	list := events(t, bytes.NewReader(stream))
	for i, data := range list {
		var event struct{ Type, Audio string }
		if err := json.Unmarshal([]byte(data), &event); err != nil {
			t.Fatal(err)
		}
		if last := i == len(list)-1; last != (event.Type == "speech.audio.done") {
			t.Errorf("event %d of %d is %s", i, len(list), event.Type)
		}
		b, err := base64.StdEncoding.DecodeString(event.Audio)
		if err != nil {
			t.Fatal(err)
		}
		sound = append(sound, b...)
	}
	if !bytes.Equal(sound, pcm) || len(list) < 3 {
		t.Errorf("%d events have %d bytes of sound, want %d", len(list), len(sound), len(pcm))
	}
}
