package fakellm_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/fakellm"
)

// clock is a response writer that notes when each write came.
type clock struct {
	*httptest.ResponseRecorder
	start  time.Time
	header time.Duration
	writes []time.Duration
}

func (c *clock) WriteHeader(status int) {
	c.header = time.Since(c.start)
	c.ResponseRecorder.WriteHeader(status)
}

func (c *clock) Write(p []byte) (int, error) {
	c.writes = append(c.writes, time.Since(c.start))
	return c.ResponseRecorder.Write(p)
}

func chat(path, body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Anthropic-Version", "2023-06-01")
	return r
}

func TestWait(t *testing.T) {
	const s = time.Second
	wait := fakellm.Wait{Header: 10 * s, First: 5 * s, Token: s}
	for _, k := range []struct {
		name    string
		dialect fakellm.Dialect
		path    string
		body    string
		script  fakellm.Script
		want    []time.Duration
	}{
		{"at once", fakellm.OpenAI, "/v1/chat/completions", stream, fakellm.Script{}, []time.Duration{0, 0, 0, 0, 0, 0, 0}},
		// The role, four tokens, the end, [DONE].
		{"stream", fakellm.OpenAI, "/v1/chat/completions", stream, fakellm.Script{Wait: wait}, []time.Duration{15 * s, 16 * s, 17 * s, 18 * s, 19 * s, 19 * s, 19 * s}},
		// A whole answer comes when the last token would have come.
		{"whole", fakellm.OpenAI, "/v1/chat/completions", whole, fakellm.Script{Wait: wait}, []time.Duration{18 * s}},
		// message_start and ping come early, then the block's start and what follows.
		{
			"early events", fakellm.Anthropic, "/v1/messages", strings.Replace(stream, "{", `{"max_tokens":2,`, 1),
			fakellm.Script{Wait: wait},
			[]time.Duration{10 * s, 10 * s, 15 * s, 16 * s, 17 * s, 17 * s, 17 * s, 17 * s},
		},
		{"lines", fakellm.Ollama, "/api/chat", stream, fakellm.Script{Wait: wait}, []time.Duration{15 * s, 16 * s, 17 * s, 18 * s, 18 * s}},
		{
			"two events in a write", fakellm.Ollama, "/api/chat", stream,
			fakellm.Script{Wait: wait, Form: fakellm.Form{Events: 2}},
			[]time.Duration{16 * s, 18 * s, 18 * s},
		},
		{"refusal", fakellm.OpenAI, "/v1/chat/completions", stream, fakellm.Script{Wait: wait, Refuse: &fakellm.Refusal{}}, []time.Duration{15 * s}},
		{
			"drip", fakellm.OpenAI, "/v1/chat/completions", whole,
			fakellm.Script{Wait: fakellm.Wait{Piece: s}, Form: fakellm.Form{Piece: 3}, Refuse: &fakellm.Refusal{Body: "12345678"}},
			[]time.Duration{0, s, 2 * s},
		},
	} {
		t.Run(k.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				e := fakellm.New(k.dialect, fakellm.Models("m"))
				e.Set(k.script)
				w := &clock{ResponseRecorder: httptest.NewRecorder(), start: time.Now()}
				e.ServeHTTP(w, chat(k.path, k.body))
				if d := cmp.Diff(k.want, w.writes); d != "" {
					t.Errorf("-want +got\n%s", d)
				}
				if w.header < k.script.Wait.Header || len(k.want) > 1 && w.header > k.script.Wait.Header {
					t.Errorf("the header came after %s", w.header)
				}
			})
		})
	}
}

// TestLeaveWhileWaiting sees that a wait ends when the client leaves.
func TestLeaveWhileWaiting(t *testing.T) {
	for name, wait := range map[string]fakellm.Wait{
		"header": {Header: time.Hour}, "first": {First: time.Hour}, "token": {Token: time.Hour}, "gate": {Gate: fakellm.NewGate()},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if wait.Gate != nil {
					wait.Gate = fakellm.NewGate() // of this bubble
				}
				e := fakellm.New(fakellm.OpenAI, fakellm.Models("m"))
				e.Set(fakellm.Script{Wait: wait})
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				start := time.Now()
				e.ServeHTTP(httptest.NewRecorder(), chat("/v1/chat/completions", stream).WithContext(ctx))
				if d := time.Since(start); d != time.Minute {
					t.Errorf("the engine went on for %s", d)
				}
				if q, err := e.WaitCancelled(t.Context()); err != nil || q != e.Last() {
					t.Errorf("cancelled: %v, %v", q, err)
				}
			})
		})
	}
}
