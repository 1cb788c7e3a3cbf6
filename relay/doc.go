// Package relay carries the attempts of an exchange to endpoints over
// net/http, and their answers back.
//
// It owns connections to endpoints (one hardened client each: no redirects, no
// compression of its own, certificates checked against the endpoint's own
// authorities), the clocks of an attempt, and the order of the calls of package
// exchange. What is sent, retried and shown to the client is decided there.
package relay
