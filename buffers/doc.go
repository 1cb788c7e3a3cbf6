// Package buffers owns the buffers that the requests of one event loop borrow:
// they come in few sizes, so that one that was given back suits the next.
//
// How much is borrowed at a time is for its callers to bound (package memory).
package buffers
