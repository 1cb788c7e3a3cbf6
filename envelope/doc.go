// Package envelope puts errors into the shapes that clients of an API expect:
// status, header fields and body of an answer, or the last event of a stream,
// and takes out of them what clients and logs must not see.
//
// What an error is called in each API is for package fault to say; which error
// is told, and what else stands in the head, is for its callers.
package envelope
