// Package typeschema makes JSON Schemas of Go types as they stand in source
// code.
//
// It reads two kinds of source. Types of this module are described by their
// comments. Types of the official SDKs, which one generator writes, have
// conventions of their own: api:"required" and api:"nullable" in the tags of
// fields, default:"x" for constants, unions whose variants are inline fields or
// methods that begin with As, and lists of allowed values in comments. Of them
// names, types and values are taken, and no text.
//
// Source is parsed and not compiled, so that comments, constants and the
// methods of unions are at hand. Which types are wanted, and what is made of
// their schemas, is for the caller.
package typeschema
