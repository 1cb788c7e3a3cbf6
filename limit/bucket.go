package limit

import (
	"math"
	"time"
)

// lines is a pair of lines of the processor's cache, which processors fetch
// together.
const lines = 128

// Bucket is what has been taken of the limits of one key. Any number of
// goroutines may use it, without locks. A nil Bucket has no limits.
//
// All methods take the time. Times that differ a little between goroutines do no
// harm: an older one sees less room than there is.
type Bucket struct {
	levels [metrics]level
	epoch  time.Time
	spec   Spec
	_      [2*lines - 64 - 24 - 48]byte // neighbours share no line
}

// New returns a bucket of which nothing is taken.
func New(spec Spec, now time.Time) *Bucket {
	b := &Bucket{epoch: now, spec: spec.normal()}
	for m, r := range b.spec.rates() {
		b.levels[m].set(r)
	}
	return b
}

// Next returns the bucket that takes the place of b when its key gets another
// spec: b itself if the spec means the same, else a new one. Of a rate that is
// the same the new one has the state; of one that has changed it has as much
// taken as b has now, but no more than the bucket holds: who was given more can
// use it at once, and who was given less waits for no more than one filling.
//
// What is reserved, settled and released at b after that does not count for the
// new one.
func (b *Bucket) Next(spec Spec, now time.Time) *Bucket {
	if b == nil {
		return New(spec, now)
	}
	if spec.normal() == b.spec {
		return b
	}
	next, elapsed := New(spec, b.epoch), b.elapsed(now)
	was, is := b.spec.rates(), next.spec.rates()
	for m := range next.levels {
		from, to := &b.levels[m], &next.levels[m]
		switch mark := from.mark.Load(); {
		case to.rate == 0:
		case was[m] == is[m]:
			to.mark.Store(mark)
		default:
			taken := int64(0)
			if from.rate != 0 {
				taken = from.taken(elapsed)
			}
			to.mark.Store(to.flowed(elapsed) + min(to.units(taken), to.full))
		}
	}
	return next
}

// Spec returns what the bucket allows, with the defaults of its rates in place.
func (b *Bucket) Spec() Spec {
	if b == nil {
		return Spec{}
	}
	return b.spec
}

// elapsed returns the nanoseconds since the epoch, within what levels can count.
func (b *Bucket) elapsed(now time.Time) int64 {
	return min(max(int64(now.Sub(b.epoch)), 0), maxElapsed)
}

// Reserve decides whether a request may be served now: it takes one request and
// so many tokens, or nothing if one of the limits has no room. Requests that run
// into each other at the edge of two limits may both be refused where one after
// the other only one would have been; more than the limits allow is never served.
//
// A request that was admitted ends in one call of Settle or Release.
func (b *Bucket) Reserve(now time.Time, tokens int64) Decision {
	if b == nil {
		return Decision{OK: true}
	}
	elapsed := b.elapsed(now)
	units := b.units(tokens)
	for m := range b.levels { // most refusals come from here, and disturb nobody
		if l := &b.levels[m]; l.rate != 0 && !l.fits(elapsed, units[m]) {
			return b.refuse(elapsed, Metric(m), units, tokens)
		}
	}
	for m := range b.levels {
		if l := &b.levels[m]; l.rate != 0 && !l.take(elapsed, units[m]) {
			for before := range m {
				if l := &b.levels[before]; l.rate != 0 {
					l.give(elapsed, units[before])
				}
			}
			return b.refuse(elapsed, Metric(m), units, tokens)
		}
	}
	return Decision{OK: true}
}

// units returns what one request of so many tokens takes from each level.
func (b *Bucket) units(tokens int64) [metrics]int64 {
	return [metrics]int64{b.levels[Requests].units(1), b.levels[Tokens].units(max(tokens, 0))}
}

// refuse says why a request was refused, by m and maybe by others: of several
// limits it names one that never has room, or else that which takes longest.
func (b *Bucket) refuse(elapsed int64, m Metric, units [metrics]int64, tokens int64) Decision {
	longest := time.Duration(1) // another request may have made room meanwhile
	never := false
	for i := range b.levels {
		l := &b.levels[i]
		if l.rate == 0 || never {
			continue
		}
		if never = units[i] > l.full; never {
			m = Metric(i)
		} else if wait := l.wait(elapsed, units[i]); wait > longest {
			m, longest = Metric(i), wait
		}
	}
	d := Decision{Limit: m, Rate: b.spec.rates()[m], Used: b.levels[m].taken(elapsed), Requested: 1}
	if m == Tokens {
		d.Requested = max(tokens, 0)
	}
	if d.Never = never; !never {
		d.RetryAfter = min(longest, MaxRetryAfter)
	}
	return d
}

// taken returns how many of the metric have been taken and not flowed off,
// rounded up.
func (l *level) taken(elapsed int64) int64 {
	units := max(l.mark.Load()-l.flowed(elapsed), 0)
	n := l.amount(units)
	if l.units(n) < units && n < math.MaxInt64 {
		n++
	}
	return n
}

// Settle puts what a request used in the place of the tokens that it had
// reserved. Where it used more, that is taken even if there is no room for it,
// and later requests wait for as long as it takes to flow off; where it used
// less, the rest can be taken by others. A negative number is 0.
//
// What was used comes from an endpoint: bound it by what is possible first, or
// one that errs can shut a key out for long.
func (b *Bucket) Settle(now time.Time, reserved, used int64) {
	if b == nil || b.levels[Tokens].rate == 0 {
		return
	}
	l := &b.levels[Tokens]
	elapsed := b.elapsed(now)
	switch reserved, used := l.units(max(reserved, 0)), l.units(max(used, 0)); {
	case used > reserved:
		l.add(elapsed, used-reserved)
	case used < reserved:
		l.give(elapsed, reserved-used)
	}
}

// Release gives back all that a request had taken, tokens and the request
// itself: it is for requests that reached no endpoint.
func (b *Bucket) Release(now time.Time, reserved int64) {
	if b == nil {
		return
	}
	elapsed := b.elapsed(now)
	units := b.units(reserved)
	for m := range b.levels {
		if l := &b.levels[m]; l.rate != 0 {
			l.give(elapsed, units[m])
		}
	}
}

// View is what a bucket looks like at one time.
type View struct {
	Requests Standing
	Tokens   Standing
}

// Standing is what one limit looks like at one time.
type Standing struct {
	Limit     int64         // the amount per period; 0 is no limit
	Remaining int64         // what can be taken at once
	Reset     time.Duration // until all can be taken again
}

// View returns what the bucket looks like.
func (b *Bucket) View(now time.Time) View {
	if b == nil {
		return View{}
	}
	elapsed := b.elapsed(now)
	return View{
		b.levels[Requests].standing(elapsed, b.spec.Requests),
		b.levels[Tokens].standing(elapsed, b.spec.Tokens),
	}
}

func (l *level) standing(elapsed int64, r Rate) Standing {
	if l.rate == 0 {
		return Standing{}
	}
	mark, flowed := l.mark.Load(), l.flowed(elapsed)
	if mark <= flowed {
		return Standing{Limit: r.Amount, Remaining: r.Burst}
	}
	return Standing{
		Limit:     r.Amount,
		Remaining: min(l.amount(max(l.full-(mark-flowed), 0)), r.Burst),
		Reset:     time.Duration(l.when(mark) - elapsed),
	}
}
