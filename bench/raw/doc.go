// Package raw reads HTTP/1.1 messages off a connection into buffers that are
// used again, strictly and without allocating.
//
// It owns heads and the framing of bodies, of responses for the load generator
// and of requests for the bundled upstream. A message that is framed in two
// ways, or badly, is an error: a benchmark must not forgive what it measures.
// What is in a body is its caller's.
package raw
