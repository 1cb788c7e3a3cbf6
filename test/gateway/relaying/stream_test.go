package relaying_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// streaming is a way to ask for a stream.
type streaming struct {
	name    string
	dialect fakellm.Dialect
	path    string
	body    string
	text    func(data string) string // what an event adds to the answer
	done    bool                     // the stream ends with [DONE]
}

const (
	streamedChat     = `{"model":"m","stream":true,"messages":[{"role":"user","content":"one two three four"}]}`
	streamedPrompt   = `{"model":"m","stream":true,"prompt":"one two three four"}`
	streamedInput    = `{"model":"m","stream":true,"input":"one two three four"}`
	streamedMessages = `{"model":"m","stream":true,"max_tokens":100,"messages":[{"role":"user","content":"one two three four"}]}`
)

func streamings() []streaming {
	return []streaming{
		{"chat over openai", fakellm.OpenAI, "/chat/completions", streamedChat, chatText, true},
		{"chat over ollama", fakellm.Ollama, "/chat/completions", streamedChat, chatText, true},
		{"chat over anthropic", fakellm.Anthropic, "/chat/completions", streamedChat, chatText, true},
		{"completions", fakellm.OpenAI, "/completions", streamedPrompt, completionText, true},
		{"responses", fakellm.OpenAI, "/responses", streamedInput, responseText, false},
		{"messages over openai", fakellm.OpenAI, "/messages", streamedMessages, messageText, false},
		{"messages over anthropic", fakellm.Anthropic, "/messages", streamedMessages, messageText, false},
	}
}

func decode[T any](data string) (v T) {
	_ = json.Unmarshal([]byte(data), &v) // what is no such event adds nothing
	return v
}

func chatText(data string) string {
	v := decode[struct {
		Choices []struct{ Delta struct{ Content string } }
	}](data)
	if len(v.Choices) == 0 {
		return ""
	}
	return v.Choices[0].Delta.Content
}

func completionText(data string) string {
	v := decode[struct{ Choices []struct{ Text string } }](data)
	if len(v.Choices) == 0 {
		return ""
	}
	return v.Choices[0].Text
}

func responseText(data string) string {
	v := decode[struct{ Type, Delta string }](data)
	if v.Type != "response.output_text.delta" {
		return ""
	}
	return v.Delta
}

func messageText(data string) string {
	return decode[struct{ Delta struct{ Text string } }](data).Delta.Text
}

// versioned are the fields of a request, for Anthropic too.
var versioned = append(fields{"Anthropic-Version", "2023-06-01"}, asJSON...)

// open sends a request for a stream.
func (s streaming) open(t *testing.T, g *gwtest.Gateway) *raw {
	t.Helper()
	return dial(t, g, http.MethodPost, "/v1"+s.path, s.body, versioned)
}

// data reads the data of an event that is a frame of its own.
func data(t *testing.T, frame string) string {
	t.Helper()
	var out []string
	for line := range strings.Lines(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(frame)) {
		if d, is := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "data:"); is {
			out = append(out, strings.TrimPrefix(d, " "))
		}
	}
	return strings.Join(out, "\n")
}

// oneEvent checks that a frame is exactly one event, or one comment.
func oneEvent(t *testing.T, what, frame string) {
	t.Helper()
	f := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(frame)
	if !strings.HasSuffix(f, "\n\n") || strings.Count(f, "\n\n") != 1 || strings.HasPrefix(f, "\n") {
		t.Errorf("%s: a write is not one event: %q", what, frame)
	}
}

// The client has each token before the engine sends the next one, in every
// operation that streams and over every dialect.
func TestTokensArriveOneByOne(t *testing.T) {
	for _, s := range streamings() {
		t.Run(s.name, func(t *testing.T) {
			g, e := single(t, s.dialect, "")
			gate := fakellm.NewGate()
			e.Set(fakellm.Script{Wait: fakellm.Wait{Gate: gate}})
			c := s.open(t, g)
			ctx := within(t)
			q, err := e.WaitRequest(ctx, 1)
			if err != nil {
				t.Fatal(err)
			}
			said, passed := "", 0
			for n, token := range []string{"You", " said:", " one", " two", " three", " four"} {
				for sent := 0; sent <= n; _, sent, _ = q.Delivered() {
					gate.Step(1)
					passed++
					if err := gate.Reached(ctx, passed); err != nil {
						t.Fatalf("the engine did not come to event %d: %v", passed+1, err)
					}
				}
				if c.Status == 0 {
					c.head()
				}
				want := said + token
				for said != want { // reading fails if the gateway holds it back
					f := c.frame()
					oneEvent(t, s.name, f)
					said += s.text(data(t, f))
					if !strings.HasPrefix(want, said) {
						t.Fatalf("the client has %q, want %q", said, want)
					}
				}
				if _, sent, _ := q.Delivered(); sent != n+1 {
					t.Fatalf("the client has %q, and the engine has gone on to token %d", said, sent)
				}
			}
			gate.Open()
			rest := c.frames()
			if len(rest) == 0 || (rest[len(rest)-1] == "data: [DONE]\n\n") != s.done {
				t.Errorf("the stream ends with %q", rest)
			}
			if c.Status != 200 || c.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" || c.Header.Get("X-Accel-Buffering") != "no" || c.Header.Get("Cache-Control") != "no-cache" {
				t.Errorf("%d %v", c.Status, c.Header)
			}
		})
	}
}

// However the engine writes its events, each is one write to the client.
func TestEachEventIsOneWrite(t *testing.T) {
	forms := map[string]fakellm.Form{
		"one by one":     {},
		"all at once":    {Events: 1000},
		"two at a time":  {Events: 2},
		"byte by byte":   {Piece: 1},
		"seven bytes":    {Piece: 7},
		"large":          {Huge: 300_000},
		"large, split":   {Huge: 300_000, Piece: 4099},
		"closed":         {CloseConnection: true, Events: 3},
		"gzipped":        {Gzip: true},
		"gzip at once":   {Gzip: true, Events: 1000},
		"gzip, in bytes": {Gzip: true, Piece: 1},
	}
	for _, s := range streamings() {
		g, e := single(t, s.dialect, "")
		for name, f := range forms {
			e.Set(fakellm.Script{Form: f})
			what := s.name + ", " + name
			c := s.open(t, g)
			c.head()
			said := ""
			for _, frame := range c.frames() {
				oneEvent(t, what, frame)
				said += s.text(data(t, frame))
			}
			if said != "You said: one two three four" || c.Header.Get("Content-Encoding") != "" {
				t.Errorf("%s: the client got %q, %v", what, said, c.Header)
			}
		}
	}
}

// An event stream that needs no edit passes byte for byte, however it is
// framed and split.
func TestEventBytesStayAsTheyAre(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "")
	for name, s := range map[string]struct{ path, body string }{
		"chat":        {"/chat/completions", strings.Replace(streamedChat, "{", `{"stream_options":{"include_usage":true},`, 1)},
		"completions": {"/completions", strings.Replace(streamedPrompt, "{", `{"stream_options":{"include_usage":true},`, 1)},
		"responses":   {"/responses", streamedInput},
		"messages":    {"/messages", streamedMessages},
	} {
		for _, end := range []string{"\n", "\r\n", "\r"} {
			for _, form := range []fakellm.Form{{}, {Comments: true}, {MultiLine: true}, {Comments: true, MultiLine: true, Piece: 1}, {Piece: 3}, {Events: 1000}} {
				form.LineEnd = end
				what := fmt.Sprintf("%s, line ends %q, %+v", name, end, form)
				e.Set(fakellm.Script{Form: form})
				c := dial(t, g, http.MethodPost, "/v1"+s.path, s.body, versioned)
				c.head()
				got := c.frames()
				all := strings.Join(got, "")
				for i, f := range got {
					if i > 0 && strings.HasSuffix(got[i-1], "\r") && end == "\r\n" {
						// An event ends with the CR already, and is not held
						// back for an LF that may not come.
						f = strings.TrimPrefix(f, "\n")
					}
					oneEvent(t, what, f)
				}
				if strings.HasSuffix(all, "\r") && end == "\r\n" {
					all += "\n"
				}
				<-e.Last().Over()
				_, _, sent := e.Last().Delivered()
				if int64(len(all)) != sent {
					t.Errorf("%s: the engine sent %d bytes, the client got %d: %q", what, sent, len(all), all)
				}
				if strings.Count(all, end+end) < len(got) || end == "\r" && strings.Contains(all, "\n") || end == "\n" && strings.Contains(all, "\r") {
					t.Errorf("%s: the line ends are not the engine's: %q", what, all)
				}
			}
		}
	}
}

// Dictated events arrive as they were dictated.
func TestOddEventsPass(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "")
	events := []string{
		": a comment\nevent: odd\nid: 7\nretry: 10\ndata: {\"choices\" : [ {\"delta\":{\"content\":\"é\\u00e9\"},\"x\":1e400} ] ,\"unknown\":{ }}\n\n",
		"data:{\"choices\":[],\"prompt_filter_results\":[]}\n\n",
		"data: {\"choices\":[{\"delta\":{},\"error\":null}],\"obfuscation\":\"xyz\"}\r\n\r\n",
		": only a comment\n\n",
		"data: {\"choices\":[{\"delta\":{\"content\":\"" + strings.Repeat("a", 100_000) + "\"},\ndata: \"index\":0}]}\n\n",
		"data: {\"choices\":[{\"delta\":{\"content\":\"\\\"usage\\\":null \\\"error\\\":{}\"}}]}\n\n",
		"data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
		"data: [DONE]\n\n",
	}
	dictated := map[int]string{}
	for i, ev := range events {
		dictated[i] = ev
	}
	// Role, four tokens, the end, the usage, [DONE]: as many as are dictated.
	e.Set(fakellm.Script{Say: fakellm.Says{Text: "a b c d"}, Form: fakellm.Form{Raw: dictated}})
	c := dial(t, g, http.MethodPost, "/v1/chat/completions", streamedChat, asJSON)
	c.head()
	got := c.frames()
	if strings.Join(got, "|") != strings.Join(events, "|") {
		t.Errorf("got  %.3000q\nwant %.3000q", got, events)
	}
}

// holding is an engine that answers when it is told to.
func holding(t *testing.T, e *fakellm.Engine) (url string, answer func()) {
	t.Helper()
	told := make(chan struct{})
	answer = sync.OnceFunc(func() { close(told) })
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-told:
			e.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() {
		answer() // a handler that waits would keep the server open
		s.Close()
	})
	return s.URL, answer
}

const comment = ": keep-alive\n\n"

// A client that waits gets comments: while the engine has not answered at all,
// while it has not begun, and in the middle of its answer.
func TestKeepAlive(t *testing.T) {
	for _, s := range streamings() {
		t.Run(s.name, func(t *testing.T) {
			e := fakellm.New(s.dialect)
			gate := fakellm.NewGate()
			e.Set(fakellm.Script{Wait: fakellm.Wait{Gate: gate}})
			url, answer := holding(t, e)
			g := gwtest.Start(t, "endpoints:\n"+endpoint("e", url, s.dialect, "")+"models:\n  - {name: m, endpoints: [e]}\nstream: {keep_alive: 20ms}\n")
			c := s.open(t, g)
			ctx := within(t)
			c.head() // the head comes early: the engine has not answered
			if c.Status != 200 || c.Header.Get("Content-Type") != "text/event-stream; charset=utf-8" || c.Header.Get("X-Accel-Buffering") != "no" || e.Count() != 0 {
				t.Fatalf("%d %v, the engine got %d requests", c.Status, c.Header, e.Count())
			}
			wantComments(t, c, 3)
			answer()
			if err := gate.Reached(ctx, 0); err != nil {
				t.Fatal(err)
			}
			wantComments(t, c, 3)
			said := held(ctx, t, s, c, gate)
			for _, f := range c.frames() {
				oneEvent(t, s.name, f)
				said += s.text(data(t, f))
			}
			if said != "You said: one two three four" {
				t.Errorf("the client got %q", said)
			}
		})
	}
}

// held lets events pass until the client has some text, wants comments then,
// and lets the rest pass.
func held(ctx context.Context, t *testing.T, s streaming, c *raw, gate *fakellm.Gate) (said string) {
	t.Helper()
	for passed := 1; said == ""; passed++ {
		gate.Step(1)
		if err := gate.Reached(ctx, passed); err != nil {
			t.Fatal(err)
		}
		for f := c.frame(); f != comment; f = c.frame() {
			said += s.text(data(t, f))
		}
	}
	wantComments(t, c, 3)
	gate.Open()
	return said
}

func wantComments(t *testing.T, c *raw, n int) {
	t.Helper()
	for range n {
		if f := c.frame(); f != comment {
			t.Fatalf("want a comment, got %q", f)
		}
	}
}

// An answer that is no stream gets no comments: they would spoil it.
func TestNoKeepAliveInAWholeAnswer(t *testing.T) {
	e := fakellm.New(fakellm.OpenAI)
	gate := fakellm.NewGate()
	e.Set(fakellm.Script{Wait: fakellm.Wait{Gate: gate}})
	s := fakellm.Start(e)
	t.Cleanup(s.Close)
	g := gwtest.Start(t, "endpoints:\n"+endpoint("e", s.URL, fakellm.OpenAI, "")+"models:\n  - {name: m, endpoints: [e]}\nstream: {keep_alive: 1ms}\n")
	// While the whole answer is held, streams beside it are kept alive.
	whole := dial(t, g, http.MethodPost, "/v1/chat/completions", named("m"), asJSON)
	if err := gate.Reached(within(t), 0); err != nil {
		t.Fatal(err)
	}
	beside := dial(t, g, http.MethodPost, "/v1/chat/completions", streamedChat, asJSON)
	beside.head()
	wantComments(t, beside, 20)
	gate.Open()
	r := whole.whole(http.MethodPost)
	if r.Status != 200 || strings.Contains(string(r.Body), "keep-alive") || !strings.Contains(string(r.Body), "You said: one two") {
		t.Errorf("%d %s", r.Status, r.Body)
	}
	if frames := beside.frames(); frames[len(frames)-1] != "data: [DONE]\n\n" {
		t.Errorf("%q", frames)
	}
}

// An engine that leaves out the end of a stream which is complete is helped
// out, and the others' ends are not doubled.
func TestDone(t *testing.T) {
	for _, s := range streamings() {
		if !s.done {
			continue
		}
		for _, noEnd := range []bool{false, true} {
			if noEnd && s.dialect != fakellm.OpenAI {
				continue // there it is the end of the answer itself that is missing
			}
			g, e := single(t, s.dialect, "")
			e.Set(fakellm.Script{Form: fakellm.Form{NoEnd: noEnd}})
			c := s.open(t, g)
			c.head()
			frames := c.frames()
			if n := strings.Count(strings.Join(frames, ""), "[DONE]"); n != 1 || frames[len(frames)-1] != "data: [DONE]\n\n" {
				t.Errorf("%s, no end %v: %q", s.name, noEnd, frames)
			}
			if rec := g.Record(); rec.Outcome != "complete" || !rec.Usage.Known || rec.Usage.Output != 6 {
				t.Errorf("%s, no end %v: the record says %+v", s.name, noEnd, rec)
			}
		}
	}
}
