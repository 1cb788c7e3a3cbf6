package alike_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/record"
)

// await waits for a signal of an engine.
func (d *side) await(what string, c <-chan struct{}) {
	d.tb.Helper()
	select {
	case <-c:
	case <-time.After(patience):
		d.tb.Fatalf("front: %s: %s did not happen", d.front, what)
	}
}

// leave closes the connection, as a client that has gone.
func (c *client) leave(how string) {
	switch how {
	case "reset":
		_ = c.conn.SetLinger(0)
	case "half":
		_ = c.conn.CloseWrite()
		c.ended = true
		return
	}
	c.ended = true
	_ = c.conn.Close()
}

func TestClientsThatLeave(t *testing.T) {
	begun := framed(chunk(event(deltaHi)), "Content-Type: "+sse, "Transfer-Encoding: chunked")
	text := post(chat, chatBody)
	type plan struct {
		name   string
		script []reply
		send   string
		first  bool   // the engine must have got the request
		until  string // what the client reads before
		silent int    // records that come of it
		freed  bool   // the engine must see that nobody waits any more
	}
	for _, p := range []plan{
		{name: "at once"},
		{name: "in the request line", send: text[:9]},
		{name: "in the head", send: text[:60]},
		{name: "after the head", send: strings.TrimSuffix(text, chatBody), silent: 1},
		{name: "in the body", send: text[:len(text)-5], silent: 1},
		{name: "in a large body", send: post(chat, chatBody+strings.Repeat(" ", 2<<20))[:1<<20], silent: 1},
		{name: "in a body of an unknown path", send: post("/v1/nothing", strings.Repeat(" ", 300<<10))[:1000], silent: 1},
		{name: "while waiting", script: []reply{{then: wait}}, send: text, first: true, silent: 1, freed: true},
		{name: "while a stream waits", script: []reply{{then: wait}}, send: post(chat, streaming), first: true, silent: 1, freed: true},
		{name: "while waiting, with more sent", script: []reply{{then: wait}}, send: text + text, first: true, silent: 1, freed: true},
		{name: "while waiting for the body", script: []reply{{text: framed("{", "Content-Type: application/json", "Content-Length: 50"), then: wait}}, send: text, first: true, silent: 1, freed: true},
		{name: "while waiting, large", script: []reply{{then: wait}}, send: post(chat, chatBody+strings.Repeat(" ", 300<<10)), first: true, silent: 1, freed: true},
		{name: "in a stream", script: []reply{{text: begun, then: wait}}, send: post(chat, streaming), first: true, until: "Hi", silent: 1, freed: true},
		{name: "in a fast stream", script: []reply{{text: begun, then: flood}}, send: post(chat, streaming), first: true, until: "Hi", silent: 1, freed: true},
		{name: "after the answer", script: []reply{{text: completion}}, send: text, first: true, until: "total_tokens", silent: 1},
	} {
		for _, how := range []string{"close", "reset", "half"} {
			t.Run(p.name+" "+how, func(t *testing.T) {
				t.Parallel()
				alike(t, setup{one: p.script, exempt: delivered}, func(d *side) {
					conn := d.dial()
					conn.send(p.send)
					if p.first {
						d.await("a request", d.one.got)
					}
					for read := ""; !strings.Contains(read, p.until); {
						b, err := conn.br.ReadByte()
						if err != nil {
							d.tb.Fatal(err)
						}
						read += string(b)
					}
					conn.leave(how)
					if p.freed {
						d.await("the end of the engine's work", d.one.left)
					}
					d.silent = p.silent
				})
			})
		}
	}
}

// An engine that is faster than its client is slowed down, and what is held of
// its answer is bounded.
func TestSlowClient(t *testing.T) {
	got := alike(t, setup{one: []reply{{text: framed(chunk(event(`{"choices":[{"delta":{"content":"`+strings.Repeat("x", 30<<10)+`"}}]}`)), "Content-Type: "+sse, "Transfer-Encoding: chunked"), then: flood}}, exempt: delivered}, func(d *side) {
		conn := d.dial()
		_ = conn.conn.SetReadBuffer(64 << 10)
		conn.send(post(chat, streaming))
		d.await("a request", d.one.got)
		d.await("the engine being slowed down", d.one.stuck)
		conn.leave("close")
		d.await("the end of the engine's work", d.one.left)
		d.silent = 1
	})
	if len(got.Records) != 1 || got.Records[0].Outcome != record.ClientGone {
		t.Errorf("%+v", got.Records)
	}
}

func TestTimeouts(t *testing.T) {
	begun := framed(chunk(event(deltaHi)), "Content-Type: "+sse, "Transfer-Encoding: chunked")
	headOnly := framed("", "Content-Type: "+sse, "Transfer-Encoding: chunked")
	jsonHead := framed(`{"a":`, "Content-Type: application/json", "Content-Length: 50")
	twice := func(body string) string { return strings.Replace(body, `"m"`, `"twice"`, 1) }
	var cases []sent
	for _, c := range []struct {
		name, limit string
		reply       reply
	}{
		{"header", "header: 40ms", reply{then: wait}},
		{"header in the head", "header: 40ms", reply{text: "HTTP/1.1 200 OK\r\nConte", then: wait}},
		{"header, 100 Continue", "header: 40ms", reply{text: "HTTP/1.1 100 Continue\r\n\r\n", then: wait}},
		{"first token", "first_token: 40ms", reply{text: headOnly, then: wait}},
		{"first token of JSON", "first_token: 40ms", reply{text: framed("", "Content-Type: application/json", "Content-Length: 50"), then: wait}},
		{"idle", "idle: 40ms", reply{text: begun, then: wait}},
		{"idle, JSON", "idle: 40ms", reply{text: jsonHead, then: wait}},
		{"idle, comments", "idle: 40ms", reply{text: framed(chunk(": ping\n\n"), "Content-Type: "+sse, "Transfer-Encoding: chunked"), then: wait}},
		{"idle, text", "idle: 40ms", reply{text: framed("ab", "Content-Type: audio/mpeg", "Content-Length: 50"), then: wait}},
		{"idle, error", "idle: 40ms", reply{text: strings.Replace(jsonHead, "200", "500", 1), then: wait}},
		{"total in the head", "total: 40ms", reply{then: wait}},
		{"total in the stream", "total: 40ms", reply{text: begun, then: wait}},
		{"total in JSON", "total: 40ms", reply{text: jsonHead, then: wait}},
	} {
		s := setup{yaml: strings.Replace(standard, "health: {interval: 0s}}", "health: {interval: 0s}, timeouts: {"+c.limit+"}}", 1), one: []reply{c.reply}}
		cases = append(
			cases,
			sent{name: c.name, setup: s, send: []string{post(chat, chatBody)}},
			sent{name: c.name + ", stream", setup: s, send: []string{post(chat, streaming)}},
			sent{name: c.name + ", two engines", setup: s, send: []string{post(chat, twice(chatBody))}},
			sent{name: c.name + ", messages", setup: s, send: []string{post("/v1/messages", streaming)}},
		)
	}
	body := setup{top: "limits: {body_read: 40ms}\n"}
	cases = append(
		cases,
		sent{name: "body, incomplete", setup: body, send: []string{strings.TrimSuffix(post(chat, chatBody), "}")}},
		sent{name: "body, no byte of it", setup: body, send: []string{strings.TrimSuffix(post(chat, chatBody), chatBody)}},
		sent{name: "body, incomplete in the second request", setup: body, send: []string{post(chat, chatBody) + strings.TrimSuffix(post(chat, chatBody), "}")}, answers: 2},
		sent{name: "body, large", setup: body, send: []string{post(chat, chatBody+strings.Repeat(" ", 2<<20))[:1<<20]}},
		sent{name: "body, chunks", setup: body, send: []string{lines("POST "+chat+" HTTP/1.1", "Host: localhost", auth, "Content-Type: application/json", "Transfer-Encoding: chunked") + chunk(chatBody)}},
	)
	run(t, cases)
}

func TestUnreachable(t *testing.T) {
	none := strings.Replace(standard, "{{one}}", "{{none}}", 1)
	fallback := setup{yaml: standard, top: "fallback: {unknown_model: m}\n"}
	twice := func(body string) string { return strings.Replace(body, `"m"`, `"twice"`, 1) }
	large := post(chat, chatBody+strings.Repeat(" ", 300<<10))
	early := reply{text: status(413, jsonType, `{"error":{"message":"too large","type":"t","param":null,"code":null}}`, "Connection: close"), early: true}
	run(t, []sent{
		{name: "alone", setup: setup{yaml: none}, send: []string{post(chat, chatBody)}},
		{name: "alone, again and again", setup: setup{yaml: none}, send: []string{strings.Repeat(post(chat, chatBody), 3)}, answers: 3},
		{name: "stream", setup: setup{yaml: none}, send: []string{post(chat, streaming)}},
		{name: "one of two", setup: setup{yaml: none}, send: []string{post(chat, twice(chatBody))}},
		{name: "one of two, stream", setup: setup{yaml: none, two: []reply{{text: stream(events...)}}}, send: []string{post(chat, twice(asking))}},
		{name: "one attempt", setup: setup{yaml: none, top: "retries: {attempts: 1}\n"}, send: []string{post(chat, twice(chatBody))}},
		{name: "fallback", setup: fallback, send: []string{post(chat, `{"model":"gone","messages":[]}`)}},
		{name: "fallback, stream", setup: setup{yaml: standard, top: fallback.top, one: []reply{{text: stream(events...)}}}, send: []string{post(chat, `{"model":"gone","stream":true,"messages":[]}`)}},
		{name: "closed while idle", setup: setup{one: []reply{{text: completion, then: shut}}}, send: []string{strings.Repeat(post(chat, chatBody), 5)}, answers: 5},
		{name: "reset while idle", setup: setup{one: []reply{{text: completion, then: reset}}}, send: []string{strings.Repeat(post(chat, chatBody), 5)}, answers: 5},
		{name: "closed when used again", setup: setup{one: []reply{{text: completion}, {then: shut}, {text: completion}}}, send: []string{post(chat, chatBody) + post(chat, chatBody)}, answers: 2},
		{name: "closed when used again, with a key", setup: setup{one: []reply{{text: completion}, {then: shut}, {text: completion}}}, send: []string{post(chat, chatBody) + post(chat, chatBody, "Idempotency-Key: k")}, answers: 2},
		{name: "closed when used again, always", setup: setup{one: []reply{{text: completion}, {then: shut}}}, send: []string{post(chat, chatBody) + post(chat, chatBody)}, answers: 2},
		{name: "half an answer when used again", setup: setup{one: []reply{{text: completion}, {text: "HTTP/1.1 2", then: shut}, {text: completion}}}, send: []string{post(chat, chatBody) + post(chat, chatBody)}, answers: 2},
		{name: "408 while idle", setup: setup{one: []reply{{text: completion + "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", then: shut}}}, send: []string{strings.Repeat(post(chat, chatBody), 3)}, answers: 3},
		{name: "early answer", setup: setup{one: []reply{early, {text: completion}}, exempt: race}, send: []string{large}},
		{name: "early answer of 200", setup: setup{one: []reply{{text: completion, early: true}}, exempt: race}, send: []string{large}},
		{name: "early answer, small request", setup: setup{one: []reply{{text: completion, early: true}}, exempt: race}, send: []string{post(chat, chatBody)}},
	})
}

// The configuration changes between two requests of one connection.
func TestReload(t *testing.T) {
	got := alike(t, setup{}, func(d *side) {
		conn := d.dial()
		ask := func(model string) {
			conn.send(post(chat, fmt.Sprintf(`{"model":%q,"messages":[]}`, model)))
			conn.read(false)
		}
		write := func(yaml string) {
			d.g.Write(d.head + d.fill(yaml))
			if err := d.g.Reload(); err != nil {
				d.tb.Error(err)
			}
		}
		ask("m")
		ask("new")
		write(strings.Replace(standard, "name: m,", "name: new,", 1))
		ask("m")
		ask("new")
		write(strings.ReplaceAll(standard, "endpoints: [one]", "endpoints: [two]"))
		ask("m")
		write("keys: [{name: other, key: sk-gh-b-0123456789012345678901234567890123456789012}]\n" + standard)
		ask("m")
		write(standard + "limits: {json_body: 5}\n")
		ask("m")
		write(standard)
		ask("m")
		conn.send(last)
		conn.rest()
	})
	var codes []int
	for i := range got.Answers {
		codes = append(codes, got.Answers[i].status())
	}
	if fmt.Sprint(codes) != "[200 404 404 200 200 401 413 200 200]" {
		t.Errorf("the answers are %v", codes)
	}
}

func TestShutdown(t *testing.T) {
	begun := framed(chunk(event(deltaHi)), "Content-Type: "+sse, "Transfer-Encoding: chunked")
	for _, c := range []struct {
		name   string
		script []reply
		send   string
		begins bool // the client has the beginning of its answer by then
	}{
		{"idle", nil, post(chat, chatBody), false},
		{"idle after a list", nil, list(), false},
		{"while waiting", []reply{{then: wait}}, post(chat, chatBody), false},
		{"while a stream waits", []reply{{then: wait}}, post(chat, streaming), false},
		{"in a stream", []reply{{text: begun, then: wait}}, post(chat, streaming), true},
		{"in messages", []reply{{text: begun, then: wait}}, post("/v1/messages", streaming), true},
		{"patiently", []reply{{text: completion, gated: true}}, post(chat, chatBody), false},
		{"patiently, stream", []reply{{text: stream(events...), gated: true}}, post(chat, streaming), false},
		{"patiently, more sent", []reply{{text: completion, gated: true}}, post(chat, chatBody) + post(chat, chatBody), false},
		{"in text", []reply{{text: strings.Replace(begun, sse, "audio/mpeg", 1), then: wait}}, post(chat, chatBody), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			alike(t, setup{one: c.script}, func(d *side) {
				conn := d.dial()
				conn.send(c.send)
				finish := func() {}
				switch {
				case c.script == nil:
					conn.read(false)
				case c.begins:
					d.await("a request", d.one.got)
					finish = conn.begin()
				default:
					d.await("a request", d.one.got)
				}
				if c.script != nil && c.script[0].gated {
					d.stopping(func() { close(d.one.free) })
				} else {
					d.stop()
				}
				finish()
				conn.rest()
			})
		})
	}
}
