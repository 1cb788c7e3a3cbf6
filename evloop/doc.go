// Package evloop drives connections, plaintext and TLS, from event loops: one
// thread serves many sockets that never block it.
//
// It owns the waiting for events, the sockets of the connections that it has
// adopted, what could not be written yet, the timers of connections, and the
// way that crypto/tls is run over a socket that does not block. Everything of a
// loop and its connections is called on the loop's own goroutine; Post, Stop,
// Conns and Now alone may be called from anywhere.
//
// Accepting, dialling and handshakes are left to goroutines, which hand a
// connection over by Post and Adopt; what the bytes mean, and how much may be
// kept for a slow reader (Pending tells), to the handlers. A handler that
// panics ends the process, as a goroutine that panics does.
//
// Loops exist where Supported says so.
package evloop
