package exchange

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/secret"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Failure returns the answer that tells a client of an error, in the shape
// that the clients of the operation expect. The request's id goes into the
// body where the shape has a place for it; h is what the fields are appended
// to.
func Failure(e *fault.Error, shape op.Shape, requestID string, h wire.Header) (status int, head wire.Header, body []byte) {
	if shape == op.AnthropicShape {
		body = e.AppendAnthropic(nil, requestID)
	} else {
		body = e.AppendOpenAI(nil)
	}
	row := e.Kind.Row()
	h = append(h,
		wire.Field{Name: "Content-Type", Value: "application/json"},
		wire.Field{Name: "Content-Length", Value: strconv.Itoa(len(body))},
		wire.Field{Name: HeaderSource, Value: string(row.Source)})
	if row.Final || e.Code == "insufficient_quota" {
		h = h.Set("X-Should-Retry", "false")
	}
	if e.Allow != "" {
		h = append(h, wire.Field{Name: "Allow", Value: e.Allow})
	}
	if e.RetryAfter > 0 {
		h = h.Set("Retry-After", strconv.FormatInt(int64((e.RetryAfter+time.Second-1)/time.Second), 10))
		h = h.Set("Retry-After-Ms", strconv.FormatInt(e.RetryAfter.Milliseconds(), 10))
	}
	return e.HTTPStatus(), h, body
}

// fail decides what becomes of x.failed: another attempt, an answer, the last
// event of a stream, or a connection that is cut.
func (x *Exchange) fail(s Sink) (Verdict, error) {
	f := x.failed
	if !x.committed {
		if x.mayRetry(f) {
			return Again, nil
		}
		return Done, x.answerError(f, s)
	}
	f = x.discreet(f)
	x.rec.Fault, x.rec.Outcome = remembered(f), record.UpstreamFailed
	if f.Kind.Row().Source == fault.Gateway {
		x.rec.Outcome = record.Stopped
	}
	x.finished = true
	if !x.sse() && x.mode != passEvents {
		return Abort, nil
	}
	return Done, s.Write(x.lastEvent(f), true)
}

// mayRetry tells whether the failure is one to be tried at another endpoint.
func (x *Exchange) mayRetry(f *fault.Error) bool {
	if x.tries >= x.snap.Bounds.Attempts || x.form != nil && !x.form.Complete() {
		return false
	}
	if !f.Kind.Row().Elsewhere && !(f.Kind == fault.UpstreamError && elsewhere(f.HTTPStatus())) {
		return false
	}
	for _, c := range x.cands {
		if !c.Tried {
			return x.snap.Retries.Withdraw()
		}
	}
	return false
}

// elsewhere tells whether an endpoint's status says that another one might do
// better. A rate limit is not one: hiding it would spend another account.
func elsewhere(status int) bool {
	return status == 500 || status == 502 || status == 503 || status == 504 || status == 529
}

// answerError answers with the error of an endpoint.
func (x *Exchange) answerError(f *fault.Error, s Sink) error {
	f = x.discreet(f)
	x.rec.Fault, x.rec.Outcome = remembered(f), record.UpstreamError
	if f.Kind.Row().Source == fault.Gateway || f.Kind.Row().Source == fault.Client {
		x.rec.Outcome = record.Refused
	}
	var h wire.Header
	for _, field := range x.returned(nil) {
		if !wire.EqualFold(field.Name, "Content-Type") && !wire.EqualFold(field.Name, "Content-Encoding") && !wire.EqualFold(field.Name, HeaderSource) {
			h = append(h, field)
		}
	}
	if x.rec.Endpoint != "" {
		h = x.outcome(h)
	}
	status, h, body := Failure(f, x.req.Op.Shape, x.rec.ID, h)
	if x.mode == holdError && x.status >= 400 && f.Code != "upstream_authentication_failed" && enveloped(x.buf, x.req.Op.Shape) && !x.repeats(x.buf) {
		body = x.buf // already as it should be: unchanged
		h = h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	x.committed, x.finished = true, true
	x.rec.Status = status
	if err := s.Head(status, h); err != nil {
		return err
	}
	return s.Write(body, true)
}

// repeats tells whether a body has a secret that the endpoint was sent.
func (x *Exchange) repeats(body []byte) bool {
	return slices.ContainsFunc(x.attempt.Endpoint.Secrets(), func(s secret.Value) bool { return bytes.Contains(body, []byte(s.Reveal())) })
}

// discreet returns an endpoint's error without the secrets that it was sent: an
// endpoint that repeats the key which it refuses must not tell it to clients.
func (x *Exchange) discreet(f *fault.Error) *fault.Error {
	if f.Kind.Row().Source != fault.Upstream {
		return f
	}
	out := *f
	for _, s := range x.attempt.Endpoint.Secrets() {
		for _, text := range []*string{&out.Message, &out.Param, &out.Type, &out.Code} {
			*text = strings.ReplaceAll(*text, s.Reveal(), "***")
		}
	}
	return &out
}

// remembered is what the record keeps of an error. The message of an endpoint
// is not kept: engines quote prompts in theirs, and the record goes to the log.
func remembered(f *fault.Error) *fault.Error {
	if f.Kind != fault.UpstreamError {
		return f
	}
	out := *f
	out.Message = "The endpoint answered with an error of status " + strconv.Itoa(f.HTTPStatus())
	if f.Type != "" {
		out.Message += ", type " + f.Type
	}
	if f.Code != "" {
		out.Message += ", code " + f.Code
	}
	return &out
}

// Refuse answers with an error of the gateway, or of the last attempt. It may
// be called instead of Body, Form, Next and what follows; after the head of a
// stream has gone out, the error becomes its last event.
func (x *Exchange) Refuse(f *fault.Error, s Sink) error {
	if x.finished {
		return nil
	}
	x.failed = f
	if x.committed {
		_, err := x.fail(s)
		return err
	}
	return x.answerError(f, s)
}

// lastEvent is the event that ends a stream which broke off, in the form that
// the clients of the operation understand.
func (x *Exchange) lastEvent(f *fault.Error) []byte {
	b := x.scratch[:0]
	switch x.req.Op.ID {
	case op.Response:
		b = wire.AppendEvent(b, "error", f.AppendResponses(nil, x.emitted))
	case op.Message:
		b = wire.AppendEvent(b, "error", f.AppendAnthropic(nil, x.rec.ID))
	default:
		b = wire.AppendEvent(b, "", f.AppendOpenAI(nil))
	}
	x.scratch = b
	return b
}

// enveloped tells whether the body of an error is already in the shape, with
// every key of the right type, so that it can go on as it is.
func enveloped(body []byte, shape op.Shape) bool {
	found, typed := false, shape != op.AnthropicShape
	err := wire.Scan(body, func(m wire.Member) error {
		v := body[m.Start:m.End]
		switch string(m.Key) {
		case "error":
			found = v[0] == '{' && errorObject(v, shape)
		case "type":
			typed = typed || string(v) == `"error"`
		}
		return nil
	})
	return err == nil && found && typed
}

// errorObject tells whether an error object has the keys of its shape.
func errorObject(v []byte, shape op.Shape) bool {
	n := 0
	err := wire.Scan(v, func(m wire.Member) error {
		c := v[m.Start]
		switch string(m.Key) {
		case "message", "type":
			if c == '"' {
				n++
			}
		case "param", "code":
			if c == '"' || c == 'n' {
				n++
			}
		}
		return nil
	})
	return err == nil && (n == 4 || shape == op.AnthropicShape && n >= 2)
}
