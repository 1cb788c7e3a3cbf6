package upstream

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strconv"
	"time"

	"github.com/gatehouse-ai/gatehouse/bench/exam"
	"github.com/gatehouse-ai/gatehouse/bench/raw"
)

const (
	jsonHead   = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: "
	streamHead = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
	chunkStart = `data: {"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1700000000,"model":"bench","choices":[`
)

// conn is one connection of a client.
type conn struct {
	server *Server
	c      net.Conn
	in     *raw.Reader
	ctx    context.Context //nolint:containedctx // the life of the connection
	body   []byte
	out    []byte
	text   []byte
}

// serve answers requests until the connection ends.
func (c *conn) serve() {
	for {
		h, err := c.in.Request()
		if err != nil {
			if !errors.Is(err, io.EOF) && (errors.Is(err, raw.ErrSyntax) || errors.Is(err, raw.ErrTooLarge)) {
				_ = c.refuse("400 Bad Request", err.Error()) // the connection ends anyhow
			}
			return
		}
		if h.Expect {
			if _, err := c.c.Write([]byte("HTTP/1.1 100 Continue\r\n\r\n")); err != nil {
				return
			}
		}
		end, list := h.Close, string(h.Method) == "GET"
		path := operation(h.Path)
		c.body, err = c.in.Whole(c.body[:0], exam.MaxBody+1<<20)
		if err != nil {
			if errors.Is(err, raw.ErrSyntax) || errors.Is(err, raw.ErrTooLarge) {
				_ = c.refuse("400 Bad Request", err.Error()) // the connection ends anyhow
			}
			return
		}
		if err := c.answer(path, list); err != nil || end {
			return
		}
	}
}

// operation returns the part of a path that names an operation.
func operation(path []byte) string {
	for _, op := range []string{"/chat/completions", "/embeddings", "/models"} {
		if bytes.HasSuffix(path, []byte(op)) {
			return op
		}
	}
	return ""
}

func (c *conn) answer(op string, list bool) error {
	if op == "/models" && list {
		return c.whole(append(c.text[:0], `{"object":"list","data":[{"id":"bench","object":"model","created":1700000000,"owned_by":"gatehouse"}]}`...))
	}
	if op == "" || op == "/models" || list {
		return c.refuse("404 Not Found", "the bundled upstream serves POST /chat/completions, POST /embeddings and GET /models")
	}
	ask, ok := exam.Find(c.body)
	if !ok {
		ask = exam.Ask{Tokens: 1}
		copy(ask.First[:], "hello from bench")
		copy(ask.Last[:], "no benchmark ask")
		ask.Reply, ask.Chunks, ask.Inputs, ask.Dim = 64, 8, 1, 8
	}
	switch {
	case op == "/embeddings":
		return c.embeddings(&ask)
	case isTrue(c.body, `"stream"`):
		return c.stream(&ask)
	}
	return c.chat(&ask)
}

// isTrue tells whether a body has a member of this name which is true. Prompts
// of the benchmark hold no quotes, so it cannot be part of one.
func isTrue(body []byte, quoted string) bool {
	at := bytes.Index(body, []byte(quoted))
	if at < 0 {
		return false
	}
	rest, ok := bytes.CutPrefix(bytes.TrimLeft(body[at+len(quoted):], " \t\r\n"), []byte(":"))
	return ok && bytes.HasPrefix(bytes.TrimLeft(rest, " \t\r\n"), []byte("true"))
}

func (c *conn) chat(ask *exam.Ask) error {
	b := c.text[:0]
	b = append(b, `{"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"bench","choices":[{"index":0,"message":{"role":"assistant","content":"`...)
	b = exam.AppendText(b, ask, c.server.filler, ask.Reply)
	b = append(b, `"},"finish_reason":"stop"}],`...)
	b = appendUsage(b, ask.Tokens, int64(ask.Reply))
	return c.whole(append(b, '}'))
}

func appendUsage(b []byte, prompt, completion int64) []byte {
	b = append(b, `"usage":{"prompt_tokens":`...)
	b = strconv.AppendInt(b, prompt, 10)
	b = append(b, `,"completion_tokens":`...)
	b = strconv.AppendInt(b, completion, 10)
	b = append(b, `,"total_tokens":`...)
	b = strconv.AppendInt(b, prompt+completion, 10)
	return append(b, '}')
}

func (c *conn) embeddings(ask *exam.Ask) error {
	e := c.server.embedding(max(ask.Inputs, 1), max(ask.Dim, 2))
	b := c.text[:0]
	b = append(b, e.body...)
	exam.AppendMark(b[:e.first], ask.First)
	exam.AppendMark(b[:e.last], ask.Last)
	return c.whole(b)
}

// whole writes a JSON answer in one piece.
func (c *conn) whole(body []byte) error {
	c.text = body
	b := c.out[:0]
	b = append(b, jsonHead...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	b = append(b, "\r\n\r\n"...)
	b = append(b, body...)
	c.out = b
	_, err := c.c.Write(c.out)
	return err
}

func (c *conn) refuse(status, message string) error {
	body := `{"error":{"message":` + strconv.Quote(message) + `,"type":"invalid_request_error","param":null,"code":null}}`
	_, err := io.WriteString(c.c, "HTTP/1.1 "+status+"\r\nContent-Type: application/json\r\nContent-Length: "+strconv.Itoa(len(body))+"\r\n\r\n"+body)
	return err
}

// stream writes chunk by chunk, each in a write of its own, as an engine does.
// Chunks are due at fixed times after the first, so that a late one does not
// make all others late.
func (c *conn) stream(ask *exam.Ask) error {
	usage := isTrue(c.body, `"include_usage"`)
	b := c.out[:0]
	b = append(b, streamHead...)
	b = c.event(b, `{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}`)
	var timer *time.Timer
	start := time.Now()
	for i := range max(ask.Chunks, 1) {
		if i > 0 && ask.Gap > 0 {
			if timer == nil {
				timer = time.NewTimer(ask.Gap)
				defer timer.Stop()
			} else {
				timer.Reset(time.Until(start.Add(time.Duration(i) * ask.Gap)))
			}
			select {
			case <-timer.C:
			case <-c.ctx.Done():
				return c.ctx.Err()
			}
		}
		b = c.chunk(b, ask, i)
		if _, err := c.c.Write(b); err != nil {
			return err
		}
		b = b[:0]
	}
	b = c.event(b, `{"index":0,"delta":{},"finish_reason":"stop"}]}`)
	if usage {
		c.text = appendUsage(append(c.text[:0], "],"...), ask.Tokens, int64(max(ask.Chunks, 1)))
		b = c.event(b, string(append(c.text, '}')))
	}
	b = append(b, "e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n"...)
	c.out = b
	_, err := c.c.Write(b)
	return err
}

// chunk appends chunk i of a stream.
func (c *conn) chunk(b []byte, ask *exam.Ask, i int) []byte {
	c.text = append(c.text[:0], `{"index":0,"delta":{"content":"`...)
	c.text = exam.AppendChunk(c.text, ask, i)
	c.text = append(c.text, `"},"finish_reason":null}]}`...)
	b = sized(b, len(c.text))
	b = append(b, c.text...)
	return append(b, "\n\n\r\n"...)
}

// event appends an event that ends as it says.
func (c *conn) event(b []byte, end string) []byte {
	b = sized(b, len(end))
	b = append(b, end...)
	return append(b, "\n\n\r\n"...)
}

// sized appends the size of a chunk of HTTP and the beginning of the event in it.
func sized(b []byte, n int) []byte {
	b = strconv.AppendInt(b, int64(len(chunkStart)+n+2), 16)
	b = append(b, "\r\n"...)
	return append(b, chunkStart...)
}
