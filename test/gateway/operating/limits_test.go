package operating_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// other is the key of somebody else.
const other = "sk-gh-test-other-6789abcdefghijklmnopqrstuvwxyzABCDE"

// keyed is the configuration of a gateway with two keys that have the same
// limits.
func keyed(front, limits, url string) string {
	return fmt.Sprintf("front: %s\nkeys:\n  - {name: test, key: %s, limits: {%s}}\n  - {name: other, key: %s, limits: {%s}}\n", front, gwtest.Key, limits, other, limits) + only(url, "")
}

// fronts are the ways to serve clients, which must not differ.
func fronts(t *testing.T, f func(t *testing.T, front string)) {
	for _, front := range []string{"auto", "net/http"} {
		t.Run(front, func(t *testing.T) { f(t, front) })
	}
}

// as asks with a key.
func as(ctx context.Context, t *testing.T, g *gwtest.Gateway, key, body string) answer {
	t.Helper()
	req := request(ctx, t, g.URL, body)
	req.Header.Set("Authorization", "Bearer "+key)
	return do(t, http.DefaultClient, req)
}

// wantRefused checks a 429 of a limit.
func wantRefused(t *testing.T, a answer, metric string) {
	t.Helper()
	if e := a.envelope(t); a.status != 429 || e.Type != metric || e.Code != "rate_limit_exceeded" || !strings.Contains(e.Message, `"test"`) {
		t.Errorf("status %d: %s", a.status, a.body)
	}
	if n, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || n < 1 || n > 60 {
		t.Errorf("Retry-After is %q", a.header.Get("Retry-After"))
	}
}

// remaining returns what a head says is left.
func remaining(t *testing.T, a answer, metric string) int {
	t.Helper()
	n, err := strconv.Atoi(a.header.Get("X-Ratelimit-Remaining-" + metric))
	if err != nil || a.header.Get("X-Ratelimit-Limit-"+metric) == "" || a.header.Get("X-Ratelimit-Reset-"+metric) == "" {
		t.Errorf("status %d has the fields %v", a.status, a.header)
	}
	return n
}

func TestLimitOfRequests(t *testing.T) {
	fronts(t, func(t *testing.T, front string) {
		e, url := engine(t)
		g := gwtest.Start(t, keyed(front, "requests_per_minute: 2", url))
		for _, left := range []int{1, 0} {
			a := chat(t, g, ask)
			if got := remaining(t, a, "Requests"); a.status != 200 || got != left {
				t.Errorf("status %d, %d remaining, want %d", a.status, got, left)
			}
			if a.header.Get("X-Ratelimit-Limit-Tokens") != "" {
				t.Error("there are fields of a limit that the key has not")
			}
		}
		a := chat(t, g, ask)
		wantRefused(t, a, "requests")
		if got := remaining(t, a, "Requests"); got != 0 || e.Count() != 2 {
			t.Errorf("%d remaining, the engine has had %d requests", got, e.Count())
		}
		wantRefused(t, chat(t, g, askStream), "requests")
		if a := as(within(t), t, g, other, ask); a.status != 200 || remaining(t, a, "Requests") != 1 {
			t.Errorf("the other key: status %d: %s", a.status, a.body)
		}
		if err := g.Reload(); err != nil {
			t.Fatal(err)
		}
		wantRefused(t, chat(t, g, ask), "requests")
		g.Write(keyed(front, "requests_per_minute: 5", url))
		if err := g.Reload(); err != nil {
			t.Fatal(err)
		}
		if a := chat(t, g, ask); a.status != 200 || remaining(t, a, "Requests") != 2 {
			t.Errorf("after the limit was raised: status %d, %v", a.status, a.header)
		}
	})
}

// A request takes its estimate at first, and in the end what the engine says.
func TestLimitOfTokens(t *testing.T) {
	fronts(t, func(t *testing.T, front string) {
		e, url := engine(t)
		g := gwtest.Start(t, keyed(front, "tokens_per_minute: 5000", url))
		greedy := strings.Replace(ask, "{", `{"max_tokens":4000,`, 1)
		gate := fakellm.NewGate()
		e.Queue(fakellm.Script{Wait: fakellm.Wait{Gate: gate}})
		ctx := within(t)
		first := make(chan *http.Response, 1)
		go func() { first <- g.Post(ctx, "/chat/completions", greedy) }()
		if _, err := e.WaitRequest(ctx, 1); err != nil {
			t.Fatal(err)
		}
		refused := chat(t, g, greedy)
		wantRefused(t, refused, "tokens")
		if got := remaining(t, refused, "Tokens"); got > 1500 {
			t.Errorf("%d remaining while 4,000 are reserved", got)
		}
		gate.Open()
		if a := read(t, <-first); a.status != 200 || remaining(t, a, "Tokens") > 1500 {
			t.Errorf("status %d, %v", a.status, a.header)
		}
		used := g.Record().Usage
		for used.Total() == 0 { // the record of what was refused may come before
			used = g.Record().Usage
		}
		a := chat(t, g, ask)
		if got := remaining(t, a, "Tokens"); a.status != 200 || got < 4800 || got >= 5000 {
			t.Errorf("status %d, %d remaining after %d used", a.status, got, used.Total())
		}
		never := chat(t, g, strings.Replace(ask, "{", `{"max_tokens":6000,`, 1))
		if e := never.envelope(t); never.status != 429 || e.Type != "tokens" || never.header.Get("X-Should-Retry") != "false" {
			t.Errorf("status %d: %s", never.status, never.body)
		}
	})
}

// What an engine says of the gateway's account is replaced.
func TestLimitsOfTheEngineAreReplaced(t *testing.T) {
	fronts(t, func(t *testing.T, front string) {
		e, url := engine(t)
		g := gwtest.Start(t, keyed(front, "requests_per_minute: 9", url))
		e.Queue(fakellm.RateLimited(0))
		a := chat(t, g, ask)
		if a.status != 429 || len(a.header.Values("X-Ratelimit-Limit-Requests")) != 1 || a.header.Get("X-Ratelimit-Limit-Requests") != "9" || a.header.Get("X-Ratelimit-Limit-Tokens") != "" {
			t.Errorf("status %d: %v", a.status, a.header)
		}
		if got := a.header.Get("X-Gatehouse-Error-Source"); got != "upstream" {
			t.Errorf("the error is of the %s", got)
		}
	})
}
