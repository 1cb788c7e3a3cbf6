// Package openapi is the model of an OpenAPI 3.1 document: its parts as Go
// values, and one way to write them.
//
// It owns the form of documents. What stands in one is for those who make it.
// Two documents that are made of equal values have equal bytes, so that a
// generated file changes only when its source does. It links the standard
// library only.
package openapi
