// Command errordoc writes docs/reference/errors.md out of the table of the
// kinds of failure. It is run in the root of the repository:
//
//	go run ./internal/errordoc
//
// It owns what the page looks like; what stands on it is package fault's. Its
// test fails when the page is not what the command would write.
package main
