// Package op describes every operation of the HTTP API as one row of a table.
//
// The table is data without handlers: routing, documents, the portal and the
// tests read it, so a fact about an operation is written once. An operation
// that OpenAI's API has and this one does not is a row as well, with the
// reason.
//
// op owns which operations there are and how a method and a path find theirs.
// What an operation does belongs to the package that its row names as owner.
// It links the standard library only.
package op
