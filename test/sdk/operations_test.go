package sdk_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/responses"
	"github.com/openai/openai-go/v3/shared"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/fakellm/answer"
)

func TestModels(t *testing.T) {
	w := newWorld(t).start()
	c := w.openAI(t)
	list, err := c.Models.List(within(t))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range list.Data {
		names = append(names, m.ID)
		got, err := c.Models.Get(within(t), m.ID)
		if err != nil || got.ID != m.ID || got.Object != "model" || got.OwnedBy != m.OwnedBy || got.OwnedBy == "" {
			t.Errorf("%s: %+v, %v", m.ID, got, err)
		}
	}
	slices.Sort(names)
	want := []string{"anthropic/chat", "gpt-4o-mini", "library/odd:8b-q4", "ollama/chat", "openai/chat", "tei/chat"}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	odd, err := c.Models.Get(within(t), "library/odd:8b-q4")
	if err != nil || odd.OwnedBy != "someone" {
		t.Errorf("%+v, %v", odd, err)
	}
	_, err = c.Models.Get(within(t), "no/such:thing")
	if e := failure(t, err); e.StatusCode != 404 || e.Code != "model_not_found" || !strings.Contains(e.Message, "no/such:thing") {
		t.Errorf("%d %s", e.StatusCode, e.RawJSON())
	}
}

// TestNames asks for a model by its other names.
func TestNames(t *testing.T) {
	w := newWorld(t).start()
	c := w.openAI(t)
	for _, name := range []string{"gpt-4o-mini", "library/odd:8b-q4"} {
		ask(t, c, openai.ChatCompletionNewParams{Model: name, Messages: says("hello")}, said{Text: "You said: hello", Finish: "stop", In: 3, Out: 3})
	}
}

func TestCompletions(t *testing.T) {
	w := newWorld(t).start()
	c := w.openAI(t)
	p := openai.CompletionNewParams{Model: "openai/chat", Prompt: openai.CompletionNewParamsPromptUnion{OfString: param.NewOpt("hello")}, N: param.NewOpt[int64](2)}
	res, err := c.Completions.New(within(t), p)
	if err != nil || len(res.Choices) != 2 || res.Choices[0].Text != "You said: hello" || res.Choices[1].Text != "You said: hello [2]" || res.Usage.CompletionTokens != 7 {
		t.Errorf("%+v, %v", res, err)
	}
	p.StreamOptions.IncludeUsage = param.NewOpt(true)
	s := c.Completions.NewStreaming(within(t), p)
	texts, used := map[int64]string{}, int64(0)
	for s.Next() {
		for _, choice := range s.Current().Choices {
			texts[choice.Index] += choice.Text
		}
		used = s.Current().Usage.CompletionTokens
	}
	if diff := cmp.Diff(map[int64]string{0: "You said: hello", 1: "You said: hello [2]"}, texts); diff != "" || s.Err() != nil || used != 7 {
		t.Errorf("%d tokens, %v, -want +got\n%s", used, s.Err(), diff)
	}
	for _, d := range []fakellm.Dialect{fakellm.Ollama, fakellm.Anthropic} {
		p.Model = openai.CompletionNewParamsModel(model(d))
		_, err := c.Completions.New(within(t), p)
		if e := failure(t, err); e.StatusCode != 400 || e.Code != "unsupported_operation" {
			t.Errorf("%s: %d %s", d, e.StatusCode, e.RawJSON())
		}
	}
}

func TestResponses(t *testing.T) {
	w := newWorld(t).start()
	c := w.openAI(t)
	p := responses.ResponseNewParams{
		Model: "openai/chat", Input: responses.ResponseNewParamsInputUnion{OfString: param.NewOpt("hello there")},
		Reasoning: shared.ReasoningParam{Effort: shared.ReasoningEffortLow},
	}
	res, err := c.Responses.New(within(t), p)
	if err != nil || res.OutputText() != "You said: hello there" || res.Status != "completed" || res.Usage.InputTokens != 2 || res.Usage.OutputTokensDetails.ReasoningTokens != 9 {
		t.Errorf("%+v, %v", res, err)
	}
	s := c.Responses.NewStreaming(within(t), p)
	var text strings.Builder
	last, n := "", int64(0)
	for s.Next() {
		event := s.Current()
		if event.SequenceNumber != n {
			t.Errorf("event %d has the number %d", n, event.SequenceNumber)
		}
		n++
		if event.Type == "response.output_text.delta" {
			text.WriteString(event.Delta)
		}
		last = event.Type
	}
	if s.Err() != nil || text.String() != "You said: hello there" || last != "response.completed" {
		t.Errorf("%q, %s, %v", text.String(), last, s.Err())
	}
	w.engines["openai/chat"].Queue(fakellm.Script{Break: &fakellm.Break{How: fakellm.Reset, Where: fakellm.AfterEvents, N: 6}})
	s = c.Responses.NewStreaming(within(t), p)
	for s.Next() {
		if last = s.Current().Type; last == "response.completed" {
			t.Error("a broken response is completed")
		}
	}
	if s.Err() == nil && last != "error" {
		t.Errorf("a broken response ends with %s", last)
	}
}

func TestModerations(t *testing.T) {
	w := newWorld(t).start()
	c := w.openAI(t)
	res, err := c.Moderations.New(within(t), openai.ModerationNewParams{
		Model: "openai/chat", Input: openai.ModerationNewParamsInputUnion{OfStringArray: []string{"violence", "tea"}},
	})
	if err != nil || len(res.Results) != 2 || !res.Results[0].Flagged || !res.Results[0].Categories.Violence ||
		res.Results[0].Categories.Hate || res.Results[1].Flagged {
		t.Errorf("%+v, %v", res, err)
	}
}

func picture(prompt string) string { return base64.StdEncoding.EncodeToString(answer.Picture(prompt)) }

func TestImages(t *testing.T) {
	w := newWorld(t).start()
	c := w.openAI(t)
	made, err := c.Images.Generate(within(t), openai.ImageGenerateParams{Model: "openai/chat", Prompt: "a cat", N: param.NewOpt[int64](2)})
	if err != nil || len(made.Data) != 2 || made.Data[0].B64JSON != picture("a cat0") || made.Data[1].B64JSON != picture("a cat1") {
		t.Errorf("%+v, %v", made, err)
	}
	png := func() io.Reader {
		return openai.File(bytes.NewReader(answer.Picture("before")), "before.png", "image/png")
	}
	edited, err := c.Images.Edit(within(t), openai.ImageEditParams{
		Model: "openai/chat", Prompt: "after", Image: openai.ImageEditParamsImageUnion{OfFile: png()},
	})
	if err != nil || len(edited.Data) != 1 || edited.Data[0].B64JSON != picture("after0") {
		t.Errorf("%+v, %v", edited, err)
	}
	varied, err := c.Images.NewVariation(within(t), openai.ImageNewVariationParams{Model: "openai/chat", Image: png()}) //nolint:staticcheck // deprecated, and still in use
	if err != nil || len(varied.Data) != 1 || varied.Data[0].B64JSON != picture("0") {
		t.Errorf("%+v, %v", varied, err)
	}
	s := c.Images.GenerateStreaming(within(t), openai.ImageGenerateParams{Model: "openai/chat", Prompt: "a cat", PartialImages: param.NewOpt[int64](2)})
	var kinds, images []string
	for s.Next() {
		kinds, images = append(kinds, s.Current().Type), append(images, s.Current().B64JSON)
	}
	if diff := cmp.Diff([]string{"image_generation.partial_image", "image_generation.partial_image", "image_generation.completed"}, kinds); diff != "" || s.Err() != nil {
		t.Fatalf("%v, -want +got\n%s", s.Err(), diff)
	}
	if diff := cmp.Diff([]string{picture("a cat0"), picture("a cat1"), picture("a cat2")}, images); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestAudio(t *testing.T) {
	w := newWorld(t).start()
	c := w.openAI(t)
	for _, format := range []string{"wav", "pcm", "mp3"} {
		res, err := c.Audio.Speech.New(within(t), openai.AudioSpeechNewParams{
			Model: "openai/chat", Input: "five words are enough here", ResponseFormat: openai.AudioSpeechNewParamsResponseFormat(format),
			Voice: openai.AudioSpeechNewParamsVoiceUnion{OfString: param.NewOpt("alloy")},
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(res.Body)
		if cerr := res.Body.Close(); err != nil || cerr != nil {
			t.Fatal(err, cerr)
		}
		want, media, _ := answer.Speech("five words are enough here", format)
		if !bytes.Equal(got, want) || res.Header.Get("Content-Type") != media {
			t.Errorf("%s: %d bytes of %s, want %d of %s", format, len(got), res.Header.Get("Content-Type"), len(want), media)
		}
	}
	sound := bytes.Repeat([]byte("sound"), 200_000) // a million bytes
	file := func() io.Reader { return openai.File(bytes.NewReader(sound), "talk.wav", "audio/wav") }
	const text = "I heard 1000000 bytes of talk.wav."
	heard, err := c.Audio.Transcriptions.New(within(t), openai.AudioTranscriptionNewParams{Model: "openai/chat", File: file()})
	if err != nil || heard.Text != text {
		t.Errorf("%+v, %v", heard, err)
	}
	if body := lastAsked(t, w.engines["openai/chat"]).Body(); !bytes.Contains(body, sound) || !bytes.Contains(body, []byte("own-chat")) || bytes.Contains(body, []byte("openai/chat")) {
		t.Errorf("the engine got %d bytes, with the wrong sound or model", len(body))
	}
	translated, err := c.Audio.Translations.New(within(t), openai.AudioTranslationNewParams{Model: "openai/chat", File: file()}) //nolint:staticcheck // deprecated, and still in use
	if err != nil || translated.Text != text {
		t.Errorf("%+v, %v", translated, err)
	}
	s := c.Audio.Transcriptions.NewStreaming(within(t), openai.AudioTranscriptionNewParams{Model: "openai/chat", File: file()})
	var pieces strings.Builder
	last := ""
	for s.Next() {
		pieces.WriteString(s.Current().Delta)
		last = s.Current().Text
	}
	if s.Err() != nil || pieces.String() != text || last != text {
		t.Errorf("%q, %q, %v", pieces.String(), last, s.Err())
	}
	_, err = c.Audio.Transcriptions.New(within(t), openai.AudioTranscriptionNewParams{Model: "openai/nothing", File: file()})
	if e := failure(t, err); e.StatusCode != 404 || e.Code != "model_not_found" {
		t.Errorf("%d %s", e.StatusCode, e.RawJSON())
	}
}

// TestUnknownFields sends and receives fields that the gateway does not know.
func TestUnknownFields(t *testing.T) {
	w := newWorld(t).start()
	c := w.openAI(t)
	res, err := c.Chat.Completions.New(within(t), hello("openai", "chat"), option.WithJSONSet("chat_template_kwargs.enable_thinking", true))
	if err != nil || res.JSON.ExtraFields["prompt_logprobs"].Raw() != "null" || read(res).Reasoning == "" {
		t.Errorf("%+v, %v", res, err)
	}
	_, err = c.Chat.Completions.New(within(t), hello("ollama", "chat"), option.WithJSONSet("chat_template_kwargs.enable_thinking", true))
	refused(t, err, "chat_template_kwargs")
}
