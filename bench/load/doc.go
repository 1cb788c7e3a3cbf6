// Package load asks one target many questions at once and measures its answers.
//
// It owns connections, when requests are sent, and what is counted. In a closed
// loop every connection sends its next request when it has the answer to the
// last. In an open loop requests are due at fixed times, and latency counts from
// the time a request was due, not from when a connection became free for it: a
// target that stalls cannot hide the requests that should have been sent
// meanwhile (coordinated omission).
//
// A request costs no allocation. Every answer is marked by package exam.
package load
