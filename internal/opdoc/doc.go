// Command opdoc writes docs/reference/operations.md out of the table of
// operations and what the dialects say of each. It is run in the root of the
// repository:
//
//	go run ./internal/opdoc
//
// It owns what the page looks like; what stands on it is package op's and the
// dialects'. Its test fails when the page is not what the command would write.
package main
