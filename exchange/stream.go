package exchange

import (
	"bytes"

	"github.com/gatehouse-ai/gatehouse/dialect/failure"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/meter"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/wire"
)

var (
	doneEvent = []byte("data: [DONE]\n\n")
	keepAlive = []byte(": keep-alive\n\n")
	errorKey  = []byte(`"error"`)
	finishKey = []byte(`"finish_reason"`)
)

// feed splits a piece of a stream into events and handles each.
func (x *Exchange) feed(p []byte, s Sink) error {
	var gone error
	handle := func(e wire.Event) error {
		if x.settled() {
			return nil
		}
		if x.mode == translate {
			gone = x.translated(e, s)
		} else {
			gone = x.event(e, s)
		}
		return gone
	}
	var err error
	if x.ndjson() {
		err = x.lines.Feed(p, func(line []byte) error { return handle(wire.Event{Data: line}) })
	} else {
		err = x.events.Feed(p, handle)
	}
	if gone == nil && err != nil && x.failed == nil {
		x.failed = fault.Wrap(fault.UpstreamBroken, err, "The endpoint's stream could not be read: %s.", err)
	}
	return gone
}

// event handles one event of a stream that passes unchanged.
func (x *Exchange) event(e wire.Event, s Sink) error {
	var has meter.Marks
	if e.Data != nil {
		has = x.sieve.Look(e.Data)
	}
	if string(e.Name) == "error" || has&meter.HasError != 0 && failure.IsError(e.Data) {
		x.failed = x.attempt.Endpoint.Dialect.Error(200, e.Data)
		return nil
	}
	if !x.committed {
		if e.Data == nil { // comments do not tell yet whether this will be an answer
			if len(x.buf) < maxHeld {
				x.buf = append(x.buf, e.Raw...)
			}
			return nil
		}
		if err := x.commit(s, ""); err != nil {
			return err
		}
		if len(x.buf) > 0 {
			if err := s.Write(x.buf, false); err != nil {
				return err
			}
		}
	}
	if has&meter.HasUsage != 0 {
		x.usage = meter.FromEvent(e.Data, x.usage)
	}
	raw := e.Raw
	if has&(meter.HasUsage|meter.HasNull) != 0 {
		if x.asks && !x.fields.IncludeUsage {
			raw, x.scratch = meter.Strip(e, x.scratch)
		}
	}
	if len(raw) == 0 {
		return nil
	}
	if e.Data != nil {
		x.emitted++
		x.finish = x.finish || (has&meter.HasFinish != 0 || !x.asks) && x.ends(e)
	}
	if err := s.Write(raw, true); err != nil {
		return err
	}
	if e.Done() {
		x.finished = true
		x.rec.Outcome = record.Complete
	}
	return nil
}

// ends tells whether the event says that the model has come to its end.
func (x *Exchange) ends(e wire.Event) bool {
	switch x.req.Op.ID {
	case op.Response:
		return typed(e, "response.completed") || typed(e, "response.failed") || typed(e, "response.incomplete")
	case op.Message:
		return typed(e, "message_stop")
	case op.ChatCompletion, op.Completion:
		i := bytes.Index(e.Data, finishKey)
		if i < 0 {
			return false
		}
		rest := bytes.TrimLeft(e.Data[i+len(finishKey):], " \t:")
		return len(rest) > 0 && rest[0] == '"'
	}
	return true // other streams have no end of their own: theirs is that of the body
}

// typed tells whether the event is of the named type.
func typed(e wire.Event, name string) bool {
	if e.Name != nil {
		return string(e.Name) == name
	}
	i := bytes.Index(e.Data, []byte(name))
	return i > 0 && e.Data[i-1] == '"' && bytes.Contains(e.Data[:i], []byte(`"type"`))
}

// completeEvents ends a stream whose body has ended.
func (x *Exchange) completeEvents(s Sink) error {
	if x.unframed() {
		return nil
	}
	if !x.finish {
		x.failed = interrupted()
		return nil
	}
	if x.asks { // some engines leave the last event out
		return s.Write(doneEvent, true)
	}
	return nil
}

// unframed sets x.failed if what came in place of a stream is one error without
// the framing of a stream.
func (x *Exchange) unframed() bool {
	rest := x.events.Rest()
	if x.ndjson() {
		rest = x.lines.Rest()
	}
	if x.emitted > 0 || !failure.IsError(rest) {
		return false
	}
	x.failed = x.attempt.Endpoint.Dialect.Error(x.status, rest)
	return true
}

func interrupted() *fault.Error {
	return fault.New(fault.UpstreamInterrupted, "The endpoint ended its stream before the answer was complete.")
}

// translated hands one event of the endpoint to its dialect, and the chunks
// that come of it to the client.
func (x *Exchange) translated(e wire.Event, s Sink) error {
	var gone error
	err := x.answer.Event(e, func(data []byte) error {
		gone = x.chunk(data, s)
		return gone
	})
	if gone == nil && err != nil {
		x.failed = x.notUnderstood(err)
	}
	return gone
}

// chunk writes one chunk that a dialect has made.
func (x *Exchange) chunk(data []byte, s Sink) error {
	if !x.committed {
		if err := x.commit(s, ""); err != nil {
			return err
		}
	}
	x.emitted++
	x.scratch = wire.AppendEvent(x.scratch[:0], "", data)
	return s.Write(x.scratch, true)
}

func (x *Exchange) completeTranslated(s Sink) error {
	if x.unframed() {
		return nil
	}
	var gone error
	err := x.answer.End(func(data []byte) error {
		gone = x.chunk(data, s)
		return gone
	})
	x.usage = x.answer.Usage()
	switch {
	case gone != nil:
		return gone
	case err != nil:
		x.failed = fault.From(err)
		if x.failed.Kind == fault.Internal {
			x.failed = fault.Wrap(fault.UpstreamInterrupted, err, "The endpoint ended its stream before the answer was complete.")
		}
		return nil
	case !x.committed:
		x.failed = interrupted()
		return nil
	}
	return s.Write(doneEvent, true)
}

// Idle is called when nothing has been written for the time of KeepAlive. A
// stream that waits gets a comment, so that nobody between here and the client
// takes it for dead. A stream whose endpoint has not answered at all yet is begun
// at the second call only, since with its head goes the chance to answer with a
// status.
func (x *Exchange) Idle(s Sink) error {
	if !x.rec.Stream || x.settled() {
		return nil
	}
	if !x.committed {
		if x.status == 0 {
			if x.idle++; x.idle < 2 {
				return nil
			}
		} else if x.mode != passEvents && x.mode != translate {
			return nil
		}
		x.early = true
		if err := x.commit(s, ""); err != nil {
			return err
		}
	} else if !x.sse() {
		return nil
	}
	return s.Write(keepAlive, true)
}
