// Package record is what the gateway remembers of one request: filled while it
// is served, handed on once at its end, for one log line and one set of
// metrics. It never holds bodies or credentials.
package record
