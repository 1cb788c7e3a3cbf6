package alike_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// each splits a text into its bytes.
func each(text string) []string { return strings.Split(text, "") }

func TestArrival(t *testing.T) {
	body := chatBody
	inChunks := lines("POST "+chat+" HTTP/1.1", "Host: localhost", auth, "Content-Type: application/json", "Transfer-Encoding: chunked")
	expecting := post(chat, body, "Expect: 100-continue")
	at := strings.Index(expecting, "\r\n\r\n") + 4
	cases := []sent{
		{name: "byte by byte", send: each(post(chat, body))},
		{name: "list byte by byte", send: each(list())},
		{name: "stream byte by byte", send: each(post(chat, streaming)), setup: setup{one: []reply{{text: stream(events...)}}}},
		{name: "wrong key byte by byte", send: each(strings.Replace(post(chat, body), gwtest.Key, "sk-nobody", 1))},
		{name: "not for the front byte by byte", send: each(strings.Replace(post(chat, body), "HTTP/1.1", "HTTP/1.0", 1))},
		{name: "unknown path byte by byte", send: each(post("/v1/nothing", body))},
		{name: "head, body", send: []string{strings.TrimSuffix(post(chat, body), body), body}},
		{name: "wrong key, head, body", send: []string{strings.Replace(strings.TrimSuffix(post(chat, body), body), gwtest.Key, "sk-nobody", 1), body}},
		{name: "two at once", send: []string{strings.Repeat(post(chat, body), 2)}, answers: 2},
		{name: "five at once", send: []string{strings.Repeat(post(chat, body), 5)}, answers: 5},
		{name: "two hundred at once", send: []string{strings.Repeat(post(chat, body), 200)}, answers: 200},
		{name: "streams at once", send: []string{strings.Repeat(post(chat, streaming), 5)}, answers: 5, setup: setup{one: []reply{{text: stream(events...)}}}},
		{name: "list, chat, list", send: []string{list() + post(chat, body) + list()}, answers: 3},
		{name: "chat, list, chat", send: []string{post(chat, body) + list() + post(chat, body)}, answers: 3},
		{name: "five lists and chats", send: []string{strings.Repeat(list()+post(chat, body), 5)}, answers: 10},
		{name: "lists and chats byte by byte", send: each(strings.Repeat(list()+post(chat, body), 3)), answers: 6},
		{name: "refused ones at once", send: []string{post(chat, "{}") + post(chat, "x") + post("/v1/nothing", "abc") + post(chat, body)}, answers: 4},
		{name: "wrong key, chat", send: []string{strings.Replace(post(chat, body), gwtest.Key, "sk-nobody", 1) + post(chat, body)}, answers: 2},
		{name: "large, small, large", send: []string{post(chat, body+strings.Repeat(" ", 200<<10)) + post(chat, body) + post(chat, body+strings.Repeat(" ", 1<<20)) + post(chat, body)}, answers: 4},
		{name: "chat, garbage", send: []string{post(chat, body) + "garbage\r\n\r\n"}, answers: 2},
		{name: "chat, binary", send: []string{post(chat, body) + "\x00\x01\x02\r\n\r\n"}, answers: 2},
		{name: "chat, line breaks, chat", send: []string{post(chat, body) + "\r\n\r\n" + post(chat, body)}, answers: 2},
		{name: "chat, close, chat", send: []string{post(chat, body, "Connection: close") + post(chat, body)}, answers: 2},
		{name: "list, close, chat", send: []string{list("Connection: close") + post(chat, body)}, answers: 2},
		{name: "old, chat", send: []string{strings.Replace(post(chat, body), "HTTP/1.1", "HTTP/1.0", 1) + post(chat, body)}, answers: 2},
		{name: "old kept, chat", send: []string{strings.Replace(post(chat, body, "Connection: keep-alive"), "HTTP/1.1", "HTTP/1.0", 1) + post(chat, body)}, answers: 2},
		{name: "chunks", send: []string{inChunks + chunk(body) + "0\r\n\r\n"}},
		{name: "chunks byte by byte", send: each(inChunks + chunk(body[:7]) + chunk(body[7:]) + "0\r\n\r\n")},
		{name: "chunks with extensions", send: []string{inChunks + "3;a=b\r\n{\"m\r\n" + chunk(body[3:]) + "0;x\r\n\r\n"}},
		{name: "chunks with a trailer", send: []string{inChunks + chunk(body) + "0\r\nX-Trailer: 1\r\n\r\n"}},
		{name: "chunks with an announced trailer", send: []string{strings.Replace(inChunks, "Transfer-", "Trailer: X-Sum, Authorization\r\nTransfer-", 1) + chunk(body) + "0\r\nX-Sum: 1\r\nAuthorization: x\r\n\r\n"}},
		{name: "chunks, then chat", send: []string{inChunks + chunk(body) + "0\r\n\r\n" + post(chat, body)}, answers: 2},
		{name: "chunks, broken", send: []string{inChunks + "zz\r\n\r\n"}},
		{name: "chunks, empty", send: []string{inChunks + "0\r\n\r\n"}},
		{name: "chunks of two MiB", send: []string{inChunks + strings.Repeat(chunk(strings.Repeat(" ", 64<<10)), 32) + chunk(body) + "0\r\n\r\n"}},
		{name: "expecting", send: []string{expecting}},
		{name: "expecting, head and body", send: []string{expecting[:at], expecting[at:]}},
		{name: "expecting, wrong key", send: []string{strings.Replace(expecting, gwtest.Key, "sk-nobody", 1)}},
		{name: "expecting, then chat", send: []string{expecting + post(chat, body)}, answers: 2},
		{name: "expecting something else", send: []string{post(chat, body, "Expect: 200-ok")}},
		{name: "upload", send: []string{lines("POST /v1/audio/transcriptions HTTP/1.1", "Host: localhost", auth, "Content-Type: multipart/form-data; boundary=b", "Content-Length: 67") + "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n--b--\r\n    "}},
	}
	run(t, cases)
}

// The first bytes of each request come with the last of the one before. So when
// the answer to that is there, they have arrived, and the rest comes apart.
func TestSplitAtEveryByte(t *testing.T) {
	for name, text := range map[string]string{
		"chat":    post(chat, chatBody),
		"stream":  post(chat, streaming),
		"refused": post(chat, `{"model":"nobody","messages":[]}`),
		"list":    list(),
		"odd":     strings.Replace(post(chat, chatBody), "Host: ", "Host:  ", 1) + "",
		"chunks":  lines("POST "+chat+" HTTP/1.1", "Host: localhost", auth, "Content-Type: application/json", "Transfer-Encoding: chunked") + chunk(chatBody) + "0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := setup{}
			if name == "stream" {
				s.one = []reply{{text: stream(events...)}}
			}
			got := alike(t, s, func(d *side) {
				conn := d.dial()
				conn.send(text[:1])
				for i := 1; i < len(text); i++ {
					conn.send(text[i:] + text[:i+1])
					if !conn.read(false) {
						d.tb.Errorf("no answer to the request that was split at %d", i)
						break
					}
				}
				if conn.read(false); !conn.ended {
					conn.send(last)
					conn.rest()
				}
			})
			if len(got.Answers) != len(text)+1 {
				t.Errorf("%d answers, want %d", len(got.Answers), len(text)+1)
			}
		})
	}
}

func TestManyOnOneConnection(t *testing.T) {
	got := alike(t, setup{}, func(d *side) {
		conn := d.dial()
		for i := range 1000 {
			switch {
			case i%100 == 99:
				conn.send(list())
			case i%100 == 50:
				conn.send(post(chat, "{"))
			default:
				conn.send(post(chat, chatBody, fmt.Sprintf("X-Number: %d", i)))
			}
			if !conn.read(false) {
				d.tb.Fatalf("no answer to request %d", i)
			}
		}
		conn.send(last)
		conn.rest()
	})
	if len(got.Answers) != 1001 || len(got.One) != 980 {
		t.Errorf("%d answers, %d requests", len(got.Answers), len(got.One))
	}
}
