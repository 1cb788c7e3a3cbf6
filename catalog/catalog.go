package catalog

import (
	"net/url"
	"time"

	"github.com/gatehouse-ai/gatehouse/secret"
)

// Dialect is the wire protocol that an endpoint speaks.
type Dialect string

// The dialects.
const (
	OpenAI    Dialect = "openai"
	Ollama    Dialect = "ollama"
	Anthropic Dialect = "anthropic"
	TEI       Dialect = "tei"
)

// Dialects returns every dialect, the default first.
func Dialects() []Dialect { return []Dialect{OpenAI, Ollama, Anthropic, TEI} }

// AuthMode says which credential an endpoint gets.
type AuthMode string

// The modes of authentication towards an endpoint.
const (
	Replace     AuthMode = "replace"     // the endpoint's own key
	Passthrough AuthMode = "passthrough" // the client's credential, organisation and project
	NoAuth      AuthMode = "none"        // nothing
)

// AuthModes returns every mode.
func AuthModes() []AuthMode { return []AuthMode{Replace, Passthrough, NoAuth} }

// Auth is how an endpoint is authenticated to.
type Auth struct {
	Mode AuthMode
	Key  secret.Value // with Replace
	// Keyless admits requests without a key of the gateway, with Passthrough
	// alone: the endpoint knows its users itself.
	Keyless bool
}

// Protocol is the version of HTTP that an endpoint is spoken to in.
type Protocol string

// The protocols.
const (
	AutoProtocol Protocol = "auto"  // what is quickest: HTTP/1.1, or HTTP/2 where net/http asks and TLS offers it
	HTTP1        Protocol = "http1" // HTTP/1.1 always
	HTTP2        Protocol = "http2" // HTTP/2 over TLS always
	H2C          Protocol = "h2c"   // HTTP/2 without TLS, known beforehand
)

// Protocols returns every protocol.
func Protocols() []Protocol { return []Protocol{AutoProtocol, HTTP1, HTTP2, H2C} }

// Timeouts bound the phases of one attempt at an endpoint. 0 means no bound.
type Timeouts struct {
	Connect    time.Duration // until the connection stands, TLS included
	Header     time.Duration // from the request's last byte to the response header
	FirstToken time.Duration // from the response header to the first byte or event
	Idle       time.Duration // between two pieces of the body
	Total      time.Duration // of the whole attempt
}

// TLS is how an endpoint's certificate is checked and the gateway shows its own.
type TLS struct {
	CAFile     string // certificate authorities in PEM; "" means the system's
	CertFile   string // the gateway's certificate towards the endpoint
	KeyFile    string
	ServerName string // name that the certificate must have; "" means the URL's host
}

// HealthCheck is an active check of an endpoint.
type HealthCheck struct {
	Path     string        // requested below the server's root; "" means the dialect's own
	Interval time.Duration // 0 switches active checks off
	Timeout  time.Duration
}

// Endpoint is one base URL of one engine or provider.
type Endpoint struct {
	Name     string
	URL      *url.URL // without a trailing slash
	Dialect  Dialect
	Auth     Auth
	Protocol Protocol
	Timeouts Timeouts
	TLS      TLS
	Health   HealthCheck
	Headers  []HeaderField // sent with every request
}

// HeaderField is a header that is sent to an endpoint with every request.
type HeaderField struct {
	Name  string
	Value secret.Value
}

// Target is one way to serve a model: an endpoint, and what the model is
// called there.
type Target struct {
	Endpoint *Endpoint
	Model    string // "" means the name that the client sent
	Weight   int    // share of requests relative to the pool's other targets; 0 is a standby
}

// Model is one row of the routes. Exactly one of Name, Prefix and Pattern is set.
type Model struct {
	Name        string
	Prefix      string
	Pattern     string // with * for any run of characters
	StripPrefix bool   // with Prefix: the endpoint sees the name without it
	Pool        []Target
	OwnedBy     string // as /v1/models shows it; "" means gatehouse
	Created     int64  // Unix time, as /v1/models shows it
}

// Label returns the name of the row in logs and metrics.
func (m *Model) Label() string {
	switch {
	case m.Prefix != "":
		return m.Prefix + "*"
	case m.Pattern != "":
		return m.Pattern
	}
	return m.Name
}

// Alias is a further name of a model.
type Alias struct {
	Name string
	Of   string
}
