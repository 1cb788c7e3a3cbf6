package record

import (
	"strings"
	"time"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/meter"
)

// Outcome is how a request ended.
type Outcome string

// The outcomes.
const (
	Complete       Outcome = "complete"        // the whole answer was delivered
	Refused        Outcome = "refused"         // the gateway answered with an error of its own
	UpstreamError  Outcome = "upstream_error"  // the endpoint's error was delivered
	ClientGone     Outcome = "client_gone"     // the client left before the end
	UpstreamFailed Outcome = "upstream_failed" // the endpoint failed after the first byte
	Stopped        Outcome = "stopped"         // the gateway gave the request up after the first byte
)

// Record is one request. While it is filled, and until whoever is handed it has
// returned, its texts may point into what belongs to the request: the body (Model
// and Upstream), the head (ClientID and Path) or a connection. Who keeps a record
// longer keeps a Clone.
type Record struct {
	ID       string // the gateway's request id
	ClientID string // the client's own, from X-Client-Request-Id
	Start    time.Time
	First    time.Duration // until the first byte to the client; 0 if there was none
	Duration time.Duration

	Method    string
	Path      string
	Operation string // ID of the operation; "" if the path is none
	Remote    string // address of the client
	Key       string // name of the key; "" if there is none

	Model    string // as the client asked
	Route    string // label of the route that it matched: bounded, unlike Model
	Endpoint string // that answered last
	Upstream string // what that endpoint calls the model
	Fallback bool   // the model was unknown and the fallback took its place
	Attempts int    // at endpoints

	Status     int
	Outcome    Outcome
	Fault      *fault.Error // what went wrong, if anything did
	Stream     bool
	BytesIn    int64
	BytesOut   int64
	Usage      meter.Usage
	Generation uint64 // of the configuration that served it
}

// Clone returns a copy whose texts are its own.
func (r *Record) Clone() *Record {
	c := *r
	for _, text := range []*string{
		&c.ID, &c.ClientID, &c.Method, &c.Path, &c.Operation, &c.Remote, &c.Key, &c.Model, &c.Route, &c.Endpoint, &c.Upstream,
	} {
		*text = strings.Clone(*text)
	}
	return &c
}
