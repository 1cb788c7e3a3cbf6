// Package front is the fast way through the gateway: HTTP/1.1 on event loops,
// without net/http, for the operations that make up nearly all of the traffic.
//
// A worker is one event loop with its connections of clients, its connections
// to endpoints (package upstream), and the buffers that requests borrow; nothing
// of a request is shared between workers. A client is a connection, a session
// one request on it. What a request means and what becomes of it is decided in
// package exchange, as for every front.
//
// The front judges nothing that is odd. A request that is not canonical to the
// byte, not for one of its operations, too large, or meant for an endpoint that
// needs more than HTTP/1.1 goes to net/http (packages handover and httpapi)
// with the bytes that have been read, and gets its answer there.
package front
