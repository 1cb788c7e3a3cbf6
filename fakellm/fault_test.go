package fakellm_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/fakellm"
)

func TestRefusal(t *testing.T) {
	e, s := start(t, fakellm.OpenAI)
	c := client(t)
	for _, k := range []struct {
		refusal    fakellm.Refusal
		status     int
		media      string
		body       string
		wantHeader map[string]string
	}{
		{
			refusal: fakellm.Refusal{}, status: 500, media: "application/json",
			body: `{"error":{"message":"Internal Server Error","type":"InternalServerError","param":null,"code":500}}`,
		},
		{
			refusal: fakellm.Refusal{Status: 503, Shape: fakellm.Nested, Message: "x"}, status: 503, media: "application/json",
			body: `{"error":{"code":"made_up","message":"x","param":null,"type":"server_error"}}`,
		},
		{
			refusal: fakellm.Refusal{Status: 400, Shape: fakellm.Integer, Message: "x"}, status: 400, media: "application/json",
			body: `{"error":{"code":400,"message":"x","param":null,"type":"server_error"}}`,
		},
		{refusal: fakellm.Refusal{Shape: fakellm.Bare, Message: "x"}, status: 500, media: "application/json", body: `{"error":{"message":"x"}}`},
		{
			refusal: fakellm.Refusal{Shape: fakellm.Flat, Message: "x"}, status: 500, media: "application/json",
			body: `{"code":500,"message":"x","object":"error","param":null,"type":"server_error"}`,
		},
		{refusal: fakellm.Refusal{Shape: fakellm.String, Message: "x"}, status: 500, media: "application/json", body: `{"error":"x"}`},
		{refusal: fakellm.Refusal{Status: 404, Shape: fakellm.Detail}, status: 404, media: "application/json", body: `{"detail":"Not Found"}`},
		{
			refusal: fakellm.Refusal{Status: 422, Shape: fakellm.Details, Message: "x"}, status: 422, media: "application/json",
			body: `{"detail":[{"loc":["body","messages",0,"role"],"msg":"x","type":"value_error"}]}`,
		},
		{refusal: fakellm.Refusal{Shape: fakellm.Messaged, Message: "x"}, status: 500, media: "application/json", body: `{"message":"x"}`},
		{
			refusal: fakellm.Refusal{Status: 529, Shape: fakellm.Messages}, status: 529, media: "application/json",
			body: `{"error":{"message":"Overloaded","type":"api_error"},"type":"error"}`,
		},
		{
			refusal: fakellm.Refusal{Status: 503, Shape: fakellm.Listed, Message: "x"}, status: 503, media: "application/json",
			body: `[{"error":{"code":503,"message":"x","status":"UNAVAILABLE"}}]`,
		},
		{
			refusal: fakellm.Refusal{Status: 502, Shape: fakellm.HTML}, status: 502, media: "text/html",
			body: "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<h1>502 Bad Gateway</h1>\r\n<hr>nginx\r\n</body>\r\n</html>\r\n",
		},
		{refusal: fakellm.Refusal{Shape: fakellm.PlainText, Message: "x"}, status: 500, media: "text/plain; charset=utf-8", body: "x\n"},
		{refusal: fakellm.Refusal{Status: 504, Shape: fakellm.Empty}, status: 504},
		{refusal: fakellm.Refusal{Shape: fakellm.CutJSON}, status: 500, media: "application/json", body: `{"error":{"message":"cut off, wher`},
		{
			refusal: fakellm.Refusal{Status: 200, Shape: fakellm.Nested, Message: "x"}, status: 200, media: "application/json",
			body: `{"error":{"code":"made_up","message":"x","param":null,"type":"server_error"}}`,
		},
		{
			refusal: fakellm.Refusal{Status: 418, Body: "tea", Type: "text/x-tea", Header: map[string]string{"X-Pot": "1"}}, status: 418,
			media: "text/x-tea", body: "tea", wantHeader: map[string]string{"X-Pot": "1"},
		},
	} {
		e.Queue(fakellm.Script{Refuse: &k.refusal})
		res, body, err := ask(t, c, s.URL, whole)
		if err != nil {
			t.Fatal(err)
		}
		if res.StatusCode != k.status || res.Header.Get("Content-Type") != k.media {
			t.Errorf("%+v: got %d %s", k.refusal, res.StatusCode, res.Header.Get("Content-Type"))
		}
		if d := cmp.Diff(k.body, body); d != "" {
			t.Errorf("%+v: -want +got\n%s", k.refusal, d)
		}
		for name, want := range k.wantHeader {
			if got := res.Header.Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
	}
	if _, body, err := ask(t, c, s.URL, whole); err != nil || !strings.Contains(body, "You said: hello world") {
		t.Errorf("after the queue the engine says %s (%v)", body, err)
	}
}

// TestShapes sees that every shape renders.
func TestShapes(t *testing.T) {
	e, s := start(t, fakellm.OpenAI)
	seen := map[string]fakellm.Shape{}
	for _, shape := range fakellm.Shapes() {
		e.Set(fakellm.Refused(507, shape))
		res, body, err := ask(t, client(t), s.URL, whole)
		if err != nil || res.StatusCode != http.StatusInsufficientStorage {
			t.Fatalf("%s: %v", shape, err)
		}
		if other, ok := seen[body]; ok {
			t.Errorf("%s and %s have one body: %s", shape, other, body)
		}
		seen[body] = shape
	}
}

func TestRateLimit(t *testing.T) {
	for _, k := range []struct {
		dialect fakellm.Dialect
		path    string
		want    []string
	}{
		{fakellm.OpenAI, "/v1/chat/completions", []string{
			"X-Ratelimit-Limit-Requests", "X-Ratelimit-Remaining-Requests", "X-Ratelimit-Reset-Requests",
			"X-Ratelimit-Limit-Tokens", "X-Ratelimit-Remaining-Tokens", "X-Ratelimit-Reset-Tokens",
		}},
		{fakellm.Anthropic, "/v1/messages", []string{
			"Anthropic-Ratelimit-Requests-Limit", "Anthropic-Ratelimit-Tokens-Remaining", "Anthropic-Ratelimit-Tokens-Reset",
		}},
	} {
		e, s := start(t, k.dialect)
		e.Set(fakellm.RateLimited(1500e6))
		res, err := client(t).Post(s.URL+k.path, "application/json", strings.NewReader(whole))
		if err != nil {
			t.Fatal(err)
		}
		shut(t, res.Body)
		if res.StatusCode != http.StatusTooManyRequests || res.Header.Get("Retry-After") != "2" || res.Header.Get("Retry-After-Ms") != "1500" {
			t.Errorf("%s: %d %v", k.dialect, res.StatusCode, res.Header)
		}
		for _, name := range k.want {
			if res.Header.Get(name) == "" {
				t.Errorf("%s: no %s", k.dialect, name)
			}
		}
	}
}

func TestBreak(t *testing.T) {
	reset := func(err error) bool { return errors.Is(err, syscall.ECONNRESET) }
	eof := func(err error) bool { return errors.Is(err, io.EOF) }
	cut := func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }
	none := func(err error) bool { return err == nil }
	garbled := func(err error) bool { return err != nil && strings.Contains(err.Error(), "chunk length") }
	for _, k := range []struct {
		name   string
		b      fakellm.Break
		body   string
		header bool // a header arrives
		err    func(error) bool
		events int
		bytes  int // -1: not looked at
	}{
		{"reset before the body", fakellm.Break{How: fakellm.Reset, Where: fakellm.BeforeBody}, whole, false, reset, 0, 0},
		{"close before the header", fakellm.Break{How: fakellm.Close, Where: fakellm.BeforeHeader}, whole, false, eof, 0, 0},
		{"reset before the header", fakellm.Break{How: fakellm.Reset, Where: fakellm.BeforeHeader}, whole, false, reset, 0, 0},
		{"close after the header", fakellm.Break{How: fakellm.Close, Where: fakellm.AfterBytes}, whole, true, cut, 0, 0},
		{"close after 10 bytes", fakellm.Break{How: fakellm.Close, Where: fakellm.AfterBytes, N: 10}, whole, true, cut, 0, 10},
		{"reset after 10 bytes", fakellm.Break{How: fakellm.Reset, Where: fakellm.AfterBytes, N: 10}, whole, true, reset, 0, 10},
		{"end after 10 bytes", fakellm.Break{How: fakellm.End, Where: fakellm.AfterBytes, N: 10}, whole, true, cut, 0, 10},
		{"close after 100 bytes of a stream", fakellm.Break{How: fakellm.Close, Where: fakellm.AfterBytes, N: 100}, stream, true, cut, 0, 100},
		{"close before the first event", fakellm.Break{How: fakellm.Close, Where: fakellm.AfterEvents}, stream, true, cut, 0, 0},
		{"close after 2 events", fakellm.Break{How: fakellm.Close, Where: fakellm.AfterEvents, N: 2}, stream, true, cut, 2, -1},
		{"reset after 3 events", fakellm.Break{How: fakellm.Reset, Where: fakellm.AfterEvents, N: 3}, stream, true, reset, 3, -1},
		{"end after 3 events", fakellm.Break{How: fakellm.End, Where: fakellm.AfterEvents, N: 3}, stream, true, none, 3, -1},
		{"garble after 1 event", fakellm.Break{How: fakellm.Garble, Where: fakellm.AfterEvents, N: 1}, stream, true, garbled, 1, -1},
		{"close after more bytes than there are", fakellm.Break{How: fakellm.Close, Where: fakellm.AfterBytes, N: 1 << 20}, whole, true, none, 0, -1},
	} {
		t.Run(k.name, func(t *testing.T) {
			e, s := start(t, fakellm.OpenAI)
			e.Set(fakellm.Script{Break: &k.b})
			res, err := send(t, client(t), s.URL, k.body)
			if k.header != (err == nil) {
				t.Fatalf("header: %v", err)
			}
			if err == nil {
				var b []byte
				b, err = io.ReadAll(res.Body)
				shut(t, res.Body)
				if n := strings.Count(string(b), "\n\n"); n != k.events {
					t.Errorf("%d events arrived, want %d", n, k.events)
				}
				if k.bytes >= 0 && len(b) != k.bytes {
					t.Errorf("%d bytes arrived, want %d", len(b), k.bytes)
				}
			}
			if !k.err(err) {
				t.Errorf("the error is %v", err)
			}
			<-e.Last().Over()
			if n, _, _ := e.Last().Delivered(); k.events > 0 && n != k.events {
				t.Errorf("the engine says that it delivered %d events", n)
			}
		})
	}
}

func TestHangBeforeHeader(t *testing.T) {
	e, s := start(t, fakellm.OpenAI)
	e.Set(fakellm.Script{Break: &fakellm.Break{How: fakellm.Hang, Where: fakellm.BeforeHeader}})
	c := client(t)
	r, cancel := request(t, s.URL, stream)
	left := make(chan error, 1)
	go func() {
		res, err := c.Do(r)
		if err == nil {
			shut(t, res.Body)
		}
		left <- err
	}()
	q, err := e.WaitRequest(within(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-left; err == nil {
		t.Error("a header came")
	}
	if gone, err := e.WaitCancelled(within(t)); err != nil || gone != q {
		t.Errorf("cancelled: %v, %v", gone, err)
	}
	if <-q.Over(); q.Status() != 0 {
		t.Errorf("the status is %d", q.Status())
	}
}

func TestHangAfterEvents(t *testing.T) {
	e, s := start(t, fakellm.OpenAI)
	e.Set(fakellm.Script{Break: &fakellm.Break{How: fakellm.Hang, Where: fakellm.AfterEvents, N: 2}})
	r, cancel := request(t, s.URL, stream)
	res, err := client(t).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, res.Body)
	body := bufio.NewReader(res.Body)
	next(t, body)
	next(t, body)
	cancel()
	if rest, err := io.ReadAll(body); err == nil || len(rest) > 0 {
		t.Errorf("the rest is %q, %v", rest, err)
	}
	q, err := e.WaitCancelled(within(t))
	if err != nil {
		t.Fatal(err)
	}
	<-q.Over()
	if n, _, _ := q.Delivered(); n != 2 || q.Status() != 200 {
		t.Errorf("%d events, status %d", n, q.Status())
	}
}

func TestStreamFailure(t *testing.T) {
	for _, k := range []struct {
		dialect fakellm.Dialect
		path    string
		fail    fakellm.StreamErr
		want    string // what follows the events before
	}{
		{
			fakellm.OpenAI, "/v1/chat/completions",
			fakellm.StreamErr{Message: "boom"},
			"data: {\"error\":{\"message\":\"boom\",\"type\":\"InternalServerError\",\"param\":null,\"code\":500}}\n\ndata: [DONE]\n\n",
		},
		{fakellm.OpenAI, "/v1/chat/completions", fakellm.StreamErr{At: 2, Data: `{"object":"error"}`}, "data: {\"object\":\"error\"}\n\ndata: [DONE]\n\n"},
		{
			fakellm.OpenAI, "/v1/messages",
			fakellm.StreamErr{At: 1},
			"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"The engine broke down.\"}}\n\n",
		},
		{
			fakellm.OpenAI, "/v1/responses",
			fakellm.StreamErr{At: 3, Message: "x"},
			"event: error\ndata: {\"code\":\"server_error\",\"message\":\"x\",\"param\":null,\"sequence_number\":3,\"type\":\"error\"}\n\n",
		},
		{fakellm.Ollama, "/api/chat", fakellm.StreamErr{At: 2, Message: "x"}, "{\"error\":\"x\"}\n"},
	} {
		e, s := start(t, k.dialect)
		body := strings.Replace(stream, `{"model"`, `{"max_tokens":9,"input":"x","model"`, 1)
		post := func() string {
			res, err := client(t).Post(s.URL+k.path, "application/json", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			defer shut(t, res.Body)
			b, err := io.ReadAll(res.Body)
			if err != nil || res.StatusCode != http.StatusOK {
				t.Fatalf("%s: %d %s %v", k.path, res.StatusCode, b, err)
			}
			return string(b)
		}
		end := "\n\n"
		if k.dialect == fakellm.Ollama {
			end = "\n"
		}
		e.Set(fakellm.Script{Fail: &k.fail})
		parts := strings.SplitAfterN(post(), end, k.fail.At+1)
		if len(parts) != k.fail.At+1 {
			t.Errorf("%s: %d events came before the error, want %d", k.path, len(parts)-1, k.fail.At)
		}
		if d := cmp.Diff(k.want, parts[len(parts)-1]); d != "" {
			t.Errorf("%s: -want +got\n%s", k.path, d)
		}
	}
}

func TestForm(t *testing.T) {
	e, s := start(t, fakellm.OpenAI)
	c := client(t)
	plain := func(f fakellm.Form, body string) (*http.Response, []string, string) {
		e.Queue(fakellm.Script{Form: f})
		res, text, err := ask(t, c, s.URL, body)
		if err != nil {
			t.Fatalf("%+v: %v", f, err)
		}
		return res, events(t, strings.NewReader(text)), text
	}
	sameText := func(t *testing.T, list []string) {
		t.Helper()
		var text strings.Builder
		for _, data := range list {
			if data == "[DONE]" {
				continue
			}
			var chunk struct {
				Choices []struct{ Delta struct{ Content string } }
			}
			if err := json.Unmarshal([]byte(data), &chunk); err != nil {
				t.Fatalf("%q: %v", data, err)
			}
			text.WriteString(chunk.Choices[0].Delta.Content)
		}
		if text.String() != "You said: hello world" {
			t.Errorf("the text is %q", text.String())
		}
	}
	for name, f := range map[string]fakellm.Form{
		"crlf": {LineEnd: "\r\n"}, "cr": {LineEnd: "\r"}, "comments": {Comments: true}, "multi_line": {MultiLine: true},
		"drip": {Piece: 1}, "two in a write": {Events: 2}, "cr in pieces": {LineEnd: "\r", Piece: 7, Comments: true},
		"huge": {Huge: 100_000},
	} {
		t.Run(name, func(t *testing.T) {
			_, list, text := plain(f, stream)
			sameText(t, list)
			if len(list) != 7 || list[6] != "[DONE]" {
				t.Errorf("%d events, the last is %q", len(list), list[len(list)-1])
			}
			if f.LineEnd == "\r" && strings.Contains(text, "\n") || f.Comments && !strings.HasPrefix(text, ": ") ||
				f.MultiLine && !strings.HasPrefix(text, "data: {\ndata: ") || len(text) < f.Huge {
				t.Errorf("the stream is %.200q", text)
			}
		})
	}
	t.Run("content type", func(t *testing.T) {
		res, _, _ := plain(fakellm.Form{Type: "text/plain", Header: map[string]string{"X-A": "b"}}, stream)
		if res.Header.Get("Content-Type") != "text/plain" || res.Header.Get("X-A") != "b" {
			t.Errorf("the header is %v", res.Header)
		}
	})
	t.Run("broken events", func(t *testing.T) {
		_, list, text := plain(fakellm.Form{Data: map[int]string{1: `{"choices":[`}, Raw: map[int]string{2: "data: half"}}, stream)
		if list[1] != `{"choices":[` || !strings.Contains(text, "data: halfdata: {") {
			t.Errorf("the stream is %q", text)
		}
	})
	t.Run("no end", func(t *testing.T) {
		if _, _, text := plain(fakellm.Form{NoEnd: true}, stream); strings.Contains(text, "[DONE]") || strings.Count(text, "\n\n") != 6 {
			t.Errorf("the stream is %q", text)
		}
	})
	t.Run("usage twice", func(t *testing.T) {
		if _, _, text := plain(fakellm.Form{UsageTwice: true}, counts); strings.Count(text, `"total_tokens"`) != 2 {
			t.Errorf("the stream is %q", text)
		}
	})
	t.Run("huge whole", func(t *testing.T) {
		if _, _, text := plain(fakellm.Form{Huge: 50_000}, whole); len(text) != 50_000 || !json.Valid([]byte(text)) {
			t.Errorf("%d bytes: %.50q", len(text), text)
		}
	})
	for name, body := range map[string]string{"whole": whole, "stream": stream} {
		t.Run("trailers of a "+name, func(t *testing.T) {
			res, _, _ := plain(fakellm.Form{Trailer: map[string]string{"X-Sum": "7", "X-End": "yes"}}, body)
			if res.Trailer.Get("X-Sum") != "7" || res.Trailer.Get("X-End") != "yes" {
				t.Errorf("the trailers are %v", res.Trailer)
			}
		})
		t.Run("gzip of a "+name, func(t *testing.T) {
			want, _, plainText := plain(fakellm.Form{}, body)
			res, _, text := plain(fakellm.Form{Gzip: true}, body)
			if res.Header.Get("Content-Encoding") != "gzip" || want.Header.Get("Content-Encoding") != "" {
				t.Fatalf("the header is %v", res.Header)
			}
			z, err := gzip.NewReader(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(z)
			if err != nil || len(b) != len(plainText) {
				t.Errorf("%d bytes, want %d: %v", len(b), len(plainText), err)
			}
		})
	}
}

// TestGzipStream sees that each event of a compressed stream can be read before
// the next one is sent.
func TestGzipStream(t *testing.T) {
	e, s := start(t, fakellm.OpenAI)
	gate := fakellm.NewGate()
	e.Set(fakellm.Script{Form: fakellm.Form{Gzip: true}, Wait: fakellm.Wait{Gate: gate}})
	gate.Step(1)
	res, err := send(t, client(t), s.URL, stream)
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, res.Body)
	z, err := gzip.NewReader(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(z)
	for i := range 7 {
		if event := next(t, r); !strings.HasPrefix(event, "data: ") {
			t.Errorf("event %d is %q", i, event)
		}
		gate.Step(1)
	}
}

func TestUsage(t *testing.T) {
	e, s := start(t, fakellm.OpenAI)
	c := client(t)
	for _, k := range []struct {
		says fakellm.Says
		want string
	}{
		{fakellm.Says{CachedInput: 1}, `{"prompt_tokens":2,"total_tokens":6,"completion_tokens":4,"prompt_tokens_details":{"cached_tokens":1}}`},
		{fakellm.Says{Usage: &fakellm.Usage{Input: -1, Output: 1 << 50}}, `{"prompt_tokens":-1,"total_tokens":1125899906842623,"completion_tokens":1125899906842624,"prompt_tokens_details":null}`},
		{fakellm.Says{NoUsage: true}, ``},
	} {
		for _, body := range []string{whole, counts} {
			e.Queue(fakellm.Script{Say: k.says})
			_, text, err := ask(t, c, s.URL, body)
			if err != nil {
				t.Fatal(err)
			}
			if k.want == "" && strings.Contains(text, `"usage"`) || !strings.Contains(text, k.want) {
				t.Errorf("%+v: %s", k.says, text)
			}
		}
	}
}

// TestUsageOfOthers sees what other dialects make of the usage that is dictated.
func TestUsageOfOthers(t *testing.T) {
	for _, k := range []struct {
		dialect fakellm.Dialect
		path    string
		script  fakellm.Script
		want    string
		times   int
	}{
		{
			fakellm.Anthropic, "/v1/messages",
			fakellm.Script{Say: fakellm.Says{Usage: &fakellm.Usage{Input: 5, CachedInput: 9, Output: -1}}},
			`"usage":{"cache_creation_input_tokens":0,"cache_read_input_tokens":9,"input_tokens":-4,"output_tokens":-1`, 2,
		},
		{fakellm.Anthropic, "/v1/messages", fakellm.Script{Say: fakellm.Says{NoUsage: true}}, `"usage"`, 0},
		{fakellm.Anthropic, "/v1/messages", fakellm.Script{Form: fakellm.Form{UsageTwice: true}}, `"type":"message_delta"`, 2},
		{fakellm.Anthropic, "/v1/messages", fakellm.Script{Form: fakellm.Form{NoEnd: true}}, "message_stop", 0},
		{fakellm.Ollama, "/api/chat", fakellm.Script{Say: fakellm.Says{NoUsage: true}}, `eval_count`, 0},
		{fakellm.Ollama, "/api/chat", fakellm.Script{Form: fakellm.Form{NoEnd: true}}, `"done":true`, 0},
		{fakellm.OpenAI, "/v1/responses", fakellm.Script{Say: fakellm.Says{NoUsage: true}}, `"usage":null`, 3},
	} {
		e, s := start(t, k.dialect)
		e.Set(k.script)
		r, cancel := request(t, s.URL, strings.Replace(stream, `{"model"`, `{"max_tokens":9,"input":"x","model"`, 1))
		r.URL.Path = k.path
		r.Header.Set("Anthropic-Version", "2023-06-01")
		res, err := client(t).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		shut(t, res.Body)
		cancel()
		if n := strings.Count(string(b), k.want); n != k.times || err != nil || res.StatusCode != http.StatusOK {
			t.Errorf("%s: %q is there %d times, want %d: %d %s, %v", k.path, k.want, n, k.times, res.StatusCode, b, err)
		}
	}
}

// TestBadScript sees that a script with words that are none is not taken.
func TestBadScript(t *testing.T) {
	e := fakellm.New(fakellm.OpenAI)
	for name, give := range map[string]func(){
		"set":   func() { e.Set(fakellm.Script{Break: &fakellm.Break{How: fakellm.Reset}}) },
		"queue": func() { e.Queue(fakellm.Refused(500, "round")) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s takes it", name)
				}
			}()
			give()
		}()
	}
}

func TestSays(t *testing.T) {
	e, s := start(t, fakellm.OpenAI)
	e.Set(fakellm.Script{Say: fakellm.Says{
		Text: "no", Reasoning: "hm", Finish: "content_filter", Calls: []fakellm.Call{{Name: "f", Arguments: `{"broken":`}},
	}})
	_, text, err := ask(t, client(t), s.URL, whole)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"content":"no"`, `"reasoning_content":"hm"`, `"finish_reason":"content_filter"`, `"arguments":"{\"broken\":"`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is not in %s", want, text)
		}
	}
}
