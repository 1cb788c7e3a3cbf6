package exchange

import (
	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/headers"
	"github.com/gatehouse-ai/gatehouse/principal"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Headers of the gateway's own.
const (
	HeaderModel    = "X-Gatehouse-Model"
	HeaderEndpoint = "X-Gatehouse-Endpoint"
	HeaderFallback = "X-Gatehouse-Fallback"
)

// authenticate appends the credential that the endpoint's mode asks for.
func (x *Exchange) authenticate() {
	a := &x.attempt
	switch auth := &a.Endpoint.Auth; auth.Mode {
	case catalog.Replace:
		a.Header = append(a.Header, a.Endpoint.Credential())
	case catalog.Passthrough:
		a.Header = principal.Forward(a.Header, x.snap.Keys, x.req.Header)
	case catalog.NoAuth:
	}
}

// returned appends the fields of an endpoint's answer that the client gets.
func (x *Exchange) returned(dst wire.Header) wire.Header {
	// Without an endpoint, as when none is healthy, there are no fields either.
	replaced := x.attempt.Endpoint != nil && x.attempt.Endpoint.Auth.Mode == catalog.Replace
	return headers.AppendAnswer(dst, x.head, replaced)
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
