package health

import "time"

// maxReason bounds a reason, should a caller hand in more than a word.
const maxReason = 64

// after returns what follows p when a request was reported about, or p itself
// if nothing does.
func (s *State) after(p *phase, ok bool, reason string, now time.Time) *phase {
	switch {
	case p.status == Open:
		return p
	case ok:
		return recovered(p, now)
	case p.status == HalfOpen:
		return s.reopened(p, reason, now)
	}
	return s.failed(p, reason, now)
}

// afterCheck returns what follows p when an active check was made. Unlike a
// report it is news of an open endpoint as well: a good check closes it, a bad
// one makes it wait longer.
func (s *State) afterCheck(p *phase, ok bool, reason string, now time.Time) *phase {
	switch {
	case ok:
		return recovered(p, now)
	case p.status == Closed:
		return s.failed(p, reason, now)
	}
	return s.reopened(p, reason, now)
}

// recovered returns the phase after a success.
func recovered(p *phase, now time.Time) *phase {
	switch {
	case p.status != Closed:
		return &phase{status: Closed, since: now}
	case p.calm != nil:
		return p.calm
	}
	return p
}

// failed returns the phase after a failure of a closed endpoint.
func (s *State) failed(p *phase, reason string, now time.Time) *phase {
	next := &phase{status: Closed, failures: p.failures + 1, reason: word(reason), since: p.since, calm: p.calm}
	if next.calm == nil {
		next.calm = p
	}
	if next.failures >= s.config.Failures {
		next.status, next.since, next.calm = Open, now, nil
		next.opened, next.until = 1, now.Add(s.backOff(1))
	}
	return next
}

// reopened returns the phase after a failure of an endpoint that is not closed.
func (s *State) reopened(p *phase, reason string, now time.Time) *phase {
	next := &phase{status: Open, failures: p.failures + 1, opened: p.opened + 1, reason: word(reason), since: p.since}
	next.until = now.Add(s.backOff(next.opened))
	switch {
	case p.status == HalfOpen:
		next.since = now
	case p.until.After(next.until): // a lucky draw does not cut short what was drawn before
		next.until = p.until
	}
	return next
}

// backOff draws how long to wait, in (0, bound]: the bound doubles with each
// time in a row that the endpoint was opened. Drawing from the whole range
// spreads the probes of many gateways.
func (s *State) backOff(opened int) time.Duration {
	bound := s.config.Base
	for range opened - 1 {
		if bound >= s.config.Max/2 {
			bound = s.config.Max
			break
		}
		bound *= 2
	}
	return time.Duration(1 + s.config.Rand(int64(bound)))
}

func word(s string) string {
	if len(s) > maxReason {
		return s[:maxReason]
	}
	return s
}
