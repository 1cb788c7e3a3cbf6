package front

import (
	"time"

	"github.com/gatehouse-ai/gatehouse/catalog"
	"github.com/gatehouse-ai/gatehouse/fault"
	"github.com/gatehouse-ai/gatehouse/relay"
)

// stallTimeout is how long a client may take to accept a piece of its answer.
const stallTimeout = time.Minute

// phase is how far an attempt has come.
type phase uint8

const (
	connecting phase = iota // which the dialler bounds
	waiting                 // for the head of the answer
	beginning               // for the first piece of its body
	going                   // for the next
)

// clock knows what is due in a session, and when.
type clock struct {
	limits    catalog.Timeouts
	phase     phase
	since     time.Time // of the phase, or the last piece
	started   time.Time // of the attempt
	keepAlive time.Duration
	written   time.Time // when the client was last written to
}

// waits begins the time between comments of a stream.
func (k *clock) waits(keepAlive time.Duration, streams bool, now time.Time) {
	k.written = now
	if streams {
		k.keepAlive = keepAlive
	}
}

func (k *clock) attempt(limits catalog.Timeouts, now time.Time) {
	k.limits, k.phase, k.started = limits, connecting, now
}

func (k *clock) sent(now time.Time)     { k.phase, k.since = waiting, now }
func (k *clock) answered(now time.Time) { k.phase, k.since = beginning, now }
func (k *clock) progress(now time.Time) { k.phase, k.since = going, now }
func (k *clock) wrote(now time.Time)    { k.written = now }
func (k *clock) alive(now time.Time)    { k.written = now }

// bound is the limit of the phase, and what to call its overrun.
func (k *clock) bound() (time.Duration, string) {
	switch k.phase {
	case waiting:
		return k.limits.Header, ""
	case beginning:
		return k.limits.FirstToken, relay.ToBegin
	case going:
		return k.limits.Idle, relay.ToGoOn
	case connecting:
	}
	return 0, ""
}

// next is when something is due, or zero. pending says that the client has not
// taken all that was written.
func (k *clock) next(pending bool) time.Time {
	var at time.Time
	earlier := func(since time.Time, d time.Duration) {
		if t := since.Add(d); d > 0 && (at.IsZero() || t.Before(at)) {
			at = t
		}
	}
	if pending { // then neither the endpoint nor a comment is waited for
		earlier(k.written, stallTimeout)
		return at
	}
	d, _ := k.bound()
	earlier(k.since, d)
	earlier(k.started, k.limits.Total)
	earlier(k.written, k.keepAlive)
	return at
}

// event is what is due.
type event uint8

const (
	nothing event = iota
	stalled       // the client takes nothing
	overdue       // the endpoint is late
	quiet         // a stream has been silent for long
)

// due tells what has to be done now.
func (k *clock) due(now time.Time, pending bool) (*fault.Error, event) {
	past := func(since time.Time, d time.Duration) bool { return d > 0 && now.Sub(since) >= d }
	d, what := k.bound()
	switch {
	case pending && past(k.written, stallTimeout):
		return nil, stalled
	case pending:
		return nil, nothing
	case past(k.since, d) && k.phase == waiting:
		return relay.Silent(nil), overdue
	case past(k.since, d) && k.phase != connecting:
		return relay.Late(what, d), overdue
	case past(k.started, k.limits.Total):
		return relay.Late(relay.ToFinish, k.limits.Total), overdue
	case past(k.written, k.keepAlive):
		return nil, quiet
	}
	return nil, nothing
}
