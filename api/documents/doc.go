// Package documents serves the OpenAPI document of each level, to everybody:
// what a gateway offers is no secret, and a client that reads it has often no
// key yet.
//
// It owns how the documents are served. They themselves are package api's.
package documents
