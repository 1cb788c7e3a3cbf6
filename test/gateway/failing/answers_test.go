package failing_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/meter"
	"github.com/gatehouse-ai/gatehouse/record"
)

// believable checks that usage is something that can be added up.
func believable(t *testing.T, u meter.Usage) {
	t.Helper()
	whole := func(name string, n, most int64) {
		if n < 0 || n > most {
			t.Errorf("%s is %d, want it between 0 and %d: %+v", name, n, most, u)
		}
	}
	whole("input", u.Input, meter.Limit)
	whole("output", u.Output, meter.Limit)
	whole("cached input", u.CachedInput, u.Input)
	whole("written to a cache", u.CacheWrite, u.Input)
	whole("reasoning", u.Reasoning, u.Output)
	whole("audio input", u.AudioInput, u.Input)
	whole("audio output", u.AudioOutput, u.Output)
}

// TestAbsurdUsage has engines count what cannot be: the record keeps what can.
func TestAbsurdUsage(t *testing.T) {
	for name, usage := range map[string]fakellm.Usage{
		"negative":                  {Input: -5, Output: -7},
		"negative parts":            {Input: 5, Output: 7, CachedInput: -1, Reasoning: -2, CacheWrite: -3},
		"parts larger than a whole": {Input: 5, Output: 7, CachedInput: 100, Reasoning: 100, CacheWrite: 100},
		"huge":                      {Input: 1 << 62, Output: 1<<63 - 1, CachedInput: 1 << 61, Reasoning: 1 << 62},
	} {
		for _, q := range questions() {
			for _, stream := range q.modes() {
				t.Run(fmt.Sprintf("%s %s stream=%t", q.name, name, stream), func(t *testing.T) {
					g, e := single(t, q.dialect, "", "")
					e.Set(fakellm.Script{Say: fakellm.Says{Usage: &usage}})
					r := ask(t, g, q.path, q.with(stream))
					rec := g.Record()
					if r.Status != 200 || rec.Outcome != record.Complete {
						t.Errorf("status %d, outcome %q: %s", r.Status, rec.Outcome, r.Body)
					}
					believable(t, rec.Usage)
				})
			}
		}
	}
}

// TestUsageThatIsNone has an engine tell its usage in ways that are no counts:
// the answer passes all the same, byte for byte.
func TestUsageThatIsNone(t *testing.T) {
	for _, usage := range []string{
		`null`, `{}`, `[]`, `"many"`, `7`, `{"prompt_tokens":"3","completion_tokens":null,"total_tokens":{}}`,
		`{"prompt_tokens":1e300,"completion_tokens":-1e300}`, `{"prompt_tokens":2.5,"completion_tokens":0.1}`,
		`{"prompt_tokens":99999999999999999999999999,"completion_tokens":-99999999999999999999999999}`,
		`{"prompt_tokens":3,"prompt_tokens_details":[],"completion_tokens_details":"x"}`,
	} {
		t.Run(usage, func(t *testing.T) {
			g, e := single(t, fakellm.OpenAI, "", "")
			body := `{"id":"x","object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"\"usage\":{\"prompt_tokens\":9}"},"finish_reason":"stop"}],"usage":` + usage + `}`
			e.Set(fakellm.Script{Refuse: &fakellm.Refusal{Status: 200, Body: body}})
			r := ask(t, g, "/chat/completions", chat(false))
			if r.Status != 200 || string(r.Body) != body {
				t.Errorf("status %d: %s", r.Status, r.Body)
			}
			rec := g.Record()
			believable(t, rec.Usage)
			if rec.Usage.Input == 9 {
				t.Errorf("the text of the model was taken for its usage: %+v", rec.Usage)
			}
		})
	}
}

// TestOutcomes has one request for each way to end.
func TestOutcomes(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "", "")
	for _, c := range []struct {
		name    string
		script  fakellm.Script
		body    string
		outcome record.Outcome
		status  int
		fault   string
		usage   meter.Usage
	}{
		{"whole", fakellm.Script{}, chat(false), record.Complete, 200, "", meter.Usage{Input: 4, Output: 6, Known: true}},
		{"stream", fakellm.Script{}, chat(true), record.Complete, 200, "", meter.Usage{Input: 4, Output: 6, Known: true}},
		{"no JSON", fakellm.Script{}, "{", record.Refused, 400, "invalid_json", meter.Usage{}},
		{"its error", fakellm.Refused(422, fakellm.Details), chat(false), record.UpstreamError, 422, "upstream_error", meter.Usage{}},
		{"no answer", fakellm.Script{Break: &fakellm.Break{How: fakellm.Reset, Where: fakellm.BeforeHeader}}, chat(false), record.UpstreamError, 502, "upstream_broken", meter.Usage{}},
		{"half a stream", fakellm.Script{Break: &fakellm.Break{How: fakellm.Close, Where: fakellm.AfterEvents, N: 3}}, chat(true), record.UpstreamFailed, 200, "upstream_interrupted", meter.Usage{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e.Set(c.script)
			ask(t, g, "/chat/completions", c.body)
			rec := g.Record()
			got := ""
			if rec.Fault != nil {
				got = rec.Fault.Kind.String()
			}
			if rec.Outcome != c.outcome || rec.Status != c.status || got != c.fault {
				t.Errorf("outcome %q, status %d, fault %q, want %q, %d, %q", rec.Outcome, rec.Status, got, c.outcome, c.status, c.fault)
			}
			if diff := cmp.Diff(c.usage, rec.Usage); diff != "" {
				t.Errorf("usage (-want +got):\n%s", diff)
			}
		})
	}
}

// TestGzip has engines compress what nobody asked them to compress.
func TestGzip(t *testing.T) {
	for _, q := range questions() {
		for _, stream := range q.modes() {
			t.Run(fmt.Sprintf("%s stream=%t", q.name, stream), func(t *testing.T) {
				g, e := single(t, q.dialect, "", "")
				plain := ask(t, g, q.path, q.with(stream))
				g.Record()
				e.Set(fakellm.Script{Form: fakellm.Form{Gzip: true}})
				packed := ask(t, g, q.path, q.with(stream))
				if packed.Status != 200 || packed.Cut != nil || packed.Header.Get("Content-Encoding") != "" || len(packed.Body) != len(plain.Body) {
					t.Errorf("status %d, %v, Content-Encoding %q: %s\nwant about %s", packed.Status, packed.Cut, packed.Header.Get("Content-Encoding"), packed.Body, plain.Body)
				}
				if rec := g.Record(); rec.Outcome != record.Complete || q.dialect != fakellm.TEI && rec.Usage.Input != 4 { // TEI tells no usage
					t.Errorf("the record has outcome %q, usage %+v", rec.Outcome, rec.Usage)
				}
				script := fakellm.Refused(418, fakellm.Own)
				script.Refuse.Message, script.Form.Gzip = cheese, true
				e.Set(script)
				r := ask(t, g, q.path, q.with(stream))
				if p := envelope(t, r, q.anthropic); r.Status != 418 || !strings.Contains(p.Message, cheese) || r.Header.Get("Content-Encoding") != "" {
					t.Errorf("status %d, message %q, Content-Encoding %q", r.Status, p.Message, r.Header.Get("Content-Encoding"))
				}
				e.Set(fakellm.Script{Form: fakellm.Form{Header: map[string]string{"Content-Encoding": "gzip"}}})
				r = ask(t, g, q.path, q.with(stream))
				if envelope(t, r, q.anthropic); r.Status != 502 {
					t.Errorf("what is not gzip although it says so: status %d: %s", r.Status, r.Body)
				}
			})
		}
	}
}

// TestGzipEvents wants each event of a compressed stream at once.
func TestGzipEvents(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "", "")
	gate := fakellm.NewGate()
	e.Set(fakellm.Script{Form: fakellm.Form{Gzip: true}, Wait: fakellm.Wait{Gate: gate}})
	req, err := http.NewRequestWithContext(within(t), http.MethodPost, g.URL+"/chat/completions", strings.NewReader(chat(true)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", bearer)
	req.Header.Set("Content-Type", "application/json")
	gate.Step(1)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var got bytes.Buffer
	buf := make([]byte, 4096)
	for n := 1; n <= 6; n++ {
		for bytes.Count(got.Bytes(), []byte("\n\n")) < n {
			k, err := resp.Body.Read(buf)
			got.Write(buf[:k])
			if err != nil {
				t.Fatalf("after %d events: %v", n, err)
			}
		}
		if err := gate.Reached(within(t), n); err != nil { // the next one has not been sent
			t.Fatal(err)
		}
		if events := bytes.Count(got.Bytes(), []byte("\n\n")); events != n {
			t.Fatalf("the client has %d events, the engine sent %d", events, n)
		}
		gate.Step(1)
	}
	gate.Open()
	if _, err := io.Copy(&got, resp.Body); err != nil || !strings.HasSuffix(got.String(), "data: [DONE]\n\n") {
		t.Errorf("%v: %s", err, got.String())
	}
}
