// Package route finds out what serves a model's name.
//
// A Table is built once from a configuration and never changes. It owns which
// row of the catalogue a name belongs to: an exact name first, then an alias,
// then the longest prefix, then the first pattern, then the fallback. Which
// endpoint of the row's pool gets the request is for package pick to say, and
// who may use a model for the caller.
//
// Everything here is a pure function of the configuration; looking up a name
// does no I/O and allocates nothing.
package route
