// Package snapshot has the immutable view of the configuration that the data
// plane reads.
//
// A reload builds a new snapshot aside and swaps one pointer; a request keeps
// the one that it started with. What must outlive a reload (health of an
// endpoint, the retry budget) is pointed to, and carried over by package app.
package snapshot
