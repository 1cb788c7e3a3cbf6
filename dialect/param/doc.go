// Package param reads the parameters of a request out of its JSON body: each
// with the type and range that is wanted, and with the path at which it
// stands, so that a client is told exactly what is wrong.
//
// A null counts as absent everywhere. A member that stands twice in an object
// is refused, since two parsers may take different ones of them.
//
// param owns types and paths. Which parameters there are and what they mean is
// for the packages that translate requests to know.
package param
