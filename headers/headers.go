package headers

import (
	"strings"

	"github.com/gatehouse-ai/gatehouse/wire"
)

// hopByHop are the fields that are about one connection, in lower case.
var hopByHop = map[string]bool{
	"connection": true, "keep-alive": true, "proxy-connection": true, "proxy-authenticate": true, "proxy-authorization": true,
	"te": true, "trailer": true, "transfer-encoding": true, "upgrade": true,
}

// notForwarded are the fields of a request that stay at the gateway: those
// that it sets itself, credentials, what is about the client's network, and
// what some servers obey instead of the request line.
var notForwarded = map[string]bool{
	"host": true, "content-length": true, "content-type": true, "content-encoding": true, "expect": true,
	"accept-encoding": true, "x-request-id": true, "date": true,
	"authorization": true, "x-api-key": true, "api-key": true, "x-goog-api-key": true, "cookie": true,
	"openai-organization": true, "openai-project": true,
	"forwarded": true, "x-real-ip": true, "via": true, "origin": true, "referer": true,
	"x-original-url": true, "x-rewrite-url": true, "x-http-method": true, "x-http-method-override": true, "x-method-override": true,
}

// notReturned are the fields of an answer that stay at the gateway.
var notReturned = map[string]bool{
	"content-length": true, "date": true, "set-cookie": true, "server": true, "alt-svc": true, "via": true,
	"strict-transport-security": true, "www-authenticate": true, "x-accel-buffering": true,
	"x-request-id": true, "request-id": true,
}

// Guarded tells whether the name of a field says that it may carry a secret.
func Guarded(name string) bool { return guarded(strings.ToLower(name)) }

// guarded tells whether a field's name says that it may carry a secret. What
// the tables do not know by name must not leak a credential for that.
func guarded(lower string) bool {
	lower = strings.ReplaceAll(lower, "_", "-") // as in api_key
	for _, word := range [...]string{"auth", "secret", "token", "password", "credential", "api-key", "apikey", "cookie"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return strings.HasPrefix(lower, "x-gatehouse-") || strings.HasPrefix(lower, "x-forwarded-") || strings.HasPrefix(lower, "sec-")
}

// Named tells whether the Connection field of h names the field, which is then
// about the connection alone.
func Named(h wire.Header, name string) bool {
	c := h.Get("Connection")
	if c == "" || wire.EqualFold(c, "close") || wire.EqualFold(c, "keep-alive") {
		return false
	}
	for part := range strings.SplitSeq(c, ",") {
		if wire.EqualFold(strings.TrimSpace(part), name) {
			return true
		}
	}
	return false
}

// Forwards tells whether a field of a client's request, or a trailer, goes on to
// an endpoint of the same protocol.
func Forwards(name string) bool {
	lower := strings.ToLower(name)
	return !hopByHop[lower] && !notForwarded[lower] && !guarded(lower)
}

// Returns tells whether a field of an endpoint's answer, or a trailer, goes on
// to the client.
func Returns(name string) bool {
	lower := strings.ToLower(name)
	return !hopByHop[lower] && !notReturned[lower] && !strings.HasPrefix(lower, "x-gatehouse-") && !strings.HasPrefix(lower, "access-control-")
}

// AppendRequest appends the fields of a client's request that go on to an
// endpoint of the same protocol.
func AppendRequest(dst, h wire.Header) wire.Header {
	for _, f := range h {
		if Forwards(f.Name) && !Named(h, f.Name) {
			dst = append(dst, f)
		}
	}
	return dst
}

// AppendTranslated appends the few fields that mean the same to an endpoint
// of another protocol.
func AppendTranslated(dst, h wire.Header) wire.Header {
	for _, f := range h {
		switch strings.ToLower(f.Name) {
		case "user-agent", "traceparent", "tracestate", "baggage", "x-client-request-id":
			dst = append(dst, f)
		}
	}
	return dst
}

// Query drops parameters that carry credentials.
func Query(query string) string {
	if query == "" {
		return ""
	}
	kept := query[:0]
	for part := range strings.SplitSeq(query, "&") {
		name, _, _ := strings.Cut(part, "=")
		if lower := strings.ToLower(name); lower == "key" || guarded(lower) || strings.Contains(lower, "%") {
			continue
		}
		if kept != "" {
			kept += "&"
		}
		kept += part
	}
	return kept
}
