package headers_test

import (
	"testing"

	"github.com/gatehouse-ai/gatehouse/headers"
	"github.com/gatehouse-ai/gatehouse/wire"
)

func TestForwards(t *testing.T) {
	for name, want := range map[string]bool{
		"traceparent": true, "OpenAI-Beta": true, "anthropic-version": true, "X-Stainless-Lang": true, "session-id": true,
		"User-Agent": true, "Accept": true, "X-Client-Request-Id": true,
		"Authorization": false, "X-API-KEY": false, "api-key": false, "Cookie": false, "X-Goog-Api-Key": false, "Proxy-Authorization": false,
		"X-Amz-Security-Token": false, "X-My-Secret": false, "X-Gatehouse-Key": false, "X-Forwarded-For": false, "Sec-Fetch-Site": false,
		"Connection": false, "Transfer-Encoding": false, "Host": false, "Content-Length": false, "X-Request-Id": false, "OpenAI-Project": false,
	} {
		if headers.Forwards(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

func TestReturns(t *testing.T) {
	for name, want := range map[string]bool{
		"x-ratelimit-remaining-tokens": true, "Retry-After": true, "retry-after-ms": true, "Content-Type": true, "X-Should-Retry": true,
		"Set-Cookie": false, "Server": false, "Connection": false, "X-Gatehouse-Endpoint": false, "Access-Control-Allow-Origin": false, "X-Request-Id": false,
	} {
		if headers.Returns(name) != want {
			t.Errorf("%s: %v", name, !want)
		}
	}
}

func TestQuery(t *testing.T) {
	for query, want := range map[string]string{
		"": "", "beta=true": "beta=true", "key=x&beta=true": "beta=true", "a=1&api_key=x&b": "a=1&b", "access_token=x": "", "k%65y=x&z=1": "z=1", "API-Key=1": "",
	} {
		if got := headers.Query(query); got != want {
			t.Errorf("%q: got %q, want %q", query, got, want)
		}
	}
}

func TestNamedByConnection(t *testing.T) {
	h := wire.Header{{Name: "Connection", Value: "close, X-Hop"}, {Name: "X-Hop", Value: "1"}, {Name: "X-Other", Value: "2"}}
	got := headers.AppendRequest(nil, h)
	if len(got) != 1 || got[0].Name != "X-Other" {
		t.Errorf("%v", got)
	}
}
