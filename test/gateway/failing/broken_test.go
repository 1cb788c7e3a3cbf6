package failing_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
	"github.com/gatehouse-ai/gatehouse/record"
)

// TestCutBeforeAnswer breaks connections before the client can have got
// anything: it must get a status and an envelope. The engine gets one request,
// and a second over a new connection where the one that was used before ended
// without a byte of an answer: an engine may close an idle connection whenever
// it likes, and that is no failure.
func TestCutBeforeAnswer(t *testing.T) {
	for _, q := range questions() {
		for _, stream := range q.modes() {
			for name, b := range map[string]fakellm.Break{
				"RST before the request was read":  {How: fakellm.Reset, Where: fakellm.BeforeBody},
				"FIN before the request was read":  {How: fakellm.Close, Where: fakellm.BeforeBody},
				"RST before the header":            {How: fakellm.Reset, Where: fakellm.BeforeHeader},
				"FIN before the header":            {How: fakellm.Close, Where: fakellm.BeforeHeader},
				"no HTTP":                          {How: fakellm.Garble, Where: fakellm.BeforeHeader},
				"RST after the header":             {How: fakellm.Reset, Where: fakellm.AfterBytes},
				"FIN after the header":             {How: fakellm.Close, Where: fakellm.AfterBytes},
				"a malformed chunk for a start":    {How: fakellm.Garble, Where: fakellm.AfterBytes},
				"RST after ten bytes":              {How: fakellm.Reset, Where: fakellm.AfterBytes, N: 10},
				"FIN after ten bytes":              {How: fakellm.Close, Where: fakellm.AfterBytes, N: 10},
				"a malformed chunk after ten":      {How: fakellm.Garble, Where: fakellm.AfterBytes, N: 10},
				"a proper end after the header":    {How: fakellm.End, Where: fakellm.AfterBytes},
				"what looks like an end after ten": {How: fakellm.End, Where: fakellm.AfterBytes, N: 10},
			} {
				if b.How == fakellm.End && !stream {
					continue // it has a length, so net/http does not let it end early
				}
				t.Run(fmt.Sprintf("%s %s stream=%t", q.name, name, stream), func(t *testing.T) {
					g, e := single(t, q.dialect, "", "")
					well(t, g, q) // so that the connection is one that was used before
					e.Queue(fakellm.Script{Break: &b}, fakellm.Script{Break: &b})
					most := 2
					if b.Where != fakellm.AfterBytes && b.How != fakellm.Garble {
						most = 3 // if the kernel tells of it as an end, not as a failed write
					}
					r := ask(t, g, q.path, q.with(stream))
					p := envelope(t, r, q.anthropic)
					if r.Status != 502 || !q.anthropic && !strings.HasPrefix(p.Code, "upstream_") {
						t.Errorf("status %d, code %q: %s", r.Status, p.Code, r.Body)
					}
					if source := r.Header.Get("X-Gatehouse-Error-Source"); source != "upstream" {
						t.Errorf("the source is %q", source)
					}
					if rec := g.Record(); rec.Outcome != record.UpstreamError || rec.Status != 502 || rec.Attempts != 1 {
						t.Errorf("the record has outcome %q, status %d, %d attempts", rec.Outcome, rec.Status, rec.Attempts)
					}
					if n := e.Count(); n < 2 || n > most {
						t.Errorf("the engine got %d requests, want 2 to %d, the good one included", n, most)
					}
				})
			}
		}
	}
}

// An idle connection that the engine closes when it is used again is no failure.
func TestConnectionThatWasClosedMeanwhile(t *testing.T) {
	for _, q := range questions() {
		g, e := single(t, q.dialect, "", "")
		well(t, g, q)
		e.Queue(fakellm.Script{Break: &fakellm.Break{How: fakellm.Close, Where: fakellm.BeforeHeader}})
		well(t, g, q)
		if e.Count() != 3 {
			t.Errorf("%s: the engine got %d requests, want two good ones and one that it closed on", q.name, e.Count())
		}
	}
}

// TestCutStream breaks streams off of which the client has got a part: one
// error, and never what looks like an end.
func TestCutStream(t *testing.T) {
	for _, q := range questions() {
		if !q.streams {
			continue
		}
		for name, script := range map[string]fakellm.Script{
			"RST":               {Break: &fakellm.Break{How: fakellm.Reset, Where: fakellm.AfterEvents, N: 3}},
			"FIN":               {Break: &fakellm.Break{How: fakellm.Close, Where: fakellm.AfterEvents, N: 3}},
			"a malformed chunk": {Break: &fakellm.Break{How: fakellm.Garble, Where: fakellm.AfterEvents, N: 3}},
			"a proper end":      {Break: &fakellm.Break{How: fakellm.End, Where: fakellm.AfterEvents, N: 3}},
			"in an event":       {Break: &fakellm.Break{How: fakellm.Close, Where: fakellm.AfterBytes, N: 700}},
		} {
			t.Run(q.name+" "+name, func(t *testing.T) {
				g, e := single(t, q.dialect, "", "")
				script.Say.Text = strings.Repeat("word ", 30)
				e.Queue(script)
				r := ask(t, g, q.path, q.with(true))
				if name == "RST" && nothingArrived(t, r, q.anthropic) {
					return
				}
				if r.Status != 200 || r.Cut != nil {
					t.Fatalf("status %d, %v: %s", r.Status, r.Cut, r.Body)
				}
				p := lastEvent(t, r.Body, q)
				if !q.anthropic && !strings.HasPrefix(p.Code, "upstream_") {
					t.Errorf("the code is %q", p.Code)
				}
				if rec := g.Record(); rec.Outcome != record.UpstreamFailed || rec.Status != 200 || rec.Attempts != 1 {
					t.Errorf("the record has outcome %q, status %d, %d attempts", rec.Outcome, rec.Status, rec.Attempts)
				}
				if e.Count() != 1 {
					t.Errorf("the engine got %d requests", e.Count())
				}
			})
		}
	}
}

// nothingArrived tells whether a reset has thrown away all that the gateway had
// received and not read yet, as the kernel may: then the answer is an error.
func nothingArrived(t *testing.T, r reply, anthropic bool) bool {
	t.Helper()
	if r.Status != 502 {
		return false
	}
	envelope(t, r, anthropic)
	return true
}

// TestCutBody breaks off long answers that are no streams of events: the client
// must see that what it has is not all.
func TestCutBody(t *testing.T) {
	for _, c := range []struct {
		name, path, body string
		script           fakellm.Script
	}{
		{"JSON", "/embeddings", fmt.Sprintf(inputBody, ""), fakellm.Script{}},
		{"JSON in chunks", "/embeddings", fmt.Sprintf(inputBody, ""), fakellm.Script{Form: fakellm.Form{Trailer: map[string]string{"X-T": "t"}}}},
		{"JSON, compressed", "/embeddings", fmt.Sprintf(inputBody, ""), fakellm.Script{Form: fakellm.Form{Gzip: true}}},
		{"audio", "/audio/speech", `{"model":"m","voice":"alloy","input":"` + strings.Repeat("word ", 3000) + `"}`, fakellm.Script{}},
	} {
		for _, how := range []fakellm.How{fakellm.Close, fakellm.Reset} {
			t.Run(fmt.Sprintf("%s %s", c.name, how), func(t *testing.T) {
				g, e := single(t, fakellm.OpenAI, "", "", fakellm.Dimensions(40_000))
				script := c.script
				cut := 120_000
				if script.Form.Gzip {
					cut = 110_000
				}
				if whole := ask(t, g, c.path, c.body); whole.Status != 200 || whole.Cut != nil || len(whole.Body) < 2*cut {
					t.Fatalf("status %d, %d bytes, %v", whole.Status, len(whole.Body), whole.Cut)
				}
				g.Record()
				script.Break = &fakellm.Break{How: how, Where: fakellm.AfterBytes, N: cut}
				e.Queue(script)
				r := ask(t, g, c.path, c.body)
				if how == fakellm.Reset && nothingArrived(t, r, false) {
					return
				}
				if r.Status != 200 || len(r.Body) == 0 || r.Cut == nil {
					t.Errorf("status %d, %d bytes, %v: want an answer that visibly breaks off", r.Status, len(r.Body), r.Cut)
				}
				if r.Cut != nil && !errors.Is(r.Cut, io.ErrUnexpectedEOF) {
					t.Errorf("the client sees %v, want an unexpected EOF", r.Cut)
				}
				if bytes.Contains(r.Body, []byte(`"upstream_`)) {
					t.Errorf("an error was written into the answer")
				}
				if rec := g.Record(); rec.Outcome != record.UpstreamFailed || rec.Attempts != 1 {
					t.Errorf("the record has outcome %q, %d attempts", rec.Outcome, rec.Attempts)
				}
			})
		}
	}
}

// late is a phase of an attempt that takes too long.
type late struct {
	name     string
	timeouts string
	script   fakellm.Script
	stream   bool
	begun    bool // the client has got a part of its answer
}

func lates() []late {
	const hour = time.Hour
	words := fakellm.Says{Text: strings.Repeat("word ", 2000)}
	return []late{
		{"header", "header: 40ms", fakellm.Script{Wait: fakellm.Wait{Header: hour}}, false, false},
		{"header of a stream", "header: 40ms", fakellm.Script{Wait: fakellm.Wait{Header: hour}}, true, false},
		{"request not even read", "header: 40ms", fakellm.Script{Break: &fakellm.Break{How: fakellm.Hang, Where: fakellm.BeforeHeader}}, false, false},
		{"first token", "first_token: 40ms", fakellm.Script{Break: &fakellm.Break{How: fakellm.Hang, Where: fakellm.AfterEvents}}, true, false},
		{"body", "first_token: 40ms", fakellm.Script{Break: &fakellm.Break{How: fakellm.Hang, Where: fakellm.AfterBytes}}, false, false},
		{"rest of the body", "idle: 40ms", fakellm.Script{Break: &fakellm.Break{How: fakellm.Hang, Where: fakellm.AfterBytes, N: 9}}, false, false},
		{"between tokens", "idle: 40ms", fakellm.Script{Break: &fakellm.Break{How: fakellm.Hang, Where: fakellm.AfterEvents, N: 3}}, true, true},
		{"end of a stream", "idle: 40ms", fakellm.Script{Break: &fakellm.Break{How: fakellm.Hang, Where: fakellm.AfterBytes, N: 700}, Say: words}, true, true},
		{"total", "total: 60ms", fakellm.Script{Wait: fakellm.Wait{Header: hour}}, false, false},
		{"total before the first token", "total: 60ms", fakellm.Script{Break: &fakellm.Break{How: fakellm.Hang, Where: fakellm.AfterEvents}}, true, false},
		{"total of a stream that goes on", "total: 600ms", fakellm.Script{Say: words, Wait: fakellm.Wait{Token: 2 * time.Millisecond}}, true, true},
	}
}

// TestTimeouts lets each phase of an attempt take too long, over HTTP/1.1 and
// HTTP/2: the client gets status 504 or, once it has got a part, an event, and
// the engine sees that nobody waits for it any more.
func TestTimeouts(t *testing.T) {
	for _, c := range lates() {
		for _, protocol := range []string{"http1", "h2c"} {
			t.Run(c.name+" "+protocol, func(t *testing.T) {
				t.Parallel()
				e := fakellm.New(fakellm.OpenAI)
				s := fakellm.Start(e, fakellm.WithH2C())
				t.Cleanup(s.Close)
				g := gwtest.Start(t, "endpoints:\n"+endpoint("e", s.URL, fakellm.OpenAI, ", protocol: "+protocol+", timeouts: {"+c.timeouts+"}")+
					"models:\n  - {name: m, endpoints: [e]}\n")
				e.Set(c.script)
				r := ask(t, g, "/chat/completions", chat(c.stream))
				rec := g.Record()
				if c.begun {
					if p := lastEvent(t, r.Body, questions()[0]); r.Status != 200 || p.Code != "upstream_timeout" {
						t.Errorf("status %d, code %q", r.Status, p.Code)
					}
					if rec.Outcome != record.UpstreamFailed {
						t.Errorf("the outcome is %q", rec.Outcome)
					}
				} else {
					if p := envelope(t, r, false); r.Status != 504 || p.Code != "upstream_timeout" {
						t.Errorf("status %d, code %q", r.Status, p.Code)
					}
					if rec.Outcome != record.UpstreamError || rec.Status != 504 {
						t.Errorf("the record has outcome %q, status %d", rec.Outcome, rec.Status)
					}
				}
				if _, err := e.WaitCancelled(within(t)); err != nil {
					t.Errorf("the engine goes on for nobody: %v", err)
				}
			})
		}
	}
}

// TestUnreachable has endpoints that cannot be connected to.
func TestUnreachable(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	mute, err := net.Listen("tcp", "127.0.0.1:0") // the kernel connects, nobody ever speaks
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mute.Close() })
	for _, c := range []struct {
		name, url string
		status    int
		code      string
	}{
		{"a closed port", "http://" + closed.Addr().String(), 502, "upstream_unreachable"},
		{"an unknown host", "http://nowhere.invalid", 502, "upstream_unreachable"},
		{"no TLS where it should be", "https://" + mute.Addr().String(), 504, "upstream_timeout"},
		{"no room for a connection", "http://" + crowded(t), 504, "upstream_timeout"},
	} {
		for _, stream := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s stream=%t", c.name, stream), func(t *testing.T) {
				g := gwtest.Start(t, "endpoints:\n"+endpoint("e", c.url, fakellm.OpenAI, ", timeouts: {connect: 100ms}")+"models:\n  - {name: m, endpoints: [e]}\n")
				r := ask(t, g, "/chat/completions", chat(stream))
				p := envelope(t, r, false)
				if r.Status != c.status || p.Code != c.code {
					t.Errorf("status %d, code %q, want %d, %q: %s", r.Status, p.Code, c.status, c.code, r.Body)
				}
				if strings.Contains(string(r.Body), "127.0.0.1") || strings.Contains(string(r.Body), "nowhere") {
					t.Errorf("the client learns where the endpoint is: %s", r.Body)
				}
				if rec := g.Record(); rec.Outcome != record.UpstreamError || rec.Status != c.status {
					t.Errorf("the record has outcome %q, status %d", rec.Outcome, rec.Status)
				}
			})
		}
	}
}

// TestStreamOfOtherKind asks for streams and gets something else.
func TestStreamOfOtherKind(t *testing.T) {
	for name, script := range map[string]fakellm.Script{
		"a web page":   {Refuse: &fakellm.Refusal{Status: 200, Body: "<html><title>Sign in</title></html>", Type: "text/html; charset=utf-8"}},
		"a redirect":   {Refuse: &fakellm.Refusal{Status: 302, Body: "elsewhere", Header: map[string]string{"Location": "http://127.0.0.1:1/"}}},
		"not modified": {Refuse: &fakellm.Refusal{Status: 304, Shape: fakellm.Empty}},
	} {
		for _, q := range questions() {
			t.Run(q.name+" "+name, func(t *testing.T) {
				g, e := single(t, q.dialect, "", "")
				e.Queue(script)
				r := ask(t, g, q.path, q.with(q.streams))
				p := envelope(t, r, q.anthropic)
				if r.Status != http.StatusBadGateway || !q.anthropic && p.Code != "upstream_invalid_response" {
					t.Errorf("status %d, code %q: %s", r.Status, p.Code, r.Body)
				}
			})
		}
	}
}

// TestCutBodyHTTP2 breaks off a long answer to a client of HTTP/2, which sees
// its stream reset.
func TestCutBodyHTTP2(t *testing.T) {
	top, client := secured(t)
	g, e := single(t, fakellm.OpenAI, "", top, fakellm.Dimensions(40_000))
	e.Set(fakellm.Script{Break: &fakellm.Break{How: fakellm.Close, Where: fakellm.AfterBytes, N: 120_000}})
	req, err := http.NewRequestWithContext(within(t), http.MethodPost, g.URL+"/embeddings", strings.NewReader(fmt.Sprintf(inputBody, "")))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", bearer)
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if r := read(resp); r.Status != 200 || resp.ProtoMajor != 2 || r.Cut == nil {
		t.Errorf("status %d over HTTP/%d, %d bytes, %v", r.Status, resp.ProtoMajor, len(r.Body), r.Cut)
	}
	if rec := g.Record(); rec.Outcome != record.UpstreamFailed {
		t.Errorf("the outcome is %q", rec.Outcome)
	}
}
