package exchange

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/dialect/failure"
	"github.com/gatehouse-ai/gatehouse/envelope"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/meter"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Bounds of what is held of an answer.
const (
	maxHeld  = 64 << 10 // of a JSON answer, until it is known not to be an error
	maxError = 1 << 20  // of the body of an error
)

// Verdict is what a driver does after End.
type Verdict uint8

// The verdicts.
const (
	Done  Verdict = iota // the answer is complete
	Again                // nothing has been sent: call Next
	Abort                // the answer broke off: close the connection without ending it
)

func (x *Exchange) resetAnswer() {
	x.mode, x.status, x.head, x.answer = passBytes, 0, nil, nil
	x.events.Reset()
	x.lines.Reset()
	x.sieve.Reset()
	x.tail.Reset()
	x.buf = x.buf[:0]
	x.usage = meter.Usage{}
	x.finish, x.emitted = false, 0
}

// Answer takes the head of the endpoint's answer, which must stay as it is
// until End. A driver has undone any content encoding that it names no more.
func (x *Exchange) Answer(status int, head wire.Header, now time.Time) {
	x.status, x.head, x.now = status, head, now
	x.report(status < 500 || status == 501, "status_5xx", now)
	media := wire.MediaType(head.Get("Content-Type"))
	encoded := head.Get("Content-Encoding")
	switch {
	case status == 429 && x.attempt.Endpoint.Auth.Mode == catalog.Passthrough && x.answer == nil:
		x.mode = passBytes
	case status < 200 || status >= 300, wire.EqualFold(media, "text/html"):
		x.mode = holdError
	case x.answer != nil && encoded != "" && encoded != "identity":
		x.failed = fault.New(fault.UpstreamBroken, "The endpoint's answer has a content encoding that the gateway does not know.")
	case x.answer != nil && x.fields.Stream:
		x.mode = translate
	case x.answer != nil:
		x.mode = holdWhole
	case wire.EqualFold(media, "text/event-stream"):
		x.mode = passEvents
	case wire.EqualFold(media, "application/json") && encoded == "":
		x.mode = holdJSON
	default:
		x.mode = passBytes
	}
}

// report tells the endpoint's health how it did.
func (x *Exchange) report(ok bool, reason string, now time.Time) {
	x.reported = true
	x.attempt.Endpoint.Health.Report(ok, reason, now)
}

// settled tells whether nothing that is still to come can change the answer.
func (x *Exchange) settled() bool { return x.finished || x.failed != nil }

// Data takes a piece of the body of the endpoint's answer. An error is the
// sink's: the client is gone.
func (x *Exchange) Data(p []byte, s Sink) error {
	if x.settled() {
		return nil
	}
	switch x.mode {
	case passBytes:
		return x.pass(p, s)
	case holdJSON:
		return x.hold(p, s)
	case holdError:
		x.buf = append(x.buf, p[:min(len(p), maxError-min(maxError, len(x.buf)))]...)
	case holdWhole:
		if int64(len(x.buf)+len(p)) > x.snap.Bounds.Answer {
			x.failed = fault.New(fault.UpstreamBroken, "The endpoint's answer is larger than the %d bytes that can be translated.", x.snap.Bounds.Answer)
			return nil
		}
		x.buf = append(x.buf, p...)
	case passEvents, translate:
		return x.feed(p, s)
	}
	return nil
}

// pass hands on bytes that are not looked into.
func (x *Exchange) pass(p []byte, s Sink) error {
	if !x.committed {
		if err := x.commit(s, x.length()); err != nil {
			return err
		}
	} else if x.rec.Stream && x.sse() {
		x.failed = fault.New(fault.UpstreamBroken, "The endpoint was asked for a stream of events and sent something else.")
		return nil
	}
	x.tail.Write(p)
	return s.Write(p, true)
}

// hold keeps a piece of a JSON answer, until there is too much of it: then all of
// it is handed on, unless it is an error.
func (x *Exchange) hold(p []byte, s Sink) error {
	if len(x.buf)+len(p) <= maxHeld {
		if len(x.buf) == 0 {
			x.reserve()
		}
		x.buf = append(x.buf, p...)
		return nil
	}
	if x.errs(p) {
		if x.buf = append(x.buf, p...); failure.IsError(x.buf) {
			x.mode = holdError
			return nil
		}
		p = nil
	}
	x.mode = passBytes
	held := x.buf
	x.buf = nil
	var err error
	if len(held) > 0 {
		err = x.pass(held, s)
	}
	x.buf = held[:0]
	if err == nil && len(p) > 0 && x.failed == nil {
		err = x.pass(p, s)
	}
	return err
}

// reserve makes room for what will be held of an answer of a known length.
func (x *Exchange) reserve() {
	length := x.length()
	if length == "" {
		return
	}
	if n, err := strconv.Atoi(length); err == nil && n > 0 {
		x.buf = slices.Grow(x.buf, min(n, maxHeld))
	}
}

// errs tells whether what is held and the piece after it have the name of an
// error between them.
func (x *Exchange) errs(p []byte) bool {
	if namesError(x.buf) || namesError(p) {
		return true
	}
	var seam [32]byte
	n := len(errorKey) - 1
	b := append(seam[:0], x.buf[max(0, len(x.buf)-n):]...)
	return namesError(append(b, p[:min(n, len(p))]...))
}

// number returns n in digits, valid until the next one.
func (x *Exchange) number(n int) string {
	x.digits = strconv.AppendInt(x.digits[:0], int64(n), 10)
	return wire.View(x.digits)
}

// length is the Content-Length that the endpoint announced, or "".
func (x *Exchange) length() string { return x.head.Get("Content-Length") }

// sse tells whether the answer that the client gets is a stream of events.
func (x *Exchange) sse() bool {
	return x.rec.Stream && (x.early || x.mode == passEvents || x.mode == translate)
}

// commit sends the head of an answer of success.
func (x *Exchange) commit(s Sink, length string) error {
	h := x.standing(x.returned(x.sent[:0]))
	switch {
	case x.sse() || x.mode == passEvents:
		h = h.Set("Content-Type", "text/event-stream; charset=utf-8").Set("Cache-Control", "no-cache")
		h = append(h, wire.Field{Name: "X-Accel-Buffering", Value: "no"})
	case x.answer != nil:
		h = h.Set("Content-Type", "application/json")
	}
	if length != "" {
		h = append(h, wire.Field{Name: "Content-Length", Value: length})
	}
	if x.status >= 400 { // an error that goes on as it is
		h = h.Set(envelope.Source, string(fault.Upstream))
	}
	x.committed = true
	x.rec.Status = x.status
	if x.status == 0 {
		x.rec.Status = 200
	}
	x.sent = x.outcome(h)
	return s.Head(x.rec.Status, x.sent)
}

// End takes the end of the answer: cause is nil if the endpoint ended it
// properly. It completes the client's answer, or asks for another attempt.
func (x *Exchange) End(cause *fault.Error, now time.Time, s Sink) (Verdict, error) {
	if x.finished {
		return Done, nil
	}
	if x.failed == nil && x.mode == holdError {
		x.failed = x.refusal()
	}
	if x.failed == nil && cause != nil {
		x.failed = cause
		x.report(false, cause.Kind.String(), now)
	}
	var err error
	if x.failed == nil {
		if err = x.complete(s); err != nil {
			return Done, err
		}
	}
	if x.failed == nil {
		x.finished = true
		if x.rec.Outcome == "" {
			x.rec.Outcome = record.Complete
		}
		return Done, nil
	}
	return x.fail(s)
}

// complete finishes an answer whose bytes are all there. It sets x.failed if
// they turn out not to be an answer.
func (x *Exchange) complete(s Sink) error {
	switch x.mode {
	case passBytes:
		if x.status == 429 {
			x.rec.Outcome = record.UpstreamError
			x.rec.Fault = fault.New(fault.UpstreamError, "The endpoint's own rate limit was passed on.")
		}
		x.usage, _ = x.tail.Usage()
		if !x.committed {
			return x.commit(s, "0")
		}
	case holdJSON:
		return x.completeJSON(s)
	case holdWhole:
		return x.completeWhole(s)
	case passEvents:
		return x.completeEvents(s)
	case translate:
		return x.completeTranslated(s)
	case holdError:
	}
	return nil
}

func (x *Exchange) completeJSON(s Sink) error {
	if x.mistaken(x.buf) {
		x.failed = x.refusal()
		return nil
	}
	if x.early {
		x.failed = fault.New(fault.UpstreamBroken, "The endpoint was asked for a stream of events and sent one JSON body.")
		return nil
	}
	x.usage, _ = meter.FromBody(x.buf)
	if err := x.commit(s, x.number(len(x.buf))); err != nil {
		return err
	}
	return s.Write(x.buf, true)
}

func (x *Exchange) completeWhole(s Sink) error {
	body, err := x.answer.Whole(x.buf)
	if err != nil {
		x.failed = x.notUnderstood(err)
		return nil
	}
	x.usage = x.answer.Usage()
	if err := x.commit(s, x.number(len(body))); err != nil {
		return err
	}
	return s.Write(body, true)
}

// notUnderstood turns the error of a dialect into one for the client.
func (x *Exchange) notUnderstood(err error) *fault.Error {
	if f := fault.From(err); f.Kind != fault.Internal {
		return f
	}
	return fault.Wrap(fault.UpstreamBroken, err, "The endpoint's answer could not be understood.")
}

// namesError tells whether a body has the name of an error somewhere. The first
// bytes of it are found faster, and most bodies have not even those.
func namesError(body []byte) bool {
	i := bytes.Index(body, errorKey[:4])
	return i >= 0 && bytes.Contains(body[i:], errorKey)
}

// mistaken tells whether the body of a 200 carries an error.
func (x *Exchange) mistaken(body []byte) bool {
	return namesError(body) && failure.IsError(body)
}

// refusal reads an endpoint's error out of what is held of its body.
func (x *Exchange) refusal() *fault.Error {
	ep := x.attempt.Endpoint
	if x.status >= 300 && x.status < 400 || x.status < 200 {
		return fault.New(fault.UpstreamBroken, "The endpoint answered with status %d; redirects are not followed. Correct its URL in the configuration.", x.status)
	}
	if x.status < 300 && strings.EqualFold(wire.MediaType(x.head.Get("Content-Type")), "text/html") {
		return fault.New(fault.UpstreamBroken, "The endpoint answered with a web page instead of JSON. Check its URL in the configuration.")
	}
	if x.status == 401 && ep.Auth.Mode != catalog.Passthrough {
		e := fault.New(fault.UpstreamError, "The endpoint did not accept the gateway's credential. Tell whoever runs the gateway.")
		e.Status, e.Code = x.status, "upstream_authentication_failed"
		return e
	}
	e := ep.Dialect.Error(x.status, x.buf)
	if e.Status == 0 && x.status >= 400 {
		e.Status = x.status
	}
	if s := e.HTTPStatus(); s < 400 || s > 599 {
		e.Status = 502
	}
	return e
}

// ndjson tells whether the endpoint frames its stream by lines.
func (x *Exchange) ndjson() bool { return x.mode == translate && x.answer.Framing() == dialect.NDJSON }
