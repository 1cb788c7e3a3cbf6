package load

import (
	"fmt"
	"net"
	"net/url"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/bench/exam"
)

// replay is a connection on which the same answer comes for ever.
type replay struct {
	net.Conn

	answer string
	at     int
}

func (r *replay) Write(p []byte) (int, error) { return len(p), nil }

func (r *replay) Read(p []byte) (int, error) {
	n := copy(p, r.answer[r.at:])
	r.at = (r.at + n) % len(r.answer)
	return n, nil
}

func TestARequestDoesNotAllocate(t *testing.T) {
	const chat = `{"choices":[{"message":{"content":"Hello"},"finish_reason":"stop"}]}`
	const events = "data: {\"choices\":[{\"delta\":{\"content\":\"Hello\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"
	for name, tt := range map[string]struct {
		q    exam.Question
		head string
		body string
	}{
		"chat":   {exam.Question{Kind: exam.Chat, Model: "m", Body: 300, Reply: 100}, "Content-Length: %d\r\n\r\n", chat},
		"stream": {exam.Question{Kind: exam.Stream, Model: "m", Chunks: 1}, "Content-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n", events},
	} {
		paper, err := exam.New(tt.q, true)
		if err != nil {
			t.Fatal(err)
		}
		r := &run{
			spec:  &Spec{URL: &url.URL{Scheme: "http", Host: "x"}, Paper: paper, Connections: 1, Timeout: time.Second},
			start: time.Now(), until: time.Hour,
		}
		w := r.newWorker(0)
		// One answer a read: bytes after the end of an answer would be wrong.
		w.conn = &replay{answer: "HTTP/1.1 200 OK\r\n" + fmt.Sprintf(tt.head, len(tt.body)) + tt.body}
		w.in.Reset(w.conn)
		ctx := t.Context()
		if n := testing.AllocsPerRun(1000, func() { w.ask(ctx, r.now()) }); n != 0 {
			t.Errorf("%s: a request allocates %v times", name, n)
		}
		if res := r.ledger.result(); res.Done != 1001 || res.Wrong+res.Failed > 0 {
			t.Errorf("%s: %d right, %v", name, res.Done, res.Problems)
		}
	}
}
