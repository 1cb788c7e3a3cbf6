package snapshot

import (
	"time"

	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/health"
	"github.com/gatehouse-ai/gatehouse/pick"
	"github.com/gatehouse-ai/gatehouse/route"
)

// Snapshot is one generation of the configuration.
type Snapshot struct {
	Generation uint64
	Keys       *apikey.Set // nil: no key is configured, and everybody may do everything
	Keyless    bool        // some endpoint admits requests without a key
	Routes     *route.Table
	Endpoints  map[*catalog.Endpoint]*Endpoint
	Bounds     Bounds
	Retries    *pick.Budget
}

// Endpoint is an endpoint with what is needed to use it.
type Endpoint struct {
	*catalog.Endpoint
	Dialect dialect.Dialect
	Health  *health.State
}

// Bounds limit what one request may take.
type Bounds struct {
	ControlBody int64 // bytes
	JSONBody    int64
	UploadBody  int64
	Answer      int64         // bytes of an answer that has to be held to be translated
	Attempts    int           // at endpoints, the first included
	KeepAlive   time.Duration // between comments in a stream that waits; 0 is never
	BodyRead    time.Duration // for the client to send its body
}

// CheckPath is the path of the URL that an active health check asks for.
func (e *Endpoint) CheckPath() string {
	if p := e.Endpoint.Health.Path; p != "" {
		return p
	}
	return e.Dialect.Probe(e.URL.Path)
}
