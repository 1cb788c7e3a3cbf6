package sdk_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// TestPassthrough has clients bring the credential of the endpoint. The
// gateway's own key comes in a field beside it, and stays.
func TestPassthrough(t *testing.T) {
	e := fakellm.New(fakellm.OpenAI, fakellm.Models("chat"), fakellm.Key(upstreamKey))
	server := fakellm.Start(e)
	t.Cleanup(server.Close)
	g := gwtest.Start(t, fmt.Sprintf(`endpoints:
  - {name: corp, url: %q, auth: {mode: passthrough}}
models:
  - {prefix: corp/, strip_prefix: true, endpoints: [corp]}
`, server.URL+"/v1"))
	w := &world{Gateway: g, t: t}
	c := w.openAI(t, option.WithAPIKey(upstreamKey), option.WithHeader("X-Gatehouse-Key", gwtest.Key),
		option.WithOrganization("org-1"), option.WithProject("proj-1"))
	p := hello("corp", "chat")
	ask(t, c, p, said{Text: "You said: hello", Finish: "stop", In: 3, Out: 3})
	h := lastAsked(t, e).Header
	if h.Get("Authorization") != "Bearer "+upstreamKey || h.Get("OpenAI-Organization") != "org-1" ||
		h.Get("OpenAI-Project") != "proj-1" || h.Get("X-Gatehouse-Key") != "" {
		t.Errorf("the endpoint got %v", h)
	}

	e.Queue(fakellm.RateLimited(90 * time.Millisecond))
	_, err := c.Chat.Completions.New(within(t), p)
	limited := failure(t, err)
	for name, want := range map[string]string{
		"Retry-After": "1", "Retry-After-Ms": "90", "X-Ratelimit-Remaining-Requests": "0", "X-Ratelimit-Reset-Requests": "90ms", "X-Should-Retry": "",
	} {
		if got := limited.Response.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if limited.StatusCode != 429 || limited.Message != "Rate limit reached" {
		t.Errorf("%d %s", limited.StatusCode, limited.RawJSON())
	}

	// The endpoint's verdict on the client's credential is the client's to see.
	_, err = c.Chat.Completions.New(within(t), p, option.WithAPIKey("sk-stale"))
	if stale := failure(t, err); stale.StatusCode != 401 || stale.Response.Header.Get("X-Gatehouse-Error-Source") != "upstream" ||
		stale.Code == "upstream_authentication_failed" {
		t.Errorf("%d %s", stale.StatusCode, stale.RawJSON())
	}

	// Without the gateway's key nothing is passed on.
	before := asked(e)
	_, err = c.Chat.Completions.New(within(t), p, option.WithHeaderDel("X-Gatehouse-Key"))
	if refused := failure(t, err); refused.StatusCode != 401 || asked(e) != before {
		t.Errorf("%d %s", refused.StatusCode, refused.RawJSON())
	}
	_, err = c.Chat.Completions.New(within(t), openai.ChatCompletionNewParams{Model: "corp/none", Messages: says("x")})
	if unknown := failure(t, err); unknown.StatusCode != 404 || unknown.Code != "model_not_found" {
		t.Errorf("%d %s", unknown.StatusCode, unknown.RawJSON())
	}
}
