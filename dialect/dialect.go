package dialect

import (
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/meter"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Dialect is one wire protocol of engines or providers.
type Dialect interface {
	// Path returns the whole URL path at which the endpoint takes o in its own
	// form, so that the client's bytes can go on as they are. base is the path
	// of the endpoint's URL, without a trailing slash ("", "/v1", "/api/v1").
	// "" means that the endpoint has no such operation; it may still be
	// translated.
	Path(base string, o *op.Operation) string

	// Credential returns the header that carries an endpoint's key.
	Credential(key string) wire.Field

	// Probe is the whole URL path that an active health check asks for.
	Probe(base string) string

	// Error reads the body of an answer whose status is an error, or of a 200
	// that carries one, in any form seen in the wild. It MUST NOT return nil.
	Error(status int, body []byte) *fault.Error
}

// Translator is a Dialect that serves some of OpenAI's operations by
// translation.
type Translator interface {
	Dialect
	// Translates tells whether the operation can be served by translation.
	Translates(id op.ID) bool
	// Translate turns the call into the endpoint's own request. It returns a
	// *fault.Error of kind MissingParameter, InvalidParameter or
	// UnsupportedParameter for what the dialect cannot do.
	// Its request's Path is the whole URL path, made from base as in Path.
	Translate(base string, c Call) (Request, Answer, error)
}

// Call is an OpenAI request to be translated.
type Call struct {
	Op           op.ID
	Body         []byte // valid JSON, an object
	Model        string // what the endpoint calls the model
	Stream       bool
	IncludeUsage bool   // the client asked for the usage chunk
	ID           string // suffix for ids that are made, unique to the request
	Created      int64  // Unix time of the request
}

// Request is what the endpoint is asked instead.
type Request struct {
	Path   string // of the URL, whole
	Body   []byte // JSON
	Header wire.Header
}

// Framing is how an endpoint frames a stream.
type Framing uint8

// The framings.
const (
	SSE    Framing = iota // server-sent events
	NDJSON                // one JSON object a line
)

// Emit takes the JSON of one chunk for the client. The bytes are valid during
// the call.
type Emit func(data []byte) error

// Answer translates the answer to one translated request. Its methods are
// called from one goroutine: Whole once, or Event for each event and then End.
type Answer interface {
	// Framing says how a streamed answer is split into events.
	Framing() Framing
	// Whole translates a complete answer with a status of success. An error
	// that is a *fault.Error is the endpoint's own (a 200 that carries an
	// error); any other means that the answer was not understood.
	Whole(body []byte) ([]byte, error)
	// Event translates one event of a stream, or one line of NDJSON (then only
	// Data is set), and calls emit for each chunk that it makes of it.
	Event(e wire.Event, emit Emit) error
	// End is called when the upstream has closed the stream. It returns an
	// error if the answer was not complete; nothing is emitted then. The
	// caller ends the client's stream.
	End(emit Emit) error
	// Usage returns what has been counted so far.
	Usage() meter.Usage
}
