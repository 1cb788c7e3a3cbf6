// Package api holds what is promised of the HTTP API, as files that are part of
// the binary: an OpenAPI document for each level, and an example for each
// operation.
//
// The documents are made from the table of package op, and tests hold them to
// it; packages below this one do what the operations say.
package api
