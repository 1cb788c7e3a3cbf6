// Package h1 is the HTTP/1.1 codec of the fast front, without I/O.
//
// It parses heads of requests and of responses out of bytes that a driver has
// read, follows the framing of chunked bodies, and appends the parts of heads
// to be written. Nothing is copied: the strings of a parsed head point into
// the bytes that were handed in, and a value of Request, Response or Chunks is
// kept with its connection and used again without allocation.
//
// Requests are read strictly: Parse calls a head Complete only if it is
// written in the plain form that every recipient reads the same way, and Odd
// otherwise. It never judges what is odd; the driver hands such a connection to
// net/http with the bytes read so far. Responses are read with a little more
// leniency, and what cannot be read safely is an error.
//
// h1 owns the syntax of messages. Sockets, deadlines, the limits on bodies,
// and what a field means to the gateway belong to others.
package h1
