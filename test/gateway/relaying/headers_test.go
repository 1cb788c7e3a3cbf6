package relaying_test

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/fakellm"
	"github.com/gatehouse-ai/gatehouse/gwtest"
)

// kept are fields of a request that are for the endpoint.
var kept = fields{
	"User-Agent", "OpenAI/Python 2.1.0",
	"Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
	"Tracestate", "congo=t61rcWkgMzE",
	"Baggage", "userId=alice",
	"X-Client-Request-Id", "mine-1",
	"X-Stainless-Lang", "python",
	"X-Stainless-Retry-Count", "0",
	"Anthropic-Version", "2023-06-01",
	"Anthropic-Beta", "a,b",
	"Anthropic-Beta", "c",
	"Openai-Beta", "assistants=v2",
	"Accept", "application/json, text/event-stream",
	"Accept-Language", "de",
	"Idempotency-Key", "7f3c",
	"X-Session-Id", "s1",
	"X-Empty", "",
}

// dropped are fields of a request that stay at the gateway.
var dropped = fields{
	"Cookie", "session=canary",
	"X-Api-Key", gwtest.Key,
	"Api-Key", gwtest.Key,
	"X-Goog-Api-Key", "canary",
	"Proxy-Authorization", "Basic canary",
	"X-Auth-Token", "canary",
	"X-Amz-Security-Token", "canary",
	"X-Csrf-Token", "canary",
	"X-My-Secret", "canary",
	"X-My-Cookie", "canary",
	"X-Db-Password", "canary",
	"X-Credentials", "canary",
	"X_api_key", "canary",
	"X-Gatehouse-Anything", "canary",
	"Openai-Organization", "org-canary",
	"Openai-Project", "proj-canary",
	"X-Request-Id", "canary",
	"X-Forwarded-For", "192.0.2.1",
	"X-Forwarded-Proto", "https",
	"X-Real-Ip", "192.0.2.1",
	"Forwarded", "for=192.0.2.1",
	"Via", "1.1 canary",
	"Origin", "https://canary.example",
	"Referer", "https://canary.example/",
	"Sec-Fetch-Site", "none",
	"Te", "trailers",
	"Keep-Alive", "timeout=5",
	"Proxy-Connection", "keep-alive",
	"Upgrade", "h2c",
	"Connection", "X-Named, X-Named-Too",
	"X-Named", "canary",
	"X-Named-Too", "canary",
	"Accept-Encoding", "gzip, br",
	"Expect", "100-continue",
}

// The engine gets exactly the fields that are for it, and those that the
// gateway must send.
func TestRequestHeaders(t *testing.T) {
	for _, c := range []struct {
		auth string
		want string
	}{
		{"none", ""},
		{"{mode: replace, key: sk-upstream}", "Bearer sk-upstream"},
	} {
		e, line := engine(t, "e", fakellm.OpenAI, ", auth: "+c.auth+`, headers: {X-Department: research, Accept-Language: fr}`)
		g := gwtest.Start(t, "endpoints:\n"+line+"models:\n  - {name: m, endpoints: [e]}\n")
		body := named("m")
		r := ok(t, dial(t, g, "POST", "/v1/chat/completions?a=b&key=canary&api_key=canary&access_token=canary&api-version=1", body, slices.Concat(kept, dropped, asJSON)).whole("POST"))
		got := e.Last()
		want := http.Header{
			"Content-Type": {"application/json"}, "Content-Length": {"0"}, "Accept-Encoding": {"identity"},
			"X-Department": {"research"}, "X-Request-Id": {r.Header.Get("X-Request-Id")},
		}
		for i := 0; i < len(kept); i += 2 {
			want[kept[i]] = append(want[kept[i]], kept[i+1])
		}
		want.Set("Accept-Language", "fr") // the operator's own win
		want.Set("Content-Length", got.Header.Get("Content-Length"))
		if c.want != "" {
			want.Set("Authorization", c.want)
		}
		if diff := cmp.Diff(want, got.Header); diff != "" {
			t.Errorf("auth %s: %s", c.auth, diff)
		}
		if got.URI != "/v1/chat/completions?a=b&api-version=1" {
			t.Errorf("auth %s: the query is %s", c.auth, got.URI)
		}
		if strings.Contains(got.URI+strings.Join(got.Header["Authorization"], ""), gwtest.Key) {
			t.Errorf("auth %s: the gateway's key left it", c.auth)
		}
		if got.Host == "localhost" || !strings.HasPrefix(got.Host, "127.0.0.1:") {
			t.Errorf("auth %s: the host is %q", c.auth, got.Host)
		}
	}
}

// A request without a user agent does not get that of Go.
func TestUserAgent(t *testing.T) {
	g, e := single(t, fakellm.OpenAI, "")
	ok(t, dial(t, g, "POST", "/v1/chat/completions", named("m"), asJSON).whole("POST"))
	if got := e.Last().Header.Get("User-Agent"); got != "gatehouse" {
		t.Errorf("%q", got)
	}
}

// Of an answer the client gets all fields but those that are about the
// endpoint's own connection, host and sessions.
func TestAnswerHeaders(t *testing.T) {
	for _, stream := range []bool{false, true} {
		g, e := single(t, fakellm.OpenAI, "")
		through := map[string]string{
			"X-Ratelimit-Limit-Requests": "60", "X-Ratelimit-Remaining-Tokens": "149984", "X-Ratelimit-Reset-Tokens": "6m0s",
			"Openai-Model": "m-0613", "Openai-Organization": "org-1", "X-Envoy-Upstream-Service-Time": "7", "Etag": `"1"`,
			"X-Ms-Region": "here", "Cf-Ray": "1", "Anthropic-Ratelimit-Tokens-Remaining": "9", "X-Inference-Time": "3",
			"Content-Language": "de", "Warning": "199 - old", "X-Should-Retry": "true",
		}
		stays := map[string]string{
			"Set-Cookie": "session=canary", "Server": "canary", "X-Request-Id": "engine-1", "Via": "1.1 canary", "Alt-Svc": `h3=":443"`,
			"Strict-Transport-Security": "max-age=1", "Keep-Alive": "timeout=9", "X-Gatehouse-Model": "canary", "X-Gatehouse-Error-Source": "canary",
			"Access-Control-Allow-Origin": "*", "Proxy-Authenticate": "Basic", "Www-Authenticate": "Bearer", "X-Hop": "canary", "Connection": "X-Hop",
			"X-Accel-Buffering": "yes",
		}
		head := maps.Clone(through)
		maps.Copy(head, stays)
		e.Set(fakellm.Script{Form: fakellm.Form{Header: head}})
		body := named("m")
		if stream {
			body = strings.Replace(body, "{", `{"stream":true,`, 1)
		}
		r := ok(t, post(t, g, "/chat/completions", body))
		for name, want := range through {
			if got := r.Header.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("stream %v: %s is %q, want %q", stream, name, got, want)
			}
		}
		for name, value := range stays {
			if slices.Contains(r.Header.Values(name), value) {
				t.Errorf("stream %v: %s: %s of the engine reached the client", stream, name, value)
			}
		}
		for name, want := range map[string]string{
			"X-Upstream-Request-Id": "engine-1", "X-Gatehouse-Model": "m", "X-Gatehouse-Endpoint": "e", "Openai-Version": "2020-10-01",
		} {
			if got := r.Header.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("stream %v: %s is %q, want %q", stream, name, got, want)
			}
		}
		if id := r.Header.Values("X-Request-Id"); len(id) != 1 || id[0] != e.Last().Header.Get("X-Request-Id") || !strings.HasPrefix(id[0], "req_") {
			t.Errorf("stream %v: the request ids are %q here and %q at the engine", stream, id, e.Last().Header.Get("X-Request-Id"))
		}
	}
}
