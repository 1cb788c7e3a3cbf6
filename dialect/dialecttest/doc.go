// Package dialecttest has what the tests of dialects share: golden pairs of
// JSON, what goes in beside what shall come out.
//
// It is imported by tests alone. What a dialect makes of its input is the
// dialect's.
package dialecttest
