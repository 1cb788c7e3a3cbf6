package headers_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-ai/gatehouse/headers"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// The rules once more, as plainly as they can be put: what the package answers
// fast must be what these answer.

var hopByHop = []string{
	"connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization",
	"te", "trailer", "transfer-encoding", "upgrade",
}

var notForwarded = []string{
	"host", "content-length", "content-type", "content-encoding", "expect",
	"accept-encoding", "x-request-id", "date",
	"authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie",
	"openai-organization", "openai-project",
	"forwarded", "x-real-ip", "via", "origin", "referer",
	"x-original-url", "x-rewrite-url", "x-http-method", "x-http-method-override", "x-method-override",
}

var notReturned = []string{
	"content-length", "date", "set-cookie", "server", "alt-svc", "via",
	"strict-transport-security", "www-authenticate", "x-accel-buffering",
	"x-request-id", "request-id",
}

var ofAccount = []string{"openai-organization", "openai-project", "anthropic-organization-id"}

var translated = []string{"user-agent", "traceparent", "tracestate", "baggage", "x-client-request-id"}

var secretWords = []string{"auth", "secret", "token", "password", "credential", "api-key", "apikey", "cookie"}

func plainGuarded(name string) bool {
	l := strings.ReplaceAll(strings.ToLower(name), "_", "-")
	return slices.ContainsFunc(secretWords, func(w string) bool { return strings.Contains(l, w) }) ||
		strings.HasPrefix(l, "x-gatehouse-") || strings.HasPrefix(l, "x-forwarded-") || strings.HasPrefix(l, "sec-")
}

func plainForwards(name string) bool {
	l := strings.ToLower(name)
	return !slices.Contains(hopByHop, l) && !slices.Contains(notForwarded, l) && !plainGuarded(name)
}

func plainReturns(name string) bool {
	l := strings.ToLower(name)
	return !slices.Contains(hopByHop, l) && !slices.Contains(notReturned, l) &&
		!strings.HasPrefix(l, "x-gatehouse-") && !strings.HasPrefix(l, "access-control-")
}

func plainNamed(h wire.Header, name string) bool {
	c := h.Get("Connection")
	if wire.EqualFold(c, "close") || wire.EqualFold(c, "keep-alive") {
		return false
	}
	return slices.ContainsFunc(strings.Split(c, ","), func(part string) bool {
		return c != "" && wire.EqualFold(strings.TrimSpace(part), name)
	})
}

func plainQuery(query string) string {
	kept := ""
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if l := strings.ToLower(name); l == "key" || plainGuarded(name) || strings.Contains(l, "%") {
			continue
		}
		if kept != "" {
			kept += "&"
		}
		kept += part
	}
	return kept
}

func filter(h wire.Header, f func(name string) bool) wire.Header {
	return slices.DeleteFunc(slices.Clone(h), func(f1 wire.Field) bool { return !f(f1.Name) })
}

// same compares everything that is asked of one name.
func same(t *testing.T, name, connection string) {
	t.Helper()
	l := strings.ToLower(name)
	if got, want := headers.Guarded(name), plainGuarded(name); got != want {
		t.Errorf("Guarded(%q) is %v", name, got)
	}
	if got, want := headers.Forwards(name), plainForwards(name); got != want {
		t.Errorf("Forwards(%q) is %v", name, got)
	}
	if got, want := headers.Returns(name), plainReturns(name); got != want {
		t.Errorf("Returns(%q) is %v", name, got)
	}
	h := wire.Header{{Name: "Accept", Value: "x"}, {Name: name, Value: "y"}, {Name: "Connection", Value: connection}, {Name: "openai-project", Value: "z"}}
	for _, c := range []struct {
		what string
		got  wire.Header
		want func(name string) bool
	}{
		{"AppendRequest", headers.AppendRequest(nil, h), func(n string) bool { return plainForwards(n) && !plainNamed(h, n) }},
		{"AppendAnswer", headers.AppendAnswer(nil, h, false), func(n string) bool { return plainReturns(n) && !plainNamed(h, n) }},
		{"AppendAnswer, ours", headers.AppendAnswer(nil, h, true), func(n string) bool {
			return plainReturns(n) && !plainNamed(h, n) && !slices.Contains(ofAccount, strings.ToLower(n))
		}},
		{"AppendTranslated", headers.AppendTranslated(nil, h), func(n string) bool { return slices.Contains(translated, strings.ToLower(n)) }},
	} {
		want := filter(h, c.want)
		if len(c.got)+len(want) > 0 && !cmp.Equal(want, c.got) {
			t.Errorf("%s of %q with Connection %q (%q): got %v, want %v", c.what, name, connection, l, c.got, want)
		}
	}
	for _, q := range []string{name, name + "=1", "a=1&" + name + "=2&b"} {
		if got, want := headers.Query(q), plainQuery(q); got != want {
			t.Errorf("Query(%q) is %q, want %q", q, got, want)
		}
	}
}

// names are all that either side knows, and what is close to them.
func names() []string {
	known := slices.Concat(hopByHop, notForwarded, notReturned, ofAccount, translated, secretWords, []string{
		"", "key", "x-gatehouse-key", "x-gatehouse", "x-forwarded-for", "x-forwarded", "sec-fetch-site", "sec", "access-control-allow-origin", "access-control",
		"x_api_key", "my_auth", "x-to\u212aen", "x-\u017fecret", "\u212aey", "x\xff", strings.Repeat("x", 70) + "-token", strings.Repeat("x", 64),
		strings.Repeat("x", 59) + "token", strings.Repeat("x", 60) + "toke", "accept", "accept-language", "cache-control", "pragma", "priority", "idempotency-key",
		"retry-after", "session-id", "openai-beta", "openai-version", "openai-processing-ms", "openai-model", "anthropic-version", "anthropic-beta",
		"anthropic-dangerous-direct-browser-access", "x-stainless-lang", "x-stainless-package-version", "x-stainless-os", "x-stainless-arch",
		"x-stainless-runtime", "x-stainless-runtime-version", "x-stainless-retry-count", "x-stainless-async", "x-stainless-read-timeout", "x-stainless-timeout",
		"x-stainless-helper-method", "x-stainless-raw-response", "x-stainless-custom-poll-interval", "http-referer", "x-title", "x-ratelimit-remaining-tokens",
	})
	var out []string
	for _, n := range known {
		out = append(out, n, strings.ToUpper(n), strings.ReplaceAll(n, "-", "_"), n+"s", "x-"+n)
	}
	return out
}

func TestTheTableAgreesWithThePlainRules(t *testing.T) {
	for _, n := range names() {
		for _, connection := range []string{"", "close", "Keep-Alive", "x, " + n, "close," + strings.ToUpper(n) + ",y"} {
			same(t, n, connection)
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, n := range []string{"X-Api-Key", "my_tokens", "to\u212aen", "Sec-Fetch-Site", "traceparent", strings.Repeat("a", 65), "a&key=1", "k%65y=x", "&"} {
		f.Add(n, "close, "+n)
	}
	f.Fuzz(same)
}

func TestKnownAndUnknownNamesDoNotAllocate(t *testing.T) {
	h := wire.Header{
		{Name: "Host", Value: "h"},
		{Name: "Connection", Value: "X-Hop, keep-alive"},
		{Name: "X-Hop", Value: "1"},
		{Name: "User-Agent", Value: "u"},
		{Name: "X-Stainless-Lang", Value: "go"},
		{Name: "X-Nobody-Knows-This", Value: "1"},
		{Name: "X-Session-Token", Value: "1"},
	}
	dst := make(wire.Header, 0, 16)
	if n := testing.AllocsPerRun(100, func() {
		dst = headers.AppendRequest(dst[:0], h)
		dst = headers.AppendAnswer(dst, h, true)
		dst = headers.AppendTranslated(dst, h)
		headers.Query("beta=true")
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if len(dst) != 3+5+1 {
		t.Errorf("%v", dst)
	}
}

func BenchmarkAppendRequest(b *testing.B) {
	h := wire.Header{
		{Name: "Host", Value: "h"},
		{Name: "Accept", Value: "*/*"},
		{Name: "Accept-Encoding", Value: "gzip"},
		{Name: "Connection", Value: "keep-alive"},
		{Name: "User-Agent", Value: "OpenAI/Python"},
		{Name: "Content-Type", Value: "application/json"},
		{Name: "X-Stainless-Lang", Value: "python"},
		{Name: "X-Stainless-Retry-Count", Value: "0"},
		{Name: "Authorization", Value: "Bearer x"},
		{Name: "Content-Length", Value: "300"},
	}
	dst := make(wire.Header, 0, 16)
	b.ReportAllocs()
	for b.Loop() {
		dst = headers.AppendRequest(dst[:0], h)
	}
}

func BenchmarkForwardsUnknown(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		headers.Forwards("X-Nobody-Knows-This")
	}
}
