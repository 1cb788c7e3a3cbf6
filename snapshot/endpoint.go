package snapshot

import (
	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/headers"
	"github.com/gatehouse-ai/gatehouse/health"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/secret"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Endpoint is an endpoint with what is needed to use it. NewEndpoint makes one;
// what can be said of it beforehand is not worked out again for each request.
type Endpoint struct {
	*catalog.Endpoint
	Dialect dialect.Dialect
	Health  *health.State

	header  string // that carries the credential
	value   secret.Value
	secrets []secret.Value
	paths   map[op.ID]string
}

// NewEndpoint returns an endpoint that speaks a dialect. The endpoint must not
// change any more. health may be set later, before the first request.
func NewEndpoint(ep *catalog.Endpoint, d dialect.Dialect, h *health.State) *Endpoint {
	all := op.All()
	e := &Endpoint{Endpoint: ep, Dialect: d, Health: h, paths: make(map[op.ID]string, len(all))}
	for i := range all {
		if path := d.Path(ep.URL.Path, &all[i]); path != "" {
			e.paths[all[i].ID] = path
		}
	}
	if ep.Auth.Mode == catalog.Replace {
		f := d.Credential(ep.Auth.Key.Reveal())
		e.header, e.value = f.Name, secret.New(f.Value)
	}
	if !ep.Auth.Key.IsZero() {
		e.secrets = append(e.secrets, ep.Auth.Key)
	}
	for _, f := range ep.Headers {
		if !f.Value.IsZero() && headers.Guarded(f.Name) {
			e.secrets = append(e.secrets, f.Value)
		}
	}
	return e
}

// Path returns the whole URL path at which the endpoint takes an operation of
// the table in its own form, or "" if it does not.
func (e *Endpoint) Path(o *op.Operation) string { return e.paths[o.ID] }

// Credential returns the field that carries the endpoint's own key, which is
// there where it is authenticated to by catalog.Replace.
func (e *Endpoint) Credential() wire.Field {
	return wire.Field{Name: e.header, Value: e.value.Reveal()}
}

// Secrets are what the gateway sends the endpoint of its own and nobody else may
// know: its key, and fixed headers whose names say that they carry one. No
// endpoint has none. The caller must not change the list.
func (e *Endpoint) Secrets() []secret.Value {
	if e == nil {
		return nil
	}
	return e.secrets
}

// CheckPath is the path of the URL that an active health check asks for.
func (e *Endpoint) CheckPath() string {
	if p := e.Endpoint.Health.Path; p != "" {
		return p
	}
	return e.Dialect.Probe(e.URL.Path)
}
