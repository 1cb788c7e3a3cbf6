// Package turn is what lies between a simulated engine and its dialects: the
// request as a dialect sees it, and the reply as the engine plays it.
//
// A dialect is a table of routes whose handlers are functions from request to
// reply. They do no I/O and keep no time: a reply lists the events of a stream
// in order, and the engine sends them with whatever delays and faults its
// script has. turn links the standard library and package answer only.
package turn
