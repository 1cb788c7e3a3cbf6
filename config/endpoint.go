package config

import (
	"errors"
	"slices"
	"time"

	"github.com/gatehouse-ai/gatehouse/secret"
	"github.com/gatehouse-ai/gatehouse/strictyaml"
)

// Endpoint is one base URL of one engine or provider.
type Endpoint struct {
	// What models, logs and metrics call it: letters, digits, and . _ - between
	// them.
	Name string `yaml:"name" rule:"required"`
	// The base URL, as a client of the endpoint would be given it: for the openai
	// dialect it mostly ends in /v1.
	URL strictyaml.URL `yaml:"url" rule:"required,hidden"`
	// The protocol that it speaks.
	Dialect Dialect `yaml:"dialect" default:"openai"`
	// Which credential it gets. The mode alone may stand here:
	// `auth: passthrough`.
	Auth Auth `yaml:"auth" rule:"hidden"`
	// The version of HTTP. auto takes HTTP/1.1 over many connections, which is the
	// quickest, and may take HTTP/2 for uploads and the like where TLS offers it.
	// http2 takes HTTP/2 over TLS for everything, h2c the same without TLS.
	Protocol Protocol `yaml:"protocol" default:"auto"`
	// Its own timeouts. What is absent here is as in the timeouts of the file.
	Timeouts Timeouts `yaml:"timeouts"`
	// How its certificate is checked and the gateway shows its own.
	TLS EndpointTLS `yaml:"tls"`
	// How it is asked whether it works. What requests experience counts besides,
	// always.
	Health Health `yaml:"health"`
	// Headers that are sent with every request.
	Headers map[string]secret.Value `yaml:"headers" rule:"plain"`
}

// Auth is which credential an endpoint gets.
type Auth struct {
	// replace sends the endpoint's own key. passthrough sends what the client
	// sent: its Authorization (or X-Api-Key, Api-Key), OpenAI-Organization and
	// OpenAI-Project. none sends
	// nothing. Without the mode it is replace if there is a key and else none.
	Mode AuthMode `yaml:"mode"`
	// The endpoint's key.
	Key secret.Value `yaml:"key"`
	// With passthrough: clients need no key of the gateway, since the endpoint
	// knows its users itself.
	Keyless bool `yaml:"keyless"`
}

// UnmarshalText reads the short form, the mode.
func (a *Auth) UnmarshalText(text []byte) error {
	if !slices.Contains(a.Mode.Values(), string(text)) {
		return errors.New("wanted replace, passthrough or none, or a mapping")
	}
	a.Mode = AuthMode(text)
	return nil
}

// EndpointTLS is how an endpoint's certificate is checked and the gateway shows
// its own.
type EndpointTLS struct {
	// Certificate authorities in PEM. Without it the system's count.
	CAFile strictyaml.Path `yaml:"ca_file"`
	// The gateway's certificate towards the endpoint, in PEM.
	CertFile strictyaml.Path `yaml:"cert_file"`
	// That certificate's private key in PEM.
	KeyFile strictyaml.Path `yaml:"key_file"`
	// The name that the endpoint's certificate must have. Without it the host of
	// the URL.
	ServerName string `yaml:"server_name"`
}

// Health is an active check of an endpoint.
type Health struct {
	// What is asked for, below the root of the server. Without it what suits the
	// dialect.
	Path string `yaml:"path"`
	// The time between two checks. 0s switches them off.
	Interval time.Duration `yaml:"interval" default:"10s"`
	// After how long a check has failed.
	Timeout time.Duration `yaml:"timeout" default:"3s"`
}

// Model is one row: one of name, prefix, pattern and alias.
type Model struct {
	// Serves the model of this name.
	Name string `yaml:"name"`
	// Serves the models whose names begin so. The longest prefix wins.
	Prefix string `yaml:"prefix"`
	// With prefix: the endpoints see the name without it.
	StripPrefix bool `yaml:"strip_prefix"`
	// Serves the models whose names match, * being any run of characters. The
	// first match wins.
	Pattern string `yaml:"pattern"`
	// A further name of the model that `of` says.
	Alias string `yaml:"alias"`
	// With alias: the model.
	Of string `yaml:"of"`
	// The pool: the endpoints that serve the model. The name of an endpoint may
	// stand for a mapping that has only it.
	Endpoints []Target `yaml:"endpoints"`
	// The owner that the list of models shows. Without it gatehouse.
	OwnedBy string `yaml:"owned_by"`
}

// Target is one endpoint of a pool.
type Target struct {
	// The endpoint.
	Name string `yaml:"name" rule:"required"`
	// What the endpoint calls the model. Without it what the client called it.
	Model string `yaml:"model"`
	// Its share of the requests, relative to the pool's others. 0 is a standby,
	// which is used when nothing else works.
	Weight int `yaml:"weight" default:"1"`
}

// UnmarshalText reads the short form, the name of the endpoint.
func (t *Target) UnmarshalText(text []byte) error {
	t.Name = string(text)
	return nil
}
