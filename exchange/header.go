package exchange

import (
	"strings"

	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/principal"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Headers of the gateway's own.
const (
	HeaderModel    = "X-Gatehouse-Model"
	HeaderEndpoint = "X-Gatehouse-Endpoint"
	HeaderFallback = "X-Gatehouse-Fallback"
	HeaderSource   = "X-Gatehouse-Error-Source"
)

// hopByHop are the fields that are about one connection, in lower case.
var hopByHop = map[string]bool{
	"connection": true, "keep-alive": true, "proxy-connection": true, "proxy-authenticate": true, "proxy-authorization": true,
	"te": true, "trailer": true, "transfer-encoding": true, "upgrade": true,
}

// notForwarded are the fields of a request that stay at the gateway: those
// that it sets itself, credentials, and what is about the client's network.
var notForwarded = map[string]bool{
	"host": true, "content-length": true, "content-type": true, "content-encoding": true, "expect": true,
	"accept-encoding": true, "x-request-id": true, "date": true,
	"authorization": true, "x-api-key": true, "api-key": true, "x-goog-api-key": true, "cookie": true,
	"openai-organization": true, "openai-project": true,
	"forwarded": true, "x-real-ip": true, "via": true, "origin": true, "referer": true,
}

// notReturned are the fields of an answer that stay at the gateway.
var notReturned = map[string]bool{
	"content-length": true, "date": true, "set-cookie": true, "server": true, "alt-svc": true, "via": true,
	"strict-transport-security": true, "www-authenticate": true, "x-accel-buffering": true,
	"x-request-id": true, "request-id": true,
}

// guarded tells whether a field's name says that it may carry a secret. What
// the tables do not know by name must not leak a credential for that.
func guarded(lower string) bool {
	for _, word := range [...]string{"auth", "secret", "token", "password", "credential", "api-key", "apikey", "cookie"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return strings.HasPrefix(lower, "x-gatehouse-") || strings.HasPrefix(lower, "x-forwarded-") || strings.HasPrefix(lower, "sec-")
}

// named tells whether the Connection field of h names the field.
func named(h wire.Header, lower string) bool {
	c := h.Get("Connection")
	if c == "" || wire.EqualFold(c, "close") || wire.EqualFold(c, "keep-alive") {
		return false
	}
	for part := range strings.SplitSeq(c, ",") {
		if wire.EqualFold(strings.TrimSpace(part), lower) {
			return true
		}
	}
	return false
}

// forwardRequest appends the fields of a client's request that go on to an
// endpoint of the same protocol.
func forwardRequest(dst, h wire.Header) wire.Header {
	for _, f := range h {
		lower := strings.ToLower(f.Name)
		if hopByHop[lower] || notForwarded[lower] || guarded(lower) || named(h, lower) {
			continue
		}
		dst = append(dst, f)
	}
	return dst
}

// forwardTranslated appends the few fields that mean the same to an endpoint
// of another protocol.
func forwardTranslated(dst, h wire.Header) wire.Header {
	for _, f := range h {
		switch strings.ToLower(f.Name) {
		case "user-agent", "traceparent", "tracestate", "baggage", "x-client-request-id":
			dst = append(dst, f)
		}
	}
	return dst
}

// forwardQuery drops parameters that carry credentials.
func forwardQuery(query string) string {
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

// authenticate appends the credential that the endpoint's mode asks for.
func (x *Exchange) authenticate() {
	a := &x.attempt
	switch auth := &a.Endpoint.Auth; auth.Mode {
	case catalog.Replace:
		a.Header = append(a.Header, a.Endpoint.Dialect.Credential(auth.Key.Reveal()))
	case catalog.Passthrough:
		a.Header = principal.Forward(a.Header, x.snap.Keys, x.req.Header)
	case catalog.NoAuth:
	}
}

// returned appends the fields of an endpoint's answer that the client gets.
func (x *Exchange) returned(dst wire.Header) wire.Header {
	replaced := x.attempt.Endpoint.Auth.Mode == catalog.Replace
	for _, f := range x.head {
		lower := strings.ToLower(f.Name)
		switch {
		case hopByHop[lower], notReturned[lower], named(x.head, lower):
		case strings.HasPrefix(lower, "x-gatehouse-"), strings.HasPrefix(lower, "access-control-"):
		case replaced && (lower == "openai-organization" || lower == "openai-project" || lower == "anthropic-organization-id"):
		default:
			dst = append(dst, f)
		}
	}
	return dst
}

// outcome appends the gateway's own fields to an answer.
func (x *Exchange) outcome(dst wire.Header) wire.Header {
	dst = append(dst, wire.Field{Name: HeaderModel, Value: x.rec.Upstream}, wire.Field{Name: HeaderEndpoint, Value: x.rec.Endpoint})
	if x.rec.Fallback {
		dst = append(dst, wire.Field{Name: HeaderFallback, Value: x.route.Name})
	}
	for _, name := range [...]string{"X-Request-Id", "Request-Id"} {
		if id := x.head.Get(name); id != "" {
			return append(dst, wire.Field{Name: "X-Upstream-Request-Id", Value: id})
		}
	}
	return dst
}
