package config

import (
	"time"

	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/secret"
	"github.com/gatehouse-ai/gatehouse/strictyaml"
)

// Config is the whole file.
type Config struct {
	// Where the gateway listens: host:port, or a list of them. Without a host, as
	// in ":8080", it is every address of the machine. Anything but loopback needs
	// keys. Port 0 takes any free port.
	Listen Addresses `yaml:"listen" default:"127.0.0.1:8080"`

	// TLS on the addresses of listen. Without a certificate they speak plain
	// HTTP. The files are read again when they change.
	//
	//	tls:
	//	  cert_file: gatehouse.crt
	//	  key_file: gatehouse.key
	//	  client_ca_file: clients.crt
	TLS TLS `yaml:"tls"`

	// What serves clients: auto takes event loops for the operations that make up
	// most of the traffic, where the system has them, and Go's net/http for the
	// rest; net/http takes that for everything.
	Front Front `yaml:"front" default:"auto"`

	// The listener for operators: health, metrics. It has no keys, so keep it
	// away from clients. `admin: off` switches it off.
	Admin Admin `yaml:"admin"`

	// The keys that clients present, each with its hash or, less well, as it is.
	// Make one with `gatehouse key new`, which prints the key for its holder and
	// the hash for this file. Without any key the gateway serves everybody, and
	// therefore listens on loopback only.
	//
	//	keys:
	//	  - {name: ci, hash: "sha256:9161dd66f2bc8a65af503c911f99c7fe9bad7af2b0d57be6ec96c869b905bbee"}
	//	  - {name: alice, key: "${env:GATEHOUSE_ALICE}", models: ["llama-*", gpt-4o-mini]}
	//	  - name: students
	//	    hash: "sha256:0369d427b5f457c6202fb28329354bc320d59883d68f8d01409b9906609d5916"
	//	    limits: {requests_per_minute: 600, tokens_per_minute: 100000}
	APIKeys []Key `yaml:"keys"`

	// The engines and providers that serve models.
	//
	//	endpoints:
	//	  - {name: gpu1, url: "http://10.0.0.5:8000/v1", auth: {mode: replace, key: "${env:VLLM_KEY}"}}
	//	  - {name: laptop, url: "http://127.0.0.1:11434", dialect: ollama}
	//	  - {name: claude, url: "https://api.anthropic.com", dialect: anthropic, auth: {key: "${file:anthropic.key}"}}
	//	  - name: corp
	//	    url: https://llm.corp.example/v1
	//	    auth: passthrough
	//	    headers: {X-Department: research}
	//	    timeouts: {first_token: 10m}
	//	    health: {interval: 0s}
	Endpoints []Endpoint `yaml:"endpoints"`

	// Which names of models are served by which endpoints. A row has one of name,
	// prefix, pattern and alias. What a client asks for is looked up among the
	// names and aliases first, then among the prefixes, of which the longest wins,
	// then among the patterns in their order.
	//
	//	models:
	//	  - {name: llama-3.1-8b, endpoints: [gpu1, {name: laptop, model: "llama3.1:8b", weight: 1}]}
	//	  - {prefix: "claude-", endpoints: [claude]}
	//	  - {prefix: "corp/", strip_prefix: true, endpoints: [corp]}
	//	  - {pattern: "*-embed-*", endpoints: [corp]}
	//	  - {alias: gpt-4o-mini, of: llama-3.1-8b}
	Models []Model `yaml:"models"`

	// What happens to requests that no row of models serves.
	//
	//	fallback:
	//	  unknown_model: llama-3.1-8b
	Fallback Fallback `yaml:"fallback"`

	// How long each phase of an attempt at an endpoint may take. An endpoint can
	// have its own. 0s means no bound.
	Timeouts Timeouts `yaml:"timeouts"`

	// When a request is tried again, which happens only before the client has
	// got the first byte.
	Retries Retries `yaml:"retries"`

	// What requests may take. A larger one is refused with 413, one that finds
	// the memory used up with 503.
	Limits Limits `yaml:"limits"`

	// Streamed answers.
	Stream Stream `yaml:"stream"`

	// How the gateway stops.
	Shutdown Shutdown `yaml:"shutdown"`

	// The gateway's log: one line per request, never bodies or secrets.
	Log Log `yaml:"log"`

	name     string
	warnings []strictyaml.Problem
	files    []string
}

// TLS is how the gateway shows itself to clients.
type TLS struct {
	// The certificate in PEM, with its intermediates.
	CertFile strictyaml.Path `yaml:"cert_file"`
	// The certificate's private key in PEM.
	KeyFile strictyaml.Path `yaml:"key_file"`
	// Certificate authorities in PEM. With it clients must show a certificate of
	// one of them (mTLS), and need a key all the same.
	ClientCAFile strictyaml.Path `yaml:"client_ca_file"`
	// The oldest version of TLS that is spoken.
	MinVersion TLSVersion `yaml:"min_version" default:"1.2"`
}

// Enabled tells whether the listener speaks TLS.
func (t TLS) Enabled() bool { return t.CertFile != "" }

// Admin is the listener for operators.
type Admin struct {
	// Its host:port, or "off".
	Listen string `yaml:"listen" default:"127.0.0.1:9090"`
}

// UnmarshalText reads the short form, the address.
func (a *Admin) UnmarshalText(text []byte) error {
	a.Listen = string(text)
	return nil
}

// Enabled tells whether there is such a listener.
func (a Admin) Enabled() bool { return a.Listen != "" }

// Key is an API key of the gateway. It has a hash or a key.
type Key struct {
	// What logs and metrics call it.
	Name string `yaml:"name" rule:"required"`
	// The SHA-256 of the key, as `gatehouse key new` prints it.
	Hash apikey.Digest `yaml:"hash" rule:"hidden"`
	// The key itself, from an environment variable or a file. Only its hash is
	// kept.
	Key secret.Value `yaml:"key"`
	// The models that it may use: names, or beginnings of names that end in *.
	// Without the list it may use every model.
	Models []string `yaml:"models"`
	// How much it may take. A request beyond that is refused with 429.
	Limits KeyLimits `yaml:"limits"`
}

// KeyLimits are the rate limits of a key.
type KeyLimits struct {
	// How many requests it may make in a minute, all of them at once after a pause
	// of a minute. Without it there is no such limit.
	RequestsPerMinute int64 `yaml:"requests_per_minute"`
	// How many tokens its requests may take in a minute, input and output
	// together. A request counts as what it is estimated to take until its answer
	// says what it took. Without it there is no such limit.
	TokensPerMinute int64 `yaml:"tokens_per_minute"`
}

// Fallback is what happens to requests that no row of models serves.
type Fallback struct {
	// The model that serves requests for a model which is not known. The answer
	// says so. Without it they are refused with 404.
	UnknownModel string `yaml:"unknown_model"`
}

// Timeouts are the bounds of the phases of one attempt at an endpoint.
type Timeouts struct {
	// Until the connection stands, TLS included.
	Connect time.Duration `yaml:"connect" default:"5s"`
	// From the end of the request to the header of the response. An answer that
	// is not streamed is computed before its header is sent, so this has to be as
	// long as the longest answer takes.
	Header time.Duration `yaml:"header" default:"10m"`
	// From the header of the response to the first byte or event of the body. A
	// long prompt or a full queue makes this long.
	FirstToken time.Duration `yaml:"first_token" default:"5m"`
	// Between two pieces of the body. An engine that has died in the middle of a
	// stream is noticed by this.
	Idle time.Duration `yaml:"idle" default:"2m"`
	// Of the whole attempt. By default there is none: an answer that goes on
	// arriving is in order however long it is, idle bounds one that does not, and
	// a client that has left ends the attempt.
	Total time.Duration `yaml:"total" default:"0s"`
}

// Retries say when a request is tried again.
type Retries struct {
	// How many endpoints one request may try, the first included. 1 means that
	// nothing is tried again.
	Attempts int `yaml:"attempts" default:"3"`
	// How many attempts may be retries, as a share of all requests, so that
	// retries cannot drown endpoints that are already in trouble.
	Budget Share `yaml:"budget" default:"10%"`
}

// Limits bound what requests take.
type Limits struct {
	// The body of a request in JSON.
	JSONBody strictyaml.Size `yaml:"json_body" default:"32MiB"`
	// The body of an upload, such as audio. It is streamed, not held in memory.
	UploadBody strictyaml.Size `yaml:"upload_body" default:"512MiB"`
	// The body of every other request.
	ControlBody strictyaml.Size `yaml:"control_body" default:"1MiB"`
	// The bodies of all requests in flight together. Without it a quarter of the
	// memory that the process may use.
	Memory strictyaml.Size `yaml:"memory" example:"4GiB"`
	// The header of a request.
	HeaderBytes strictyaml.Size `yaml:"header_bytes" default:"64KiB"`
	// The answer of an endpoint of another dialect that is translated as a whole.
	Answer strictyaml.Size `yaml:"answer" default:"64MiB"`
	// How long a client may take to send the body of its request.
	BodyRead time.Duration `yaml:"body_read" default:"10m"`
}

// Stream is about streamed answers.
type Stream struct {
	// After how long without an event a comment is sent, so that proxies between
	// the gateway and the client do not give up. 0s sends none.
	KeepAlive time.Duration `yaml:"keep_alive" default:"15s"`
}

// Shutdown is how the gateway stops.
type Shutdown struct {
	// How long the gateway goes on taking requests after SIGTERM or SIGINT while
	// its /readyz already says that it is not ready: as long as a load balancer
	// takes to notice.
	Delay time.Duration `yaml:"delay" default:"0s"`
	// How long requests in flight may go on after that.
	Grace time.Duration `yaml:"grace" default:"30s"`
}

// Log is the gateway's log.
type Log struct {
	// The form of a line. auto is text on a terminal and json elsewhere.
	Format LogFormat `yaml:"format" default:"auto"`
	// What is worth a line.
	Level LogLevel `yaml:"level" default:"info"`
}
