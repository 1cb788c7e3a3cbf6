package exchange

import (
	"time"

	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/limit"
	"github.com/gatehouse-ai/gatehouse/record"
	"github.com/gatehouse-ai/gatehouse/wire"
)

// admit holds the request against the limits of its key, once. It is done at the
// first attempt and not with the body, since a front may leave an exchange whose
// body it has given to another front.
func (x *Exchange) admit() *fault.Error {
	if x.admitted || x.who.Key == nil {
		return nil
	}
	b := x.snap.Limits[x.who.Key]
	if b == nil {
		x.admitted = true
		return nil
	}
	tokens := limit.Estimate(x.input(), x.fields.MaxTokens, x.fields.N)
	x.bucket = b
	if d := b.Reserve(x.now, tokens); !d.OK {
		return d.Fault(x.who.Key.Name)
	}
	x.taken, x.admitted = tokens, true
	return nil
}

// input is the size of the body as far as it is text: most of a form is a file,
// whose bytes say nothing of tokens.
func (x *Exchange) input() int {
	if x.form != nil {
		return 0
	}
	return len(x.body)
}

// settle ends what admit began.
func (x *Exchange) settle(gone bool, now time.Time) {
	b := x.bucket
	if x.bucket = nil; b == nil || !x.admitted {
		return
	}
	if x.tries == 0 {
		b.Release(now, x.taken)
		return
	}
	b.Settle(now, x.taken, x.used(gone))
}

// used is how many tokens count for a request that was tried. Where the endpoint
// has not told all of it, an answer that came in part, or whose client left, is
// not to be cheaper than a whole one: an event is then taken for a token. An error
// that is the whole answer counts for its input alone.
func (x *Exchange) used(gone bool) int64 {
	u := &x.rec.Usage
	switch {
	case u.Known && x.rec.Outcome == record.Complete && !gone:
		return u.Total()
	case u.Known:
		return max(u.Total(), u.Input+x.emitted)
	}
	input := limit.Estimate(x.input(), 0, 0)
	if gone || x.committed && x.rec.Status < 400 {
		return max(x.taken, input+x.emitted)
	}
	return input
}

// standing puts into a head how the limits of the key stand, in the place of what
// an endpoint says of the gateway's account. What it says of the client's own
// account counts more than the gateway's limits. The values are valid until the
// next head.
func (x *Exchange) standing(h wire.Header) wire.Header {
	if x.bucket == nil {
		return h
	}
	ep := x.attempt.Endpoint
	if ep != nil && ep.Auth.Mode == catalog.Passthrough && limit.HasHeaders(h) {
		return h
	}
	h, x.shown = limit.AppendHeaders(limit.DropHeaders(h), x.bucket.View(x.now), x.shown[:0])
	return h
}
