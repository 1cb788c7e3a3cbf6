// Command opdoc writes pages of the reference out of the table of operations:
// docs/reference/operations.md, deprecated.md, and providers.md with what the
// dialects and engines can do. It is run in the root of the repository:
//
//	go run ./internal/opdoc
//
// It owns what the pages look like; what stands on them is package op's, the
// dialects' and package serving's. Its test fails when a page is not what the
// command would write.
package main
