// Package handover passes connections on from the event loops to net/http, with
// the bytes that have been read of them: for good, or for one request.
//
// It owns the listener that net/http accepts them from, and what keeps a
// connection that is lent from giving more than its request. Which connections
// are passed on, and what becomes of those that come back, is for its callers to
// decide.
package handover
