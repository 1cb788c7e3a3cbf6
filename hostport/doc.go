// Package hostport knows what an address to listen on or to connect to means:
// which of them may be the same socket, which only this machine reaches.
//
// It resolves no names: what a name stands for is for its callers to find out.
package hostport
