package exchange

import (
	"strconv"

	"github.com/gatehouse-ai/gatehouse/envelope"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/wire"
)

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
	x.rec.Fault, x.rec.Outcome = envelope.Remembered(f), record.UpstreamFailed
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
	x.rec.Fault, x.rec.Outcome = envelope.Remembered(f), record.UpstreamError
	if f.Kind.Row().Source == fault.Gateway || f.Kind.Row().Source == fault.Client {
		x.rec.Outcome = record.Refused
	}
	var h wire.Header
	for _, field := range x.standing(x.returned(nil)) {
		if !wire.EqualFold(field.Name, "Content-Type") && !wire.EqualFold(field.Name, "Content-Encoding") && !wire.EqualFold(field.Name, envelope.Source) {
			h = append(h, field)
		}
	}
	if x.rec.Endpoint != "" {
		h = x.outcome(h)
	}
	status, h, body := envelope.Answer(f, x.req.Op.Shape, x.rec.ID, h)
	if x.mode == holdError && x.status >= 400 && f.Code != "upstream_authentication_failed" && envelope.Is(x.buf, x.req.Op.Shape) && !envelope.Repeats(x.buf, x.attempt.Endpoint.Secrets()) {
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

// discreet returns an endpoint's error without the secrets that it was sent.
func (x *Exchange) discreet(f *fault.Error) *fault.Error {
	if f.Kind.Row().Source != fault.Upstream {
		return f
	}
	return envelope.Discreet(f, x.attempt.Endpoint.Secrets())
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

// lastEvent is the event that ends a stream which broke off.
func (x *Exchange) lastEvent(f *fault.Error) []byte {
	x.scratch = envelope.AppendEvent(x.scratch[:0], f, x.req.Op.ID, x.rec.ID, x.emitted)
	return x.scratch
}
