// Package relaying tests, through the gateway's front door, what happens to
// requests that are in order: which of them reach an engine and which engine,
// that their bytes and those of the answers stay as they are, that streams
// arrive event by event, and that uploads pass without being held.
//
// It owns no code. Its tests start a whole gateway of package gwtest before
// simulated engines of package fakellm. What happens when something is wrong
// with a request, an endpoint or a client is tested beside it, and so is what
// operators get to see.
package relaying
