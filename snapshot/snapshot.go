package snapshot

import (
	"time"

	"github.com/gatehouse-ai/gatehouse/apikey"
	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/limit"
	"github.com/gatehouse-ai/gatehouse/pick"
	"github.com/gatehouse-ai/gatehouse/route"
)

// Snapshot is one generation of the configuration.
type Snapshot struct {
	Generation uint64
	Keys       *apikey.Set // nil: no key is configured, and everybody may do everything
	Keyless    bool        // some endpoint admits requests without a key
	// Limits are the rate limits of the keys that have any. What is not in it has
	// no limits: a nil bucket admits everything.
	Limits    map[*apikey.Key]*limit.Bucket
	Routes    *route.Table
	Endpoints map[*catalog.Endpoint]*Endpoint
	Bounds    Bounds
	Retries   *pick.Budget
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
