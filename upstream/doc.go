// Package upstream owns the raw HTTP/1.1 connections of one event loop to
// endpoints: the pools of idle ones, dialling, writing a request, reading the
// answer and undoing gzip.
//
// What an answer means, when it is late and whether a request is tried at
// another endpoint is for the Asker to decide. Connections that need more than
// HTTP/1.1 are those of package relay.
package upstream
