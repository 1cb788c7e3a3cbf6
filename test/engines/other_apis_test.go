package engines_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
	anthropicoption "github.com/anthropics/anthropic-sdk-go/option"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/responses"

	"github.com/gatehouse-ai/gatehouse/test/engines/tinymodel"
)

func (x target) anthropic() anthropic.Client {
	return anthropic.NewClient(
		anthropicoption.WithBaseURL(strings.TrimSuffix(x.url, "/v1")),
		anthropicoption.WithAPIKey(x.key),
		anthropicoption.WithMaxRetries(0),
	)
}

func (x target) askMessages() anthropic.MessageNewParams {
	return anthropic.MessageNewParams{
		Model:       x.model,
		MaxTokens:   50,
		Temperature: anthropic.Float(0),
		Messages:    []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(question))},
	}
}

func messages(t *testing.T, x target) {
	client := x.anthropic()
	got, err := client.Messages.New(t.Context(), x.askMessages())
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Content) != 1 || got.Content[0].Text != tinymodel.Sentence || got.StopReason != anthropic.StopReasonEndTurn {
		t.Errorf("got %s, want the sentence and end_turn", got.RawJSON())
	}
	if in := got.Usage.InputTokens + got.Usage.CacheReadInputTokens; in != int64(questionTokens) || got.Usage.OutputTokens != tinymodel.SentenceTokens {
		t.Errorf("usage is %s, want %d and %d tokens", got.Usage.RawJSON(), questionTokens, tinymodel.SentenceTokens)
	}
}

func messagesStreamed(t *testing.T, x target) {
	client := x.anthropic()
	stream := client.Messages.NewStreaming(t.Context(), x.askMessages())
	var all anthropic.Message
	last := ""
	for stream.Next() {
		if err := all.Accumulate(stream.Current()); err != nil {
			t.Fatal(err)
		}
		last = stream.Current().Type
	}
	if err := errors.Join(stream.Err(), stream.Close()); err != nil {
		t.Fatal(err)
	}
	if len(all.Content) != 1 || all.Content[0].Text != tinymodel.Sentence || all.StopReason != anthropic.StopReasonEndTurn || last != "message_stop" {
		t.Errorf("got %+v, ended by %q; want the sentence, end_turn and message_stop", all.Content, last)
	}
}

func response(t *testing.T, x target) {
	client := x.client()
	got, err := client.Responses.New(t.Context(), responses.ResponseNewParams{
		Model: x.model, Temperature: openai.Float(0),
		Input: responses.ResponseNewParamsInputUnion{OfString: openai.String(question)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.OutputText() != tinymodel.Sentence || got.Status != responses.ResponseStatusCompleted {
		t.Errorf("got %s, want the sentence", got.RawJSON())
	}
	if got.Usage.InputTokens != int64(questionTokens) || got.Usage.OutputTokens != tinymodel.SentenceTokens {
		t.Errorf("usage is %s, want %d and %d tokens", got.Usage.RawJSON(), questionTokens, tinymodel.SentenceTokens)
	}
}
