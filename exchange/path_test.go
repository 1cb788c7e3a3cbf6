package exchange_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/exchange"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/principal"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/snapshot"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// round is one request that passes unchanged but for named edits, with all
// that its client and its endpoint send.
type round struct {
	name   string
	op     op.ID
	body   string
	head   wire.Header // of the endpoint's answer
	pieces [][]byte    // of its body
	edited string      // a part of the body that the endpoint gets
	in     int64       // tokens, as the record has them in the end
	out    int         // bytes that the client gets
}

// asked are the fields that OpenAI's library sends.
var asked = wire.Header{
	{Name: "Host", Value: "gateway.example"},
	{Name: "Accept-Encoding", Value: "gzip, deflate"},
	{Name: "Connection", Value: "keep-alive"},
	{Name: "Accept", Value: "application/json"},
	{Name: "Content-Type", Value: "application/json"},
	{Name: "User-Agent", Value: "OpenAI/Python 1.99.0"},
	{Name: "X-Stainless-Lang", Value: "python"},
	{Name: "X-Stainless-Package-Version", Value: "1.99.0"},
	{Name: "X-Stainless-OS", Value: "Linux"},
	{Name: "X-Stainless-Arch", Value: "x64"},
	{Name: "X-Stainless-Runtime", Value: "CPython"},
	{Name: "X-Stainless-Retry-Count", Value: "0"},
	{Name: "Authorization", Value: "Bearer " + key},
	{Name: "Content-Length", Value: "300"},
}

// answered are the fields that an engine sends.
func answered(media string, length int) wire.Header {
	h := wire.Header{
		{Name: "date", Value: "Sat, 21 Nov 2026 04:00:00 GMT"},
		{Name: "server", Value: "uvicorn"},
		{Name: "content-type", Value: media},
		{Name: "x-request-id", Value: "abc"},
		{Name: "openai-processing-ms", Value: "12"},
	}
	if length > 0 {
		return append(h, wire.Field{Name: "content-length", Value: strconv.Itoa(length)})
	}
	return append(h, wire.Field{Name: "transfer-encoding", Value: "chunked"})
}

func conversation(model, more string) string {
	return `{"model":"` + model + `","messages":[{"role":"system","content":"You are a helpful assistant."},{"role":"user","content":"` +
		strings.Repeat("Tell me about it. ", 10) + `"}],"temperature":0.7` + more + `}`
}

const tokens = `"usage":{"prompt_tokens":3,"completion_tokens":20,"total_tokens":23}`

// chatEvents are the events of a stream of 20 chunks.
func chatEvents(more string) (pieces [][]byte, kept int) {
	const start = `data: {"id":"chatcmpl-123456789abcdef","object":"chat.completion.chunk","created":1800000000,"model":"up","choices":[`
	for i := range 20 {
		delta := `{"index":0,"delta":{"content":" word` + strconv.Itoa(i) + `"},"logprobs":null,"finish_reason":null}]`
		pieces = append(pieces, []byte(start+delta+more+"}\n\n"))
		kept += len(start+delta) + len("}\n\n")
	}
	end := start + `{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}` + "\n\n"
	pieces = append(pieces, []byte(end), []byte(start+`],`+tokens+"}\n\n"), []byte(done))
	return pieces, kept + len(end) + len(done)
}

func namedEvents(events ...string) (pieces [][]byte, size int) {
	for _, e := range events {
		name, data, _ := strings.Cut(e, " ")
		piece := "event: " + name + "\ndata: " + data + "\n\n"
		pieces, size = append(pieces, []byte(piece)), size+len(piece)
	}
	return pieces, size
}

func many(n int, before []string, event string, after ...string) []string {
	for range n {
		before = append(before, event)
	}
	return append(before, after...)
}

func rounds() []round {
	js, sse := "application/json", "text/event-stream; charset=utf-8"
	whole := `{"id":"chatcmpl-1","object":"chat.completion","created":1800000000,"model":"up","choices":[{"index":0,"message":{"role":"assistant","content":"` +
		strings.Repeat("word ", 40) + `"},"logprobs":null,"finish_reason":"stop"}],` + tokens + `}`
	stream, kept := chatEvents("")
	nulls, same := chatEvents(`,"usage":null`)
	vectors := []byte(`{"object":"list","data":[{"object":"embedding","index":0,"embedding":[` + strings.Repeat("-0.012345678,", 24_000) +
		`0]}],"model":"up","usage":{"prompt_tokens":3,"total_tokens":3}}`)
	var pieces [][]byte
	for p := vectors; len(p) > 0; {
		n := min(64<<10, len(p))
		pieces, p = append(pieces, p[:n]), p[n:]
	}
	responses, rsize := namedEvents(many(20,
		[]string{`response.created {"type":"response.created","sequence_number":0,"response":{"id":"resp_1","status":"in_progress","error":null,"usage":null}}`},
		`response.output_text.delta {"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_1","output_index":0,"content_index":0,"delta":" word","logprobs":[]}`,
		`response.completed {"type":"response.completed","sequence_number":24,"response":{"id":"resp_1","object":"response","status":"completed","error":null,"usage":{"input_tokens":3,"output_tokens":20,"total_tokens":23}}}`)...)
	messages, msize := namedEvents(many(20,
		[]string{`message_start {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","content":[],"usage":{"input_tokens":3,"output_tokens":1}}}`},
		`content_block_delta {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":" word"}}`,
		`message_delta {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":20}}`,
		`message_stop {"type":"message_stop"}`)...)
	return []round{
		{"chat", op.ChatCompletion, conversation("two", ""), answered(js, len(whole)), [][]byte{[]byte(whole)}, `"model":"two"`, 3, len(whole)},
		{"chat renamed", op.ChatCompletion, conversation("one", ""), answered(js, len(whole)), [][]byte{[]byte(whole)}, `"model":"up"`, 3, len(whole)},
		{"stream", op.ChatCompletion, conversation("one", `,"stream":true`), answered(sse, 0), stream, `,"stream_options":{"include_usage":true}`, 3, kept},
		{"stream with nulls", op.ChatCompletion, conversation("one", `,"stream":true`), answered(sse, 0), nulls, `"model":"up"`, 3, same},
		{"embeddings", op.Embedding, `{"model":"one","input":["a","b"]}`, answered(js, len(vectors)), pieces, `"model":"up"`, 3, len(vectors)},
		{"responses", op.Response, `{"model":"one","input":"Tell me about it.","stream":true}`, answered(sse, 0), responses, `"model":"up"`, 3, rsize},
		{"messages", op.Message, `{"model":"one","max_tokens":100,"messages":[{"role":"user","content":"hi"}],"stream":true}`, answered(sse, 0), messages, `"model":"up"`, 3, msize},
	}
}

// counter is a sink that keeps nothing.
type counter struct{ heads, bytes int }

func (c *counter) Head(int, wire.Header) error { c.heads++; return nil }

func (c *counter) Write(p []byte, _ bool) error { c.bytes += len(p); return nil }

// player runs rounds with what a connection keeps.
type player struct {
	x    exchange.Exchange
	rec  record.Record
	sink counter
	seen principal.Cache
	snap *snapshot.Snapshot
}

// begin is a round up to the head of the answer.
func (p *player) begin(tb testing.TB, r *round, o *op.Operation, body []byte) *exchange.Attempt {
	p.rec, p.sink = record.Record{ID: "req_1234"}, counter{}
	x := &p.x
	if err := x.Open(p.snap, exchange.Request{Op: o, Header: asked, Now: now, Seen: &p.seen}, &p.rec); err != nil {
		tb.Fatal(err)
	}
	if err := x.Body(body); err != nil {
		tb.Fatal(err)
	}
	a, err := x.Next(now, 1)
	if err != nil {
		tb.Fatal(err)
	}
	x.Answer(200, r.head, now)
	return a
}

// run is one round from the first call to the last.
func (p *player) run(tb testing.TB, r *round, o *op.Operation, body []byte) *exchange.Attempt {
	a, x := p.begin(tb, r, o, body), &p.x
	for _, piece := range r.pieces {
		if err := x.Data(piece, &p.sink); err != nil {
			tb.Fatal(err)
		}
	}
	if v, err := x.End(nil, now, &p.sink); v != exchange.Done || err != nil {
		tb.Fatal(v, err)
	}
	x.Close(false, now.Add(time.Second))
	return a
}

func TestRoundsDoNotAllocate(t *testing.T) {
	for _, r := range rounds() {
		t.Run(r.name, func(t *testing.T) {
			p := &player{snap: world(t)}
			o, body := operation(t, r.op), []byte(r.body)
			a := p.run(t, &r, o, body)
			if got := sent(a); !strings.Contains(got, r.edited) {
				t.Errorf("the endpoint gets %s", got)
			}
			if p.rec.Usage.Input != r.in || p.rec.Outcome != record.Complete || p.sink.heads != 1 || p.sink.bytes != r.out {
				t.Errorf("%d bytes, want %d; %+v", p.sink.bytes, r.out, p.rec)
			}
			if n := testing.AllocsPerRun(20, func() { p.run(t, &r, o, body) }); n != 0 {
				t.Errorf("%v allocations", n)
			}
		})
	}
}

func BenchmarkRound(b *testing.B) {
	for _, r := range rounds() {
		b.Run(strings.ReplaceAll(r.name, " ", "-"), func(b *testing.B) {
			p := &player{snap: world(b)}
			o, body := operation(b, r.op), []byte(r.body)
			b.ReportAllocs()
			for b.Loop() {
				p.run(b, &r, o, body)
			}
		})
	}
}

// BenchmarkEvent is what one event of a stream costs that has a word and no more.
func BenchmarkEvent(b *testing.B) {
	for _, r := range rounds() {
		if len(r.pieces) < 20 {
			continue
		}
		b.Run(strings.ReplaceAll(r.name, " ", "-"), func(b *testing.B) {
			p := &player{snap: world(b)}
			p.begin(b, &r, operation(b, r.op), []byte(r.body))
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if err := p.x.Data(r.pieces[1+i%19], &p.sink); err != nil {
					b.Fatal(err)
				}
			}
			if p.x.Finished() {
				b.Error("the stream has ended")
			}
		})
	}
}
