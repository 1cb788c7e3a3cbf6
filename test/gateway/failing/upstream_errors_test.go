package failing_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/record"
)

const cheese = "the engine is made of cheese"

func statuses() []int {
	return []int{400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 415, 418, 422, 424, 429, 451, 499, 500, 501, 502, 503, 504, 507, 520, 529}
}

// TestUpstreamErrors has an engine refuse with every status in every shape, and
// wants one envelope with the status each time.
func TestUpstreamErrors(t *testing.T) {
	for _, q := range questions() {
		t.Run(q.name, func(t *testing.T) {
			g, e := single(t, q.dialect, "", "")
			for _, status := range statuses() {
				for _, shape := range fakellm.Shapes() {
					for _, stream := range q.modes() {
						t.Run(fmt.Sprintf("%d %s stream=%t", status, shape, stream), func(t *testing.T) {
							script := fakellm.Refused(status, shape)
							script.Refuse.Message = cheese
							e.Queue(script)
							r := ask(t, g, q.path, q.with(stream))
							p := envelope(t, r, q.anthropic)
							if r.Status != status {
								t.Errorf("status %d, want %d", r.Status, status)
							}
							if source := r.Header.Get("X-Gatehouse-Error-Source"); source != "upstream" {
								t.Errorf("the source is %q", source)
							}
							checkMessage(t, p, status, shape)
							rec := g.Record()
							if rec.Outcome != record.UpstreamError || rec.Status != status || rec.Fault == nil || rec.Attempts != 1 {
								t.Errorf("the record has outcome %q, status %d, fault %v, %d attempts", rec.Outcome, rec.Status, rec.Fault, rec.Attempts)
							}
							if status >= 500 {
								well(t, g, q)
							}
						})
					}
				}
			}
		})
	}
}

// checkMessage wants the engine's own words, unless they are about the
// gateway's credential or there were none.
func checkMessage(t *testing.T, p problem, status int, shape fakellm.Shape) {
	t.Helper()
	switch {
	case status == 401:
		if strings.Contains(p.Message, cheese) {
			t.Errorf("the message about the gateway's own credential reached the client: %q", p.Message)
		}
	case shape == fakellm.Empty, shape == fakellm.CutJSON:
	case !strings.Contains(p.Message, cheese):
		t.Errorf("the message is %q", p.Message)
	}
}

// TestEnvelopePasses has an engine send what a client expects already: not a
// byte of it may change.
func TestEnvelopePasses(t *testing.T) {
	const (
		openAI    = `{ "error" : {"code":null,"param":"messages[0].content", "type":"invalid_request_error","message":"Zu \u00fcbel. 🧀"} , "more":[1,2.50] }`
		anthropic = `{ "type":"error", "error" : {"type":"invalid_request_error","message":"Zu \u00fcbel. 🧀"} , "request_id":null }`
	)
	for _, q := range questions() {
		for _, stream := range q.modes() {
			t.Run(fmt.Sprintf("%s stream=%t", q.name, stream), func(t *testing.T) {
				g, e := single(t, q.dialect, "", "")
				want := openAI
				if q.anthropic {
					want = anthropic
				}
				for _, status := range []int{400, 404, 429, 500} {
					e.Queue(fakellm.Script{Refuse: &fakellm.Refusal{Status: status, Body: want}})
					r := ask(t, g, q.path, q.with(stream))
					if r.Status != status || string(r.Body) != want {
						t.Errorf("status %d body %s\nwant %d     %s", r.Status, r.Body, status, want)
					}
				}
			})
		}
	}
}

// TestErrorInSuccess has an engine answer with status 200 and an error: alone,
// or as the first event of a stream.
func TestErrorInSuccess(t *testing.T) {
	shapes := []fakellm.Shape{
		fakellm.Nested, fakellm.Integer, fakellm.Bare, fakellm.Flat, fakellm.String, fakellm.Messages, fakellm.Listed, fakellm.HTML,
	}
	for _, q := range questions() {
		for _, stream := range q.modes() {
			for _, shape := range shapes {
				t.Run(fmt.Sprintf("%s %s stream=%t", q.name, shape, stream), func(t *testing.T) {
					g, e := single(t, q.dialect, "", "")
					script := fakellm.Refused(200, shape)
					script.Refuse.Message = cheese
					e.Queue(script)
					r := ask(t, g, q.path, q.with(stream))
					p := envelope(t, r, q.anthropic)
					if r.Status < 500 {
						t.Errorf("status %d", r.Status)
					}
					if shape != fakellm.HTML && !strings.Contains(p.Message, cheese) {
						t.Errorf("the message is %q", p.Message)
					}
					if rec := g.Record(); rec.Outcome != record.UpstreamError {
						t.Errorf("the outcome is %q", rec.Outcome)
					}
				})
			}
		}
	}
}

// TestFirstEventIsAnError wants a status instead of a stream.
func TestFirstEventIsAnError(t *testing.T) {
	for _, q := range questions() {
		if !q.streams {
			continue
		}
		t.Run(q.name, func(t *testing.T) {
			g, e := single(t, q.dialect, "", "")
			e.Queue(fakellm.Script{Fail: &fakellm.StreamErr{At: 0, Message: cheese}})
			r := ask(t, g, q.path, q.with(true))
			p := envelope(t, r, q.anthropic)
			if r.Status < 500 || !strings.Contains(p.Message, cheese) {
				t.Errorf("status %d, message %q", r.Status, p.Message)
			}
			if rec := g.Record(); rec.Outcome != record.UpstreamError || rec.Status != r.Status {
				t.Errorf("the record has outcome %q, status %d", rec.Outcome, rec.Status)
			}
		})
	}
}

// TestFirstEventIsTriedElsewhere wants a failed attempt in it.
func TestFirstEventIsTriedElsewhere(t *testing.T) {
	for _, q := range questions() {
		if !q.streams {
			continue
		}
		t.Run(q.name, func(t *testing.T) {
			g, a, b := pair(t, q.dialect, "", "")
			a.Queue(fakellm.Script{Fail: &fakellm.StreamErr{At: 0, Message: cheese}})
			r := ask(t, g, q.path, q.with(true))
			if r.Status != 200 || bytes.Contains(r.Body, []byte("cheese")) || !bytes.Contains(r.Body, []byte("four")) {
				t.Errorf("status %d: %s", r.Status, r.Body)
			}
			if rec := g.Record(); rec.Outcome != record.Complete || rec.Attempts != 2 || rec.Endpoint != "b" {
				t.Errorf("the record has outcome %q, %d attempts, endpoint %q", rec.Outcome, rec.Attempts, rec.Endpoint)
			}
			if a.Count() != 1 || b.Count() != 1 {
				t.Errorf("the engines got %d and %d requests", a.Count(), b.Count())
			}
		})
	}
}

// TestErrorInStream has an engine fail in the middle of a stream: the client
// gets what came before, one error of its own API, and no end of a stream.
func TestErrorInStream(t *testing.T) {
	for _, q := range questions() {
		if !q.streams {
			continue
		}
		t.Run(q.name, func(t *testing.T) {
			g, e := single(t, q.dialect, "", "")
			e.Queue(fakellm.Script{Fail: &fakellm.StreamErr{At: 3, Message: cheese}})
			r := ask(t, g, q.path, q.with(true))
			if r.Status != 200 || r.Cut != nil {
				t.Fatalf("status %d, %v: %s", r.Status, r.Cut, r.Body)
			}
			if p := lastEvent(t, r.Body, q); !strings.Contains(p.Message, cheese) {
				t.Errorf("the message is %q", p.Message)
			}
			if rec := g.Record(); rec.Outcome != record.UpstreamFailed || rec.Fault == nil {
				t.Errorf("the record has outcome %q, fault %v", rec.Outcome, rec.Fault)
			}
			if e.Count() != 1 {
				t.Errorf("the engine got %d requests: nothing may be tried again after the first byte", e.Count())
			}
		})
	}
}

// lastEvent checks that a stream ends with exactly one error in the form of
// its API and nothing that says that it is complete.
func lastEvent(t *testing.T, body []byte, q question) problem {
	t.Helper()
	for _, end := range []string{"[DONE]", "message_stop", "response.completed", `"finish_reason":"`} {
		if bytes.Contains(body, []byte(end)) {
			t.Errorf("the stream that failed has %s: %s", end, body)
		}
	}
	events := bytes.Split(bytes.TrimSuffix(body, []byte("\n\n")), []byte("\n\n"))
	if !bytes.HasSuffix(body, []byte("\n\n")) || len(events) < 2 {
		t.Errorf("want events before the error and the error in full: %s", body)
		return problem{}
	}
	var name, data string
	for line := range strings.SplitSeq(string(events[len(events)-1]), "\n") {
		if v, ok := strings.CutPrefix(line, "event: "); ok {
			name = v
		} else if v, ok := strings.CutPrefix(line, "data: "); ok {
			data = v
		}
	}
	before := 0
	for _, e := range events[:len(events)-1] {
		if e[0] != ':' {
			before++
		}
		if bytes.Contains(e, []byte(`"error":{`)) || bytes.Contains(e, []byte("event: error")) {
			t.Errorf("there is more than one error: %s", body)
		}
	}
	switch {
	case q.path == "/responses":
		if name != "error" {
			t.Errorf("the last event is called %q", name)
		}
		return responsesError(t, []byte(data), before)
	case q.anthropic:
		if name != "error" {
			t.Errorf("the last event is called %q", name)
		}
		return anthropicError(t, []byte(data))
	}
	return openAIError(t, []byte(data))
}

// TestErrorAfterKeepAlive has an engine fail so late that the client has been
// kept alive with comments: the error can only be an event then.
func TestErrorAfterKeepAlive(t *testing.T) {
	for _, q := range questions() {
		if !q.streams {
			continue
		}
		for name, script := range map[string]fakellm.Script{
			"status":            fakellm.Refused(500, fakellm.Own),
			"final status":      fakellm.Refused(400, fakellm.Nested),
			"error with 200":    fakellm.Refused(200, fakellm.Bare),
			"first event":       {Fail: &fakellm.StreamErr{Message: cheese}},
			"web page":          fakellm.Refused(200, fakellm.HTML),
			"connection broken": {Break: &fakellm.Break{How: fakellm.Reset, Where: fakellm.AfterEvents, N: 1}},
		} {
			t.Run(q.name+" "+name, func(t *testing.T) {
				g, e := single(t, q.dialect, "", "stream: {keep_alive: 5ms}\n")
				gate := fakellm.NewGate()
				if script.Refuse != nil {
					script.Refuse = &fakellm.Refusal{Status: script.Refuse.Status, Shape: script.Refuse.Shape, Message: cheese}
				}
				script.Wait.Gate = gate
				e.Set(script)
				req, err := http.NewRequestWithContext(within(t), http.MethodPost, g.URL+q.path, strings.NewReader(q.with(true)))
				if err != nil {
					t.Fatal(err)
				}
				req.Header.Set("Authorization", bearer)
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("Anthropic-Version", "2023-06-01")
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				comment := make([]byte, len(": keep-alive\n\n"))
				if _, err := io.ReadFull(resp.Body, comment); err != nil || comment[0] != ':' {
					t.Fatalf("want a comment, got %q: %v", comment, err)
				}
				gate.Open()
				r := read(resp)
				if r.Status != 200 || r.Cut != nil || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/event-stream") {
					t.Errorf("status %d, %v, Content-Type %q", r.Status, r.Cut, r.Header.Get("Content-Type"))
				}
				p := lastEvent(t, append(comment, r.Body...), q)
				if name != "web page" && name != "connection broken" && !strings.Contains(p.Message, cheese) {
					t.Errorf("the message is %q", p.Message)
				}
				if rec := g.Record(); rec.Outcome != record.UpstreamFailed {
					t.Errorf("the outcome is %q", rec.Outcome)
				}
			})
		}
	}
}
