package upstream_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"go.uber.org/goleak"

	"github.com/gatehouse-ai/gatehouse/bench/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs an upstream until the test ends, and returns its address.
func start(t *testing.T) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	server := upstream.New()
	go func() { ended <- server.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// TestThroughTheSDK asks what the benchmark does not ask: anybody may try it.
func TestThroughTheSDK(t *testing.T) {
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	client := openai.NewClient(option.WithBaseURL("http://"+start(t)+"/v1"), option.WithAPIKey("none"), option.WithHTTPClient(&http.Client{Transport: tr}))
	messages := []openai.ChatCompletionMessageParamUnion{openai.UserMessage("hello")}
	res, err := client.Chat.Completions.New(t.Context(), openai.ChatCompletionNewParams{Model: "bench", Messages: messages})
	if err != nil || len(res.Choices) != 1 || len(res.Choices[0].Message.Content) != 64 || res.Usage.CompletionTokens != 64 {
		t.Errorf("chat: %+v, %v", res, err)
	}
	for _, include := range []bool{true, false} {
		chunks, usage := 0, int64(0)
		stream := client.Chat.Completions.NewStreaming(t.Context(), openai.ChatCompletionNewParams{
			Model: "bench", Messages: messages, StreamOptions: openai.ChatCompletionStreamOptionsParam{IncludeUsage: openai.Bool(include)},
		})
		for stream.Next() {
			c := stream.Current()
			if len(c.Choices) > 0 && c.Choices[0].Delta.Content != "" {
				chunks++
			}
			usage += c.Usage.CompletionTokens
		}
		want := int64(0)
		if include {
			want = 8
		}
		if err := stream.Err(); err != nil || chunks != 8 || usage != want {
			t.Errorf("stream: %d chunks, %d tokens, %v", chunks, usage, err)
		}
	}
	vectors, err := client.Embeddings.New(t.Context(), openai.EmbeddingNewParams{
		Model: "bench", Input: openai.EmbeddingNewParamsInputUnion{OfString: openai.String("hello")}, EncodingFormat: "float",
	})
	if err != nil || len(vectors.Data) != 1 || len(vectors.Data[0].Embedding) != 8 {
		t.Errorf("embeddings: %+v, %v", vectors, err)
	}
	models, err := client.Models.List(t.Context())
	if err != nil || len(models.Data) != 1 || models.Data[0].ID != upstream.Model {
		t.Errorf("models: %+v, %v", models, err)
	}
}

func TestWhatItDoesNotServe(t *testing.T) {
	address := start(t)
	for request, want := range map[string]string{
		"GET /v1/chat/completions HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n":             "404",
		"POST /v1/images HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n": "404",
		"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n":            "400",
		"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n":               "400",
		"nonsense\r\n\r\n": "400",
	} {
		var d net.Dialer
		c, err := d.DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, request); err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(c)
		c.Close()
		head, body, _ := strings.Cut(string(answer), "\r\n\r\n")
		if err != nil || !strings.HasPrefix(head, "HTTP/1.1 "+want) || !json.Valid([]byte(body)) {
			t.Errorf("%q: %q, %v; want status %s", request, answer, err, want)
		}
	}
}

func TestExpectAndChunkedRequests(t *testing.T) {
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", start(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "POST /v1/chat/completions HTTP/1.1\r\nExpect: 100-continue\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	interim := make([]byte, len("HTTP/1.1 100 Continue\r\n\r\n"))
	if _, err := io.ReadFull(c, interim); err != nil || string(interim) != "HTTP/1.1 100 Continue\r\n\r\n" {
		t.Fatalf("%q, %v", interim, err)
	}
	if _, err := io.WriteString(c, "2\r\n{}\r\n0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 200 OK") {
		t.Errorf("%q, %v", answer, err)
	}
}
