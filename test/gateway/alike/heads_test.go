package alike_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// instead is a chat whose request line or fields are others.
func instead(old, other string) string { return strings.Replace(post(chat, chatBody), old, other, 1) }

func TestRequestLines(t *testing.T) {
	var cases []sent
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "post", "Post", "P0ST", "POSTPOSTPOSTPOSTPOST", "PO ST", "", "QUERY", "PRI"} {
		for _, path := range []string{chat, "/v1/models", "/v1/nothing", "/v1/files", "/v1/models/m", "/", "/healthz"} {
			cases = append(
				cases,
				sent{name: method + " " + path, head: method == "HEAD", send: []string{lines(method+" "+path+" HTTP/1.1", "Host: localhost", auth)}},
				sent{name: method + " with a body " + path, head: method == "HEAD", send: []string{strings.Replace(post(path, chatBody), "POST", method, 1)}},
			)
		}
	}
	for _, target := range []string{
		chat + "?", chat + "?a=b", chat + "?api-version=2024-02-01", chat + "?key=secret", chat + "?a=b&api_key=secret&c=d", chat + "?a=b&access_token=x", chat + "?%6Bey=x", chat + "?a=%zz",
		chat + "?a=b#c", chat + "?a=ü", chat + "?a b", chat + "?a;b", chat + "??", chat + "?=&&=",
		"/v1/chat%2Fcompletions", "/v1/chat/completion%73", "/v1/%63hat/completions", "/%76%31/chat/completions", "/v1/chat/completions%", "/v1/chat/completions%00", "/v1/chat/completions%20",
		"//v1/chat/completions", "/v1//chat/completions", "/v1/chat//completions", "/v1/chat/completions/", "/v1/./chat/completions", "/v1/x/../chat/completions", "/../v1/chat/completions", "/v1/chat/completions/..", "/v1/chat/completions/.",
		"/V1/chat/completions", "/v1/Chat/completions", "/v1/chat/completions;x", "/v1/chat\\completions", "v1/chat/completions", "*", "", "http://localhost/v1/chat/completions", "http://evil.example/v1/chat/completions", "HTTP://localhost/v1/chat/completions",
		"https://localhost/v1/chat/completions?x", "http:///v1/chat/completions", "localhost:80", "/v1/chat/completions#x", "/v1/chat/completionsü", "/" + strings.Repeat("a", 3000), "/v1/models/a/b", "/v1/messages/batches", "/v1/messages2",
		"/v1/responses/resp_1", "/v1/responses/compact", "/v1/responses/input_tokens", "/v1/responses/resp_1/cancel", "/v1/audio/speech", "/v1/audio/transcriptions", "/v1/images/edits", "/v1/openapi.json",
	} {
		cases = append(cases, sent{name: "target " + target, send: []string{instead(chat, target)}})
	}
	for _, version := range []string{"HTTP/1.0", "HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/1.1 ", " HTTP/1.1", "HTTP/1.10", "HTTP/1", "HTP/1.1", "", "HTTP/1.1\tx"} {
		cases = append(cases, sent{name: "version " + version, send: []string{instead("HTTP/1.1", version)}},
			sent{name: "version keep-alive " + version, send: []string{instead("HTTP/1.1\r\n", version+"\r\nConnection: keep-alive\r\n")}})
	}
	cases = append(
		cases,
		sent{name: "line breaks before", send: []string{"\r\n\r\n" + post(chat, chatBody)}},
		sent{name: "LF before", send: []string{"\n" + post(chat, chatBody)}},
		sent{name: "space before", send: []string{" " + post(chat, chatBody)}},
		sent{name: "two spaces", send: []string{instead("POST ", "POST  ")}},
		sent{name: "tab", send: []string{instead("POST ", "POST\t")}},
		sent{name: "HTTP/2 preface", send: []string{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"}},
		sent{name: "TLS", send: []string{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + strings.Repeat("x", 60) + "\r\n\r\n"}},
		sent{name: "HTTP/0.9", send: []string{"GET /v1/models\r\n\r\n"}},
		sent{name: "Upgrade: websocket", send: []string{post(chat, chatBody, "Connection: Upgrade", "Upgrade: websocket")}},
		sent{name: "Upgrade: h2c", send: []string{post(chat, chatBody, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA")}},
	)
	run(t, cases)
}

func TestFields(t *testing.T) {
	var cases []sent
	for _, f := range []string{
		"Connection: close", "Connection: Close", "Connection: keep-alive", "Connection: Keep-Alive", "Connection:", "Connection: close, keep-alive", "Connection: x-custom\r\nX-Custom: 1", "Connection: close\r\nConnection: keep-alive",
		"Connection: keep-alive\r\nConnection: close", "Connection: keep-alive\r\nKeep-Alive: timeout=5", "Connection: authorization", "Connection: content-length", "Connection: te\r\nTE: trailers", "TE: trailers", "Keep-Alive: 300", "Proxy-Connection: keep-alive",
		"Expect: 100-continue", "Expect: 100-Continue", "Expect: something", "Expect:", "Trailer: X", "Transfer-Encoding: identity", "Upgrade: x", "Pragma: no-cache",
		"Host: other", "host: localhost", "Content-Length: 1", "content-length: 60",
		"X-A: 1\r\nX-A: 2", "x-a: 1\r\nX-A: 1", "X-Empty:", "X-Empty: ", "X-Tab:\ta\tb\t", "X-Space:    a   ", "X_Under: 1", "X.Dot: 1", "X!#$%&'*+^`|~: 1", "1: 2", "-: x",
		"X A: 1", "X-A : 1", " X-A: 1", "X-A: 1\r\n folded", "X-A: 1\r\n\tfolded", ": nameless", "nocolon", "X-Obs: \xe9t\xe9", "X-\xe9: 1", "X-Nul: a\x00b", "X-Bell: a\ab", "X-Del: a\x7fb", "X-CR: a\rb", "X-Ctl\x01: 1", "X-Utf: grüße",
		"X-Request-Id: mine", "X-Client-Request-Id: mine", "X-Client-Request-Id: a\r\nX-Client-Request-Id: b", "Request-Id: mine", "Idempotency-Key: k", "User-Agent: me/1", "User-Agent:", "User-Agent: a\r\nUser-Agent: b",
		"Accept-Encoding: gzip, br", "Accept: text/event-stream", "Accept: a\r\nAccept: b", "Date: now", "Server: x", "Via: 1.1 proxy", "Forwarded: for=1", "X-Forwarded-Host: evil", "X-Real-IP: 1.1.1.1", "Origin: http://localhost", "Referer: x",
		"X-Gatehouse-Model: x", "X-Gatehouse-Fallback: y", "X-HTTP-Method-Override: GET", "X-Original-URL: /x", "X-Api-Key-Id: 1", "Password: p", "traceparent: 00-1-2-01", "OpenAI-Beta: a\r\nopenai-beta: b", "Anthropic-Version: 2023-06-01", "X-Stainless-Retry-Count: 1",
		"If-Match: x", "Range: bytes=0-1", "Content-Language: de", "Content-Md5: x", "Content-Type-X: y", "Set-Cookie: a=b", "WWW-Authenticate: x", "Proxy-Authorization: Basic x", "Sec-Fetch-Site: cross-site", "Cache-Control: no-store", "Authorization2: x", "X-Long: " + strings.Repeat("l", 9000),
		strings.TrimSuffix(strings.Repeat("X-Many: 1\r\n", 100), "\r\n"), strings.TrimSuffix(strings.Repeat("X-Many: 1\r\n", 94), "\r\n"), strings.TrimSuffix(strings.Repeat("X-Many: 1\r\n", 96), "\r\n"),
		strings.TrimSuffix(strings.Repeat("X-Many: 1\r\n", 600), "\r\n"), strings.Repeat("n", 300) + ": 1", strings.Repeat("n", 40<<10) + ": 1",
	} {
		name := f
		if len(name) > 40 {
			name = fmt.Sprintf("%.40s of %d", name, len(f))
		}
		cases = append(cases,
			sent{name: "field " + name, send: []string{post(chat, chatBody, f)}},
			sent{name: "field first " + name, send: []string{instead("\r\n", "\r\n"+f+"\r\n")}},
			sent{name: "field, then more " + name, send: []string{post(chat, chatBody, f) + post(chat, `{"model":"renamed","messages":[]}`)}, answers: 2},
		)
	}
	// Around the limit of the head, and what each front reads plainly.
	for _, n := range []int{8 << 10, 16<<10 - 1, 16 << 10, 16<<10 + 1, 32 << 10, 60 << 10, 64 << 10, 68<<10 - 2, 68<<10 + 2, 100 << 10, 300 << 10} {
		rest := len(post(chat, "", "X-Fill: "))
		fill := func(in int) string {
			return post(chat, chatBody, "X-Fill: "+strings.Repeat("f", in-rest-1))
		}
		cases = append(cases, sent{name: fmt.Sprintf("head of %d", n), send: []string{fill(n)}},
			sent{name: fmt.Sprintf("head of %d in fields", n), send: []string{post(chat, chatBody, strings.TrimSuffix(strings.Repeat("X-Fill: "+strings.Repeat("f", 1000)+"\r\n", n/1010), "\r\n"))}})
	}
	for _, n := range []int{2048, 64 << 10} {
		small := setup{top: "limits: {header_bytes: " + fmt.Sprint(n) + "}\n"}
		for _, d := range []int{-300, 0, 300, 4096, 5000, 9000} {
			cases = append(cases, sent{name: fmt.Sprintf("limit of %d%+d", n, d), setup: small, send: []string{post(chat, chatBody, "X-Fill: "+strings.Repeat("f", n+d-300))}})
		}
	}
	for old, others := range map[string][]string{
		"Host: localhost\r\n": {"", "Host:\r\n", "Host: a b\r\n", "Host: a/b\r\n", "Host: [::1]\r\n", "Host: a:b:c\r\n", "Host: localhost\r\nHost: localhost\r\n", "Host: localhost\r\nHOST: evil\r\n", "Host : localhost\r\n", "Host:localhost\r\n", "Host: \tlocalhost \r\n", "Host: ü\r\n", "Host: " + strings.Repeat("h", 300) + "\r\n", "Host: a@b\r\n", "Host: a_b.c-d\r\n", "Host: %41\r\n"},
		auth + "\r\n":         {"Authorization:Bearer " + gwtest.Key + "\r\n", "Authorization: Bearer\t" + gwtest.Key + "\r\n", "Authorization:\r\n Bearer " + gwtest.Key + "\r\n"},
		"\r\n":                {"\n", "\r", "\r\r\n", "\n\r\n", " \r\n", "\t\r\n"},
		"\r\n\r\n":            {"\n\n", "\r\n\n", "\n\r\n", "\r\n\r\r\n", "\r\n \r\n\r\n"},
	} {
		for _, o := range others {
			cases = append(cases, sent{name: fmt.Sprintf("%.12q for %.40q", o, old), send: []string{instead(old, o)}})
		}
	}
	run(t, cases)
}
