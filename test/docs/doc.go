// Package docs has the tests that hold documents to the product: the
// configurations that they show can be read, each page can be found, and their
// tables of parameters, of failures and of the keys of the log say what is so.
//
// What is generated is held to its table by the test of its generator, and
// links by the root's tests. Whether a page is true beyond that is for its
// readers to say.
package docs
