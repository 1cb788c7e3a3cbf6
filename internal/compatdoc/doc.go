// Command compatdoc writes api/compatibility.md: a row for every operation of
// OpenAI's API and for every one that this gateway has beside them, with its
// level, what of it is served, and what the last run of the conformance tests
// found. It is run in the root of the repository:
//
//	go run ./internal/compatdoc
//
// It owns what the document looks like. The operations of OpenAI's API stand in
// api/upstream.txt, what is served in package op, results in
// api/conformance.json. Its test fails when the document is not what the command
// would write.
package main
