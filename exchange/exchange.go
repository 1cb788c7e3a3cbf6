package exchange

import (
	"time"

	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/limit"
	"github.com/gatehouse-ai/gatehouse/meter"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/peek"
	"github.com/gatehouse-ai/gatehouse/pick"
	"github.com/gatehouse-ai/gatehouse/principal"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/route"
	"github.com/gatehouse-ai/gatehouse/snapshot"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Sink takes the answer for the client. An error of its methods means that the
// client is gone.
type Sink interface {
	// Head starts the answer. It is called once, before Write. The list is
	// valid during the call, its texts until Close.
	Head(status int, h wire.Header) error
	// Write takes a piece of the answer, valid during the call. flush says
	// that it is one whole event, which must reach the client now and in one
	// piece.
	Write(p []byte, flush bool) error
}

// Request is the head of a request as a front has parsed it.
type Request struct {
	Op     *op.Operation
	Query  string // as it stood in the request line, without '?'
	Header wire.Header
	Now    time.Time
	Seen   *principal.Cache // of the client's connection; nil if there is none
}

// Exchange is one inference request. The zero value is ready for Open. It may
// be used again after Close, and keeps its buffers: a request that passes
// unchanged but for named edits then allocates nothing. It is not safe for
// concurrent use.
type Exchange struct {
	state
	attempt Attempt
	cands   []pick.Candidate
	targets []target // beside cands

	// What outlives the request, for its room alone.
	events  wire.Events
	lines   wire.Lines
	sieve   meter.Sieve
	tail    meter.Tail
	buf     []byte      // held until it is decided, or whole
	scratch []byte      // one event
	text    []byte      // of splices
	digits  []byte      // of a length
	shown   []byte      // how the limits stand
	sent    wire.Header // the answer's head
}

// state is what is new with each request.
type state struct {
	snap *snapshot.Snapshot
	req  Request
	rec  *record.Record
	who  principal.Principal
	asks bool // the operation's streams tell their usage only if asked

	body   []byte
	fields peek.JSON
	form   *peek.Form
	route  route.Result

	now      time.Time     // the latest that a driver has said
	bucket   *limit.Bucket // nil: the key has no limits, or has not been asked for them
	admitted bool          // the request has taken from the limits of its key, or there are none
	taken    int64         // tokens, of the bucket

	tries    int
	refused  *fault.Error // what a dialect could not translate
	flight   bool         // the endpoint's health has been told of a request in flight
	reported bool         // and of how it did

	// The answer to the current attempt.
	mode      mode
	status    int
	head      wire.Header // as the endpoint sent it
	answer    dialect.Answer
	usage     meter.Usage
	committed bool // the answer's head has gone to the client
	finished  bool // the stream's own end has passed, or its error
	finish    bool // the model's own end has passed
	early     bool // the head of the stream went out before the endpoint had answered
	idle      int
	emitted   int64
	failed    *fault.Error // what is wrong with the answer so far
}

// target is an endpoint of the model's pool.
type target struct {
	endpoint *snapshot.Endpoint // nil if the snapshot has none
	path     string             // of the operation in its own form; "" if it has to be translated
}

// mode is how the body of an answer is treated.
type mode uint8

const (
	passBytes  mode = iota // as it comes
	holdJSON               // held until it is known not to be an error
	passEvents             // event by event
	holdError              // collected, to be put into an envelope
	holdWhole              // collected, to be translated
	translate              // event by event, through the dialect
)

// Open begins an exchange: it finds out who asks. The record is filled from
// now on; the caller hands it on after Close. Some of its texts point into the
// request's body then, so it goes before the body does.
func (x *Exchange) Open(snap *snapshot.Snapshot, req Request, rec *record.Record) *fault.Error {
	x.state = state{snap: snap, req: req, rec: rec, asks: asksUsage(req.Op.ID)}
	x.attempt.reset(nil)
	x.cands, x.targets = x.cands[:0], x.targets[:0]
	x.text, x.scratch = x.text[:0], x.scratch[:0]
	x.resetAnswer()
	rec.Operation = string(req.Op.ID)
	rec.Generation = snap.Generation
	who, err := req.Seen.Authenticate(snap.Keys, req.Header, snap.Keyless)
	x.who = who
	rec.Key = who.Name()
	return err
}

// BodyLimit is how many bytes of body the request may have.
func (x *Exchange) BodyLimit(class op.Class) int64 {
	switch class {
	case op.Upload:
		return x.snap.Bounds.UploadBody
	case op.Tokens:
		return x.snap.Bounds.JSONBody
	case op.Control:
	}
	return x.snap.Bounds.ControlBody
}

// Body takes the whole JSON body, which must stay as it is until Close, and
// finds where the request can be served.
func (x *Exchange) Body(body []byte) *fault.Error {
	x.body = body
	if err := x.fields.Scan(body, x.req.Op); err != nil {
		return err
	}
	x.rec.Stream = x.fields.Stream
	return x.resolve(x.fields.Model)
}

// resolve finds the route of the model and the endpoints that can serve it.
func (x *Exchange) resolve(model string) *fault.Error {
	x.rec.Model = model
	res, ok := x.snap.Routes.Lookup(model)
	if !ok || !x.mayUse(model, res) {
		if !x.who.Known() {
			return principal.Missing()
		}
		return fault.Param(fault.UnknownModel, "model", "The model '%s' does not exist, or this key may not use it. GET %s/models lists those that it may.", printable(model), "/v1")
	}
	x.route = res
	x.rec.Route = x.snap.Routes.Label(res)
	x.rec.Fallback = res.Fallback
	some := false
	for i := range res.Model.Pool {
		t := &res.Model.Pool[i]
		to := target{endpoint: x.snap.Endpoints[t.Endpoint]}
		if to.endpoint != nil {
			to.path = to.endpoint.Path(x.req.Op)
		}
		able := x.able(&to)
		x.cands = append(x.cands, pick.Candidate{Weight: t.Weight, Tried: !able}) // one that cannot counts as tried
		x.targets = append(x.targets, to)
		some = some || able
	}
	if some {
		return nil
	}
	if !x.who.Known() {
		return principal.Missing()
	}
	return x.unable()
}

// mayUse tells whether the principal may use what the name resolved to. A key
// that names an alias may use it; a fallback must be allowed by its own name.
func (x *Exchange) mayUse(model string, res route.Result) bool {
	if x.who.May(res.Name) {
		return true
	}
	return !res.Fallback && x.who.May(model)
}

// able tells whether a target can serve the operation for this principal.
func (x *Exchange) able(t *target) bool {
	ep := t.endpoint
	if ep == nil {
		return false
	}
	auth := &ep.Auth
	if !x.who.Known() && !(auth.Mode == catalog.Passthrough && auth.Keyless) {
		return false
	}
	if auth.Mode == catalog.Passthrough && x.who.Key != nil && !x.who.Separate {
		return false // its Authorization is the gateway's own key
	}
	return t.path != "" || x.form == nil && translates(ep.Dialect, x.req.Op.ID)
}

// Any tells whether f is true of an endpoint that may still be tried.
func (x *Exchange) Any(f func(*snapshot.Endpoint) bool) bool {
	for i := range x.cands {
		if !x.cands[i].Tried && f(x.targets[i].endpoint) {
			return true
		}
	}
	return false
}

// Translates tells whether an endpoint that may still be tried needs the request
// to be translated.
func (x *Exchange) Translates() bool {
	for i := range x.cands {
		if !x.cands[i].Tried && x.targets[i].path == "" {
			return true
		}
	}
	return false
}

// unable is the error for a model that exists while no endpoint can serve it.
func (x *Exchange) unable() *fault.Error {
	for i := range x.targets {
		if ep := x.targets[i].endpoint; ep != nil && ep.Auth.Mode == catalog.Passthrough && x.who.Key != nil && !x.who.Separate {
			return fault.New(fault.MissingKey, "The model '%s' passes your own credential on to its provider. Send that in Authorization, and the gateway's key in %s.", printable(x.rec.Model), principal.Header)
		}
	}
	return fault.Param(fault.UnsupportedOperation, "model", "The model '%s' is served by endpoints that cannot do %s %s.", printable(x.rec.Model), x.req.Op.Method, x.req.Op.Path)
}

func translates(d dialect.Dialect, id op.ID) bool {
	t, ok := d.(dialect.Translator)
	return ok && t.Translates(id)
}

// Streams tells whether the client asked for a stream of events.
func (x *Exchange) Streams() bool { return x.rec.Stream }

// KeepAlive is the time between comments while a stream waits.
func (x *Exchange) KeepAlive() time.Duration { return x.snap.Bounds.KeepAlive }

// Committed tells whether the answer's head has gone to the client.
func (x *Exchange) Committed() bool { return x.committed }

// Held is how many bytes of the answer are held, because it is not complete or
// not understood yet.
func (x *Exchange) Held() int64 {
	return int64(len(x.buf) + len(x.events.Rest()) + len(x.lines.Rest()))
}

// Finished tells whether nothing more goes to the client, although the
// endpoint may still be sending.
func (x *Exchange) Finished() bool { return x.finished }

// Close ends the exchange after the last call of End or Refuse. gone says that
// the client left before the end.
func (x *Exchange) Close(gone bool, now time.Time) {
	x.land(now)
	if x.answer != nil && !x.usage.Known {
		x.usage = x.answer.Usage()
	}
	x.rec.Usage, _ = x.usage.Clamp()
	x.settle(gone, now)
	x.rec.Duration = now.Sub(x.req.Now)
	if gone {
		x.rec.Outcome = record.ClientGone
		x.rec.Status = fault.ClientGone.Row().Status
		if x.rec.Fault == nil {
			x.rec.Fault = fault.New(fault.ClientGone, "The client left.")
		}
	}
}

// Trim drops the buffers that are larger than most bytes, and lets go of the
// request, so that an idle connection costs little. It is for after Close, and
// Open alone may follow.
func (x *Exchange) Trim(most int) {
	x.state = state{}
	x.attempt.reset(nil)
	clear(x.targets[:cap(x.targets)])
	x.resetAnswer()
	const field, piece = 32, 24 // bytes of a header field and of a slice
	for _, h := range []*wire.Header{&x.attempt.Header, &x.sent} {
		if clear((*h)[:cap(*h)]); cap(*h)*field > most {
			*h = nil
		}
	}
	if clear(x.attempt.Body[:cap(x.attempt.Body)]); cap(x.attempt.Body)*piece > most {
		x.attempt.Body = nil
	}
	clear(x.attempt.splices[:cap(x.attempt.splices)])
	for _, b := range []*[]byte{&x.buf, &x.scratch, &x.text} {
		if cap(*b) > most {
			*b = nil
		}
	}
	if cap(x.events.Rest()) > most {
		x.events = wire.Events{Max: x.events.Max}
	}
	x.lines = wire.Lines{Max: x.lines.Max}
	x.tail.Trim(most)
	x.sieve.Trim(most)
}

// printable shortens a name for a message.
func printable(name string) string {
	if len(name) > 100 {
		return name[:100] + "…"
	}
	return name
}
