package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/app"
	"github.com/gatehouse-ai/gatehouse/config"
	"github.com/gatehouse-ai/gatehouse/front"
)

const allocKey = "sk-gh-alloc-0123456789abcdefghijklmnopqrstuvwxyzAB"

// whole runs a gateway with everything on before a server that answers every
// request with the same bytes, and returns its address.
func whole(t *testing.T, answer string) string {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go repeat(c, []byte(answer))
		}
	}()
	file := filepath.Join(t.TempDir(), "gatehouse.yaml")
	yaml := fmt.Sprintf(`
listen: 127.0.0.1:0
admin: off
endpoints:
  - {name: one, url: "http://%s/v1", auth: {key: sk-of-the-endpoint}}
models:
  - {name: m, endpoints: [{name: one, model: model-of-the-endpoint}]}
keys:
  - {name: test, key: %s, limits: {requests_per_minute: 1000000000, tokens_per_minute: 1000000000000}}
log: {format: json}
`, l.Addr(), allocKey)
	if err := os.WriteFile(file, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := app.Start(app.Options{
		Load: func() (*app.Setup, error) {
			c, err := config.Load(file)
			if err != nil {
				return nil, err
			}
			return app.FromConfig(c), nil
		},
		Log: io.Discard, Version: "test",
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a.Addrs()[0]
}

// repeat answers every request on a connection, without allocating.
func repeat(c net.Conn, answer []byte) {
	defer c.Close()
	buf := make([]byte, 1<<20)
	n := 0
	for {
		m, err := c.Read(buf[n:])
		if err != nil {
			return
		}
		n += m
		head := bytes.Index(buf[:n], []byte("\r\n\r\n"))
		if head < 0 {
			continue
		}
		length := 0
		field := []byte("\r\nContent-Length: ")
		for _, d := range buf[bytes.Index(buf[:head], field)+len(field) : head] {
			if d < '0' || d > '9' {
				break
			}
			length = 10*length + int(d-'0')
		}
		if n < head+4+length {
			continue
		}
		n = 0
		if _, err := c.Write(answer); err != nil {
			return
		}
	}
}

func TestNoAllocationPerRequest(t *testing.T) {
	if !front.Supported() {
		return // net/http serves everything here
	}
	json := func(body string) string {
		return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nServer: uvicorn\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
	}
	var chunks strings.Builder
	chunk := func(event string) { fmt.Fprintf(&chunks, "%x\r\n%s\r\n", len(event), event) }
	for range 20 {
		chunk(`data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}` + "\n\n")
	}
	chunk(`data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n")
	chunk(`data: {"id":"c","object":"chat.completion.chunk","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":20,"total_tokens":25}}` + "\n\n")
	chunk("data: [DONE]\n\n")
	stream := "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks.String() + "0\r\n\r\n"
	embeddings := `{"object":"list","data":[{"object":"embedding","index":0,"embedding":[` + strings.Repeat("0.0123456789,", 24000) + `0]}],"usage":{"prompt_tokens":8,"total_tokens":8}}`
	for _, c := range []struct{ name, path, body, answer, last string }{
		{"chat", "/v1/chat/completions", `{"model":"m","messages":[{"role":"user","content":"hi"}]}`, json(`{"id":"c","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}`), `}}`},
		{"chat of 100 KB", "/v1/chat/completions", `{"messages":[{"role":"user","content":"` + strings.Repeat("word ", 20<<10) + `"}],"model":"m"}`, json(`{"id":"c","usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}`), `}}`},
		{"stream", "/v1/chat/completions", `{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}]}`, stream, "\r\n0\r\n\r\n"},
		{"embeddings", "/v1/embeddings", `{"model":"m","input":"hi"}`, json(embeddings), `}}`},
		{"responses", "/v1/responses", `{"model":"m","input":"hi"}`, json(`{"id":"r","object":"response","output":[],"usage":{"input_tokens":5,"output_tokens":1,"total_tokens":6}}`), `}}`},
		{"completions", "/v1/completions", `{"model":"m","prompt":"hi"}`, json(`{"id":"c","object":"text_completion","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}`), `}}`},
		{"messages", "/v1/messages", `{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}`, json(`{"id":"m","type":"message","role":"assistant","content":[],"usage":{"input_tokens":5,"output_tokens":1}}`), `}}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", whole(t, c.answer))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			stop := context.AfterFunc(t.Context(), func() { _ = conn.Close() })
			defer stop()
			request := []byte("POST " + c.path + " HTTP/1.1\r\nHost: gateway\r\nUser-Agent: OpenAI/Python\r\nAccept: application/json\r\nX-Stainless-Lang: python\r\nAuthorization: Bearer " + allocKey +
				"\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(c.body)) + "\r\n\r\n" + c.body)
			buf, last := make([]byte, 1<<20), []byte(c.last)
			ask := func() {
				if _, err := conn.Write(request); err != nil {
					t.Fatal(err)
				}
				for n := 0; !bytes.HasSuffix(buf[:n], last); {
					m, err := conn.Read(buf[n:])
					if err != nil {
						t.Fatalf("%v after %s", err, buf[:n])
					}
					n += m
				}
			}
			for range 300 { // until buffers have found their sizes
				ask()
			}
			if !bytes.HasPrefix(buf, []byte("HTTP/1.1 200")) {
				t.Fatalf("the answer is %.200s", buf)
			}
			if n := testing.AllocsPerRun(300, ask); n > 0 {
				t.Errorf("%v allocations for each request", n)
			}
		})
	}
}
