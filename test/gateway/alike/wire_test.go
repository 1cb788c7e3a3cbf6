package alike_test

import (
	"fmt"
	"strings"

	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// lines joins the lines of a head.
func lines(l ...string) string { return strings.Join(l, "\r\n") + "\r\n\r\n" }

// auth is the field with the key of the gateway.
const auth = "Authorization: Bearer " + gwtest.Key

// post is a whole request with a JSON body, and further fields.
func post(path, body string, fields ...string) string {
	head := append([]string{
		"POST " + path + " HTTP/1.1", "Host: localhost", auth, "Content-Type: application/json", fmt.Sprintf("Content-Length: %d", len(body)),
	}, fields...)
	return lines(head...) + body
}

// list asks for the list of models.
func list(fields ...string) string {
	return lines(append([]string{"GET /v1/models HTTP/1.1", "Host: localhost", auth}, fields...)...)
}

const (
	chat      = "/v1/chat/completions"
	chatBody  = `{"model":"m","messages":[{"role":"user","content":"Hello"}]}`
	streaming = `{"model":"m","stream":true,"messages":[{"role":"user","content":"Hello"}]}`
	asking    = `{"model":"m","stream":true,"stream_options":{"include_usage":true},"messages":[{"role":"user","content":"Hello"}]}`
)

// ok is an answer with a body of known length and further fields.
func ok(contentType, body string, fields ...string) string {
	return status(200, contentType, body, fields...)
}

func status(code int, contentType, body string, fields ...string) string {
	return lines(append([]string{fmt.Sprintf("HTTP/1.1 %d Whatever", code), "Content-Type: " + contentType, fmt.Sprintf("Content-Length: %d", len(body))}, fields...)...) + body
}

// chunk is text as one chunk.
func chunk(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }

// chunked is an answer in chunks.
func chunked(contentType string, fields []string, parts ...string) string {
	var b strings.Builder
	b.WriteString(lines(append([]string{"HTTP/1.1 200 OK", "Content-Type: " + contentType, "Transfer-Encoding: chunked"}, fields...)...))
	for _, p := range parts {
		b.WriteString(chunk(p))
	}
	b.WriteString("0\r\n\r\n")
	return b.String()
}

const (
	jsonType = "application/json"
	sse      = "text/event-stream"
	result   = `{"id":"c1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8}}`
)

// completion is the answer that engines give unless a case says otherwise.
var completion = ok(jsonType, result, "X-Request-Id: up-1", "X-Ratelimit-Remaining-Requests: 7", "Openai-Organization: ours", "Set-Cookie: a=b", "Server: engine")

// event is one event of a stream of chat completions.
func event(data string) string { return "data: " + data + "\n\n" }

const (
	deltaHi   = `{"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hi"}}],"usage":null}`
	deltaStop = `{"id":"c1","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}`
	usageOnly = `{"id":"c1","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8}}`
)

// events are the events of a whole stream.
var events = []string{event(deltaHi), event(deltaStop), event(usageOnly), event("[DONE]")}

// stream is a whole stream, an event in each chunk.
func stream(parts ...string) string { return chunked(sse, nil, parts...) }
