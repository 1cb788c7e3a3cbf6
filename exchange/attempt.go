package exchange

import (
	"bytes"
	"time"

	"github.com/gatehouse-ai/gatehouse/dialect"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/headers"
	"github.com/gatehouse-ai/gatehouse/op"
	"github.com/gatehouse-ai/gatehouse/pick"
	"github.com/gatehouse-ai/gatehouse/route"
	"github.com/gatehouse-ai/gatehouse/snapshot"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// Attempt is one request to one endpoint. It is valid until the next call of
// Next.
type Attempt struct {
	Endpoint *snapshot.Endpoint
	Path     string // of the URL, decoded
	Query    string
	Header   wire.Header // without Host, lengths and framing
	// Body is the request's body in pieces, in order; some are the client's
	// own bytes. For a form it is what the front has read so far, with the
	// edits made; the rest follows as it comes.
	Body [][]byte

	splices []wire.Splice
}

// reset empties the attempt for another endpoint and keeps its buffers.
func (a *Attempt) reset(ep *snapshot.Endpoint) {
	*a = Attempt{Endpoint: ep, Header: a.Header[:0], Body: a.Body[:0], splices: a.splices[:0]}
}

// Len returns the length of the body.
func (a *Attempt) Len() int64 {
	n := int64(0)
	for _, p := range a.Body {
		n += int64(len(p))
	}
	return n
}

// Next chooses an endpoint that has not been tried and makes the request for
// it. The first call holds the request against the limits of its key. rnd is a random number. The error is the answer for the client: pass it
// to Refuse.
func (x *Exchange) Next(now time.Time, rnd uint64) (*Attempt, *fault.Error) {
	x.land(now)
	x.now = now
	if err := x.admit(); err != nil {
		return nil, err
	}
	if x.tries == 0 {
		x.snap.Retries.Deposit()
	}
	for {
		i := x.choose(now, rnd)
		if i < 0 {
			return nil, x.exhausted(now)
		}
		x.cands[i].Tried = true
		ep, a := x.targets[i].endpoint, &x.attempt
		a.reset(ep)
		x.resetAnswer()
		if err := x.build(i); err != nil {
			x.refused = err // another endpoint may be able to do what this one's dialect cannot
			continue
		}
		if !ep.Health.Allow(now) {
			continue // its one probe is under way
		}
		x.tries++
		x.rec.Attempts = x.tries
		x.rec.Endpoint = ep.Name
		x.failed = nil
		ep.Health.Begin()
		x.flight, x.reported = true, false
		return a, nil
	}
}

// choose picks among the candidates that are healthy now.
func (x *Exchange) choose(now time.Time, rnd uint64) int {
	for i := range x.cands {
		if c := &x.cands[i]; !c.Tried {
			h := x.targets[i].endpoint.Health
			c.Healthy, c.Load = h.Healthy(now), h.Load()
		}
	}
	return pick.Pick(x.cands, rnd)
}

// exhausted is the error when no endpoint is left: that of the last attempt,
// or that none is healthy.
func (x *Exchange) exhausted(now time.Time) *fault.Error {
	switch {
	case x.failed != nil:
		return x.failed
	case x.refused != nil:
		return x.refused
	}
	err := fault.New(fault.NoEndpoint, "No endpoint of the model '%s' is healthy at the moment. Try again shortly.", printable(x.rec.Model))
	for i := range x.targets {
		if ep := x.targets[i].endpoint; ep != nil {
			if d := ep.Health.RetryAfter(now); err.RetryAfter == 0 || d < err.RetryAfter {
				err.RetryAfter = d
			}
		}
	}
	return err
}

// land ends the flight of an attempt in its endpoint's load.
func (x *Exchange) land(now time.Time) {
	if !x.flight {
		return
	}
	x.flight = false
	if !x.reported { // the client left before the endpoint had shown itself
		x.attempt.Endpoint.Health.Release(now)
	}
	x.attempt.Endpoint.Health.End()
}

// build makes the request for the chosen target.
func (x *Exchange) build(i int) *fault.Error {
	a := &x.attempt
	model := route.Upstream(x.route, &x.route.Model.Pool[i])
	x.rec.Upstream = model
	if path := x.targets[i].path; path != "" {
		a.Path = path
		a.Query = headers.Query(x.req.Query)
		a.Header = headers.AppendRequest(a.Header, x.req.Header)
		if x.form == nil {
			a.Header = append(a.Header, wire.Field{Name: "Content-Type", Value: "application/json"})
			x.edit(model)
			a.Body = pieces(a.Body, x.body, a.splices)
		} else {
			x.editForm(model)
		}
	} else if err := x.translate(a.Endpoint.Dialect, model); err != nil {
		return err
	}
	x.authenticate()
	a.Header = append(a.Header, wire.Field{Name: "X-Request-Id", Value: x.rec.ID})
	for i := range a.Endpoint.Headers {
		f := &a.Endpoint.Headers[i]
		a.Header = a.Header.Set(f.Name, f.Value.Reveal())
	}
	return nil
}

// translate makes the request in the endpoint's own protocol.
func (x *Exchange) translate(d dialect.Dialect, model string) *fault.Error {
	req, answer, err := d.(dialect.Translator).Translate(x.attempt.Endpoint.URL.Path, dialect.Call{
		Op: x.req.Op.ID, Body: x.body, Model: model,
		Stream: x.fields.Stream, IncludeUsage: x.fields.IncludeUsage,
		ID: idSuffix(x.rec.ID), Created: x.req.Now.Unix(),
	})
	if err != nil {
		return fault.From(err)
	}
	a := &x.attempt
	x.answer = answer
	a.Path = req.Path
	a.Header = headers.AppendTranslated(a.Header, x.req.Header)
	a.Header = append(a.Header, wire.Field{Name: "Content-Type", Value: "application/json"})
	a.Header = append(a.Header, req.Header...)
	a.Body = append(a.Body, req.Body)
	return nil
}

// idSuffix is the part of a request id that ids made for the client end with.
func idSuffix(id string) string {
	const prefix = "req_"
	if len(id) > len(prefix) && id[:len(prefix)] == prefix {
		return id[len(prefix):]
	}
	return id
}

// edit notes the named edits of a body that goes on as it is: the model's
// name, and that usage is wanted at the end of a stream.
func (x *Exchange) edit(model string) {
	f, a := &x.fields, &x.attempt
	renamed := model != f.Model || !f.ModelAt.There() && model != x.req.Op.DefaultModel
	switch {
	case f.ModelAt.There() && (renamed || string(x.body[f.ModelAt.Start:f.ModelAt.End]) == "null"):
		if renamed {
			a.splices = append(a.splices, wire.Splice{Start: f.ModelAt.Start, End: f.ModelAt.End, Text: x.quote("", model, "")})
		}
	case renamed: // the body named none
		at := bytes.IndexByte(x.body, '{') + 1
		a.splices = append(a.splices, wire.Splice{Start: at, End: at, Text: x.quote(`"model":`, model, ",")})
	}
	if s, ok := x.askUsage(); ok {
		a.splices = append(a.splices, s)
	}
	if len(a.splices) == 2 && a.splices[0].Start > a.splices[1].Start {
		a.splices[0], a.splices[1] = a.splices[1], a.splices[0]
	}
}

// quote returns a JSON string between two texts. It is valid until Close.
func (x *Exchange) quote(before, s, after string) []byte {
	start := len(x.text)
	x.text = append(x.text, before...)
	x.text = wire.AppendString(x.text, s)
	x.text = append(x.text, after...)
	return x.text[start:len(x.text):len(x.text)]
}

// What asks for the usage of a stream, wherever it has to stand.
var (
	yes       = []byte("true")
	include   = []byte(`"include_usage":true`)
	including = []byte(`"include_usage":true,`)
	options   = []byte(`{"include_usage":true}`)
	asking    = []byte(`,"stream_options":{"include_usage":true}`)
)

// asksUsage are the operations whose streams tell their usage only if asked.
func asksUsage(id op.ID) bool { return id == op.ChatCompletion || id == op.Completion }

// askUsage is the edit that asks for the usage of a stream.
func (x *Exchange) askUsage() (wire.Splice, bool) {
	f := &x.fields
	if !f.Stream || f.IncludeUsage || !x.asks {
		return wire.Splice{}, false
	}
	switch {
	case f.IncludeAt.There():
		return wire.Splice{Start: f.IncludeAt.Start, End: f.IncludeAt.End, Text: yes}, true
	case f.OptionsAt.There() && !f.OptionsNull:
		at := f.OptionsAt.Start + 1
		text := including
		if len(bytes.TrimSpace(x.body[at:f.OptionsAt.End-1])) == 0 {
			text = include
		}
		return wire.Splice{Start: at, End: at, Text: text}, true
	case f.OptionsNull:
		return wire.Splice{Start: f.OptionsAt.Start, End: f.OptionsAt.End, Text: options}, true
	}
	return wire.Splice{Start: f.StreamAt.End, End: f.StreamAt.End, Text: asking}, true
}

// pieces appends body in pieces, with the splices made, copying nothing.
func pieces(dst [][]byte, body []byte, splices []wire.Splice) [][]byte {
	at := 0
	for _, s := range splices {
		if s.Start > at {
			dst = append(dst, body[at:s.Start])
		}
		if len(s.Text) > 0 {
			dst = append(dst, s.Text)
		}
		at = s.End
	}
	if at < len(body) {
		dst = append(dst, body[at:])
	}
	return dst
}
