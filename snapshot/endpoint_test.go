package snapshot_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/secret"
	"github.com/gatehouse-ai/gatehouse/snapshot"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// protocol is a dialect that knows every operation whose path begins with /c.
type protocol struct{ dialect.Dialect }

func (protocol) Path(base string, o *op.Operation) string {
	if !strings.HasPrefix(o.Path, "/c") {
		return ""
	}
	return base + o.Path
}

func (protocol) Credential(key string) wire.Field {
	return wire.Field{Name: "X-Key", Value: "Word " + key}
}

func (protocol) Probe(base string) string { return base + "/alive" }

func (protocol) Error(int, []byte) *fault.Error { return fault.New(fault.UpstreamError, "no") }

func endpoint(mode catalog.AuthMode) *catalog.Endpoint {
	ep := &catalog.Endpoint{Name: "e", URL: &url.URL{Path: "/base"}, Auth: catalog.Auth{Mode: mode}}
	if mode == catalog.Replace {
		ep.Auth.Key = secret.New("canary-1")
	}
	ep.Headers = []catalog.HeaderField{
		{Name: "X-Proxy-Token", Value: secret.New("canary-2")},
		{Name: "X-Tenant", Value: secret.New("public")},
		{Name: "X-Secret", Value: secret.New("")},
	}
	return ep
}

func TestPathsAreThoseOfTheDialect(t *testing.T) {
	e := snapshot.NewEndpoint(endpoint(catalog.NoAuth), protocol{}, nil)
	all := op.All()
	some := 0
	for i := range all {
		want := protocol{}.Path("/base", &all[i])
		if got := e.Path(&all[i]); got != want {
			t.Errorf("%s: got %q, want %q", all[i].ID, got, want)
		}
		if want != "" {
			some++
		}
	}
	if some == 0 {
		t.Error("no operation has a path")
	}
	if n := testing.AllocsPerRun(10, func() { e.Path(&all[0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestCredentialAndSecrets(t *testing.T) {
	for _, c := range []struct {
		mode    catalog.AuthMode
		field   wire.Field
		secrets string
	}{
		{catalog.Replace, wire.Field{Name: "X-Key", Value: "Word canary-1"}, "canary-1 canary-2"},
		{catalog.Passthrough, wire.Field{}, "canary-2"},
		{catalog.NoAuth, wire.Field{}, "canary-2"},
	} {
		e := snapshot.NewEndpoint(endpoint(c.mode), protocol{}, nil)
		var secrets []string
		for _, s := range e.Secrets() {
			secrets = append(secrets, s.Reveal())
		}
		if got := e.Credential(); got != c.field || strings.Join(secrets, " ") != c.secrets {
			t.Errorf("%s: %v %v", c.mode, got, secrets)
		}
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	e := snapshot.NewEndpoint(endpoint(catalog.Replace), protocol{}, nil)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, s := range []string{fmt.Sprintf(verb, e), fmt.Sprintf(verb, *e)} {
			if strings.Contains(s, "canary") || strings.Contains(s, fmt.Sprintf("%x", "canary")) {
				t.Errorf("%s: %s", verb, s)
			}
		}
	}
}

func TestCheckPath(t *testing.T) {
	ep := endpoint(catalog.NoAuth)
	if got := snapshot.NewEndpoint(ep, protocol{}, nil).CheckPath(); got != "/base/alive" {
		t.Error(got)
	}
	ep.Health.Path = "/own"
	if got := snapshot.NewEndpoint(ep, protocol{}, nil).CheckPath(); got != "/own" {
		t.Error(got)
	}
}
