// Package health is what the gateway knows of one endpoint: whether it may be
// tried, since when it may not, and how many requests it has in flight.
//
// A State is a circuit breaker. It learns from the requests that were sent
// (Report) and from active checks (Watch), and backs off for longer and longer
// while an endpoint fails. It owns when an endpoint may be tried again. What
// counts as a failure is the caller's to say, which of several endpoints to
// try is package pick's, and what an active check asks for is the caller's.
//
// States are closed (all is well), open (nothing is sent) and half-open (one
// request was let through to find out).
package health
